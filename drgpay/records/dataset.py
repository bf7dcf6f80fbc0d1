"""Parquet input: one file, a folder, or a Hive-partitioned dataset, read piece by piece."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from drgpay.errors import DrgpayError
from drgpay.records.columns import STAY_COLUMNS, Kind

BATCH_ROWS = 262_144


@dataclass(frozen=True)
class DataFile:
    """One Parquet file; `partition` holds the values that its folders name (key=value)."""

    path: Path
    partition: dict[str, str]
    metadata: pq.FileMetaData
    schema: pa.Schema

    def type_of(self, column: str) -> pa.DataType | None:
        """The Arrow type of a column, or None if the file has none of that name."""
        if column in self.schema.names:
            return self.schema.field(column).type
        return pa.string() if column in self.partition else None


@dataclass(frozen=True)
class Piece:
    """One row group of one file: the unit that a thread reads."""

    file: DataFile
    row_group: int
    rows: int

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Read some columns, `coded` ones with dictionary-coded strings.

        A column that the file lacks is left out, except that a partition's value is added as a
        constant. Raises DrgpayError if the file is damaged.
        """
        stored = [column for column in columns if column in self.file.schema.names]
        constant = [column for column in columns if column in self.file.partition]
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
                    for column in constant:
                        value = pa.scalar(self.file.partition[column])
                        batch = batch.append_column(column, pa.repeat(value, batch.num_rows))
                    yield batch
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.file.path, error) from None


@dataclass(frozen=True)
class Dataset:
    """The Parquet files under one path, in the order of their names."""

    path: Path
    files: tuple[DataFile, ...]

    @cached_property
    def rows(self) -> int:
        """How many rows all files hold."""
        return sum(file.metadata.num_rows for file in self.files)

    @cached_property
    def column_names(self) -> list[str]:
        """The columns of any file, in the order of their first appearance."""
        names = (name for file in self.files for name in [*file.schema.names, *file.partition])
        return list(dict.fromkeys(names))

    def require(self, columns: Iterable[str], optional: Iterable[str] = ()) -> None:
        """Refuse files that lack a column or hold it in a type that cannot be read."""
        needed = list(columns)
        for file in self.files:
            missing = [column for column in needed if file.type_of(column) is None]
            if missing:
                raise DrgpayError(
                    f"{file.path} lacks the column {', '.join(missing)}",
                    "add it, named as in docs/files.md, or leave it null where it is unknown",
                )
            for column in [*needed, *optional]:
                type_, kind = file.type_of(column), STAY_COLUMNS[column]
                if type_ is not None and not kind.admits(type_):
                    raise DrgpayError(
                        f"{file.path}: the column {column} is {type_}, not {kind}",
                        f"write it as {_TYPE_ADVICE[kind]}",
                    )

    def pieces(self) -> list[Piece]:
        """The row groups of all files, in order."""
        return [
            Piece(file, number, file.metadata.row_group(number).num_rows)
            for file in self.files
            for number in range(file.metadata.num_row_groups)
        ]


_TYPE_ADVICE = {
    Kind.TEXT: "a string",
    Kind.TEXTS: "a list of strings",
    Kind.NUMBER: "an integer",
    Kind.MONEY: "decimal(18,2)",
    Kind.DATE: "a date",
    Kind.FLAG: "a boolean",
}


def open_dataset(path: Path) -> Dataset:
    """Find the Parquet files of an input; raises DrgpayError if there are none or one is damaged."""
    if path.is_file():
        return Dataset(path, (_open_file(path, {}),))
    if not path.is_dir():
        raise DrgpayError(f"there is no file or folder {path}", "correct the path")
    found = sorted(
        file
        for file in path.rglob("*.parquet")
        if not any(part.startswith((".", "_")) for part in file.relative_to(path).parts)
    )
    if not found:
        raise DrgpayError(f"the folder {path} holds no .parquet file", "correct the path")
    return Dataset(path, tuple(_open_file(file, _partition(file, path)) for file in found))


def _partition(file: Path, root: Path) -> dict[str, str]:
    folders = file.relative_to(root).parts[:-1]
    return dict(folder.split("=", 1) for folder in folders if "=" in folder)


def _open_file(path: Path, partition: dict[str, str]) -> DataFile:
    try:
        with pq.ParquetFile(path) as file:
            return DataFile(path, partition, file.metadata, file.schema_arrow)
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
