"""docs/errors.md and docs/zh/errors.md: every finding, stop and error, what it says and what to do.

`python -m tests.docs.errors` writes both anew from drgpay/words and tests/docs/errors_page.toml, which
has what the program itself does not say. tests/docs/test_errors.py fails where they are not as written.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from drgpay.base.language import Language, Words
from drgpay.base.words import WORDS_FOLDER, own_words
from drgpay.policy.load import load_policy
from drgpay.records.official_groups import FAULTS_OF_GROUPS
from tests.docs.markdown import DOCS, ZH

PAGES: Final[Mapping[Language, Path]] = {"en": DOCS / "errors.md", "zh": ZH / "errors.md"}
SOURCE: Final = Path(__file__).with_name("errors_page.toml")
_POLICY = "zhejiang-2019-core"
_VALUE = re.compile(r"\{\{\}\}|\{[^{}]*\}")
_NEIGHBOURS = re.compile(r"…(?:\s*…)+")
_UNREAD = "unread."


@cache
def source() -> Mapping[str, Any]:
    """What the pages say beside the words of the program."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def rooms() -> list[str]:
    """The files of errors that have any, in the order of their names."""
    names = sorted(path.stem for path in (WORDS_FOLDER / "errors").glob("*.toml"))
    return [name for name in names if codes_of(name)]


def codes_of(room: str) -> list[str]:
    """The errors of a file, in its order."""
    words = own_words(f"errors/{room}")
    return [key.removesuffix(".problem") for key in words if key.endswith(".problem")]


def page(language: Language) -> str:
    """The page in a language."""
    said: Mapping[str, Any] = source()["page"]
    parts = [
        f"# {said['title'][language]}\n",
        f"{said['other'][language]}\n",
        said["intro"][language],
        f"## {said['findings'][language]}\n",
        said["findings_intro"][language],
        _table(("code", "said", "does", "remedy"), _findings(language), language),
        f"## {said['stops'][language]}\n",
        said["stops_intro"][language],
        _table(("code", "said", "remedy"), _stops(language), language),
        f"## {said['errors'][language]}\n",
    ]
    for room in rooms():
        heading = source()["rooms"].get(room, {}).get(language, room)
        parts.append(f"### {heading}\n")
        parts.append(_table(("code", "said", "remedy"), _errors(room, language), language))
    return "\n".join(parts)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], language: Language) -> str:
    named = [source()["page"][head][language] for head in heads]
    ruled = [f"| {' | '.join(named)} |", f"|{'---|' * len(heads)}"]
    return "\n".join([*ruled, *(f"| {' | '.join(row)} |" for row in rows), ""])


def _findings(language: Language) -> Iterator[tuple[str, ...]]:
    severities = load_policy(_POLICY).policy.records.severity.model_dump()
    for code, check in source()["checks"].items():
        other = "by_rule" if code in FAULTS_OF_GROUPS else "fixed"
        does = f"`{severities[code]}`" if code in severities else source()["page"][other][language]
        said = [_finding(key, language) for key in check["said"]]
        named = own_words("report").get(code, Words(code, code)).said_in(language)
        shown = f"`{code}`" if named == code else f"{named}<br>`{code}`"
        yield shown, "<br>".join(said), does, cell(check["remedy"][language])


def _finding(key: str, language: Language) -> str:
    words = own_words("records")
    problem = words[key].said_in(language)
    if key.startswith(_UNREAD):
        frame = words["finding.unread"].said_in(language)
        problem = frame[: frame.rindex("{{}}")] + problem
    return cell(problem)


def _stops(language: Language) -> Iterator[tuple[str, ...]]:
    words = own_words("stops")
    for code, stop in source()["stops"].items():
        said = [cell(words[key].said_in(language)) for key in stop["said"]]
        yield f"`{code}`", "<br>".join(said), cell(stop["remedy"][language])


def _errors(room: str, language: Language) -> Iterator[tuple[str, ...]]:
    words = own_words(f"errors/{room}")
    for code in codes_of(room):
        remedy = words.get(f"{code}.remedy", Words("", ""))
        told = cell(remedy.said_in(language))
        yield (
            f"`{room}.{code}`",
            cell(words[f"{code}.problem"].said_in(language)),
            source()["page"]["told"][language] if told in ("", "…") else told,
        )


def cell(text: str) -> str:
    """A wording as a cell of a table: … in the place of its values, nothing that Markdown obeys."""
    shown = _NEIGHBOURS.sub("…", _VALUE.sub("…", text)).strip()
    for sign, instead in (("|", "\\|"), ("<", "&lt;"), ("*", "\\*"), ("[", "\\["), ("\n", " ")):
        shown = shown.replace(sign, instead)
    return shown


if __name__ == "__main__":
    for language, path in PAGES.items():
        path.write_text(page(language), encoding="utf-8")
