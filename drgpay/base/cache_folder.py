"""Folders that keep results for later: by what key, whose they are, and what in them is ours.

Every cache is a `CacheKind` of `CACHES`. Its keys hold the hash of the whole program, so that no
result outlives the program that made it. Its folder is for its owner alone, or for an owner and the
members of one group: what others could have written is not read, since it would be taken for a
result, and what others could read may hold pseudonyms of persons.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from stat import S_IMODE, S_ISDIR

from drgpay.base.errors import DrgpayError
from drgpay.base.shipped import program_hash
from drgpay.base.system_errors import reason_of
from drgpay.base.users import (
    HAS_USERS,
    hand_to_group,
    is_alive,
    is_mine,
    name_of_host,
    name_of_user,
)
from drgpay.base.visible import visible
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/base")

_DIGITS = 32
_HEX = f"[0-9a-f]{{{_DIGITS}}}"
_STALE_SECONDS = 86_400
_told: set[Path] = set()  # folders whose refusal was said


@dataclass(frozen=True)
class CacheKind:
    """One kind of cache. entry: what the names of its files or folders look like."""

    name: str
    entry: str

    def key(self, *depends: object) -> str:
        """The key of what depends on this (JSON; else as text) and on the whole program."""
        text = json.dumps(
            [self.name, program_hash(), *depends], sort_keys=True, ensure_ascii=False, default=str
        )
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]

    @cached_property
    def names(self) -> re.Pattern[str]:
        """The names of finished entries."""
        return re.compile(self.entry)

    @cached_property
    def staged_names(self) -> re.Pattern[str]:
        """The names of entries that are being written, or whose writer was killed."""
        return re.compile(rf"\.(?:{self.entry})\.(?P<pid>\d+)(?:@(?P<host>[^/]+?))?(?:\.partial)?")


COMPILED_SCHEMES = CacheKind("compiled", rf"{_HEX}\.compiled")
SCENARIO_STAGES = CacheKind("stages", rf"[a-z_]+-{_HEX}")
CACHES = (COMPILED_SCHEMES, SCENARIO_STAGES)


def open_private_folder(folder: Path, kind: CacheKind, group: int | None = None) -> None:
    """Make the folder of a cache that the user named, or make sure that it can be trusted.

    A new one is for its owner (0700), with the gid of a `group` also for its members (2770). What
    killed writers left in it is removed. Raises DrgpayError for a folder that cannot be used, that
    belongs to someone else, or that others can write to; with a `group`, a folder of that group
    which nobody else can read or write is as good as one's own.
    """
    try:
        _make(folder, group)
        about = folder.stat()
    except OSError as error:
        raise DrgpayError(*_ERRORS("no_cache", folder=folder, reason=reason_of(error))) from None
    _refuse_open(folder, about, group)
    if group is not None and is_mine(about) and about.st_gid != group:
        with suppress(OSError):  # one's own from before there was a group
            _close(folder, group)
    remove_leftovers(folder, kind)


def implicit_folder(folder: Path, kind: CacheKind, group: int | None = None) -> Path | None:
    """A folder as `open_private_folder` leaves it, for a cache that the user did not ask for.

    One that cannot be used is None, which is said once on standard error: the work goes on, slower.
    """
    try:
        open_private_folder(folder, kind, group)
    except DrgpayError as error:
        if folder not in _told:
            _told.add(folder)
            sentence = (
                f"drgpay: warning: {error.problem}; going on without the cache: {error.remedy}, or "
                "set DRGPAY_CACHE to another folder (empty: no cache)."
            )
            sys.stderr.write(f"{visible(sentence)}\n")
        return None
    return folder


def refuse_foreign(folder: Path, group: int | None = None) -> None:
    """Raise DrgpayError for a folder that is there and that `open_private_folder` would refuse."""
    try:
        about = folder.stat()
    except OSError as error:
        raise DrgpayError(
            *_ERRORS("unreadable_cache", folder=folder, reason=reason_of(error))
        ) from None
    _refuse_open(folder, about, group)


def _make(folder: Path, group: int | None) -> None:
    missing = [parent for parent in folder.parents if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(mode=0o755, exist_ok=True)  # whatever the umask: others must not write here
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if group is not None:
            _close(folder, group)


def _refuse_open(folder: Path, about: os.stat_result, group: int | None) -> None:
    mode = S_IMODE(about.st_mode)
    quoted = shlex.quote(str(folder))
    if not S_ISDIR(about.st_mode):
        raise DrgpayError(*_ERRORS("cache_is_file", folder=folder))
    if group is not None and about.st_gid == group and not mode & 0o007:
        return
    if not HAS_USERS:
        return
    if not is_mine(about):
        raise DrgpayError(
            *_ERRORS(
                "foreign_cache",
                folder=folder,
                user=name_of_user(about.st_uid) or f"the user {about.st_uid}",
            )
        )
    if mode & 0o022:
        raise DrgpayError(*_ERRORS("open_cache", folder=folder, mode=mode, quoted=quoted))


def staged_path(place: Path) -> Path:
    """Where an entry is written before it gets its name; the name tells which process does."""
    return place.with_name(f".{place.name}.{os.getpid()}@{name_of_host()}")


def put_in_place(staged: Path, place: Path, group: int | None = None) -> None:
    """Give a finished file or folder its name, closed to others whatever the umask.

    Raises OSError if the operating system refuses.
    """
    for path in [*staged.rglob("*"), staged]:
        _close(path, group)
    staged.replace(place)


def keep_file(place: Path, content: bytes, group: int | None = None) -> None:
    """Keep a file if possible: a full or read-only disk is no reason not to go on."""
    staged = staged_path(place)
    try:
        handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:  # a thread of this process is at it, or there is no room
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        put_in_place(staged, place, group)
    except OSError:
        with suppress(OSError):
            staged.unlink()


def mark_used(place: Path) -> None:
    """Let an entry say when it was used last: by its time."""
    with suppress(OSError):
        os.utime(place)


def _close(path: Path, group: int | None) -> None:
    if group is not None:
        hand_to_group(path, group)  # before chmod: it takes the bit that hands the group on
    if path.is_dir():
        path.chmod(0o700 if group is None else 0o2770)
    else:
        path.chmod(0o600 if group is None else 0o660)


def remove_leftovers(folder: Path, kind: CacheKind) -> None:
    """Remove what killed writers left in a folder."""
    for path in list(_leftovers(folder, kind)):
        remove_entry(path)


def remove_entry(path: Path) -> None:
    """Remove a file or folder as far as the operating system lets us."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _leftovers(folder: Path, kind: CacheKind) -> Iterator[Path]:
    staged = _named(folder, kind.staged_names)
    yield from (path for path in staged if _is_left_behind(path, kind))


