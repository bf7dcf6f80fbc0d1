"""Who may read what the program leaves: its owner alone, or a group that a job names.

What has rows of cases, visits or persons is written in a folder that nobody else can enter
(drgpay.base.working_folder, drgpay.run.stages) and gets its rights there, before it gets its name. So
the writers - polars, DuckDB, a workbook - need not know of rights, nothing is open to others even
for a moment, and a file that replaces one does not take over what that one allowed. The process's
umask is not touched: it belongs to whoever calls the program as a library.
"""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, alike
from drgpay.base.system_errors import reason_of
from drgpay.base.users import HAS_USERS, hand_to_group, is_mine, name_of_group, name_of_user
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/base")


@dataclass(frozen=True)
class Rights:
    """The modes of files and folders; None leaves them to the process's umask.

    shared: of folders in which members of the group write, too. group: its number, None for none.
    """

    files: int | None
    folders: int | None
    shared: int | None
    locks: int
    group: int | None = None


OWNER = Rights(0o600, 0o700, 0o700, 0o600)
"""For what has a row a case, a visit or a person, or may have."""

BY_UMASK = Rights(None, None, None, 0o600)
"""For schemes, catalogues, overlays and the like, which are made to be handed on."""


def rights_of_group(group: int) -> Rights:
    """The owner writes, the group reads; new files in a folder are the group's, too (setgid)."""
    return Rights(0o640, 0o2750, 0o2770, 0o660, group)


def rights_like(folder: Path) -> Rights:
    """The rights for what belongs to a folder of results: its group's if it has one, else OWNER."""
    try:
        found = folder.stat()
    except OSError:
        return OWNER
    is_of_group = found.st_mode & 0o2050 == 0o2050 and not found.st_mode & 0o007
    return rights_of_group(found.st_gid) if is_of_group else OWNER


def give(path: Path, rights: Rights) -> bool:
    """Give a file or folder its rights; whether it has them now.

    A file system may keep no rights, or refuse them. Where the group cannot be given, nobody but
    the owner gets any: the group that a file has instead is not the one that was named.
    """
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return True
    return _give(
        path, found, rights.folders if stat.S_ISDIR(found.st_mode) else rights.files, rights
    )


def give_all(folder: Path, rights: Rights) -> bool:
    """Give a folder and all that is in it their rights; whether all have them now."""
    kept = [give(path, rights) for path in [*folder.rglob("*"), folder]]
    return all(kept)


def give_lock(handle: int, rights: Rights) -> None:
    """Give an open lock file its rights, if it is ours: another member has given them else."""
    found = os.fstat(handle)
    if HAS_USERS and is_mine(found):
        _give(handle, found, rights.locks, rights)


def _give(target: Path | int, found: os.stat_result, mode: int | None, rights: Rights) -> bool:
    if mode is None:
        return True
    if rights.group is not None and found.st_gid != rights.group:
        with suppress(OSError):
            hand_to_group(target, rights.group)
        found = os.stat(target)  # noqa: PTH116 - an open file, too
    given = mode if rights.group in (None, found.st_gid) else mode & 0o700
    if stat.S_IMODE(found.st_mode) != given:
        with suppress(OSError):
            os.chmod(target, given)  # noqa: PTH101
    return stat.S_IMODE(os.stat(target).st_mode) == mode  # noqa: PTH116


def make_folder(folder: Path, rights: Rights) -> None:
    """Make a folder, and those above it that are missing, in which the group may write, too.

    One that exists keeps its rights, but a group that is named gets into its owner's. Raises
    DrgpayError where a file is in the way or the operating system refuses the group, OSError for all
    else.
    """
    in_the_way = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if in_the_way.exists() and not in_the_way.is_dir():
        raise DrgpayError(*_ERRORS("file_in_the_way", file=in_the_way))
    missing = [folder, *folder.parents]
    missing = missing[: next((n for n, path in enumerate(missing) if path.exists()), 0)]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        if rights.shared is not None:
            _set_shared(path, rights.shared, rights.group)
    if missing:
        return
    if rights.group is not None:
        found = folder.stat()
        if is_mine(found):
            mode = stat.S_IMODE(found.st_mode) | 0o2070
            _set_shared(folder, mode, rights.group)


def _set_shared(folder: Path, mode: int, group: int | None) -> None:
    if group is not None and folder.stat().st_gid != group:
        try:
            hand_to_group(folder, group)
        except OSError as error:
            raise DrgpayError(
                *_ERRORS("no_group", folder=folder, reason=reason_of(error))
            ) from error
        if folder.stat().st_gid != group:  # a file system without groups
            mode &= ~0o2070
    with suppress(OSError):
        if stat.S_IMODE(folder.stat().st_mode) != mode:
            folder.chmod(mode)


def rights_shown(rights: Rights, kept: bool) -> dict[str, Any]:
    """Rights as a manifest has them; kept: whether the file system does."""
    assert rights.files is not None and rights.folders is not None
    return {
        "files": f"{rights.files:04o}",
        "folders": f"{rights.folders:04o}",
        "kept": kept,
        "group": None if rights.group is None else _group(rights.group),
    }


def _group(number: int) -> str:
    return name_of_group(number) or f"group {number}"


def has_file(path: Path, remedy: Words) -> bool:
    """Whether there is a file; raises DrgpayError, with the remedy, if that may not be seen."""
    try:
        return path.is_file()
    except OSError as error:
        problem = _ERRORS.words("unreadable", path=path, reason=reason_of(error))
        raise DrgpayError(problem, remedy) from None


def sees_file(path: Path) -> bool:
    """Whether there is a file that we may see."""
    try:
        return path.is_file()
    except OSError:
        return False


def name_of_owner(path: Path) -> Words:
    """Who owns a file or folder, by name if the computer knows one."""
    number = path.lstat().st_uid
    name = name_of_user(number)
    return alike(name) if name else _ERRORS.words("user", number=number)
