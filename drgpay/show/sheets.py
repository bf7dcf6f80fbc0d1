"""The sheets of a workbook: title, facts, tables with totals, calculations with live formulas.

Every workbook of the project that shows results is laid out here, so all of them look alike and
print alike: a frozen and repeated header, one page wide on A4 or A3, page numbers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import polars as pl
import xlsxwriter
from xlsxwriter.utility import quote_sheetname, xl_rowcol_to_cell

from drgpay.base.language import Language
from drgpay.base.visible import visible
from drgpay.show.calculation import Amount, Calculation, mentioning, referring
from drgpay.show.row_xml import CellKind, RowColumn, rows_xml
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
LISTED_ROWS = 10_000
"""More would not be read in a table among others; the Parquet file has them all."""
ROWS_OF_A_SHEET = 200_000
"""More rows are parted: programs that open workbooks become slow."""
_WIDEST_OF_LONG = 40
_WIDTH_OF_LONG = 280  # columns of long tables on a page: they may take several pages side by side
_ROWS_AT_ONCE = 100  # of fewer, rows are written cell by cell
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
class LongTable:
    """All rows of a table, however many, below its totals; with a filter.

    The only block of its sheet. Of more than `ROWS_OF_A_SHEET` rows each part is a sheet of its own,
    with the totals of the part. Days are days of the spreadsheet, not texts.
    """

    table: ReportTable


@dataclass(frozen=True)
class TotalOf:
    """The total of a column on the sheets of a key: of all that are parts of one table.

    part: the number of the part of the workbook, by default that of the check. times: 1, or -1
    where it is taken off.
    """

    sheet: str
    table: str
    column: str
    part: int | None = None
    times: int = 1


@dataclass(frozen=True)
class Check:
    """Two sums that have to be equal, each of totals on other sheets; `key` says of what."""

    key: str
    left: Sequence[TotalOf]
    right: Sequence[TotalOf]


@dataclass(frozen=True)
class Checks:
    """Checks as rows with live formulas: both sums, their difference, and whether they agree.

    Stands on a sheet behind all that it names.
    """

    key: str
    checks: Sequence[Check]


SheetBlock = ReportTable | Calculation | LongTable | Checks


@dataclass(frozen=True)
class Sheet:
    """One sheet: blocks one below the other, the header of the first frozen.

    `key` gives its name and the second half of its title. A block whose key is another one gets a
    heading of its own. `notes` are keys of sentences below the facts; `signed` leaves lines for
    the names of those who made and checked it.
    """

    key: str
    blocks: Sequence[SheetBlock]
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

    A table shows at most 10,000 rows and says so, a LongTable all of them.
    """
    content, long_rows = BytesIO(), dict[str, list[_LongRows]]()
    with xlsxwriter.Workbook(content, _OPTIONS) as workbook:
        workbook.set_properties({"title": visible(parts[0].title), "created": created})
        looks, totals = _Looks(workbook, language), _Totals()
        names = _SheetNames()
        for number, part in enumerate(parts):
            book = _Book(looks, part.say, totals, number)
            for name, sheet in _named_sheets(part):
                made = workbook.add_worksheet(names.given(name))
                writer = _SheetWriter(made, book, sheet)
                writer.write(part.title, part.facts)
                if writer.long_rows:
                    long_rows[f"xl/worksheets/sheet{made.index + 1}.xml"] = writer.long_rows
    if long_rows:
        _write_with_rows(content, path, long_rows)
    else:
        path.write_bytes(content.getbuffer())


