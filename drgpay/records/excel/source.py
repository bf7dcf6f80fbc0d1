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
        return sum(part.num_rows for part in self.sheet.parts)

    @property
    def column_names(self) -> list[str]:
        """The headings, then the columns of the partition."""
        return list(dict.fromkeys([*self.sheet.names, *self.partition]))

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
        return named if column in self.sheet.names else None

    def pieces(self) -> list["ExcelPiece"]:
        """Runs of rows."""
        return [ExcelPiece(self, part) for part in self.sheet.parts if part.num_rows]


@dataclass(frozen=True)
class ExcelPiece:
    """A run of rows of a sheet."""

    file: ExcelSource
    part: pa.RecordBatch

    @property
    def rows(self) -> int:
        """How many rows the piece has."""
        return int(self.part.num_rows)

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Some columns as texts, in one batch."""
        wanted = list(columns)
        names = self.file.sheet.names
        stored = [name for name in wanted if name in names] or [*names[:1]]
        texts = [self.part.column(name).cast(TEXT) for name in stored]
        batch = pa.RecordBatch.from_arrays(texts, stored)
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
