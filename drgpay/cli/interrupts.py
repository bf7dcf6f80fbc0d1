"""Ctrl-C and SIGTERM: the program ends in order, and says what is kept and how to go on."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from drgpay.base.words import Sentences
from drgpay.cli.commands import Program

_ERRORS = Sentences("errors/cli")
_KEPT = {"run": "staged", "clear": "staged", "sample": "sampled_so_far"}
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STATUS = 128  # and the number of the signal, as shells have it


class Interrupted(BaseException):
    """A signal asked the program to end. Like KeyboardInterrupt no error, which none may handle."""

    def __init__(self, number: int, command: str | None = None) -> None:
        super().__init__(number)
        self.number = number
        self.command = command

    @property
    def status(self) -> int:
        """The exit status: 130 after Ctrl-C, 143 after SIGTERM."""
        return _STATUS + self.number

    def __str__(self) -> str:
        kept = _ERRORS.words(_KEPT.get(self.command or "", "unwritten"))
        return str(_ERRORS.words("interrupted", kept=kept))


class InterruptibleProgram(Program):
    """The commands of the program; an interruption names the one that it met."""

    def invoke(self, ctx: Any) -> Any:
        """Invoke the command, and turn KeyboardInterrupt, which polars raises, into Interrupted."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted(signal.SIGINT, ctx.invoked_subcommand) from None
        except Interrupted as interrupted:
            raise Interrupted(interrupted.number, ctx.invoked_subcommand) from None


@contextmanager
def listening() -> Iterator[None]:
    """Within the block SIGINT and SIGTERM raise Interrupted in the main thread, once.

    Later ones are ignored to the end of the program, so that what is half-written is removed in
    peace. One that the caller has the program ignore, as nohup does, stays ignored.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    caught = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in caught:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in caught:
            if signal.getsignal(number) is _interrupt:
                signal.signal(number, before[number])


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted(number)
