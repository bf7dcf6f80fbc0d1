"""What grouping found, kept in a cache beside the columns it was found in.

Grouping is not done again unless the scheme, the records or the program changed. The name of a file
is made of the first and the last (the records have a folder of their own), and of its content: a
damaged one is no kept one.
"""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from drgpay.grouper.compiled import CompiledScheme
from drgpay.shipped import program_hash

_DIGITS = 32


def kept_groups(folder: Path, compiled: CompiledScheme, columns: Sequence[str]) -> Path | None:
    """The Parquet file of some result columns that `keep_groups` left in a folder, if it is whole."""
    for path in sorted(folder.glob(f"{_key(compiled, columns)}.*.groups")):
        with suppress(OSError):
            if path.name.split(".")[1] == _digest(path.read_bytes()):
                return path
    return None


def keep_groups(
    found: Path, folder: Path, compiled: CompiledScheme, columns: Sequence[str]
) -> None:
    """Keep a file of result columns if possible: a full or read-only cache is no mistake."""
    content = found.read_bytes()
    path = folder / f"{_key(compiled, columns)}.{_digest(content)}.groups"
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        staged.write_bytes(content)
        staged.replace(path)
    with suppress(OSError):
        staged.unlink(missing_ok=True)


def _key(compiled: CompiledScheme, columns: Sequence[str]) -> str:
    # Some MDCs of a scheme may be compiled alone.
    leaves = [f"{leaf}" for leaf in compiled.leaves]
    text = "\n".join(
        [program_hash("grouper", "records"), compiled.content_hash, *leaves, "", *columns]
    )
    return _digest(text.encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
