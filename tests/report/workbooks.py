"""Read workbooks as a reader would, and recompute their formulas exactly."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import range_boundaries

from drgpay.base.exact import half_up
from drgpay.base.language import Language
from drgpay.report.explanation import Rules
from drgpay.report.statement_xlsx import statement_parts, write_hospital_books
from drgpay.report.summary_xlsx import book_date, summary_part
from drgpay.results.results import Results
from drgpay.show.sheets import write_book

HEAD = "FFDDEBF7"


@dataclass(frozen=True)
class SheetTable:
    """One table of a sheet: headings without units, rows below, the total if there is one."""

    headings: list[str]
    rows: list[list[Any]]
    total: list[Any] | None

    def column(self, heading: str) -> list[Decimal | None]:
        """A column of numbers as the exact decimals that its cells stand for."""
        place = self.headings.index(heading)
        return [None if row[place] is None else exact(row[place]) for row in self.rows]


def exact(value: Any) -> Decimal:
    """What a number of a workbook stands for: its shortest decimal."""
    return Decimal(str(value))


def tables_of(path: Path, sheet: str, total: str) -> list[SheetTable]:
    """The tables of a sheet from top to bottom."""
    tables: list[SheetTable] = []
    for row in openpyxl.load_workbook(path, data_only=True)[sheet].iter_rows():
        cells = [cell for cell in row if cell.border.left.style]
        if not cells:
            continue
        values = [cell.value for cell in cells]
        if cells[0].fill.fgColor.rgb == HEAD:
            tables.append(SheetTable([str(value).split("\n")[0] for value in values], [], None))
        elif values[0] == total:
            tables[-1] = SheetTable(tables[-1].headings, tables[-1].rows, values)
        else:
            tables[-1].rows.append(values)
    return tables


def texts_of(path: Path) -> set[str]:
    """Every text of a workbook."""
    book = openpyxl.load_workbook(path, data_only=True)
    cells = (cell.value for sheet in book for row in sheet.iter_rows() for cell in row)
    return {value for value in cells if isinstance(value, str)}


def recomputed(path: Path) -> list[tuple[str, str, str, Decimal, Fraction]]:
    """Each formula of a number: sheet, cell, formula, the value the file shows, the value it has."""
    shown, live = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    found = []
    sheets: dict[str, _Values] = {}
    for sheet in live:
        sheets[sheet.title] = _Values(sheet, sheets)
    for sheet in live:
        values = sheets[sheet.title]
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and re.match('=(?!IF.*")', cell.value):
                    stands = exact(shown[sheet.title][cell.coordinate].value)
                    of_cell = values.of(cell.coordinate)
                    found.append((sheet.title, cell.coordinate, cell.value, stands, of_cell))
    return found


class _Values:
    """The exact values of the cells of a sheet, formulas worked out when they are asked for.

    sheets: those of all sheets by name, for formulas that name others.
    """

    def __init__(self, sheet: Any, sheets: "dict[str, _Values]") -> None:
        self._sheet, self._sheets = sheet, sheets
        self._known: dict[str, Fraction] = {}

    def of(self, cell: str) -> Fraction:
        if cell not in self._known:
            value = self._sheet[cell].value
            worked_out = isinstance(value, str) and value.startswith("=")
            self._known[cell] = self._work_out(value) if worked_out else Fraction(str(value or 0))
        return self._known[cell]

    def _work_out(self, formula: str) -> Fraction:
        text = re.sub(
            r"'?([^+\-'!()]+)'?!\$([A-Z]+)\$(\d+)", r"other('\1', '\2' '\3')", formula[1:]
        )
        text = re.sub(r"([A-Z]+\d+):([A-Z]+\d+)", r"span('\1:\2')", text)
        text = re.sub(r"(?<!['\w:])([A-Z]+\d+)\b(?!')", r"cell('\1')", text)
        text = re.sub(r"(?<![\w.'$])(\d+(?:\.\d+)?)(?![\w.'])", r"Fraction('\1')", text)
        names = {
            "cell": self.of,
            "span": self._span,
            "other": lambda sheet, cell: self._sheets[sheet].of(cell),
            "SUM": sum,
            "SUBTOTAL": lambda _kind, cells: sum(cells),
            "MIN": min,
            "MAX": max,
            "IF": lambda truth, then, otherwise: then if truth else otherwise,
            "ROUND": lambda value, places: _scaled(value, places, half_up),
            "ROUNDDOWN": lambda value, places: _scaled(value, places, int),
            "Fraction": Fraction,
        }
        return Fraction(eval(text, {"__builtins__": {}}, names))

    def _span(self, cells: str) -> list[Fraction]:
        left, top, right, bottom = range_boundaries(cells)
        return [
            self.of(self._sheet.cell(row, column).coordinate)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        ]


def _scaled(value: Any, places: Fraction, whole: Any) -> Fraction:
    scale = 10 ** int(places)
    return Fraction(whole(Fraction(value) * scale), scale)


def write_summary(results: Results, path: Path, language: Language) -> None:
    """The workbook of a month or a year of stays alone."""
    write_book(path, [summary_part(results, {}, language)], language, book_date(results.facts))


def write_statements(results: Results, rules: Rules, folder: Path, language: Language) -> None:
    """A workbook for each hospital of stays alone, into a folder, which is made."""
    parts = statement_parts(results, rules, language)
    write_hospital_books([parts], book_date(results.facts), folder, language)