class _SheetNames:
    """The names of the sheets of a workbook; a name that another sheet has gets a number."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def given(self, name: str) -> str:
        """The name, or the first with a number that no sheet has; capitals make no difference."""
        shown, number = name, 1
        while shown.casefold() in self._given:
            number += 1
            ending = f" ({number})"
            shown = name[: _SHEET_NAME_LETTERS - len(ending)] + ending
        self._given.add(shown.casefold())
        return shown


def _named_sheets(part: BookPart) -> Iterator[tuple[str, Sheet]]:
    """The sheets with their names; of a long table its parts, numbered."""
    for sheet in part.sheets:
        name = part.say(sheet.key)
        [block] = sheet.blocks if len(sheet.blocks) == 1 else [None]
        if not isinstance(block, LongTable) or block.table.frame.height <= ROWS_OF_A_SHEET:
            yield name[:_SHEET_NAME_LETTERS], sheet
            continue
        frame = block.table.frame
        for number, rows in enumerate(frame.iter_slices(ROWS_OF_A_SHEET), start=1):
            table = LongTable(replace(block.table, frame=rows))
            ending = f" {number}"
            shown = name[: _SHEET_NAME_LETTERS - len(ending)] + ending
            yield shown, replace(sheet, blocks=[table])


@dataclass(frozen=True)
class _LongRows:
    """Rows that are put into the XML of a sheet in the place of the one that shows their styles."""

    frame: pl.DataFrame
    columns: Sequence[tuple[str, CellKind]]
    row: int
    heights: Mapping[int, int] = field(default_factory=dict)


def _write_with_rows(
    content: BytesIO, path: Path, long_rows: Mapping[str, Sequence[_LongRows]]
) -> None:
    """The finished workbook with the rows that are made at once."""
    with ZipFile(content) as made, ZipFile(path, "w", ZIP_DEFLATED) as book:
        for info in made.infolist():
            copied = ZipInfo(info.filename, info.date_time)
            copied.compress_type, copied.external_attr = ZIP_DEFLATED, info.external_attr
            data = made.read(info)
            if info.filename not in long_rows:
                book.writestr(copied, data)
                continue
            with book.open(copied, "w") as stream:
                for xml in _with_rows(data, long_rows[info.filename]):
                    stream.write(xml)


def _with_rows(data: bytes, long_rows: Sequence[_LongRows]) -> Iterator[bytes]:
    """The XML of a sheet, with rows in the place of each row that shows how they look."""
    ends = max(rows.row + rows.frame.height for rows in long_rows)
    rest = _reaching(data, ends)
    for rows in long_rows:
        before, sample, rest = _around_row(rest, rows.row + 1)
        yield before
        styles = re.findall(rb' s="([0-9]+)"', sample)
        columns = [
            RowColumn(name, kind, style.decode())
            for (name, kind), style in zip(rows.columns, styles, strict=True)
        ]
        yield from rows_xml(rows.frame, rows.row + 1, columns, rows.heights)
    yield rest


def _reaching(data: bytes, last_row: int) -> bytes:
    """The XML of a sheet that says it has cells down to a row."""

    def ending(found: re.Match[bytes]) -> bytes:
        return b'%s%d"/>' % (found[1], max(int(found[2]), last_row))

    return re.sub(rb'(<dimension ref="A1:[A-Z]+)([0-9]+)"/>', ending, data, count=1)


def _around_row(data: bytes, row: int) -> tuple[bytes, bytes, bytes]:
    """The XML of a sheet before a row, the row, and what comes after it."""
    start = data.index(b'<row r="%d"' % row)
    end = data.index(b"</row>", start) + len(b"</row>")
    return data[:start], data[start:end], data[end:]


class _Totals:
    """Where the totals of the tables of a workbook stand, and what they are."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, str, str, str], list[tuple[str, Amount]]] = {}

    def add(self, key: tuple[int, str, str, str], place: str, value: Amount) -> None:
        """A total of a column, by the number of the part, sheet, table and column."""
        self._places.setdefault(key, []).append((place, value))

    def formula(self, wanted: Sequence[TotalOf], part: int) -> tuple[str, Decimal]:
        """The sum of some totals as a formula, and its value; 0 where there is no such total."""
        text, value = "", Decimal(0)
        for one in wanted:
            number = part if one.part is None else one.part
            for place, total in self._places.get((number, one.sheet, one.table, one.column), []):
                text += f"{'-' if one.times < 0 else '+'}{place}"
                value += one.times * Decimal(total)
        return text or "0", value


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
    totals: _Totals
    part: int


