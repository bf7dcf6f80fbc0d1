"""A folder to work in that nobody else can enter, and that does not outlive the work.

In the folder where a result will lie, or in that for temporary files:

    .drgpay-<random>.partial/     of one piece of work; for its owner alone
        in-use                    locked by the process as long as it lives
        content/                  what is being written

A process that is killed leaves its folder. The next one of the same user that works in the same
place finds that nobody holds the lock and removes it; a number of a process, which another may have
by then, is not asked.
"""

import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from drgpay.base.file_lock import remove_locked, take_lock
from drgpay.base.users import is_mine

_PREFIX, _SUFFIX = ".drgpay-", ".partial"
_NAME = re.compile(re.escape(_PREFIX) + r"[^.]+" + re.escape(_SUFFIX))
_LOCK, _CONTENT = "in-use", "content"
_SECONDS_TO_LOCK = 600.0
"""A folder without its lock is being made, unless it is older."""


@contextmanager
def working_folder(below: Path | None = None) -> Iterator[Path]:
    """A new folder that nobody else can enter, removed at the end of the block however that ends.

    `below` is the folder to make it in, by default the system's for temporary files. What killed
    processes of this user left there is removed first. Raises OSError if it cannot be made.
    """
    place = below if below is not None else Path(tempfile.gettempdir())
    remove_leftovers(place)
    # Named before it is made: a signal on the way leaves nothing.
    folder, handle = place / f"{_PREFIX}{secrets.token_hex(4)}{_SUFFIX}", None
    try:
        handle = _made_and_locked(folder)
        content = folder / _CONTENT
        content.mkdir()
        yield content
    finally:
        if handle is not None:
            remove_locked(folder, handle)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(place: Path) -> None:
    """Remove the working folders in a place whose processes of this user are gone.

    What cannot be looked at or removed stays: it stands in nobody's way.
    """
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                with suppress(OSError):
                    _remove_if_left(Path(entry.path))


def _remove_if_left(folder: Path) -> None:
    found = folder.lstat()
    if not is_mine(found) or not folder.is_dir() or folder.is_symlink():
        return
    if not (folder / _LOCK).exists():
        if time.time() - found.st_mtime > _SECONDS_TO_LOCK:
            shutil.rmtree(folder, ignore_errors=True)
        return
    handle = take_lock(folder / _LOCK)
    if handle is not None:
        remove_locked(folder, handle)


def _made_and_locked(folder: Path) -> int | None:
    """Make a folder for its owner alone; the handle of its lock, None where there are no locks."""
    while True:
        folder.mkdir(0o700)
        try:
            handle = take_lock(folder / _LOCK)
        except FileNotFoundError:
            continue  # removed by one that met it before it was locked
        except OSError:
            if (folder / _LOCK).exists():  # no locks here: nor will it be taken for left over
                return None
            raise
        if handle is not None:
            return handle
        shutil.rmtree(folder, ignore_errors=True)  # locked by one that takes it for left over
