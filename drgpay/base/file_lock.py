"""Locks that end with the process that holds them, however it ends."""

import fcntl
import os
from pathlib import Path

from drgpay.base.file_rights import OWNER, Rights, give_lock


def take_lock(path: Path, rights: Rights = OWNER) -> int | None:
    """Take the lock of a file, which is made if need be: the open file, None if another holds it.

    To let go, close it; who wants the file gone removes it before. Whoever opened it meanwhile
    finds that it lost its name. Raises OSError if the file cannot be made or the file system has no
    locks.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, rights.locks)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        if _has_name(handle, path):
            give_lock(handle, rights)
            return handle
        os.close(handle)


def _has_name(handle: int, path: Path) -> bool:
    """Whether the open file still is the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
