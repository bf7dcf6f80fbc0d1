"""Standard output and error that never stop the program: work is done, whoever reads of it."""

import errno
import io
import os
import sys
from typing import TextIO

from drgpay.base.system_errors import reason_of

_LOST: list[OSError] = []


class _Patient(io.FileIO):
    """A file that takes what cannot be written, and keeps the first reason."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            # Nobody reads on: that is how `| head` ends, and no loss.
            if error.errno != errno.EPIPE:
                _LOST.append(error)
            return memoryview(data).nbytes  # type: ignore[arg-type]


def take_over() -> None:
    """Put streams into place that swallow what cannot be written and show what has no encoding.

    A closed pipe, a full disk behind standard output or a console in GBK or ASCII then changes
    neither what a command leaves behind nor its exit status. Streams that a test put into place
    stay.
    """
    for handle in range(3):
        try:
            os.fstat(handle)
        except OSError:
            # A file opened later would get the number, and be written what was meant for a screen.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is sys.__stdout__:
        sys.stdout = _patient(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _patient(sys.stderr, 2)


def reason_of_loss() -> str | None:
    """Why something of the output was not written, in a few words; None if nothing was lost."""
    return str(reason_of(_LOST[0])) if _LOST else None


def _patient(stream: TextIO | None, handle: int) -> TextIO:
    if os.name == "nt" and stream is not None and stream.isatty():
        return stream  # its console takes Chinese only by the way that Python has for it
    raw = _Patient(handle, "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding if stream else "utf-8",
        errors="backslashreplace",
        line_buffering=raw.isatty() or handle == 2,
    )
