"""The beginning of an input as its writer sees it: sheets, headings and the first rows."""

from dataclasses import dataclass
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.csv_source import first_rows
from drgpay.records.excel.archive import open_archive
from drgpay.records.excel.sheets import first_rows_of, sheets_with_cells, the_sheet
from drgpay.records.layout import Layout, is_no_row, layout_of
from drgpay.records.meaning.texts import BLANKS
from drgpay.records.parquet_source import open_parquet
from drgpay.records.source import is_csv, is_excel

_ERRORS = Sentences("errors/records")

_DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True)
class SheetHead:
    """The beginning of a sheet, or of a file that has none (`sheet` is None).

    heading_rows: first and last row of the headings, from 1; None in Parquet. headings: one a
    column, "" without one, joined where they take several rows. rows: texts, as wide as the
    headings, without blank rows, sums and notes. row_count: about how many rows follow the
    headings, None where that is not known without reading. encoding, delimiter: of CSV.
    """

    path: Path
    sheet: str | None
    heading_rows: tuple[int, int] | None
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_count: int | None
    encoding: str | None = None
    delimiter: str | None = None

    def column(self, heading: str) -> list[str]:
        """The cells of a column in the rows at hand."""
        place = self.headings.index(heading)
        return [row[place] for row in self.rows]


def read_head(path: Path, sheet: str | None = None, most: int = 2000) -> list[SheetHead]:
    """The heads of a file's sheets that hold something, or of the one named; of other files one.

    most: rows at most. Excel, Parquet, and CSV in any encoding and with any usual delimiter. Raises
    DrgpayError for a file that cannot be read.
    """
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_file", path=path))
    if is_excel(path):
        return _of_excel(path, sheet, most)
    return [_of_csv(path, most) if is_csv(path) else _of_parquet(path, most)]


def _of_excel(path: Path, name: str | None, most: int) -> list[SheetHead]:
    archive = open_archive(path)
    sheets = [the_sheet(archive, name)] if name is not None else sheets_with_cells(archive)
    if not sheets:
        raise DrgpayError(*_ERRORS("empty_workbook", path=path))
    heads = []
    for sheet in sheets:
        rows, layout, count = first_rows_of(archive, sheet, most)
        if layout is not None:
            heads.append(_head(path, sheet.name, layout, rows, count - layout.begins))
    return heads


def _of_csv(path: Path, most: int) -> SheetHead:
    encoding, delimiter, rows = first_rows(path, None, _DELIMITERS)
    layout = layout_of(rows)
    if layout is None:
        raise DrgpayError(*_ERRORS("no_header", path=path))
    head = _head(path, None, layout, rows[: most + layout.begins], None)
    return SheetHead(**{**vars(head), "encoding": encoding, "delimiter": delimiter})


def _head(
    path: Path, sheet: str | None, layout: Layout, rows: list[list[str]], count: int | None
) -> SheetHead:
    width = len(layout.names)
    below = [[cell.strip(BLANKS) for cell in row] for row in rows[layout.begins :]]
    kept = tuple(
        tuple([*row, *[""] * width][:width]) for row in below if any(row) and not is_no_row(row)
    )
    first, last = layout.headings
    return SheetHead(path, sheet, (first + 1, last + 1), layout.names, kept, count)


def _of_parquet(path: Path, most: int) -> SheetHead:
    source = open_parquet(path, {})
    names = source.column_names
    rows: list[tuple[str, ...]] = []
    for piece in source.pieces():
        for batch in piece.batches(names):
            columns = [column.slice(0, most - len(rows)).to_pylist() for column in batch.columns]
            rows += [tuple(map(_shown, row)) for row in zip(*columns, strict=True)]
            if len(rows) >= most:
                break
        if len(rows) >= most:
            break
    return SheetHead(path, None, None, tuple(names), tuple(rows), source.rows)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "|".join(_shown(one) for one in value)
    return str(value)
