"""One process at a time writes a run."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.file_lock import remove_lock, take_lock
from drgpay.base.file_rights import OWNER, Rights, name_of_owner
from drgpay.base.language import alike
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/run")

_PATIENCE_SECONDS = 0.3
"""Whoever clears away after killed runs holds their locks for a moment."""


@contextmanager
def run_lock(folder: Path, rights: Rights = OWNER) -> Iterator[None]:
    """Hold `.<run id>.lock` beside the folder of a run while its block runs.

    The operating system releases the lock when the process ends, however it ends, so a file that
    is left behind does no harm. Raises DrgpayError if another process holds it or if the file
    belongs to somebody who does not share it, and OSError if it cannot be made.
    """
    path = lock_of(folder)
    handle = _acquire(path, folder, rights)
    try:
        with suppress(OSError):  # who holds it is said for convenience
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        remove_lock(path, handle)


def lock_of(folder: Path) -> Path:
    """The lock file of the folder of a run."""
    return folder.with_name(f".{folder.name}.lock")


def _acquire(path: Path, folder: Path, rights: Rights) -> int:
    patience = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            handle = take_lock(path, rights)
        except PermissionError:
            if not path.exists():
                raise
            handle = None
            refused = True
        else:
            refused = False
        if handle is not None:
            return handle
        if time.monotonic() > patience:
            raise _refusal(path, folder, refused)
        time.sleep(0.02)


def _refusal(path: Path, folder: Path, refused: bool) -> DrgpayError:
    if refused:
        owner = name_of_owner(path)
        return DrgpayError(*_ERRORS("lock_of_other", path=path, owner=owner, folder=folder))
    holder = ""
    with suppress(OSError):
        holder = path.read_text(encoding="ascii", errors="replace")[:20]
    process = _ERRORS.words("process", number=holder) if holder else alike("")
    return DrgpayError(*_ERRORS("being_written", holder=process, folder=folder))
