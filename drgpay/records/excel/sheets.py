"""Sheets of a workbook: which of them holds the table, and its rows as texts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.records.excel.archive import LAST_ROW, Archive, Sheet, open_archive
from drgpay.records.excel.cells import TEXT, column_of_texts, text_of_cell
from drgpay.records.excel.runs import Run, runs_of
from drgpay.records.in_order import one_each
from drgpay.records.layout import LOOKED_AT, Layout, Merge, layout_of
from drgpay.records.other_rows import blank_rows, other_rows
from drgpay.records.places import Places

_ERRORS = Sentences("errors/records")

_THREADS = 2  # of which one makes texts: each holds a run of rows as objects
_REPEATED = 2


class SheetTable(NamedTuple):
    """A sheet as a table of texts.

    names: of its columns; parts: its rows, columns of few texts dictionary-coded. places: where its
    rows stand; sums: rows that were left out as sums or notes, below the headings and from 0.
    """

    sheet: str
    names: tuple[str, ...]
    parts: tuple[pa.RecordBatch, ...]
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
    return _table(archive, sheet, one_each(_read, runs_of(archive, sheet), _THREADS))


def first_rows_of(
    archive: Archive, sheet: Sheet, most: int
) -> tuple[list[list[str]], Layout | None, int]:
    """The first rows of a sheet as texts, where its table stands, and how many rows it has."""
    texts: list[list[str]] = []
    merges: list[Merge] = []
    count = 0
    for run in runs_of(archive, sheet):
        count = max(count, run.last_row)
        merges += run.merges
        if len(texts) < most:
            top, left, rows = run.cells()
            texts += [[] for _ in range(top - len(texts))]
            texts += [[*[""] * left, *map(text_of_cell, row)] for row in rows[: most - len(texts)]]
            count = max(count, top + len(rows))
    return texts, layout_of(texts, merges), count


class _Rows(NamedTuple):
    """Rows of a sheet that follow each other. top: the first, from 0; formulas: without a value."""

    top: int
    columns: list[pa.Array]
    formulas: tuple[str, ...]
    merges: list[Merge]

    @property
    def end(self) -> int:
        return self.top + (len(self.columns[0]) if self.columns else 0)

    def texts(self, most: int) -> list[list[str]]:
        """The first of them."""
        cells = [column.slice(0, max(most, 0)).to_pylist() for column in self.columns]
        return [[cell or "" for cell in row] for row in zip(*cells, strict=True)]

    def below(self, row: int) -> "_Rows":
        """The rows from one on."""
        start = max(row - self.top, 0)
        return self._replace(
            top=self.top + start, columns=[column.slice(start) for column in self.columns]
        )


def _read(run: Run) -> _Rows:
    top, left, rows = run.cells()
    columns = [column_of_texts(cells) for cells in zip(*rows, strict=True)]
    if columns:
        columns = [*[pa.nulls(len(rows), TEXT)] * left, *columns]
    return _Rows(top, columns, run.unshown.formulas, run.merges)


class _Kept(NamedTuple):
    """Rows of the table. out, sums: rows of the sheet that are none of it, all and those with cells."""

    columns: list[pa.Array]
    rows: int
    out: NDArray[np.int64]
    sums: NDArray[np.int64]


def _table(archive: Archive, sheet: Sheet, given: Iterator[_Rows]) -> SheetTable:
    about = {"path": archive.path, "sheet": sheet.name}
    first: list[_Rows] = []
    seen: list[list[str]] = []
    kept: list[_Kept] = []
    formulas: list[str] = []
    merges: list[Merge] = []
    end = 0
    for rows in given:
        formulas += rows.formulas
        merges += rows.merges
        if not rows.columns:
            continue
        if rows.top < end:
            raise DrgpayError(*_ERRORS("broken_workbook", path=archive.path))
        if rows.end >= LAST_ROW:
            raise DrgpayError(*_ERRORS("full_sheet", rows=LAST_ROW, **about))
        if rows.top < LOOKED_AT:  # where a table begins is known with merges, behind all rows
            first.append(rows)
            seen += [[] for _ in range(rows.top - end)]
            seen += rows.texts(LOOKED_AT - rows.top)
        else:
            kept.append(_kept(rows, end))
        end = rows.end
    if formulas:
        said = {"cell": formulas[0], "count": len(formulas), **about}
        raise DrgpayError(*_ERRORS("unstored_formulas", **said))
    layout = layout_of(seen, merges)
    if layout is None:
        raise DrgpayError(*_ERRORS("empty_workbook", path=archive.path))
    end = layout.begins
    for place, rows in enumerate(one.below(layout.begins) for one in first):
        kept.insert(place, _kept(rows, end))
        end = max(end, rows.end)
    names = _names(layout, kept, about)
    parts = [
        pa.RecordBatch.from_arrays([_column(part, place) for place in names], [*names.values()])
        for part in kept
    ]
    out, sums = (
        np.concatenate([getattr(one, name) for one in kept]) - layout.begins
        for name in ("out", "sums")
    )
    # Blank rows at the end say nothing of where the others stand.
    places = Places(layout.headings, tuple(out.tolist()))
    return SheetTable(sheet.name, tuple(names.values()), tuple(parts), places, tuple(sums.tolist()))


def _kept(rows: _Rows, end: int) -> _Kept:
    """Rows below headings without those that are none; those before them end at a row."""
    columns = rows.columns
    others, out = other_rows(columns), blank_rows(columns)
    out[others] = True
    if out.any():
        columns = [column.filter(pa.array(~out)) for column in columns]
    before = np.arange(end, rows.top, dtype=np.int64)
    gone = np.concatenate([before, np.flatnonzero(out) + rows.top])
    return _Kept([_packed(one) for one in columns], len(columns[0]), gone, others + rows.top)


def _packed(column: pa.Array) -> pa.Array:
    """A column of few texts dictionary-coded: a full sheet is to take little memory."""
    if column.null_count == len(column):
        return pa.nulls(len(column))
    coded = column.dictionary_encode()
    return coded if len(coded.dictionary) * _REPEATED <= len(column) else column


def _column(part: _Kept, place: int) -> pa.Array:
    return part.columns[place] if place < len(part.columns) else pa.nulls(part.rows)


def _names(layout: Layout, parts: list[_Kept], about: dict[str, Any]) -> dict[int, str]:
    """The names of columns by their place; one without heading or value is none."""
    width = max(len(layout.names), *(len(part.columns) for part in parts))
    names: dict[int, str] = {}
    for place in range(width):
        name = layout.names[place] if place < len(layout.names) else ""
        cells = [_column(part, place) for part in parts]
        if not name and all(column.null_count == len(column) for column in cells):
            continue
        name = name or f"column {place + 1}"
        if name in names.values():
            raise DrgpayError(*_ERRORS("column_twice_in_sheet", column=name, **about))
        names[place] = name
    return names
