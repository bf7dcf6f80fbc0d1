"""Whose files are whose: users and groups of this computer, and its processes.

A system without them (Windows) gives a file no owner by number and no mode: there every file counts
as one's own, nobody has a group to share with, and only the time tells of another process.
"""

import importlib
import os
import platform
from pathlib import Path
from typing import Any

HAS_USERS = hasattr(os, "geteuid")
"""Whether files have an owner, a group and a mode that mean something."""


def is_mine(about: os.stat_result) -> bool:
    """Whether a file belongs to the user of this process."""
    return not HAS_USERS or about.st_uid == os.geteuid()


def own_number() -> int:
    """The number of the user of this process; 0 where users have none."""
    return os.geteuid() if HAS_USERS else 0


def is_member(group: int) -> bool:
    """Whether the user of this process may give files to a group."""
    return HAS_USERS and (os.geteuid() == 0 or group in {os.getegid(), *os.getgroups()})


def name_of_user(number: int) -> str | None:
    """What a user is called; None where the computer knows no name."""
    return _looked_up("pwd", "getpwuid", number, "pw_name")


def name_of_group(number: int) -> str | None:
    """What a group is called; None where the computer knows no name."""
    return _looked_up("grp", "getgrgid", number, "gr_name")


def number_of_group(name: str) -> int | None:
    """The number of a group; None where the computer has no such group."""
    return _looked_up("grp", "getgrnam", name, "gr_gid")


def _looked_up(module: str, function: str, key: str | int, part: str) -> Any:
    try:
        found = getattr(importlib.import_module(module), function)(key)
    except (ImportError, KeyError):
        return None
    return getattr(found, part)


def hand_to_group(target: Path | int, group: int) -> None:
    """Give a file, a folder or an open file to a group; raises OSError where it cannot be."""
    if not HAS_USERS:
        raise OSError("no groups")
    os.chown(target, -1, group)


def name_of_host() -> str:
    """What this computer is called."""
    return platform.node()


def is_alive(process: int) -> bool:
    """Whether there is a process of a number; where that cannot be asked without harm, yes."""
    if not HAS_USERS:  # there, signal 0 is Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
