"""The sheets of a workbook: title, facts, tables with totals, calculations with live formulas.

Every workbook of the project that shows results is laid out here, so all of them look alike and
print alike: a frozen and repeated header, one page wide on A4 or A3, page numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from drgpay.base.language import Language
from drgpay.base.visible import visible
from drgpay.show.calculation import Amount, Calculation, mentioning, referring
from drgpay.show.tables import (
    ReportTable,
    Say,
    heading,
    kind_of,
    prefixed_text,
    text_of,
)

_A3, _A4, _WIDTH_ON_A4 = 8, 9, 190  # in columns; wider sheets would be too small to read on A4
_KEYED_COLUMNS = 10  # a wider table keeps its first two columns in view
_LISTED_ROWS = 10_000  # more would not be read in a sheet; the Parquet file has them all
_FILTERED_ROWS = 20  # fewer are read at a glance
_SHEET_NAME_LETTERS = 31  # a limit of Excel
_NARROWEST, _WIDEST = 9, 60
_READABLE, _DEFAULT_WIDTH = 110, 8.43  # of a sentence; of a column that no table uses
_LINE_POINTS, _ROW_POINTS = 15, 18  # heights of a line of text and of a row
_EXACT_DIGITS = 15  # that a double, the only number of a workbook, holds exactly
_SAMPLE = 500  # rows that decide the width of a text column
_TALLEST = 409  # points, a limit of Excel
_LONGEST_CELL = 32_767  # characters; xlsxwriter would leave out a longer text without a word
# Formulas are written by write_formula, which never sees a text of the data.
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_EPOCH = datetime(2020, 1, 1)  # one date for all, so that equal tables give equal bytes


@dataclass(frozen=True)
class Sheet:
    """One sheet: blocks one below the other, the header of the first frozen.

    `key` gives its name and the second half of its title. A block whose key is another one gets a
    heading of its own. `notes` are keys of sentences below the facts; `signed` leaves lines for
    the names of those who made and checked it.
    """

    key: str
    blocks: Sequence[ReportTable | Calculation]
    notes: Sequence[str] = ()
    signed: bool = False


@dataclass(frozen=True)
class BookPart:
    """Sheets of a workbook that have their title, the lines below it and their words in common.

    `title` and `facts` are given in words, the keys of sheets and tables are keys of `say`.
    """

    title: str
    facts: Sequence[str]
    sheets: Sequence[Sheet]
    say: Say


def write_book(
    path: Path, parts: Sequence[BookPart], language: Language, created: datetime = _EPOCH
) -> None:
    """Write a workbook, named as its first part; the same parts give the same bytes.

    A table shows at most 10,000 rows and says so.
    """
    content = BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as workbook:
        workbook.set_properties({"title": visible(parts[0].title), "created": created})
        looks = _Looks(workbook, language)
        for part in parts:
            for sheet in part.sheets:
                made = workbook.add_worksheet(part.say(sheet.key)[:_SHEET_NAME_LETTERS])
                _SheetWriter(made, _Book(looks, part.say), sheet).write(part.title, part.facts)
    path.write_bytes(content.getbuffer())


class _Looks:
    """The formats of cells, which all sheets of a workbook share."""

    def __init__(self, workbook: xlsxwriter.Workbook, language: Language) -> None:
        self._workbook = workbook
        self._font = {"font_name": "宋体" if language == "zh" else "Calibri", "font_size": 11}
        self._formats: dict[tuple[str, bool, bool], Any] = {}
        middle = {"valign": "vcenter"}
        head = {"bold": True, "border": 1, "bg_color": "#DDEBF7", "text_wrap": True, **middle}
        self.title = self._add({"bold": True, "font_size": 16})
        self.fact = self._add({"font_color": "#404040", "text_wrap": False})
        self.long_fact = self._add({"font_color": "#404040", "text_wrap": True, "valign": "top"})
        self.heading = self._add({"bold": True, "font_size": 12})
        self.head = self._add({"align": "center", **head})

    def cell(self, shape: str, bold: bool = False, wrapped: bool = False) -> Any:
        """The format of a cell with a border; `shape` is the format of its number."""
        key = (shape, bold, wrapped)
        if key not in self._formats:
            look = {"border": 1, "bold": bold, "text_wrap": wrapped, "valign": "vcenter"}
            if wrapped:
                look["indent"] = 1
            self._formats[key] = self._add({**look, **({"num_format": shape} if shape else {})})
        return self._formats[key]

    def _add(self, look: Mapping[str, Any]) -> Any:
        return self._workbook.add_format({**self._font, **look})


@dataclass(frozen=True)
class _Book:
    """What a sheet is written with: the formats of the workbook and the words of its part."""

    looks: _Looks
    say: Say


class _SheetWriter:
    """Writes one sheet from top to bottom."""

    def __init__(self, made: Any, book: _Book, sheet: Sheet) -> None:
        self._made, self._book, self._sheet = made, book, sheet
        self._looks = book.looks
        self._row = 0
        self._header: int | None = None  # the first one, frozen and repeated in print
        self._places: dict[tuple[str, str], tuple[str, str]] = {}
        blocks = [
            _shown(block, book.say) if isinstance(block, ReportTable) else block
            for block in sheet.blocks
        ]
        self._blocks: list[_Shown | Calculation] = blocks
        self._widths = _widths(blocks, book.say)

    def write(self, title: str, facts: Sequence[str]) -> None:
        say = self._book.say
        self._made.set_default_row(_ROW_POINTS)
        self._string(0, 0, f"{title} · {say(self._sheet.key)}", self._looks.title)
        self._made.set_row(0, 26)
        self._row = 1
        for fact in [*facts, *(say(note) for note in self._sheet.notes)]:
            self._sentence(fact)
        for block in self._blocks:
            self._row += 1
            if isinstance(block, Calculation):
                self._calculation(block)
            else:
                self._table(block)
        if self._sheet.signed:
            self._row += 1
            self._sentence(say("signature"))
        self._set_up_page()

    def _set_up_page(self) -> None:
        made, tables = self._made, [shown for shown in self._blocks if isinstance(shown, _Shown)]
        wide = max((shown.frame.width for shown in tables), default=0)
        if tables:
            made.set_landscape()
        made.set_paper(_A3 if sum(self._widths) > _WIDTH_ON_A4 else _A4)
        made.fit_to_pages(1, 0)
        made.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        made.set_footer("&C&P / &N")
        for column, width in enumerate(self._widths):
            made.set_column(column, column, width)
        if self._header is not None and tables:
            keyed = wide > _KEYED_COLUMNS and len(tables) == 1
            made.freeze_panes(self._header + 1, 2 if keyed else 0)
            if len(tables) == 1:
                made.repeat_rows(self._header)
        if len(self._blocks) == 1 and tables and tables[0].frame.height > _FILTERED_ROWS:
            frame, top = tables[0].frame, self._header or 0
            made.autofilter(top, 0, top + frame.height, frame.width - 1)

    def _string(self, row: int, column: int, text: str, look: Any) -> None:
        """Every text of a sheet: data, and neither a formula nor what damages the file."""
        said = visible(text, lines=True)
        if len(said) > _LONGEST_CELL:
            said = f"{said[: _LONGEST_CELL - 1]}…"
        self._made.write_string(row, column, said, look)

    def _sentence(self, text: str) -> None:
        """A line of text; one longer than the sheet is wide is wrapped within its width."""
        if not text:
            return
        width, columns = sum(self._widths), len(self._widths)
        while width < _READABLE:  # a narrow table does not make its sentences narrow
            width, columns = width + _DEFAULT_WIDTH, columns + 1
        needed = _columns_of(text) * _LETTER
        if needed > width and columns > 1:
            last = columns - 1
            self._made.merge_range(self._row, 0, self._row, last, "", self._looks.long_fact)
            self._string(self._row, 0, text, self._looks.long_fact)
            self._made.set_row(self._row, _height(ceil(needed / width)))
        else:
            self._string(self._row, 0, text, self._looks.fact)
        self._row += 1

    def _heading(self, text: str) -> None:
        self._string(self._row, 0, text, self._looks.heading)
        self._made.set_row(self._row, 20)
        self._row += 1

    def _head(self, headings: Sequence[str]) -> None:
        if self._header is None:
            self._header = self._row
        lines = max((text.count("\n") + 1 for text in headings), default=1)
        self._made.set_row(self._row, 4 + 14 * max(lines, 2))
        for column, text in enumerate(headings):
            self._string(self._row, column, text, self._looks.head)
        self._row += 1

    def _table(self, shown: "_Shown") -> None:
        table, say = shown.table, self._book.say
        if table.key != self._sheet.key:
            self._heading(say(table.key))
        self._head(["\n".join(heading(name, say)) for name in shown.frame.columns])
        first = self._row
        for column, cells in enumerate(shown.columns):
            self._column(first, column, cells)
        for row, height in _heights(shown).items():
            self._made.set_row(first + row, height)
        self._row += shown.frame.height
        cut = shown.frame.height < table.frame.height
        # The sum of the rows that are shown would be taken for that of all.
        if shown.frame.height and (table.total is not None or (table.sums and not cut)):
            self._totals(shown, first)
        if not shown.frame.height:
            self._sentence(say("none_note"))
        if cut:
            self._sentence(
                say("listed_note").format(shown=shown.frame.height, rows=table.frame.height)
            )
        if table.note:
            self._sentence(say(table.note))

    def _column(self, top: int, column: int, cells: "_Cells") -> None:
        shape = self._looks.cell(cells.shape, wrapped=cells.wrapped)
        write: Any = self._string if cells.text else self._made.write_number
        for row, value in enumerate(cells.values, start=top):
            if value is None:
                self._made.write_blank(row, column, None, shape)
            else:
                write(row, column, value, shape)

    def _totals(self, shown: "_Shown", first: int) -> None:
        """The last row: sums as formulas, or values that are given."""
        last, given = self._row - 1, shown.table.total or {}
        for column, (name, cells) in enumerate(
            zip(shown.frame.columns, shown.columns, strict=True)
        ):
            if column == 0:
                shape = self._looks.cell("", bold=True)
                self._string(self._row, 0, self._book.say("total"), shape)
                continue
            shape = self._looks.cell(cells.shape, bold=True)
            if name in shown.table.sums and not cells.text:
                span = f"{xl_rowcol_to_cell(first, column)}:{xl_rowcol_to_cell(last, column)}"
                # Rounded, so that the doubles of a workbook add up to the exact decimal.
                formula = f"=ROUND(SUM({span}),{cells.places})" if cells.places else f"=SUM({span})"
                self._made.write_formula(self._row, column, formula, shape, float(cells.total or 0))
            elif given.get(name) is None:
                self._made.write_blank(self._row, column, None, shape)
            elif cells.text:
                self._string(self._row, column, str(given[name]), shape)
            else:
                self._made.write_number(self._row, column, float(given[name]), shape)
        self._row += 1

    def _calculation(self, block: Calculation) -> None:
        """One line a step: its number, what it is, its amount, how it is found."""
        self._heading(block.title)
        if self._header is None:
            self._head([self._book.say(name) for name in ("step", "item", "number", "how")])
        text = self._looks.cell("", wrapped=True)
        local = {name: self._places[used] for name, used in block.uses.items()}
        for step in block.steps:
            cell, number = xl_rowcol_to_cell(self._row, _AMOUNT), f"({len(self._places) + 1})"
            shape = self._looks.cell(_number_shape(_places_of(step.value)), bold=bool(step.formula))
            self._string(self._row, 0, number, text)
            self._string(self._row, 1, step.label, text)
            if step.formula:
                formula = referring(step.formula, {name: at for name, (at, _) in local.items()})
                self._made.write_formula(self._row, _AMOUNT, formula, shape, float(step.value))
            elif _is_exact(step.value):
                self._made.write_number(self._row, _AMOUNT, float(step.value), shape)
            else:
                self._string(self._row, _AMOUNT, str(step.value), shape)
            how = mentioning(step.how, {name: number for name, (_, number) in local.items()})
            self._string(self._row, _HOW, how, text)
            lines = max(
                ceil(_columns_of(said) * _LETTER / self._widths[column])
                for column, said in ((1, step.label), (_HOW, how))
            )
            self._made.set_row(self._row, _height(lines))
            self._places[block.key, step.name] = local[step.name] = (cell, number)
            self._row += 1


_AMOUNT, _HOW = 2, 3  # columns of a calculation
_CALCULATION_WIDTHS = (7.0, 32.0, 22.0, 62.0)
_LETTER = 1.1  # of the width of a digit in the font that columns are measured in


@dataclass(frozen=True)
class _Cells:
    """A column as it is written: texts, or doubles that stand for their decimals exactly."""

    values: list[Any]
    text: bool
    shape: str
    places: int
    wrapped: bool
    width: float
    total: Amount | None = None


@dataclass(frozen=True)
class _Shown:
    """The rows of a table that a sheet shows."""

    table: ReportTable
    frame: pl.DataFrame
    columns: list[_Cells]


def _shown(table: ReportTable, say: Say) -> _Shown:
    frame = table.frame.head(_LISTED_ROWS) if table.frame.height > _LISTED_ROWS else table.frame
    columns = [_cells(table, series, say) for series in frame.get_columns()]
    return _Shown(table, frame, columns)


def _cells(table: ReportTable, series: pl.Series, say: Say) -> _Cells:
    name, kind, values = series.name, kind_of(series.name, series.dtype), series.to_list()
    if kind == "text":
        prefix, worded = table.prefixes.get(name), name in table.worded
        return _text_cells(
            [
                None
                if value is None
                else prefixed_text(value, prefix, say)
                if prefix
                else text_of(value, worded, say)
                for value in values
            ]
        )
    places = series.dtype.scale if isinstance(series.dtype, pl.Decimal) else 0
    known = [value for value in values if value is not None]
    total = sum(known) if name in table.sums else (table.total or {}).get(name)
    largest = max(map(abs, known if total is None else [*known, total]), default=0)
    if not _is_exact(largest):
        return _text_cells([None if value is None else str(value) for value in values])
    numbers = [None if value is None else float(value) for value in values]
    shape = "0.00%" if kind == "percent" else _number_shape(places)
    width = len(f"-{largest:,.{places}f}") * _LETTER + 1
    return _Cells(numbers, False, shape, places, False, width, total)


def _height(lines: int) -> int:
    """The height of a row with so many lines of text."""
    return min(3 + _LINE_POINTS * lines, _TALLEST)


def _heights(shown: _Shown) -> dict[int, int]:
    """The heights of rows with a text that is wrapped."""
    heights: dict[int, int] = {}
    for cells in shown.columns:
        for row, text in enumerate(cells.values if cells.wrapped else ()):
            lines = ceil(_columns_of(text or "") * _LETTER / _WIDEST)
            if lines > 1:
                heights[row] = max(heights.get(row, 0), _height(lines))
    return heights


def _text_cells(texts: list[Any]) -> _Cells:
    longest = max((_columns_of(text) for text in texts[:_SAMPLE] if text), default=0)
    width = longest * _LETTER + 2
    return _Cells(texts, True, "", 0, width > _WIDEST, width)


def _number_shape(places: int) -> str:
    if not places:
        return "#,##0"
    return f"#,##0.{'0' * places};[Red]-#,##0.{'0' * places}"


def _places_of(value: Amount) -> int:
    exponent = Decimal(value).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _is_exact(value: Amount) -> bool:
    return len(Decimal(value).as_tuple().digits) <= _EXACT_DIGITS


def _widths(blocks: Sequence[_Shown | Calculation], say: Say) -> list[float]:
    widths: dict[int, float] = {}
    for block in blocks:
        if isinstance(block, Calculation):
            wanted = list(_CALCULATION_WIDTHS)
        else:
            wanted = [
                max(cells.width, *(_columns_of(line) * _LETTER + 2 for line in heading(name, say)))
                for name, cells in zip(block.frame.columns, block.columns, strict=True)
            ]
            wanted = [min(max(width, _NARROWEST), _WIDEST) for width in wanted]
        for column, width in enumerate(wanted):
            widths[column] = max(widths.get(column, 0), width)
    return list(widths.values())


def _columns_of(text: str) -> int:
    # A Chinese character is two columns wide, and two bytes long in the encoding of China.
    return len(text.encode("gbk", "replace"))
