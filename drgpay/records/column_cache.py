"""What grouping reads of a dataset, kept with its codes as numbers: grouping again is quicker.

One folder holds one answer: `codes.json` with the codes of the dataset, each standing at its
number; an Arrow stream for each piece of the dataset, uncompressed, read through a memory map; and
the column that results are keyed by, as Parquet, so that it need not be encoded again. The folder's
name is made of the program, the files (size, time, last bytes) and the columns, so a changed file or
another question is another folder. It appears when all of it is written, for its owner alone.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.base.cache_folder import (
    RECORD_COLUMNS,
    mark_used,
    open_private_folder,
    put_in_place,
    staged_path,
)
from drgpay.base.errors import DrgpayError, reason_of
from drgpay.base.plain_json import plain_json
from drgpay.records.arrays import numbers_array, numbers_of
from drgpay.records.codes import Codes
from drgpay.records.columns import STAY_COLUMNS, Kind
from drgpay.records.dataset import Dataset
from drgpay.records.source import Piece, SourceFile

_TAIL_BYTES = 65_536  # of a Parquet file: its footer, which names every column chunk
_CODES_FILE = "codes.json"
_KEYS_FILE = "keys.parquet"
_KIND_OF_COLUMN = {
    "principal_diagnosis": "diagnoses",
    "other_diagnoses": "diagnoses",
    "procedures": "procedures",
    "department": "departments",
}


@dataclass(frozen=True)
class CachedDataset:
    """The pieces of a dataset in a cache that is filled already, or is being filled.

    codes: None while it is being filled: the pieces are those of the dataset, and who reads them
    writes the column `key` of all rows, in order, to the Parquet file `keys`. Afterwards the pieces
    hold in place of a code its number in `codes`, other numbers as floats with NaN for null, and no
    `key`: that is in `keys`.
    """

    pieces: list[Piece]
    codes: Codes | None
    key: str
    keys: Path


@contextmanager
def cached_dataset(
    dataset: Dataset, folder: Path, columns: Sequence[str], key: str
) -> Iterator[CachedDataset]:
    """A dataset for reading some columns beside its key, through a cache in a folder.

    A cache is filled when all its pieces were read and the block ends well.
    Raises DrgpayError if the folder cannot be used or trusted (`open_private_folder`), and for
    mapped records: what their mapping converted must be counted anew each time.
    """
    if dataset.mapping is not None or dataset.translations is not None:
        raise DrgpayError(
            f"{dataset.path} is read through a mapping, which a cache would hide",
            "leave --cache out, or write the records as Parquet with the columns of docs/files.md",
        )
    open_private_folder(folder, RECORD_COLUMNS)
    place = folder / _key(dataset, columns, key)
    pieces = dataset.pieces()
    codes = _read_codes(place, len(pieces))
    if codes is None:
        yield from _filled(place, pieces, key)
    else:
        mark_used(place)
        found = [_CachedPiece(piece.rows, _file(place, n), codes) for n, piece in enumerate(pieces)]
        yield CachedDataset(list(found), codes, key, place / _KEYS_FILE)


def _filled(place: Path, pieces: list[Piece], key: str) -> Iterator[CachedDataset]:
    staged = staged_path(place)
    numbering = _Numbering()
    try:
        with _refusing(place.parent):
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir(mode=0o700)
        read = [
            _KeptPiece(piece, _file(staged, n), numbering, key) for n, piece in enumerate(pieces)
        ]
        yield CachedDataset(list(read), None, key, staged / _KEYS_FILE)
        with _refusing(place.parent):
            _write_codes(staged, numbering.codes(), len(pieces))
            shutil.rmtree(place, ignore_errors=True)  # damaged, or it would have been used
            put_in_place(staged, place)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


@contextmanager
def _refusing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DrgpayError(
            f"the cache {folder} cannot be written ({reason_of(error)})",
            "free it or leave --cache out",
        ) from None


def _key(dataset: Dataset, columns: Iterable[str], key: str) -> str:
    files = [f"{file.path.name} {_fingerprint(file)}" for file in dataset.files]
    return RECORD_COLUMNS.key(pa.__version__, files, list(columns), key)


def _fingerprint(source: SourceFile) -> str:
    state = source.path.stat()
    with source.path.open("rb") as file:
        file.seek(max(state.st_size - _TAIL_BYTES, 0))
        tail = hashlib.sha256(file.read()).hexdigest()
    # Folders may name values (key=value) that no file holds.
    return f"{state.st_size} {state.st_mtime_ns} {tail} {getattr(source, 'partition', {})}"


def _file(place: Path, piece: int) -> Path:
    return place / f"{piece:06}.arrows"


def _read_codes(place: Path, pieces: int) -> Codes | None:
    """The codes of a cache that is there and whole; else None."""
    try:
        content = plain_json((place / _CODES_FILE).read_bytes())
        return Codes(**content["codes"]) if content["sizes"] == _sizes(place, pieces) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _sizes(place: Path, pieces: int) -> list[int]:
    files = [place / _KEYS_FILE, *(_file(place, number) for number in range(pieces))]
    return [file.stat().st_size for file in files]


def _write_codes(place: Path, codes: Codes, pieces: int) -> None:
    content = json.dumps(
        {"codes": asdict(codes), "sizes": _sizes(place, pieces)}, ensure_ascii=False
    )
    (place / _CODES_FILE).write_text(content, encoding="utf-8")


@dataclass(frozen=True)
class _CachedPiece:
    """A piece that is read from the cache."""

    rows: int
    path: Path
    codes: Codes

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """The batches as they were kept: the columns of the cache, whatever is asked."""
        try:
            batches = list(_read_streams(self.path))
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(reason_of(error) if isinstance(error, OSError) else "") from None
        if sum(batch.num_rows for batch in batches) != self.rows:
            raise self._damaged("rows are missing")
        for batch in batches:
            for name in set(batch.schema.names) & _KIND_OF_COLUMN.keys():
                self._refuse_unknown_numbers(name, batch.column(name))
            yield batch

    def _refuse_unknown_numbers(self, column: str, values: pa.Array) -> None:
        flat = values.values if pa.types.is_list(values.type) else values
        numbers = numbers_of(flat)
        if len(numbers) and int(numbers.max()) >= len(getattr(self.codes, _KIND_OF_COLUMN[column])):
            raise self._damaged("a code has no name")

    def _damaged(self, detail: str) -> DrgpayError:
        return DrgpayError(
            f"{self.path} in the cache is damaged{f' ({detail})' if detail else ''}",
            f"delete {self.path.parent}",
        )


@dataclass(frozen=True)
class _KeptPiece:
    """A piece that is read from its file and put into the cache."""

    inner: Piece
    path: Path
    numbering: "_Numbering"
    key: str

    @property
    def rows(self) -> int:
        """How many rows the piece has."""
        return self.inner.rows

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """The batches of the piece, as its file gives them."""
        with _refusing(self.path.parent.parent):
            file = pa.OSFile(str(self.path), "wb")
        with file:
            for batch in self.inner.batches(columns, coded):
                self._write(batch, file)
                yield batch

    def _write(self, batch: pa.RecordBatch, file: pa.NativeFile) -> None:
        names = [name for name in batch.schema.names if name != self.key]
        arrays = [self._numbers_of(name, batch.column(name)) for name in names]
        coded = pa.RecordBatch.from_arrays(arrays, names=names)
        # A stream a batch: the width of the numbers may differ.
        with _refusing(self.path.parent.parent), pa.ipc.new_stream(file, coded.schema) as writer:
            writer.write_batch(coded)

    def _numbers_of(self, column: str, values: pa.Array) -> pa.Array:
        match STAY_COLUMNS[column]:
            case Kind.TEXT:
                return numbers_array(self.numbering.numbers(column, values))
            case Kind.TEXTS:
                return self._lists_of_numbers(column, values)
            case _:
                return numbers_array(_short_floats(values))

    def _lists_of_numbers(self, column: str, values: pa.Array) -> pa.Array:
        import pyarrow.compute as pc  # reading a cache does without

        lists = values.cast(pa.large_list(values.type.value_type))
        flat = numbers_array(self.numbering.numbers(column, lists.flatten()))
        ends = np.zeros(len(lists) + 1, dtype=np.int32)
        np.cumsum(numbers_of(pc.list_value_length(lists)), out=ends[1:])
        return pa.ListArray.from_arrays(numbers_array(ends), flat)


def _read_streams(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as file:
        while file.tell() < file.size():
            with pa.ipc.open_stream(file) as reader:
                yield from reader


def _short_floats(values: pa.Array) -> NDArray[Any]:
    """Numbers as float64 with NaN for null, or float32 where that is the same."""
    import pyarrow.compute as pc

    floats = numbers_of(pc.cast(values, pa.float64(), safe=False), null=math.nan)
    short = floats.astype(np.float32)
    return short if np.array_equal(short, floats, equal_nan=True) else floats


@dataclass
class _Numbering:
    """Numbers for the codes of a dataset as its pieces are read, by any thread."""

    _numbers: dict[str, dict[str, int]] = field(
        default_factory=lambda: {kind: {"": 0} for kind in set(_KIND_OF_COLUMN.values())}
    )
    _lock: Lock = field(default_factory=Lock)

    def numbers(self, column: str, values: pa.Array) -> NDArray[Any]:
        """The number of each string, 0 for null: uint16 while that is wide enough, else int32."""
        import pyarrow.compute as pc

        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        words = pc.cast(values.dictionary, pa.string()).to_pylist()
        known = self._numbers[_KIND_OF_COLUMN[column]]
        with self._lock:
            given = [known.setdefault(word, len(known)) for word in words]
        width = np.uint16 if max(given, default=0) < 1 << 16 else np.int32
        numbers = np.array([*given, 0], dtype=width)
        return np.take(numbers, numbers_of(values.indices, null=len(given)))

    def codes(self) -> Codes:
        """What was numbered, in the order of the numbers."""
        return Codes(**{kind: list(numbers) for kind, numbers in self._numbers.items()})
