"""The sha256 of files: by it what a file holds is known again."""

import hashlib
from pathlib import Path


def file_hash(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bytes_hash(content: bytes) -> str:
    """The sha256 of what a file holds or would hold."""
    return hashlib.sha256(content).hexdigest()
