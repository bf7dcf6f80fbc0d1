"""Read the sheets of a workbook as text: find each sheet, its header and its columns."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_col_to_name

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.schemes.workbook.layout import LAST_HEADER_ROW, SCHEME_SHEET, SHEETS, Column, Sheet
from drgpay.schemes.workbook.notes import Notes

_ERRORS = Sentences("errors/schemes")


@dataclass(frozen=True)
class SheetText:
    """A sheet as it stands: `rows` has row (in Excel, from 1) and one text column for each found
    column of the layout; `numeric` says in which of them a code was stored as a number.
    """

    sheet: Sheet
    rows: pl.DataFrame
    numeric: dict[str, list[int]]


@dataclass(frozen=True)
class WorkbookText:
    """The sheets by table, and the key and value pairs of our own sheet, if it is there."""

    path: Path
    sheets: dict[str, SheetText]
    scheme: dict[str, str]


def read_workbook_text(path: Path, notes: Notes) -> WorkbookText:
    """Read a workbook; raises DrgpayError for a missing sheet or column, naming what was found."""
    book = open_book(path)
    sheets = {sheet.table: _read_sheet(path, book, sheet, notes) for sheet in SHEETS}
    return WorkbookText(path, sheets, _scheme_sheet(book))


def open_book(path: Path) -> CalamineWorkbook:
    """A workbook; raises DrgpayError for a file that is missing or is none."""
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_file", path=path))
    try:
        return CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as error:
        raise DrgpayError(*_ERRORS("no_workbook", path=path, said=error)) from None


def _read_sheet(path: Path, book: CalamineWorkbook, sheet: Sheet, notes: Notes) -> SheetText:
    rows = _rows(path, book, sheet.name)
    header_row, places = _header(path, sheet, rows)
    body = [
        (number, row)
        for number, row in enumerate(rows[header_row:], start=header_row + 1)
        if any(cell not in ("", None) for cell in row)
    ]
    numeric: dict[str, list[int]] = {}
    columns: dict[str, list[Any]] = {"row": [number for number, _ in body]}
    for column in sheet.columns:
        if column.key in places:
            cells = [row[places[column.key]] for _, row in body]
            columns[column.key] = [text_of(cell) for cell in cells]
            if column.kind == "code":
                numeric[column.key] = [
                    number
                    for (number, _), cell in zip(body, cells, strict=True)
                    if isinstance(cell, int | float)
                ]
    schema = {key: pl.Int64 if key == "row" else pl.String for key in columns}
    frame = pl.DataFrame(columns, schema=schema)
    found = ", ".join(
        f"{column.key} = {plain_header(rows[header_row - 1][places[column.key]])} "
        f"({xl_col_to_name(places[column.key])})"
        for column in sheet.columns
        if column.key in places
    )
    notes.add(
        sheet.name,
        header_row,
        "read",
        header_row=header_row,
        found=found,
        rows=frame.height,
    )
    return SheetText(sheet, frame, numeric)


def _rows(path: Path, book: CalamineWorkbook, name: str) -> list[list[Any]]:
    titles = {plain_header(title): title for title in reversed(book.sheet_names)}
    if plain_header(name) not in titles:
        sheets = listed(book.sheet_names)
        raise DrgpayError(*_ERRORS("no_sheet", path=path, sheet=name, sheets=sheets))
    return sheet_rows(book, titles[plain_header(name)])


def sheet_rows(book: CalamineWorkbook, name: str) -> list[list[Any]]:
    """The cells of a sheet, with its empty area: rows are counted as Excel counts them.

    Raises DrgpayError for a number that is formatted as a time which no calendar has.
    """
    try:
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except OverflowError:
        raise DrgpayError(*_ERRORS("no_time", sheet=name)) from None


def _header(path: Path, sheet: Sheet, rows: list[list[Any]]) -> tuple[int, dict[str, int]]:
    """The row of the header (from 1) and the place of each column in it."""
    best: tuple[int, dict[str, int], list[str]] = (1, {}, [])
    for number, row in enumerate(rows[:LAST_HEADER_ROW], start=1):
        texts = [plain_header(cell) for cell in row]
        places = _places(sheet.columns, texts)
        if len(places) > len(best[1]):
            best = (number, places, [text for text in texts if text])
        if all(column.key in places for column in sheet.columns if column.required):
            return number, places
    lacking = [
        _ERRORS.words("or").between(column.headers)
        for column in sheet.columns
        if column.required and column.key not in best[1]
    ]
    found = _ERRORS.words("header_not_found")
    if best[2]:
        found = _ERRORS.words("header_found", row=best[0], texts=listed(best[2]))
    columns = _ERRORS.words("no_column").between(lacking)
    said = {"path": path, "sheet": sheet.name, "columns": columns, "found": found}
    raise DrgpayError(*_ERRORS("no_header", most=LAST_HEADER_ROW, **said))


def _places(columns: Sequence[Column], texts: list[str]) -> dict[str, int]:
    taken: set[int] = set()
    places: dict[str, int] = {}
    for column in columns:
        for header in column.headers:
            wanted = plain_header(header)
            found = [n for n, text in enumerate(texts) if text == wanted and n not in taken]
            if found:
                places[column.key] = found[0]
                taken.add(found[0])
                break
    return places


def _scheme_sheet(book: CalamineWorkbook) -> dict[str, str]:
    if SCHEME_SHEET not in book.sheet_names:
        return {}
    rows = sheet_rows(book, SCHEME_SHEET)
    pairs = [[text_of(cell).strip() for cell in row if text_of(cell).strip()] for row in rows[1:]]
    return {pair[0]: pair[1] for pair in pairs if len(pair) >= 2}


_ESCAPED = re.compile(r"_x00[01][0-9A-Fa-f]_")


def plain_header(cell: object) -> str:
    """A header without anything that cannot be seen, in capitals, full-width letters narrowed."""
    text = unicodedata.normalize("NFKC", _ESCAPED.sub("", text_of(cell)))
    visible = (
        char for char in text if not char.isspace() and unicodedata.category(char) not in _UNSEEN
    )
    return "".join(visible).upper()


_UNSEEN = ("Cc", "Cf")


def text_of(cell: object) -> str:
    """A cell as its reader sees it; Excel holds whole numbers as floats."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
