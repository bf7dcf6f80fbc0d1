"""A file that is replaced as a whole: whoever reads it finds the old one or the new one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drgpay.base.file_rights import Rights, give
from drgpay.base.working_folder import working_folder


@contextmanager
def replacing(path: Path, rights: Rights, below: Path | None = None) -> Iterator[Path]:
    """A path to write to; it becomes `path`, with its rights, only when the block ends well.

    below: the folder in which it is made ready, by default the file's own. Raises OSError if it
    cannot be put into place; then the old file stays.
    """
    with working_folder(below or path.parent) as work:
        staged = work / f"{path.name}.partial"  # no file of a folder of Parquet
        yield staged
        give(staged, rights)
        staged.replace(path)


def replace_whole(path: Path, content: bytes, rights: Rights, below: Path | None = None) -> None:
    """The same with a content, which is on the disk before it gets its name."""
    with replacing(path, rights, below) as staged, staged.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
