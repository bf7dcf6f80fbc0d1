"""A workbook of tables: a sheet a table, with title, facts, headings, rows and totals."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from drgpay.language import Language
from drgpay.report.tables import Kind, ReportTable, Say, heading, kind_of, text_of

_SHAPES: dict[Kind, str] = {
    "text": "",
    "count": "#,##0",
    "money": "#,##0.00;[Red]-#,##0.00",
    "ratio": "#,##0.0000",
    "percent": "0.00%",
}
_A3, _A4, _COLUMNS_ON_A4 = 8, 9, 10
_LISTED_ROWS = 10_000  # more would not be read in a sheet; the Parquet file has them all
_SHEET_NAME_LETTERS = 31  # a limit of Excel
_EPOCH = datetime(2020, 1, 1)  # one date for all, so that equal tables give equal bytes


def write_tables(
    path: Path,
    title: str,
    facts: Mapping[str, str],
    tables: Sequence[ReportTable],
    language: Language,
    say: Say,
) -> None:
    """Write a workbook with one sheet a table; the same tables give the same bytes.

    `title` and the keys of `facts` are keys of `say`; `facts` stand below the title of each sheet.
    A sheet lists at most 10,000 rows and says so.
    """
    with xlsxwriter.Workbook(str(path)) as workbook:
        workbook.set_properties({"title": say(title), "created": _EPOCH})
        formats = _Formats(workbook, language)
        for table in tables:
            sheet = workbook.add_worksheet(say(table.key)[:_SHEET_NAME_LETTERS])
            _fill(sheet, formats, title, facts, table, language, say)


class _Formats:
    """The cell formats of one workbook."""

    def __init__(self, workbook: xlsxwriter.Workbook, language: Language) -> None:
        font = {"font_name": "宋体" if language == "zh" else "Calibri", "font_size": 11}
        head = {"bold": True, "border": 1, "bg_color": "#DDEBF7", "text_wrap": True}
        self.title = workbook.add_format({**font, "bold": True, "font_size": 16})
        self.fact = workbook.add_format({**font, "font_color": "#404040"})
        self.head = workbook.add_format({**font, **head, "align": "center", "valign": "vcenter"})
        self.cell = {
            (kind, total): workbook.add_format(
                {**font, "border": 1, "bold": total, **({"num_format": shape} if shape else {})}
            )
            for kind, shape in _SHAPES.items()
            for total in (False, True)
        }


def _fill(
    sheet: Any,
    formats: _Formats,
    title: str,
    facts: Mapping[str, str],
    table: ReportTable,
    language: Language,
    say: Say,
) -> None:
    shown = table.frame.head(_LISTED_ROWS)
    sheet.set_landscape()
    sheet.set_paper(_A3 if shown.width > _COLUMNS_ON_A4 else _A4)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, f"{say(title)} · {say(table.key)}", formats.title)
    sheet.set_row(0, 26)
    colon = "：" if language == "zh" else ": "
    for row, (key, value) in enumerate(facts.items(), start=1):
        sheet.write_string(row, 0, f"{say(key)}{colon}{value}", formats.fact)
    top = len(facts) + 2
    sheet.set_row(top, 32)
    kinds = {name: kind_of(name, dtype) for name, dtype in shown.schema.items()}
    for column, (name, kind) in enumerate(kinds.items()):
        sheet.write_string(top, column, "\n".join(heading(name, say)), formats.head)
        worded = name in table.worded
        for row, value in enumerate(shown[name], start=top + 1):
            _write(sheet, row, column, value, kind, worded, formats.cell[kind, False], say)
        sheet.set_column(column, column, _width(shown[name], name, worded, say))
    end = top + shown.height + 1
    if table.total is not None and shown.height:
        _total(sheet, end, kinds, table.total, formats, say)
        end += 1
    sheet.freeze_panes(top + 1, 2 if shown.width > _COLUMNS_ON_A4 else 0)
    sheet.repeat_rows(top)
    if shown.height:
        sheet.autofilter(top, 0, top + shown.height, shown.width - 1)
    notes = [say(table.note)] if table.note else []
    if shown.height < table.frame.height:
        notes.append(say("listed_note").format(shown=shown.height, rows=table.frame.height))
    for row, note in enumerate(notes, start=end + 1):
        sheet.write_string(row, 0, note, formats.fact)


def _write(
    sheet: Any, row: int, column: int, value: Any, kind: Kind, worded: bool, shape: Any, say: Say
) -> None:
    if value is None:
        sheet.write_blank(row, column, None, shape)
    elif kind == "text":
        sheet.write_string(row, column, text_of(value, worded, say), shape)
    else:
        sheet.write_number(row, column, value, shape)


def _total(
    sheet: Any,
    row: int,
    kinds: Mapping[str, Kind],
    total: Mapping[str, Any],
    formats: _Formats,
    say: Say,
) -> None:
    for column, (name, kind) in enumerate(kinds.items()):
        value = say("total") if column == 0 else total.get(name)
        shown: Kind = "text" if column == 0 else kind
        _write(sheet, row, column, value, shown, False, formats.cell[shown, True], say)


def _width(values: pl.Series, name: str, worded: bool, say: Say) -> float:
    if values.dtype == pl.String and worded:
        texts = [say(value) for value in values.head(500).drop_nulls()]
    else:
        texts = values.head(500).cast(pl.String).drop_nulls().to_list()
    longest = max((_columns_of(text) for text in texts), default=0)
    return min(
        max(longest * 1.25 + 2, *(_columns_of(line) + 4 for line in heading(name, say)), 9), 60
    )


def _columns_of(text: str) -> int:
    # A Chinese character is two columns wide.
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