class _SheetWriter:
    """Writes one sheet from top to bottom."""

    def __init__(self, made: Any, book: _Book, sheet: Sheet) -> None:
        self._made, self._book, self._sheet = made, book, sheet
        self._looks = book.looks
        self._row = 0
        self._header: int | None = None  # the first one, frozen and repeated in print
        self._places: dict[tuple[str, str], tuple[str, str]] = {}
        self.long_rows: list[_LongRows] = []
        blocks = [
            _shown(block, book.say) if isinstance(block, ReportTable) else block
            for block in sheet.blocks
        ]
        self._blocks: list[_Shown | Calculation | LongTable | Checks] = blocks
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
            elif isinstance(block, LongTable):
                self._long_table(block.table)
            elif isinstance(block, Checks):
                self._checks(block)
            else:
                self._table(block)
        if self._sheet.signed:
            self._row += 1
            self._sentence(say("signature"))
        self._set_up_page()

    def _set_up_page(self) -> None:
        made, tables = self._made, [shown for shown in self._blocks if isinstance(shown, _Shown)]
        wide = max((shown.frame.width for shown in tables), default=0)
        long = next((block for block in self._blocks if isinstance(block, LongTable)), None)
        if tables or long:
            made.set_landscape()
        made.set_paper(_A3 if sum(self._widths) > _WIDTH_ON_A4 else _A4)
        made.fit_to_pages(ceil(sum(self._widths) / _WIDTH_OF_LONG) if long else 1, 0)
        made.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        made.set_footer("&C&P / &N")
        for column, width in enumerate(self._widths):
            made.set_column(column, column, width)
        if self._header is not None and tables:
            keyed = wide > _KEYED_COLUMNS and len(tables) == 1
            made.freeze_panes(self._header + 1, 2 if keyed else 0)
            if len(tables) == 1:
                made.repeat_rows(self._header)
        if long is not None:
            frame, top = long.table.frame, self._header or 0
            made.freeze_panes(top + 1, 1)
            made.repeat_rows(top)
            made.autofilter(top, 0, top + max(frame.height, 1), frame.width - 1)
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
        if shown.frame.height >= _ROWS_AT_ONCE:
            self._rows_at_once(first, shown)
        else:
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

    def _rows_at_once(self, first: int, shown: "_Shown") -> None:
        """The rows of a table of many, of which the library is handed one that shows their looks."""
        made = []
        for column, (name, cells) in enumerate(
            zip(shown.frame.columns, shown.columns, strict=True)
        ):
            self._made.write_blank(
                first, column, None, self._looks.cell(cells.shape, wrapped=cells.wrapped)
            )
            text = pl.Series(name, cells.values, pl.String) if cells.text else shown.frame[name]
            made.append(text)
        kinds: list[tuple[str, CellKind]] = [
            (name, "text" if cells.text else "number")
            for name, cells in zip(shown.frame.columns, shown.columns, strict=True)
        ]
        self.long_rows.append(_LongRows(pl.DataFrame(made), kinds, first, _heights(shown)))

    def _long_table(self, table: ReportTable) -> None:
        """Totals and what of them is filtered, headings, and a row that shows how rows look."""
        say, frame = self._book.say, table.frame
        columns = [_long_column(table, series) for series in frame.get_columns()]
        totals = (("total", "SUM("), ("filtered", "SUBTOTAL(109,")) if table.sums else ()
        first, rows = self._row + len(totals) + 1, max(frame.height, 1)
        for place, (key, function) in enumerate(totals):
            self._string(self._row + place, 0, say(key), self._looks.cell("", bold=True))
            for number, column in enumerate(columns[1:], start=1):
                shape = self._looks.cell(column.shape, bold=True)
                if column.name not in table.sums:
                    self._made.write_blank(self._row + place, number, None, shape)
                    continue
                top = xl_rowcol_to_cell(first, number)
                span = f"{top}:{xl_rowcol_to_cell(first + rows - 1, number)}"
                total: Any = frame[column.name].sum() or 0
                formula = f"=ROUND({function}{span}),{column.places})"
                self._made.write_formula(self._row + place, number, formula, shape, float(total))
                if not place:
                    self._total_at(table.key, column.name, self._row, number, total)
        self._row += len(totals)
        self._head(["\n".join(heading(name, say)) for name in frame.columns])
        shown = _said(table, say)
        for number, column in enumerate(columns):
            self._made.write_blank(self._row, number, None, self._looks.cell(column.shape))
        if frame.height:
            kinds: list[tuple[str, CellKind]] = [(column.name, column.kind) for column in columns]
            self.long_rows.append(_LongRows(shown, kinds, self._row))

    def _total_at(self, table: str, column: str, row: int, number: int, value: Amount) -> None:
        place = quote_sheetname(self._made.get_name())
        cell = xl_rowcol_to_cell(row, number, row_abs=True, col_abs=True)
        key = (self._book.part, self._sheet.key, table, column)
        self._book.totals.add(key, f"{place}!{cell}", value)

    def _checks(self, block: Checks) -> None:
        """A row a check: both sums, their difference, and whether they agree."""
        say, looks = self._book.say, self._looks
        if block.key != self._sheet.key:
            self._heading(say(block.key))
        keys = ("check_item", "check_left", "check_right_side", "check_difference", "check_result")
        self._head([say(key) for key in keys])
        for check in block.checks:
            (left, first), (right, second) = (
                self._book.totals.formula(side, self._book.part)
                for side in (check.left, check.right)
            )
            places = max(_places_of(first), _places_of(second))
            shape, row = looks.cell(_number_shape(places)), self._row
            self._string(row, 0, say(check.key), looks.cell("", wrapped=True))
            self._made.write_formula(row, 1, f"={left}", shape, float(first))
            self._made.write_formula(row, 2, f"={right}", shape, float(second))
            cells = [xl_rowcol_to_cell(row, number) for number in (1, 2, 3)]
            formula = f"=ROUND({cells[0]}-{cells[1]},{places})"
            self._made.write_formula(row, 3, formula, shape, float(first - second))
            right_word, wrong_word = say("check_right"), say("check_wrong")
            found = f'=IF({cells[2]}=0,"{right_word}","{wrong_word}")'
            said = right_word if first == second else wrong_word
            self._made.write_formula(row, 4, found, looks.cell("", bold=True), said)
            self._row += 1

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
                self._total_at(shown.table.key, name, self._row, column, cells.total or 0)
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
_CHECK_WIDTHS = (44.0, 22.0, 22.0, 18.0, 12.0)
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
    frame = table.frame.head(LISTED_ROWS) if table.frame.height > LISTED_ROWS else table.frame
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


