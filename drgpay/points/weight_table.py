"""A published table of weights as it lies in its file: titles, headings, rows, and where each stands.

Cities publish CSV, Excel and what was copied out of a PDF: titles above the headings, headings of two
lines, totals, notes and blank lines between the groups. Nothing is left out here without a name.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.records.columns import is_text
from drgpay.records.encodings import text_of
from drgpay.records.meaning.texts import BLANKS, decodable, folded_word
from drgpay.records.parquet_source import open_parquet
from drgpay.records.source import CSV_SUFFIXES, PARQUET_SUFFIXES

_ERRORS = Sentences("errors/points")

EXCEL_SUFFIXES = (".xlsx", ".xlsm", ".xls")
MOST_BYTES = 64 * 1024 * 1024
_HEADINGS_WITHIN = 30  # lines in which headings are looked for
_SHOWN = 60
# What published tables call the column of groups, beside our own name; as `plain` writes it.
GROUP_HEADINGS = (
    *("drg", "drgs", "drg编码", "drg代码", "drg组", "drg组编码", "drg组代码", "drg分组编码"),
    *("drg分组代码", "drg病组编码", "drg病组代码", "drgs编码", "drgs组编码", "病组", "病组编码"),
    *("病组代码", "病组编号", "分组编码", "分组代码", "组编码", "组代码"),
)
_TOTAL = re.compile(r"(合|总|共|小)计.*|总数|平均(值|数)?|(grand)?totals?|sub-?totals?|sum|average")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")
_NUMBER = re.compile(r"[-+\d.,%]+")


@dataclass(frozen=True)
class Line:
    """A row of the file: its line (of an editor; a row of Excel and Parquet) and a text a column."""

    number: int
    cells: Sequence[str]


@dataclass(frozen=True)
class LeftOut:
    """A line that is no group: title, blank, heading_again, total or note_line, and what it says."""

    number: int
    reason: str
    text: str


@dataclass(frozen=True)
class WeightTable:
    """headings: one a column, unique; `rows` are the groups, their codes `narrowed`; `left_out` in
    the order of the file.

    unit: what its numbers count, line or row. heading_lines: where the headings stand.
    """

    path: Path
    unit: str
    heading_lines: tuple[int, ...]
    headings: tuple[str, ...]
    group_heading: str
    rows: tuple[Line, ...]
    left_out: tuple[LeftOut, ...]

    def at(self, number: int) -> Words:
        """The place of a line as a sentence begins with it."""
        return _place(self.path, self.unit, number)

    def numbered(self, number: int) -> Words:
        """A line of the table, by what its numbers count."""
        return _numbered(self.unit, number)

    def cells(self, heading: str) -> Iterator[tuple[int, str]]:
        """Line and text of every cell of a column, empty ones too."""
        place = self.headings.index(heading)
        return ((row.number, row.cells[place]) for row in self.rows)


def _place(path: Path, unit: str, number: int) -> Words:
    return _ERRORS.words("place.at", path=path, numbered=_numbered(unit, number))


def _numbered(unit: str, number: int) -> Words:
    return _ERRORS.words(f"place.{unit}", number=number)


def narrowed(text: str) -> str:
    """A text with plain letters, digits and signs in the place of full-width ones, without blanks."""
    return "".join(sign for sign in folded_word(text) if sign not in BLANKS)


def plain(text: str) -> str:
    """A heading or a word as it is compared: narrowed, and capitals do not matter."""
    return narrowed(text).lower()


def read_weight_table(path: Path, encoding: str | None, group_heading: str | None) -> WeightTable:
    """Read a table: CSV, TSV, Parquet or Excel, by the suffix of its name.

    group_heading: of the column of groups, None finds a usual one. Raises DrgpayError for a file
    that cannot be read, without headings or with one twice, and a row with more cells than these.
    """
    unit, lines = _lines(path, encoding)
    place = _place_of_headings(path, lines, group_heading)
    above, first, below = lines[:place], lines[place], lines[place + 1 :]
    numbers, names = [first.number], list(first.cells)
    group = next(
        number
        for number, name in enumerate(names)
        if plain(name) in ((plain(group_heading),) if group_heading else GROUP_HEADINGS)
    )
    if below and _is_second_of_headings(names, below[0], group):
        second, below = below[0], below[1:]
        numbers.append(second.number)
        names = _joined(names, second.cells)
    width = len(names)
    above_out = [
        LeftOut(line.number, "title" if _text(line) else "blank", _text(line)) for line in above
    ]
    rows, out = _sorted_rows(path, unit, names, group, below)
    while width and not names[width - 1] and not any(row.cells[width - 1] for row in rows):
        width -= 1
    headings = tuple(name or f"column {number}" for number, name in enumerate(names[:width], 1))
    _refuse_repeated(path, headings)
    return WeightTable(
        path,
        unit,
        tuple(numbers),
        headings,
        headings[group],
        tuple(rows),
        (*above_out, *out),
    )


# The lines of a file.


def _lines(path: Path, encoding: str | None) -> tuple[str, list[Line]]:
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_file", path=path))
    if path.stat().st_size > MOST_BYTES:
        raise DrgpayError(*_ERRORS("large_file", path=path, most=MOST_BYTES // 1024**2))
    suffix = path.suffix.lower()
    if suffix in CSV_SUFFIXES:
        return "line", list(_of_csv(path, encoding))
    if suffix in PARQUET_SUFFIXES:
        return "row", _of_parquet(path)
    if suffix in EXCEL_SUFFIXES:
        return "row", _of_excel(path)
    known = listed((*CSV_SUFFIXES, *PARQUET_SUFFIXES, *EXCEL_SUFFIXES))
    raise DrgpayError(*_ERRORS("no_table", path=path, known=known))


def _of_csv(path: Path, encoding: str | None) -> Iterator[Line]:
    """A record begins in the line after the one in which the record before it ended."""
    text = io.StringIO(text_of(path, encoding), newline="")
    reader = csv.reader(text, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
    begins = 1
    try:
        for cells in reader:
            yield Line(begins, [_trimmed(cell) for cell in cells])
            begins = reader.line_num + 1
    except csv.Error as error:
        place = _place(path, "line", begins)
        raise DrgpayError(*_ERRORS("no_csv", place=place, detail=error)) from None


def _of_parquet(path: Path) -> list[Line]:
    """Headings are the names of the columns, as row 0."""
    source = open_parquet(path, {})
    for field in source.schema:
        if pa.types.is_nested(field.type) or pa.types.is_binary(field.type):
            raise DrgpayError(
                *_ERRORS("nested_column", path=path, column=field.name, type=field.type)
            )
    names = source.column_names
    lines = [Line(0, [_trimmed(name) for name in names])]
    for piece in source.pieces():
        for batch in piece.batches(names):
            columns = [
                _cells(path, name, column)
                for name, column in zip(names, batch.columns, strict=True)
            ]
            lines += [
                Line(number, [_cell(cell) for cell in cells])
                for number, cells in enumerate(zip(*columns, strict=True), len(lines))
            ]
    return lines


def _cells(path: Path, name: str, column: pa.Array) -> list[Any]:
    if not is_text(column.type):
        try:
            return list(column.to_pylist())
        except (ValueError, OverflowError):  # times that Python has not
            said = {"path": path, "column": name, "type": column.type}
            raise DrgpayError(*_ERRORS("nested_column", **said)) from None
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts, faults = decodable(column)
    if faults:
        said = {"path": path, "column": name, "value": faults[0].values[0]}
        raise DrgpayError(*_ERRORS("no_text", **said))
    return list(texts.to_pylist())


def _of_excel(path: Path) -> list[Line]:
    try:
        book = CalamineWorkbook.from_path(path)
        # With the empty area, so that the numbers of rows are those that Excel shows.
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
    except (CalamineError, OSError, OverflowError) as error:  # of a time that no calendar has
        raise DrgpayError(*_ERRORS("no_excel", path=path, detail=error)) from None
    filled = {name: rows for name, rows in sheets.items() if any(map(any, rows))}
    if len(filled) != 1:
        names = listed(filled)
        raise DrgpayError(*_ERRORS("sheets", path=path, sheets=len(filled), names=names))
    rows = next(iter(filled.values()))
    return [Line(number, [_cell(cell) for cell in row]) for number, row in enumerate(rows, 1)]


def _cell(cell: Any) -> str:
    """A cell that has a type, as its reader sees it: Excel shows 15 digits of a number."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{Decimal(f'{cell:.15g}'):f}" if cell == cell and abs(cell) < 1e300 else str(cell)
    return _trimmed(str(cell))


