"""Write a scheme as a configuration workbook, in the layout that the import reads.

The published layout has no place for scheme.toml; a further sheet 方案 carries it, and says that the
order of the groups is final, so that importing an export gives the same scheme.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import BY_UMASK
from drgpay.base.words import Sentences
from drgpay.grouper.rules.fields import CodeField
from drgpay.grouper.rules.nodes import Count, Member, atoms
from drgpay.grouper.scheme import TABLES, Scheme, load_scheme, scheme_folder, text_table
from drgpay.grouper.scheme_files import OPTIONAL_TABLES
from drgpay.records.known_codes import code_table
from drgpay.records.writing import staged_file
from drgpay.schemes.workbook.layout import KEEP_ORDER_KEY, SCHEME_SHEET, SHEETS, Sheet
from drgpay.schemes.workbook.lists import list_kinds

_ERRORS = Sentences("errors/schemes")

LONGEST_CELL = 32_767
"""Characters that Excel holds in one cell."""

# 类型编号 of a set, by the field that rules ask it for.
_TYPE_OF_FIELD = {
    CodeField.PRINCIPAL_DIAGNOSIS: "1",
    CodeField.OTHER_DIAGNOSES: "1",
    CodeField.PRINCIPAL_PROCEDURE: "2",
    CodeField.OTHER_PROCEDURES: "2",
    CodeField.DEPARTMENT: "3",
}
# The same scheme gives the same bytes, whenever it is exported.
_CREATED = datetime(2000, 1, 1)


def export_workbook(name: str, path: Path) -> dict[str, int]:
    """Write a scheme, named by its id or folder, to an .xlsx file.

    A list of the scheme is a further sheet, as lists.toml calls it.
    Returns the number of rows of each sheet. Raises DrgpayError for an unknown scheme or one of kind
    apg, a text too long for a cell or a path that cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise DrgpayError(*_ERRORS("no_workbook_name", path=path))
    scheme = load_scheme(name)
    if scheme.info.kind != "drg":
        raise DrgpayError(*_ERRORS("apg_in_workbook", name=name))
    folder = scheme_folder(name)
    frames = {
        table: text_table(folder / f"{table}.csv", columns).fill_null("")
        for table, columns in TABLES.items()
    }
    filled = _filled(scheme, frames)
    _refuse_long_texts(name, filled)
    lists = {
        kind.sheet: (kind.headings[0], sorted(getattr(scheme, kind.name)))
        for kind in list_kinds()
        if kind.name in OPTIONAL_TABLES and getattr(scheme, kind.name)
    }
    with staged_file(path, BY_UMASK) as staged:
        _write(staged, scheme, filled, lists)
    rows = {sheet.name: filled[sheet.table].height for sheet in SHEETS}
    return rows | {name: len(codes) for name, (_, codes) in lists.items()}