@dataclass(frozen=True)
class _LongColumn:
    """A column of a long table: how it is written, its number format, its decimals, its width."""

    name: str
    kind: CellKind
    shape: str
    places: int
    width: float


def _long_column(table: ReportTable, series: pl.Series) -> _LongColumn:
    name, kind = series.name, kind_of(series.name, series.dtype)
    if series.dtype == pl.Date:
        return _LongColumn(name, "date", "yyyy-mm-dd", 0, _NARROWEST + 3)
    if kind == "text":
        texts = series.head(_SAMPLE).drop_nulls().cast(pl.String).to_list()
        longest = max(map(_columns_of, texts), default=0)
        return _LongColumn(name, "text", "", 0, min(longest * _LETTER + 2, _WIDEST_OF_LONG))
    places = series.dtype.scale if isinstance(series.dtype, pl.Decimal) else 0
    largest: Any = series.abs().sum() if name in table.sums else series.abs().max()
    shape = "0.00%" if kind == "percent" else _number_shape(places)
    width = len(f"-{largest or 0:,.{places}f}") * _LETTER + 1
    return _LongColumn(name, "number", shape, places, width)


def _said(table: ReportTable, say: Say) -> pl.DataFrame:
    """The rows of a table with its values in words."""
    frame, said = table.frame, []
    for name in frame.columns:
        if name not in table.prefixes and name not in table.worded:
            continue
        prefix, values = table.prefixes.get(name), frame[name].cast(pl.String)
        words = {
            value: prefixed_text(value, prefix, say) if prefix else text_of(value, True, say)
            for value in values.unique().drop_nulls().to_list()
        }
        said.append(values.replace(words))
    return frame.with_columns(said)


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


def _widths(blocks: Sequence[_Shown | Calculation | LongTable | Checks], say: Say) -> list[float]:
    widths: dict[int, float] = {}
    for block in blocks:
        if isinstance(block, Calculation):
            wanted = list(_CALCULATION_WIDTHS)
        elif isinstance(block, Checks):
            wanted = list(_CHECK_WIDTHS)
        elif isinstance(block, LongTable):
            of_rows = [_long_column(block.table, series) for series in block.table.frame]
            wanted = [
                max(
                    column.width,
                    *(_columns_of(line) * _LETTER + 4 for line in heading(column.name, say)),
                )
                for column in of_rows
            ]
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
