"""Parquet files, read row group by row group."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from drgpay.errors import DrgpayError
from drgpay.records.source import with_partition

BATCH_ROWS = 262_144


@dataclass(frozen=True)
class ParquetSource:
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

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Read some columns, `coded` ones with dictionary-coded strings.

        A column that the file lacks is left out, except that a partition's value is added as a
        constant. Raises DrgpayError if the file is damaged.
        """
        wanted = list(columns)
        stored = [column for column in wanted if column in self.file.schema.names]
        try:
            # Opened per piece: a ParquetFile may not be shared between threads.
            with pq.ParquetFile(
                self.file.path,
                metadata=self.file.metadata,
                read_dictionary=_leaf_paths(self.file.metadata, coded),
                memory_map=True,
            ) as file:
                for batch in file.iter_batches(
                    BATCH_ROWS, [self.row_group], stored, use_threads=False
                ):
                    yield with_partition(batch, self.file.partition, wanted)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.file.path, error) from None


def open_parquet(path: Path, partition: dict[str, str]) -> ParquetSource:
    """Read the footer of a file; raises DrgpayError if it is damaged."""
    try:
        with pq.ParquetFile(path) as file:
            return ParquetSource(path, partition, file.metadata, file.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DrgpayError:
    detail = str(error).splitlines()[0].rstrip(".")
    return DrgpayError(
        f"{path} is not a readable Parquet file ({detail})", "export or copy the file again"
    )


def _leaf_paths(metadata: pq.FileMetaData, columns: Iterable[str]) -> list[str]:
    """The paths of the leaves below some columns: a list's strings lie at name.list.element."""
    wanted = set(columns)
    paths = [metadata.schema.column(number).path for number in range(metadata.num_columns)]
    return [path for path in paths if path.split(".")[0] in wanted]