def _filled(scheme: Scheme, frames: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables with what the sheets show beside them: names of codes, types, MDCs of DRGs."""
    names = _code_names(scheme.info.code_system)
    types = _set_types(scheme)
    mdc_of_adrg = frames["adrg"].select("adrg", "mdc")
    sets = frames["sets"].join(types, on="set", how="left", maintain_order="left")
    is_procedure = pl.col("type") == "2"
    named_sets = (
        sets.join(names["diagnoses"], on="code", how="left", maintain_order="left")
        .join(names["procedures"], on="code", how="left", maintain_order="left", suffix="_other")
        .with_columns(name=pl.when(is_procedure).then("name_other").otherwise("name"))
    )
    filled = {
        **frames,
        "drg": frames["drg"].join(mdc_of_adrg, on="adrg", how="left", maintain_order="left"),
        "sets": named_sets,
        "cc": _with_names(frames["cc"], names["diagnoses"]),
        "exclusions": _with_names(frames["exclusions"], names["diagnoses"]),
    }
    return {
        sheet.table: filled[sheet.table].select(
            pl.col(column.key).fill_null("") for column in sheet.columns
        )
        for sheet in SHEETS
    }


def _with_names(frame: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    return frame.join(names, on="code", how="left", maintain_order="left")


def _code_names(system: str) -> dict[str, pl.DataFrame]:
    nothing = pl.DataFrame(schema={"code": pl.String, "name": pl.String})
    found = {kind: code_table(system, kind) for kind in ("diagnoses", "procedures")}
    return {
        kind: nothing
        if table is None
        else table.select("code", "name").unique("code", keep="first")
        for kind, table in found.items()
    }


def _set_types(scheme: Scheme) -> pl.DataFrame:
    types: dict[str, str] = {}
    for rule in scheme.rules():
        for atom in atoms(rule):
            match atom:
                case Member(fields=fields, sets=sets):
                    types.update(dict.fromkeys(sets, _TYPE_OF_FIELD[fields[0]]))
                case Count(set=name, fields=fields):
                    types[name] = _TYPE_OF_FIELD[fields[0]]
    return pl.DataFrame(
        {"set": list(types), "type": list(types.values())},
        schema={"set": pl.String, "type": pl.String},
    )


def _refuse_long_texts(name: str, filled: dict[str, pl.DataFrame]) -> None:
    for table, frame in filled.items():
        for column in frame.columns:
            long = frame.filter(pl.col(column).str.len_chars() > LONGEST_CELL)
            if long.height:
                said = {"name": name, "table": table, "column": column, "code": long.row(0)[0]}
                raise DrgpayError(*_ERRORS("long_cell", most=LONGEST_CELL, **said))


def _write(
    path: Path,
    scheme: Scheme,
    filled: dict[str, pl.DataFrame],
    lists: dict[str, tuple[str, list[str]]],
) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"title": scheme.info.name, "created": _CREATED})
        head = book.add_format({"bold": True, "bottom": 1})
        for sheet in SHEETS:
            _write_sheet(book, sheet, filled[sheet.table], scheme.info.name, head)
        for name, (heading, codes) in lists.items():
            page = book.add_worksheet(name)
            page.set_column(0, 0, 18)
            _write_rows(page, 0, [(heading,)], head)
            _write_rows(page, 1, ((code,) for code in codes))
        page = book.add_worksheet(SCHEME_SHEET)
        page.set_column(0, 0, 32)
        page.set_column(1, 1, 70)
        _write_rows(page, 0, [("项目", "内容")], head)
        _write_rows(page, 1, _scheme_rows(scheme))


def _write_sheet(
    book: xlsxwriter.Workbook, sheet: Sheet, frame: pl.DataFrame, title: str, head: Any
) -> None:
    page = book.add_worksheet(sheet.name)
    top = 1 if sheet.titled else 0
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width)
    page.freeze_panes(top + 1, 0)
    if sheet.titled:
        _write_rows(page, 0, [(title,)], head)
    _write_rows(page, top, [tuple(column.headers[0] for column in sheet.columns)], head)
    sort = frame.columns.index("sort") if "sort" in frame.columns else None
    _write_rows(page, top + 1, frame.iter_rows(), number_column=sort)


def _write_rows(
    page: Any,
    first: int,
    rows: Iterable[Sequence[str]],
    style: Any = None,
    number_column: int | None = None,
) -> None:
    for number, row in enumerate(rows, start=first):
        for place, text in enumerate(row):
            if place == number_column:
                page.write_number(number, place, int(text), style)
            elif text:
                page.write_string(number, place, text, style)


def _scheme_rows(scheme: Scheme) -> list[tuple[str, str]]:
    values = scheme.info.model_dump()
    options = values.pop("options")
    rows = [(key, str(value)) for key, value in values.items() if value not in (None, "")]
    rows += [
        (f"options.{key}", json.dumps(value, ensure_ascii=False)) for key, value in options.items()
    ]
    return [*rows, (KEEP_ORDER_KEY, "true")]
