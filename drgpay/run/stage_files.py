"""A frame as a file of a stage: an Arrow stream with its sha256, written out of everyone's way."""

import hashlib
import io
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa

_SLICE_ROWS = 32_768
_NICENESS = 5


def give_way() -> None:
    """Let other threads go before this one, where the operating system tells threads apart.

    Not by far: it holds Python's lock for some milliseconds at a time, which others wait for.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def write_stage_file(frame: pl.DataFrame, path: Path, stopped: Callable[[], bool]) -> str | None:
    """Write a frame and return the file's sha256; None if it was `stopped` on the way.

    It is uncompressed, since it is seldom read, and converted slice by slice in this thread.
    """
    digest = hashlib.sha256()
    with path.open("wb", buffering=0) as file:
        first = frame.clear().to_arrow(compat_level=_PLAIN)
        with pa.ipc.new_stream(_Hashing(file, digest), first.schema) as stream:
            for part in frame.iter_slices(_SLICE_ROWS):
                if stopped():
                    return None
                stream.write_table(part.to_arrow(compat_level=_PLAIN))
    return digest.hexdigest()


def read_stage_file(path: Path, sha256: str) -> pl.DataFrame | None:
    """The frame of a file; None if the file is not there, is another one, or cannot be read."""
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            return None
        return pl.read_ipc_stream(content).rechunk()
    except (OSError, pl.exceptions.PolarsError):
        return None


_PLAIN = pl.CompatLevel.oldest()


class _Hashing(io.RawIOBase):
    """Passes on to a file what is written, and to a digest."""

    def __init__(self, file: io.FileIO, digest: "hashlib._Hash") -> None:
        self._file, self._digest = file, digest

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        view = memoryview(content).cast("B")  # type: ignore[arg-type]
        self._digest.update(view)
        rest = view
        while rest:
            rest = rest[self._file.write(rest) :]
        return view.nbytes
