"""Sheets of a workbook: which of them holds the table, and its rows as texts."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.records.excel.archive import LAST_ROW, Archive, Sheet, open_archive
from drgpay.records.excel.cells import TEXT, column_of_texts, text_of_cell
from drgpay.records.layout import LOOKED_AT, Layout, layout_of
from drgpay.records.other_rows import blank_rows, other_rows
from drgpay.records.places import Places

_ERRORS = Sentences("errors/records")

_ROWS = 16_384  # rows that are Python objects at a time


class SheetTable(NamedTuple):
    """A sheet as a table of texts.

    places: where its rows stand; sums: the rows below the headings, from 0, that were
    left out as sums or notes.
    """

    sheet: str
    table: pa.Table
    places: Places
    sums: tuple[int, ...]


def sheets_with_cells(archive: Archive) -> list[Sheet]:
    """The sheets that hold something; hidden ones only where no other does."""
    filled = [sheet for sheet in archive.sheets if archive.has_cells(sheet)]
    return [sheet for sheet in filled if not sheet.hidden] or filled


def the_sheet(archive: Archive, name: str | None) -> Sheet:
    """The sheet of a name, or the only one with cells; raises DrgpayError naming the sheets."""
    path = archive.path
    if name is not None:
        for sheet in archive.sheets:
            if sheet.name.strip().casefold() == name.strip().casefold():
                return sheet
        names = listed(sheet.name for sheet in archive.sheets)
        raise DrgpayError(*_ERRORS("no_sheet", path=path, sheet=name, sheets=names))
    filled = sheets_with_cells(archive)
    if not filled:
        raise DrgpayError(*_ERRORS("empty_workbook", path=path))
    if len(filled) > 1:
        names = listed(sheet.name for sheet in filled)
        said = {"path": path, "sheets": names, "sheet": filled[0].name}
        raise DrgpayError(*_ERRORS("several_sheets", **said))
    return filled[0]


def read_sheet(path: Path, name: str | None = None) -> SheetTable:
    """The table of a sheet, every cell a text, without blank rows, sums and notes.

    Raises DrgpayError for a file that is no readable workbook, several sheets without a name, no
    headings, two columns of one name, formulas without a value and a sheet that is full.
    """
    archive = open_archive(path)
    sheet = the_sheet(archive, name)
    unshown = archive.unshown(sheet)
    if unshown.formulas:
        said = {"path": path, "sheet": sheet.name, "cell": unshown.formulas[0]}
        raise DrgpayError(*_ERRORS("unstored_formulas", count=len(unshown.formulas), **said))
    opened = _opened(archive, sheet)
    if opened.end is not None and opened.end[0] + 1 >= LAST_ROW:
        raise DrgpayError(*_ERRORS("full_sheet", path=path, sheet=sheet.name, rows=LAST_ROW))
    rows = _rows_of(opened, unshown.errors)
    first = [*islice(rows, LOOKED_AT)]
    texts = [[text_of_cell(cell) for cell in row] for row in first]
    layout = layout_of(texts, opened.merged_cell_ranges or ())
    if layout is None:
        raise DrgpayError(*_ERRORS("empty_workbook", path=path))
    return _table(path, sheet.name, layout, chain(first[layout.begins :], rows))


def first_rows_of(
    archive: Archive, sheet: Sheet, most: int
) -> tuple[list[list[str]], Layout | None, int]:
    """The first rows of a sheet as texts, where its table stands, and how many rows it has."""
    opened = _opened(archive, sheet)
    rows = islice(_rows_of(opened, archive.unshown(sheet).errors), most)
    texts = [[text_of_cell(cell) for cell in row] for row in rows]
    layout = layout_of(texts, opened.merged_cell_ranges or ())
    return texts, layout, 0 if opened.end is None else opened.end[0] + 1


def _opened(archive: Archive, sheet: Sheet) -> CalamineSheet:
    try:
        with CalamineWorkbook.from_path(archive.path) as book:
            return book.get_sheet_by_name(sheet.name)
    except (CalamineError, OSError, ValueError):
        raise DrgpayError(*_ERRORS("broken_workbook", path=archive.path)) from None


def _rows_of(
    sheet: CalamineSheet, errors: dict[tuple[int, int], str]
) -> Iterator[Sequence[object]]:
    if sheet.end is None:
        return
    rows: set[int] = {row for row, _ in errors}
    for number, row in enumerate(sheet.iter_rows()):
        if number in rows:
            yield [errors.get((number, place), cell) for place, cell in enumerate(row)]
        else:
            yield row


def _table(path: Path, sheet: str, layout: Layout, rows: Iterator[Sequence[object]]) -> SheetTable:
    parts: list[list[pa.Array]] = []
    left_out: list[int] = []
    sums: list[int] = []
    raw = 0
    while chunk := [*islice(rows, _ROWS)]:
        columns = [column_of_texts(cells) for cells in zip(*chunk, strict=True)]
        blank = blank_rows(columns)
        others = other_rows(columns)
        out = blank.copy()
        out[others] = True
        if out.any():
            columns = [column.filter(pa.array(~out)) for column in columns]
            left_out += (np.flatnonzero(out) + raw).tolist()
        sums += (others + raw).tolist()
        raw += len(chunk)
        parts.append(columns)
    width = max(len(layout.names), *(len(part) for part in parts), 0) if parts else 0
    width = max(width, len(layout.names))
    names: dict[str, pa.ChunkedArray] = {}
    for place in range(width):
        chunks = [part[place] for part in parts if place < len(part)]
        column = pa.chunked_array(chunks, TEXT)
        name = layout.names[place] if place < len(layout.names) else ""
        if not name and column.null_count == len(column):
            continue
        name = name or f"column {place + 1}"
        if name in names:
            said = {"path": path, "sheet": sheet, "column": name}
            raise DrgpayError(*_ERRORS("column_twice_in_sheet", **said))
        names[name] = column
    # Blank rows at the end say nothing of where the others stand.
    places = Places(layout.headings, tuple(left_out))
    return SheetTable(sheet, pa.table(names), places, tuple(sums))
