"""What is to be said of files to who gave them: noted where they are read, heard where a command ends."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

from drgpay.base.language import Language, Words


class Report(Protocol):
    """What fills while a file is read."""

    def lines(self, language: Language) -> list[str]:
        """Sentences to print."""


@dataclass
class _Heard:
    """words, reports: what was remarked, in order; said: what was printed already."""

    words: dict[Words, None] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    said: set[str] = field(default_factory=set)


_HEARD: ContextVar[_Heard | None] = ContextVar("heard", default=None)


@contextmanager
def hearing() -> Iterator[None]:
    """Keep what is remarked meanwhile; a file that is read again says nothing new."""
    token = _HEARD.set(_Heard())
    try:
        yield
    finally:
        _HEARD.reset(token)


def remark(said: Iterable[Words]) -> None:
    """Say something of a file; nobody need hear it."""
    heard = _HEARD.get()
    if heard is not None:
        heard.words.update(dict.fromkeys(said))


def remark_when_read(report: Report) -> None:
    """Have what a report says in the end said too, whatever the command."""
    heard = _HEARD.get()
    if heard is not None:
        heard.reports.append(report)


def remarks() -> list[Words]:
    """What was said so far, in order; without what reports say."""
    heard = _HEARD.get()
    return [*heard.words] if heard else []


def unsaid_lines(language: Language) -> list[str]:
    """What was said so far, reports too, and not yet printed."""
    heard = _HEARD.get()
    if heard is None:
        return []
    lines = [words.said_in(language) for words in heard.words]
    return unsaid([*lines, *(line for one in heard.reports for line in one.lines(language))])


def unsaid(lines: Iterable[str]) -> list[str]:
    """Those of some lines that were not yet printed; they count as printed now."""
    heard = _HEARD.get()
    said = set() if heard is None else heard.said
    new = [line for line in dict.fromkeys(lines) if line not in said]
    said.update(new)
    return new
