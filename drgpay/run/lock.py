"""One process at a time writes a run."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from drgpay.errors import DrgpayError


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold `.<run id>.lock` beside the folder of a run while its block runs.

    The operating system releases the lock when the process ends, however it ends, so a file that
    is left behind does no harm. Raises DrgpayError if another process holds it, and OSError if the
    file cannot be made.
    """
    path = folder.with_name(f".{folder.name}.lock")
    handle = _acquire(path, folder)
    try:
        yield
    finally:
        # Removed while it is held: whoever opened this file meanwhile finds that it lost its name.
        with suppress(OSError):
            path.unlink()
        os.close(handle)


def _acquire(path: Path, folder: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 20).decode(errors="replace")
            os.close(handle)
            raise DrgpayError(
                f"another process{f' ({holder})' if holder else ''} is writing the run {folder}",
                "wait until it has ended, then start again",
            ) from None
        except OSError:
            os.close(handle)
            raise
        if _has_name(handle, path):
            with suppress(OSError):  # who holds it is said for convenience
                os.ftruncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
            return handle
        os.close(handle)


def _has_name(handle: int, path: Path) -> bool:
    """Whether the open file still is the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
