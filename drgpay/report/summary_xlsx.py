"""summary.xlsx: the pool's summary as an official would send it."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from drgpay.language import Language
from drgpay.report.month import LINE_KINDS, MonthTables, class_totals, line_kind, line_totals
from drgpay.report.wording import labelled, level_name, word

_MONEY_FORMAT = "#,##0.00;[Red]-#,##0.00"
_POINT_FORMAT = "#,##0.0000"
_COUNT_FORMAT = "#,##0"
_TEXT_COLUMNS = {"account", "hospital_id", "name", "level", "line", "case_class", "code", "column"}
_TEXT_COLUMNS |= {"message", "case_id", "settlement_date"}
_WORDED = {"account", "code"}  # columns whose values have words of their own
_A3, _A4, _COLUMNS_ON_A4 = 8, 9, 10
_LISTED_ROWS = 10_000  # more would not be read in a sheet; the Parquet file has them all


def write_summary(tables: MonthTables, path: Path, language: Language) -> None:
    """Write the workbook; the same tables give the same bytes."""
    year, month = (int(part) for part in tables.facts.period.split("-"))
    with xlsxwriter.Workbook(str(path)) as workbook:
        workbook.set_properties(
            {"title": word("title", language), "created": datetime(year, month, 1)}
        )
        sheet = _Sheet(workbook, tables, language)
        sheet.add("values", tables.values, note="lines_note", further=_lines(tables, language))
        sheet.add("hospitals", _hospitals(tables, language), note="negative_note")
        sheet.add("classes", _classes(tables, language))
        sheet.add("quarantine", _counts(tables.quarantine), further=_listed(tables.quarantine))
        sheet.add("warnings", _counts(tables.warnings), further=_listed(tables.warnings))


def _hospitals(tables: MonthTables, language: Language) -> pl.DataFrame:
    return tables.statements.with_columns(
        _translated(line_kind(), LINE_KINDS, language).alias("line"),
        level=_levels(tables.statements, language),
    ).select(
        "hospital_id",
        "name",
        "level",
        "account",
        "line",
        "cases",
        "points",
        "total_cost",
        "standard_amount",
        "patient_cost",
        "other_cost",
        "fund_amount",
        "fund_cost",
        "difference",
        "prepayment",
        "home_fund_bill",
        "carried",
    )


def _levels(statements: pl.DataFrame, language: Language) -> pl.Expr:
    names = {level: level_name(level, language) for level in statements["level"].unique()}
    return pl.col("level").replace_strict(names)


def _lines(tables: MonthTables, language: Language) -> pl.DataFrame:
    totals = line_totals(tables.statements)
    return totals.with_columns(_translated(pl.col("line"), LINE_KINDS, language))


def _translated(key: pl.Expr, keys: Iterable[str], language: Language) -> pl.Expr:
    return key.replace_strict({name: word(name, language) for name in keys})


def _classes(tables: MonthTables, language: Language) -> pl.DataFrame:
    totals = class_totals(tables.cases)
    names = {name: word(f"class_{name}", language) for name in totals["case_class"]}
    return totals.with_columns(pl.col("case_class").replace_strict(names))


def _counts(findings: pl.DataFrame) -> pl.DataFrame:
    return findings.group_by("code", "column").agg(rows=pl.len()).sort("code", "column")


def _listed(findings: pl.DataFrame) -> pl.DataFrame:
    columns = ["case_id", "hospital_id", "settlement_date", "code", "column", "message"]
    return findings.select(columns).head(_LISTED_ROWS)


class _Sheet:
    """Lays tables out on the sheets of one workbook: title, facts, header, rows, totals."""

    def __init__(
        self, workbook: xlsxwriter.Workbook, tables: MonthTables, language: Language
    ) -> None:
        self._workbook = workbook
        self._facts = tables.facts
        self._language = language
        font = {"font_name": "宋体" if language == "zh" else "Calibri", "font_size": 11}
        self._title = workbook.add_format({**font, "bold": True, "font_size": 16})
        self._fact = workbook.add_format({**font, "font_color": "#404040"})
        head = {"bold": True, "border": 1, "bg_color": "#DDEBF7", "text_wrap": True}
        self._head = workbook.add_format({**font, **head, "align": "center", "valign": "vcenter"})
        self._cell = {
            (kind, total): workbook.add_format(
                {**font, "border": 1, "bold": total, **({"num_format": shape} if shape else {})}
            )
            for kind, shape in _SHAPES.items()
            for total in (False, True)
        }

    def add(
        self, title: str, frame: pl.DataFrame, note: str = "", further: pl.DataFrame | None = None
    ) -> None:
        """One sheet: the frame with totals, then a note and a further table without totals."""
        sheet = self._workbook.add_worksheet(word(title, self._language))
        sheet.set_landscape()
        sheet.set_paper(_A3 if frame.width > _COLUMNS_ON_A4 else _A4)
        sheet.fit_to_pages(1, 0)
        top = self._heading(sheet, title)
        end = self._table(sheet, frame, top, totals=True)
        if note:
            sheet.write_string(end, 0, word(note, self._language), self._fact)
            end += 1
        sheet.freeze_panes(top + 1, 2 if "hospital_id" in frame.columns else 0)
        sheet.repeat_rows(top)
        for column, width in enumerate(self._widths(frame, further)):
            sheet.set_column(column, column, width)
        if further is not None and further.height:
            end = self._table(sheet, further, end + 1, totals=False)
        sheet.write_string(end + 1, 0, word("signature", self._language), self._fact)

    def _heading(self, sheet: Any, title: str) -> int:
        facts, language = self._facts, self._language
        heading = f"{word('title', language)} · {word(title, language)}"
        sheet.write_string(0, 0, heading, self._title)
        sheet.set_row(0, 26)
        records = word("records_text", language).format(
            read=facts.read,
            valid=facts.valid,
            quarantined=facts.quarantined,
            warnings=facts.warnings,
        )
        note = "formula_note" if facts.method == "residual" else "formula_note_fund_only"
        lines = [
            self._line(("region", facts.region), ("period", facts.period), ("run", facts.run_id)),
            self._line(
                ("scheme", facts.scheme), ("policy", facts.policy), ("catalogue", facts.catalogue)
            ),
            self._line(("records", records)),
            word(note, language).format(places=facts.value_places),
            word("yuan_note", language),
        ]
        for row, line in enumerate(lines, start=1):
            sheet.write_string(row, 0, line, self._fact)
        return len(lines) + 2

    def _line(self, *pairs: tuple[str, str]) -> str:
        return "    ".join(labelled(key, value, self._language) for key, value in pairs)

    def _table(self, sheet: Any, frame: pl.DataFrame, top: int, totals: bool) -> int:
        """Header at row `top`, then rows, then totals as formulas; returns the next free row."""
        sheet.set_row(top, 32)
        for column, name in enumerate(frame.columns):
            sheet.write_string(top, column, "\n".join(self._header(name)), self._head)
        last = top + frame.height
        for column, name in enumerate(frame.columns):
            kind = _kind(name)
            for row, value in enumerate(frame[name], start=top + 1):
                self._write(sheet, row, column, value, kind, name in _WORDED)
            if totals and frame.height:
                self._total(sheet, frame[name], top + 1, last, column, kind)
        return last + (2 if totals and frame.height else 1)

    def _write(
        self, sheet: Any, row: int, column: int, value: Any, kind: str, worded: bool
    ) -> None:
        shape = self._cell[kind, False]
        if value is None:
            sheet.write_blank(row, column, None, shape)
        elif kind == "text":
            text = word(value, self._language) if worded else str(value)
            sheet.write_string(row, column, text, shape)
        else:
            sheet.write_number(row, column, value, shape)

    def _total(
        self, sheet: Any, values: pl.Series, first: int, last: int, column: int, kind: str
    ) -> None:
        shape = self._cell[kind, True]
        if column == 0:
            sheet.write_string(last + 1, 0, word("total", self._language), shape)
        elif kind in ("text", "value"):
            sheet.write_blank(last + 1, column, None, shape)
        else:
            start, end = (
                xlsxwriter.utility.xl_rowcol_to_cell(row, column) for row in (first, last)
            )
            total: Any = values.sum()
            sheet.write_formula(last + 1, column, f"=SUM({start}:{end})", shape, total)

    def _header(self, name: str) -> list[str]:
        """The heading of a column, its unit on a line of its own."""
        heading = word(name, self._language)
        for bracket in ("（", " ("):
            if bracket in heading:
                title, unit = heading.split(bracket, 1)
                return [title, bracket.strip() + unit]
        return [heading]

    def _widths(self, frame: pl.DataFrame, further: pl.DataFrame | None) -> list[float]:
        widths: dict[int, float] = {}
        for table in [frame] if further is None else [frame, further]:
            for column, name in enumerate(table.columns):
                text = table[name].cast(pl.String).head(500)
                # A Chinese character is two columns wide.
                longest = max((_columns_of(value) for value in text.drop_nulls()), default=0)
                heading = max(_columns_of(line) for line in self._header(name))
                widest = max(widths.get(column, 0), longest * 1.25 + 2, heading + 2, 9)
                widths[column] = min(widest, 60)
        return list(widths.values())


_SHAPES = {
    "text": "",
    "count": _COUNT_FORMAT,
    "points": _POINT_FORMAT,
    "value": _POINT_FORMAT,
    "money": _MONEY_FORMAT,
}


def _kind(column: str) -> str:
    if column in _TEXT_COLUMNS:
        return "text"
    special = {"cases": "count", "rows": "count", "points": "points", "point_value": "value"}
    return special.get(column, "money")


def _columns_of(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
