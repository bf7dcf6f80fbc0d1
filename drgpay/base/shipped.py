"""What comes with the program: its schemes and policies, and its own text.

In an installed wheel schemes and policies lie inside the package, in a checkout beside it.
"""

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED = "shipped"
LOCK = "uv.lock"


def shipped_folder(name: str) -> Path:
    """The folder `grouping_schemes` or `policies` that came with this installation."""
    inside = _PACKAGE / _SHIPPED / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def program_files() -> dict[str, Path]:
    """Every file of which the program consists, by its name where it runs from a checkout.

    With the shipped schemes and policies, and uv.lock if it came with the program.
    """
    found = {f"{_PACKAGE.name}/{name}": _PACKAGE / name for name in _files(_PACKAGE)}
    for place in ("grouping_schemes", "policies"):
        folder = shipped_folder(place)
        found |= {f"{place}/{name}": folder / name for name in _files(folder)}
    for lock in (_PACKAGE / _SHIPPED / LOCK, _PACKAGE.parent / LOCK):
        if lock.is_file():
            found[LOCK] = lock
    return found


def program_hash() -> str:
    """A hash of the whole program: every file of the package, whatever it holds, and code tables.

    Not of the shipped schemes and policies, which count by their content where they are used.

    Each key of something that is kept for later contains it, so that no result of another program
    is ever taken for one of this: a checkout changes without a version, and rules, words and tables
    are no Python. Read once a process (10 ms).
    """
    codes = shipped_folder("grouping_schemes") / "codes"
    return _hash_of(_PACKAGE, *([codes] if codes.is_dir() else []))


@cache
def _hash_of(*folders: Path) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for name in sorted(_files(folder)):
            content = (folder / name).read_bytes()
            digest.update(f"{name}\n{len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def _files(folder: Path, below: str = "") -> Iterator[str]:
    """Every file of the program in a folder, by its path from there."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == "__pycache__" or (entry.name == _SHIPPED and not below):
                continue
            if entry.is_dir():
                yield from _files(folder / entry.name, f"{below}{entry.name}/")
            else:
                yield f"{below}{entry.name}"
