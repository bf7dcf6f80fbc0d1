"""Links of all pages lead somewhere, and every page is in the index and has its picture."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.markdown import DOCS, ZH
from tests.docs.pictures import MOST_BYTES, PICTURES

ROOT = DOCS.parent
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(DOCS.rglob("*.md")),
    ROOT / "grouping_schemes" / "README.md",
]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


@cache
def _anchors(page: Path) -> set[str]:
    """What its headings can be linked by, as GitHub names them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    named: set[str] = set()
    for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head)
        anchor = re.sub(r"[^\w -]", "", words.lower()).replace(" ", "-")
        number = 0
        while (numbered := f"{anchor}-{number}" if number else anchor) in named:
            number += 1
        named.add(numbered)
    return named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        found = target.exists() and (not anchor or anchor in _anchors(target))
        broken += [] if found else [link]
    assert broken == []


def test_the_index_has_every_page() -> None:
    index = DOCS / "README.md"
    linked = {
        (DOCS / link.partition("#")[0]).resolve()
        for link in _LINK.findall(index.read_text(encoding="utf-8"))
    }
    pages = {*DOCS.glob("*.md"), *ZH.glob("*.md")} - {index}
    assert sorted(page.name for page in pages - linked) == []


def test_pages_in_two_languages_name_each_other() -> None:
    for page in ZH.glob("*.md"):
        english = DOCS / page.name
        assert f"](../{page.name})" in page.read_text(encoding="utf-8"), page.name
        assert f"](zh/{page.name})" in english.read_text(encoding="utf-8"), english.name


def test_pictures_are_shown_and_small() -> None:
    shown = {"zh": ROOT / "README.zh-CN.md", "en": ROOT / "README.md"}
    for language, picture in PICTURES.items():
        assert 10_000 < picture.stat().st_size <= MOST_BYTES
        name = picture.relative_to(ROOT).as_posix()
        assert f"]({name})" in shown[language].read_text(encoding="utf-8")
