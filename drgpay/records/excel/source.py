"""A sheet of a workbook as an input file: every column is text, an empty cell is null."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from drgpay.base.language import Words
from drgpay.base.words import Wording
from drgpay.records.excel.archive import Archive, open_archive
from drgpay.records.excel.cells import TEXT
from drgpay.records.excel.sheets import SheetTable, read_sheet
from drgpay.records.places import Places, left_out_of
from drgpay.records.source import OwnNames, with_partition

_RECORDS = Wording("records")
_PIECE_ROWS = 65_536
_KEPT = 3
"""Sheets that are kept as they were read: a command opens the records of a month several times."""


@dataclass(frozen=True)
class ExcelSource(OwnNames):
    """One sheet of a workbook."""

    path: Path
    partition: dict[str, str]
    archive: Archive
    sheet: SheetTable

    @property
    def rows(self) -> int:
        """How many rows its table has."""
        return int(self.sheet.table.num_rows)

    @property
    def column_names(self) -> list[str]:
        """The headings, then the columns of the partition."""
        return list(dict.fromkeys([*self.sheet.table.column_names, *self.partition]))

    @property
    def places(self) -> Places:
        """The rows as Excel counts them."""
        return self.sheet.places

    @property
    def name(self) -> str:
        """The file and the sheet, as Excel itself names them: [stays.xlsx]Sheet1."""
        return f"[{self.path.name}]{self.sheet.sheet}"

    @property
    def left_out(self) -> list[Words]:
        """What is said of rows that are none of the table, and of what was not read."""
        return left_out_of(self.name, self.places, self.sheet.sums) + [
            _RECORDS.words(f"report.{key}", file=self.path.name)
            for key, there in (
                ("macros", self.archive.has_macros),
                ("links", self.archive.has_links),
            )
            if there
        ]

    @property
    def serial_dates(self) -> int:
        """The year in which numbered days begin: 1900 or 1904."""
        return 1904 if self.archive.starts_1904 else 1900

    def type_of(self, column: str) -> pa.DataType | None:
        """Text, or None if the sheet has no column of that name."""
        return TEXT if column in self.column_names else None

    def described(self, column: str) -> str:
        """The column itself."""
        return column

    def in_folder_too(self, column: str) -> str | None:
        """The value that a folder names for a column of the sheet."""
        named = self.partition.get(column)
        return named if column in self.sheet.table.column_names else None

    def pieces(self) -> list["ExcelPiece"]:
        """Runs of rows."""
        starts = range(0, self.rows, _PIECE_ROWS)
        return [ExcelPiece(self, start, min(_PIECE_ROWS, self.rows - start)) for start in starts]


@dataclass(frozen=True)
class ExcelPiece:
    """A run of rows of a sheet."""

    file: ExcelSource
    start: int
    rows: int

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Some columns as texts, in one batch."""
        wanted = list(columns)
        table = self.file.sheet.table
        stored = [name for name in wanted if name in table.column_names] or table.column_names[:1]
        part = table.select(stored).slice(self.start, self.rows).combine_chunks()
        for batch in part.to_batches():
            yield with_partition(batch, self.file.partition, wanted)


def open_excel(path: Path, partition: dict[str, str], sheet: str | None) -> ExcelSource:
    """Read a sheet of a workbook, the only one with cells without a name.

    Raises DrgpayError as `read_sheet`.
    """
    about = path.stat() if path.is_file() else None
    key = (about.st_size, about.st_mtime_ns, about.st_ino) if about else None
    return ExcelSource(path, partition, open_archive(path), _kept(path, sheet, key))


@lru_cache(maxsize=_KEPT)
def _kept(path: Path, sheet: str | None, state: object) -> SheetTable:
    return read_sheet(path, sheet)
