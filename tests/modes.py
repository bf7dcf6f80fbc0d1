"""What of a folder others than its owner may read or enter."""

import stat
from pathlib import Path


def modes(folder: Path) -> dict[str, int]:
    """The mode of a folder and of all that is in it, by its name from there."""
    return {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.lstat().st_mode)
        for path in [folder, *folder.rglob("*")]
    }


def open_to_others(folder: Path) -> dict[str, str]:
    """What anybody but the owner may read, write or enter."""
    return {name: f"{mode:o}" for name, mode in modes(folder).items() if mode & 0o077}
