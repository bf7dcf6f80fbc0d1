"""GLOSSARY.md and the words: a term is worded alike, and has a name that code or files use."""

import re
from functools import cache
from pathlib import Path

import pytest

from drgpay.base.words import WORDS_FOLDER, Wording

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| 中文")
]
TERMS = [row for row in ROWS if len(row) == 5]
OTHERS = [row for row in ROWS if len(row) == 3 and row[0] != "用"]
_UNIT = re.compile(r"[（(](?:元|元/点|yuan)[)）]$")


def test_there_are_terms() -> None:
    assert len(TERMS) > 80
    assert len(OTHERS) > 2
    assert len(TERMS) == len({row[:2] for row in TERMS})


@pytest.mark.parametrize("row", [row for row in TERMS if row[3] != "-"], ids=lambda row: row[3])
def test_a_term_is_worded_alike(row: tuple[str, ...]) -> None:
    zh, en, _, key, _ = row
    file, _, name = key.strip("`").partition(".")
    words = Wording(file).words(name)
    assert _UNIT.sub("", words.zh).strip() == zh
    assert _UNIT.sub("", words.en).strip().lower() == en.lower()


@pytest.mark.parametrize("row", TERMS, ids=lambda row: f"{row[2]} {row[0]}")
def test_the_code_has_the_name(row: tuple[str, ...]) -> None:
    assert re.search(rf"\b{re.escape(row[2].strip('`'))}\b", _code())


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row[1])
def test_another_word_stands_nowhere_else(row: tuple[str, ...]) -> None:
    files = [path for path in WORDS_FOLDER.glob("*.toml") if row[1] in path.read_text("utf-8")]
    assert sorted(path.stem for path in files) == sorted(re.findall(r"`(\w+)`", row[2]))


@cache
def _code() -> str:
    """Everything that is named in the program, in policies and in the description of files."""
    paths = [
        *(ROOT / "drgpay").rglob("*.py"),
        *(ROOT / "policies").glob("*.toml"),
        ROOT / "docs" / "files.md",
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)
