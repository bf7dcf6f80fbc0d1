"""Parquet files, read row group by row group."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.source import OwnNames, with_partition

_ERRORS = Sentences("errors/records")

BATCH_ROWS = 131_072
_ROWS_OF_FEW_COLUMNS = 262_144
"""A row group of ours: what is done once a batch, such as looking up its dictionaries, is done half as often."""
_FEW_COLUMNS = 12
_INT96_UNIT = "us"
"""In nanoseconds, which is what pyarrow takes them for, the year 9999 would lie in the past."""


@dataclass(frozen=True)
class ParquetSource(OwnNames):
    """One Parquet file; `partition` holds the values that its folders name (key=value)."""

    path: Path
    partition: dict[str, str]
    metadata: pq.FileMetaData
    schema: pa.Schema

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return int(self.metadata.num_rows)

    @property
    def column_names(self) -> list[str]:
        """The stored columns, then those of the partition."""
        return list(dict.fromkeys([*self.schema.names, *self.partition]))

    def type_of(self, column: str) -> pa.DataType | None:
        """The Arrow type of a column, or None if the file has none of that name."""
        if column in self.schema.names:
            return self.schema.field(column).type
        return pa.string() if column in self.partition else None

    def described(self, column: str) -> str:
        """The column itself."""
        return column

    def in_folder_too(self, column: str) -> str | None:
        """The value that a folder names for a stored column."""
        return self.partition.get(column) if column in self.schema.names else None

    def pieces(self) -> list["ParquetPiece"]:
        """The row groups."""
        return [
            ParquetPiece(self, number, self.metadata.row_group(number).num_rows)
            for number in range(self.metadata.num_row_groups)
        ]


@dataclass(frozen=True)
class ParquetPiece:
    """One row group of one file."""

    file: ParquetSource
    row_group: int
    rows: int

    def text_bounds(self, column: str) -> tuple[str, str] | None:
        """The least and the greatest text of a stored column of which none is missing, as the
        statistics of the row group have them; None where they have none.
        """
        if column not in self.file.schema.names:
            return None
        group = self.file.metadata.row_group(self.row_group)
        paths = [group.column(number).path_in_schema for number in range(group.num_columns)]
        if column not in paths:
            return None
        try:
            statistics = group.column(paths.index(column)).statistics
            if statistics is None or not statistics.has_min_max or statistics.null_count != 0:
                return None
            low, high = statistics.min, statistics.max
        except UnicodeDecodeError:
            return None
        return (low, high) if isinstance(low, str) and isinstance(high, str) else None

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Read some columns, `coded` ones with dictionary-coded strings.

        A column that the file lacks is left out, except that a partition's value is added as a
        constant. Raises DrgpayError if the file is damaged.
        """
        wanted = list(columns)
        stored = [column for column in wanted if column in self.file.schema.names]
        given = 0
        try:
            for batch in self._read(stored, coded):
                yield with_partition(batch, self.file.partition, wanted)
                given += 1
        except (pa.ArrowException, OSError):
            # Some encodings cannot be read into dictionaries (DELTA), some dictionaries not into
            # lists: read plainly, a file that is damaged is so either way.
            yield from self._without_dictionaries(stored, wanted, given)

    def _without_dictionaries(
        self, stored: list[str], wanted: list[str], given: int
    ) -> Iterator[pa.RecordBatch]:
        try:
            for batch in islice(self._read(stored, ()), given, None):
                yield with_partition(batch, self.file.partition, wanted)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.file.path, error) from None

    def _read(self, stored: list[str], coded: Iterable[str]) -> Iterator[pa.RecordBatch]:
        # Opened per piece: a ParquetFile may not be shared between threads.
        with pq.ParquetFile(
            self.file.path,
            metadata=self.file.metadata,
            read_dictionary=_leaf_paths(self.file.metadata, coded),
            memory_map=True,
            coerce_int96_timestamp_unit=_INT96_UNIT,
        ) as file:
            rows = _ROWS_OF_FEW_COLUMNS if len(stored) <= _FEW_COLUMNS else BATCH_ROWS
            yield from file.iter_batches(rows, [self.row_group], stored, use_threads=False)


def open_parquet(path: Path, partition: dict[str, str]) -> ParquetSource:
    """Read the footer of a file; raises DrgpayError if it is damaged."""
    try:
        with pq.ParquetFile(path, coerce_int96_timestamp_unit=_INT96_UNIT) as file:
            source = ParquetSource(path, partition, file.metadata, file.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from None
    names = source.schema.names
    for name in names:
        if names.count(name) > 1:
            raise DrgpayError(*_ERRORS("column_twice", path=path, column=name))
    return source


def _unreadable(path: Path, error: Exception) -> DrgpayError:
    said = str(error).splitlines()[0].rstrip(".")
    return DrgpayError(*_ERRORS("no_parquet", path=path, said=said))


def _leaf_paths(metadata: pq.FileMetaData, columns: Iterable[str]) -> list[str]:
    """The paths of the leaves below some columns: a list's strings lie at name.list.element."""
    wanted = set(columns)
    paths = [metadata.schema.column(number).path for number in range(metadata.num_columns)]
    return [path for path in paths if path.split(".")[0] in wanted]
