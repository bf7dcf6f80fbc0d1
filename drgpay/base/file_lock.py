"""Locks that end with the process that holds them, however it ends."""

import os
import shutil
from pathlib import Path

# Not when a lock is taken: it looks for the folder of temporary files, and a full disk has none.
import portalocker

from drgpay.base.file_rights import OWNER, Rights, give_lock

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NOINHERIT", 0)


def take_lock(path: Path, rights: Rights = OWNER) -> int | None:
    """Take the lock of a file, which is made if need be: the open file, None if another holds it.

    To let go, close it; who wants the file gone removes it before. Whoever opened it meanwhile
    finds that it lost its name. Raises OSError if the file cannot be made or the file system has no
    locks.
    """
    while True:
        handle = os.open(path, _FLAGS, rights.locks)
        try:
            taken = _lock(handle)
        except BaseException:
            os.close(handle)
            raise
        if taken and _has_name(handle, path):
            give_lock(handle, rights)
            return handle
        os.close(handle)
        if not taken:
            return None


def remove_locked(folder: Path, handle: int) -> None:
    """Remove a folder in which a lock is held, then let go.

    Where an open file cannot be removed (Windows), it and its folder go when the lock is let go.
    """
    shutil.rmtree(folder, ignore_errors=True)
    os.close(handle)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def remove_lock(path: Path, handle: int) -> None:
    """Remove a lock file that is held, then let go: whoever opened it finds its name lost.

    Where an open file cannot be removed (Windows) it stays, and does no harm.
    """
    try:
        path.unlink()
    except OSError:
        pass
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    """Lock an open file without waiting: flock, on Windows the first byte by msvcrt."""
    try:
        portalocker.lock(
            handle, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
        )
    except portalocker.AlreadyLocked:
        return False
    except portalocker.LockException as error:
        reason = error.__cause__ or error.__context__
        raise reason if isinstance(reason, OSError) else OSError(str(error)) from None
    return True


def _has_name(handle: int, path: Path) -> bool:
    """Whether the open file still is the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
