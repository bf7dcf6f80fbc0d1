"""What every kind of input file offers, so that stages need not know Parquet from CSV or Excel."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

import pyarrow as pa

from drgpay.base.language import Words
from drgpay.records.places import NO_HEADINGS, Places

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".parq", ".pq")
EXCEL_SUFFIXES = (".xlsx", ".xlsm")
OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods", ".et")
"""Workbooks that are not read, so that their names are answered with what to do."""


def is_csv(file: Path) -> bool:
    """Whether a file is read as text."""
    return file.suffix.lower() in CSV_SUFFIXES


def is_excel(file: Path) -> bool:
    """Whether a file is read as a workbook; what is neither that nor text is read as Parquet."""
    return file.suffix.lower() in (*EXCEL_SUFFIXES, *OTHER_WORKBOOKS)


class Piece(Protocol):
    """A run of rows of one file: the unit that a thread reads."""

    @property
    def rows(self) -> int:
        """How many rows the piece has."""

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Read some columns, `coded` ones with dictionary-coded strings where that is cheaper.

        A column that the file lacks is left out. Raises DrgpayError if the file is damaged.
        """


class SourceFile(Protocol):
    """One input file with the columns that it can give."""

    @property
    def path(self) -> Path:
        """Where it lies."""

    @property
    def rows(self) -> int:
        """How many rows it holds."""

    @property
    def column_names(self) -> list[str]:
        """The columns that it can give, in order."""

    def type_of(self, column: str) -> pa.DataType | None:
        """The Arrow type of a column, or None if the file cannot give it."""

    def described(self, column: str) -> Words | str:
        """How the file would have to name a column that it cannot give."""

    def in_folder_too(self, column: str) -> str | None:
        """The value that a folder names for a column which the file has itself; else None."""

    def pieces(self) -> Sequence[Piece]:
        """The rows of the file in order."""

    @property
    def name(self) -> str:
        """What it is called beside others: the name of the file, with the sheet of a workbook."""

    @property
    def places(self) -> Places:
        """Where its rows stand, as people count them."""

    @property
    def left_out(self) -> list[Words]:
        """What is to be said of rows that are none of its table."""

    @property
    def serial_dates(self) -> int | None:
        """The year in which the days that a workbook numbers begin; None elsewhere."""

    @property
    def beside(self) -> tuple[Path, ...]:
        """Other files that it is read together with."""

    def called(self, column: str) -> str:
        """The name that the file itself has for a column."""


class OwnNames:
    """A file whose columns are called as in docs/files.md and whose rows begin with the first."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    @property
    def places(self) -> Places:
        """Rows from 1."""
        return NO_HEADINGS

    @property
    def left_out(self) -> list[Words]:
        """Nothing."""
        return []

    @property
    def serial_dates(self) -> int | None:
        """None: days are not numbered."""
        return None

    @property
    def beside(self) -> tuple[Path, ...]:
        """None."""
        return ()

    def called(self, column: str) -> str:
        """The column itself."""
        return column


@dataclass(frozen=True)
class WrappedSource:
    """A file read through something: a mapping, a crosswalk, a cache. Says what the file says."""

    base: SourceFile

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self.base.path

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return self.base.rows

    @property
    def column_names(self) -> list[str]:
        """The columns that it can give, in order."""
        return self.base.column_names

    def type_of(self, column: str) -> pa.DataType | None:
        """The Arrow type of a column, or None if the file cannot give it."""
        return self.base.type_of(column)

    def described(self, column: str) -> Words | str:
        """How the file would have to name a column that it cannot give."""
        return self.base.described(column)

    def in_folder_too(self, column: str) -> str | None:
        """The value that a folder names for a column which the file has itself; else None."""
        return self.base.in_folder_too(column)

    @property
    def name(self) -> str:
        """What the file is called beside others."""
        return self.base.name

    @property
    def places(self) -> Places:
        """Where its rows stand, as people count them."""
        return self.base.places

    @property
    def left_out(self) -> list[Words]:
        """What is to be said of rows that are none of its table."""
        return self.base.left_out

    @property
    def serial_dates(self) -> int | None:
        """The year in which numbered days begin, in a workbook."""
        return self.base.serial_dates

    @property
    def beside(self) -> tuple[Path, ...]:
        """Other files that it is read together with."""
        return self.base.beside

    def called(self, column: str) -> str:
        """The name that the file itself has for a column."""
        return self.base.called(column)

    def numbered_pieces(self) -> Iterator[tuple[Piece, int]]:
        """The pieces of the file, each with the row that it begins with, from 0."""
        first_row = 0
        for piece in self.base.pieces():
            yield piece, first_row
            first_row += piece.rows


@dataclass(frozen=True)
class WrappedPiece:
    """A piece of such a file; `first_row` counts from 0."""

    base: Piece
    first_row: int

    @property
    def rows(self) -> int:
        """How many rows the piece has."""
        return self.base.rows


def partition_of(file: Path, root: Path) -> dict[str, str]:
    """The values that the folders between a dataset and a file name (key=value).

    What a folder cannot be called stands in names as %XX.
    """
    folders = file.relative_to(root).parts[:-1]
    named = (folder.split("=", 1) for folder in folders if "=" in folder)
    return {unquote(key): unquote(value) for key, value in named}


def with_partition(
    batch: pa.RecordBatch, partition: dict[str, str], columns: Iterable[str]
) -> pa.RecordBatch:
    """A batch with those of `columns` that the folders alone name, as constants."""
    for column in columns:
        if column in partition and column not in batch.schema.names:
            value = pa.scalar(partition[column])
            batch = batch.append_column(column, pa.repeat(value, batch.num_rows))
    return batch