def _trimmed(text: str) -> str:
    return text.strip(BLANKS)


# The headings.


def _place_of_headings(path: Path, lines: Sequence[Line], given: str | None) -> int:
    wanted = (plain(given),) if given else GROUP_HEADINGS
    for place, line in enumerate(lines[:_HEADINGS_WITHIN]):
        # A title such as 病组 alone is no line of headings.
        if sum(map(bool, line.cells)) > 1 and any(plain(cell) in wanted for cell in line.cells):
            return place
    most = max(
        lines[:_HEADINGS_WITHIN], key=lambda line: sum(map(bool, line.cells)), default=Line(1, [])
    )
    found = [cell for cell in most.cells if cell]
    if not found:
        raise DrgpayError(*_ERRORS("no_headings", path=path))
    if given:
        raise DrgpayError(*_ERRORS("no_column", path=path, column=given, known=listed(found)))
    raise DrgpayError(*_ERRORS("no_column_of_groups", path=path, found=listed(found)))


def _is_second_of_headings(names: Sequence[str], line: Line, group: int) -> bool:
    """Whether headings go on in the next line: no group there, and words below what spans columns."""
    if len(line.cells) != len(names) or line.cells[group]:
        return False
    below = [number for number, cell in enumerate(line.cells) if cell]
    words = all(not any("0" <= sign <= "9" for sign in line.cells[place]) for place in below)
    spans = any(not names[place] for place in below)
    return words and spans and len(below) > 1


