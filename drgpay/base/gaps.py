"""Gaps: what a generated file leaves for people to fill in, marked so that nothing is paid with it.

A text that begins with the mark, in whichever language it was written, is a gap. Readers of files
refuse it by its place (`base/toml_reader.py`, `records/small_tables.py`).
"""

from collections.abc import Iterator
from typing import NamedTuple

from drgpay.base.language import Language, Words
from drgpay.base.words import Wording

_WORDS = Wording("errors/base")


def gap(what: Words, language: Language) -> str:
    """What stands in the place of something that is still to be filled in."""
    return _WORDS.said("gap", language, what=what)


def is_gap(text: str) -> bool:
    """Whether a text is a gap."""
    return text.lstrip().startswith(_marks())


def lacking(text: str) -> str:
    """What a gap asks for: its text without the mark."""
    stripped = text.lstrip()
    mark = next((mark for mark in _marks() if stripped.startswith(mark)), "")
    return stripped.removeprefix(mark).strip()


def _marks() -> tuple[str, ...]:
    return tuple(text.partition("{")[0].strip() for text in _WORDS.words("gap"))


class Gap(NamedTuple):
    """A gap in a file of text: its line, from 1, and what is missing there."""

    line: int
    what: str


def gaps_in(text: str, comment: str = "#") -> Iterator[Gap]:
    """The gaps of a text, one a cell or value; lines that are comments have none."""
    marks = _marks()
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith(comment):
            continue
        for mark in marks:
            for part in line.split(mark)[1:]:
                yield Gap(number, _ends_at(part))


def _ends_at(part: str) -> str:
    """What follows a mark up to the end of its value or its cell."""
    for sign in ('"', ","):
        part = part.partition(sign)[0]
    return part.strip()
