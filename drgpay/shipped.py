"""What comes with the program: its schemes and policies, and its own text.

In an installed wheel schemes and policies lie inside the package, in a checkout beside it.
"""

import hashlib
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_TEXTS = (".py", ".lark")  # what results are computed by


def shipped_folder(name: str) -> Path:
    """The folder `grouping_schemes` or `policies` that came with this installation."""
    inside = _PACKAGE / "shipped" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


@cache
def program_hash(*packages: str) -> str:
    """A hash of the program's text, or that of some packages: a checkout changes without a version."""
    digest = hashlib.sha256()
    for folder in [_PACKAGE / package for package in packages] or [_PACKAGE]:
        texts = (path for path in folder.rglob("*") if path.suffix in _TEXTS)
        for path in sorted(texts):
            digest.update(f"{path.relative_to(_PACKAGE)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