def _joined(names: Sequence[str], below: Sequence[str]) -> list[str]:
    """One heading a column: 支付标准 over 三级 and 二级 is 支付标准（三级） and 支付标准（二级）."""
    joined, spanning = [], ""
    for name, under in zip(names, below, strict=True):
        spanning = name or spanning
        joined.append(f"{spanning}（{under}）" if spanning and under else under or name)
    return joined


def _refuse_repeated(path: Path, headings: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for number, heading in enumerate(headings, 1):
        if heading in first:
            places = {"first": first[heading], "second": number}
            raise DrgpayError(*_ERRORS("column_twice", path=path, column=heading, **places))
        first[heading] = number


# The rows below them.


def _sorted_rows(
    path: Path, unit: str, names: Sequence[str], group: int, lines: Sequence[Line]
) -> tuple[list[Line], list[LeftOut]]:
    """The rows of groups, as wide as the headings, and the lines that are none."""
    rows, out = [], []
    for line in lines:
        given = {number: cell for number, cell in enumerate(line.cells) if cell}
        reason = _no_group(names, given, group)
        if reason:
            out.append(LeftOut(line.number, reason, _text(line)))
            continue
        place = _place(path, unit, line.number)
        if group not in given:
            raise DrgpayError(*_ERRORS("no_group", place=place, text=_text(line)))
        if max(given) >= len(names) or len(line.cells) < len(names):
            widths = {"cells": len(line.cells), "headings": len(names)}
            raise DrgpayError(*_ERRORS("shifted", place=place, **widths))
        cells = list(line.cells[: len(names)])
        cells[group] = narrowed(cells[group])
        rows.append(Line(line.number, cells))
    return rows, out


def _no_group(names: Sequence[str], given: Mapping[int, str], group: int) -> str | None:
    """Why a row is no group, or None."""
    if not given:
        return "blank"
    first = next(iter(given.values()))
    if _TOTAL.fullmatch(plain(first)) and (group not in given or given[group] == first):
        return "total"
    if all(
        number < len(names) and plain(cell) == plain(names[number])
        for number, cell in given.items()
    ):
        return "heading_again"
    # A code alone is a group without numbers; a number alone has lost its group.
    alone = _CODE if group in given else _NUMBER
    if len(given) == 1 and not alone.fullmatch(plain(first)):
        return "note_line"
    return None


def _text(line: Line) -> str:
    said = " ".join(" ".join(cell.split()) for cell in line.cells if cell)
    return said if len(said) <= _SHOWN else said[: _SHOWN - 1] + "…"
