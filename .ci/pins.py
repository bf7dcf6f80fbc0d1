"""What uv.lock pins, as constraints of pip; with --check, whether this Python has just that."""

import re
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "uv.lock"
# What a virtual environment comes with, and the project itself.
NOT_PINNED = {"pip", "setuptools", "wheel", "drgpay"}


def pins() -> list[tuple[str, str, str]]:
    """Name, version and marker of each package of the lock; a version of its own a Python has one."""
    found = []
    for package in tomllib.loads(LOCK.read_text(encoding="utf-8"))["package"]:
        if package["name"] not in NOT_PINNED:
            marker = " or ".join(f"({one})" for one in package.get("resolution-markers", []))
            found.append((package["name"], package["version"], marker))
    return found


def unpinned() -> list[str]:
    """The installed packages that are not at a version of the lock."""
    allowed = {(name, version) for name, version, _ in pins()}
    installed = {
        (re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(), one.version)
        for one in distributions()
    }
    return sorted(
        f"{name}=={version}" for name, version in installed - allowed if name not in NOT_PINNED
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        wrong = unpinned()
        sys.exit(f"not what uv.lock pins (uv lock?): {', '.join(wrong)}" if wrong else 0)
    for name, version, marker in pins():
        print(f"{name}=={version}{f' ; {marker}' if marker else ''}")
