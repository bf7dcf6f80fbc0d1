"""What grouping found, kept in a cache beside the columns it was found in.

Grouping is not done again unless the scheme, the records or the program changed. The name of a file
is made of the first and the last (the records have a folder of their own), and of its content: a
damaged one is no kept one.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa

from drgpay.base.cache_folder import KEPT_GROUPS, keep_file, remove_leftovers
from drgpay.grouper.compiled import CompiledScheme

_DIGITS = 32


def kept_groups(folder: Path, compiled: CompiledScheme, columns: Sequence[str]) -> Path | None:
    """The Parquet file of some result columns that `keep_groups` left in a folder, if it is whole."""
    remove_leftovers(folder, KEPT_GROUPS)
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
    keep_file(path, content)


def _key(compiled: CompiledScheme, columns: Sequence[str]) -> str:
    # Some MDCs of a scheme may be compiled alone.
    leaves = [str(leaf) for leaf in compiled.leaves]
    versions = (np.__version__, pa.__version__)
    return KEPT_GROUPS.key(*versions, compiled.content_hash, leaves, list(columns))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