def _is_left_behind(path: Path, kind: CacheKind) -> bool:
    """Whether its writer is dead. Of processes of other machines only the time tells."""
    found = kind.staged_names.fullmatch(path.name)
    assert found
    try:
        if time.time() - path.lstat().st_mtime > _STALE_SECONDS:
            return True
    except OSError:
        return False
    here = found["host"] in (None, name_of_host())
    return here and not is_alive(int(found["pid"]))


@dataclass(frozen=True)
class Entry:
    """Something that a cache keeps. used: seconds since 1970, when it was written or used last."""

    path: Path
    bytes: int
    used: float


def entries(folder: Path, kind: CacheKind) -> list[Entry]:
    """What this program keeps in a folder, by name, and what its killed writers left there.

    What is being written is not among it.
    """
    ours = [*_named(folder, kind.names), *_leftovers(folder, kind)]
    found = []
    for path in sorted(ours):
        with suppress(FileNotFoundError):  # another process removed it
            found.append(_entry(path))
    return found


def _entry(path: Path) -> Entry:
    size = 0
    for file in [*path.rglob("*"), path]:
        with suppress(OSError):
            size += 0 if file.is_dir() else file.lstat().st_size
    return Entry(path, size, path.lstat().st_mtime)


def _named(folder: Path, names: re.Pattern[str]) -> Iterator[Path]:
    with suppress(OSError):
        yield from (path for path in folder.iterdir() if names.fullmatch(path.name))
