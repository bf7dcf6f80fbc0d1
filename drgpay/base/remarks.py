"""What is to be said of files to who gave them: noted where they are read, heard where a command ends."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from drgpay.base.language import Words

_HEARD: ContextVar[dict[Words, None] | None] = ContextVar("heard", default=None)


@contextmanager
def hearing() -> Iterator[None]:
    """Keep what is remarked meanwhile; a file that is read again says nothing new."""
    token = _HEARD.set({})
    try:
        yield
    finally:
        _HEARD.reset(token)


def remark(said: Iterable[Words]) -> None:
    """Say something of a file; nobody need hear it."""
    heard = _HEARD.get()
    if heard is not None:
        heard.update(dict.fromkeys(said))


def remarks() -> list[Words]:
    """What was said so far, in order."""
    return [*(_HEARD.get() or {})]
