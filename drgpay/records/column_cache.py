"""The columns that a stage reads, kept decoded: a second grouping of the same records is quicker.

A piece is written as an Arrow stream, uncompressed and with its dictionaries, and read back through
a memory map. Its name is made of the file it came from, its place there and the columns, so a
changed file or another question is another name.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from drgpay.errors import DrgpayError, reason_of
from drgpay.records.dataset import Dataset
from drgpay.records.source import Piece, WrappedSource

_TAIL_BYTES = 65_536  # of a Parquet file: its footer, which names every column chunk


def with_column_cache(dataset: Dataset, folder: Path) -> Dataset:
    """The same dataset, read through a cache in a folder.

    Raises DrgpayError if the folder cannot be used, and for mapped records: what their mapping
    converted must be counted anew each time.
    """
    if dataset.mapping is not None or dataset.translations is not None:
        raise DrgpayError(
            f"{dataset.path} is read through a mapping, which a cache would hide",
            "leave --cache out, or write the records as Parquet with the columns of docs/files.md",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DrgpayError(
            f"{folder} cannot be used as a cache ({reason_of(error)})", "name another"
        ) from None
    return replace(dataset, files=tuple(CachedSource(file, folder) for file in dataset.files))


@dataclass(frozen=True)
class CachedSource(WrappedSource):
    """A file whose pieces are kept in a folder."""

    folder: Path

    @cached_property
    def _fingerprint(self) -> str:
        state = self.path.stat()
        with self.path.open("rb") as file:
            file.seek(max(state.st_size - _TAIL_BYTES, 0))
            tail = hashlib.sha256(file.read()).hexdigest()
        return f"{state.st_size} {state.st_mtime_ns} {tail}"

    def pieces(self) -> list["CachedPiece"]:
        """The pieces of the file, each with its place."""
        return [
            CachedPiece(piece, self.folder, f"{self._fingerprint} {place}")
            for place, piece in enumerate(self.base.pieces())
        ]


@dataclass(frozen=True)
class CachedPiece:
    """A piece that is read from the cache, or read from the file and put there."""

    inner: Piece
    folder: Path
    origin: str

    @property
    def rows(self) -> int:
        """How many rows the piece has."""
        return self.inner.rows

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """The batches of the piece, as its file gives them."""
        wanted, with_dictionary = list(columns), list(coded)
        text = "\n".join([self.origin, *wanted, "", *with_dictionary])
        path = self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.arrows"
        kept = _read(path)
        if kept is not None:
            yield from kept
        else:
            yield from _keep(self.inner.batches(wanted, with_dictionary), path)


def _read(path: Path) -> list[pa.RecordBatch] | None:
    """The batches of a cached piece; None if there is none or it is damaged."""
    try:
        with pa.ipc.open_stream(pa.memory_map(str(path))) as reader:
            return list(reader)
    except (pa.ArrowException, OSError):
        return None


def _keep(batches: Iterable[pa.RecordBatch], path: Path) -> Iterator[pa.RecordBatch]:
    """Pass batches on and write them; the file appears when all of them are there."""
    staged = path.with_name(f".{path.name}.{os.getpid()}.partial")
    writer = None
    try:
        for batch in batches:
            if writer is None:
                writer = pa.ipc.new_stream(str(staged), batch.schema)
            writer.write_batch(batch)
            yield batch
        if writer is not None:
            writer.close()
            staged.replace(path)
    except OSError as error:
        raise DrgpayError(
            f"the cache {path.parent} cannot be written ({reason_of(error)})",
            "free it or leave --cache out",
        ) from None
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)
