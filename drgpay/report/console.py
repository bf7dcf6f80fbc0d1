"""The table at the end of a run."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
from rich.console import Group, RenderableType
from rich.table import Table

from drgpay.base.language import Language
from drgpay.report.fact_lines import records_line
from drgpay.report.point_notes import stay_rules_console
from drgpay.report.wording import level_name, pool_name, word
from drgpay.results.month import (
    class_totals,
    hospital_totals,
    line_totals,
    minus_totals,
)
from drgpay.results.results import DifferenceTables, Results
from drgpay.show.terminal import Text


def month_tables(tables: Results, language: Language) -> RenderableType:
    """Point value by account, hospitals with their amounts, classes of cases."""
    stay_rules = tables.get("stay_rules")
    return Group(
        _values(tables, language),
        _hospitals(tables, language),
        _classes(tables, language),
        *([_differences(tables.differences, language)] if tables.differences else []),
        *refused_rows(tables.get("refused"), language),
        *([stay_rules_console(stay_rules, language)] if stay_rules is not None else []),
        *(Text(note) for note in tables.notes),
        Text(word("lines_note", language)),
        Text(records_line(tables, language)),
    )


def _values(tables: Results, language: Language) -> Table:
    keys = ["budget", "patient_cost", "other_cost", "points", "point_value", "remainder"]
    table = _table("values", ["pool", *keys], language)
    for row in tables.pools.iter_rows(named=True):
        table.add_row(pool_name(row["pool"], language), *(_number(row[key]) for key in keys))
    return table


def _hospitals(tables: Results, language: Language) -> Table:
    keys = ["cases", "points", "fund_amount", "fund_cost", "difference"]
    columns = ["name", "level", *keys, "difference_share", "prepayment"]
    table = _table("hospitals", columns, language)
    rows = hospital_totals(tables.statements)
    for row in rows.iter_rows(named=True):
        table.add_row(
            row["name"],
            level_name(row["level"], language),
            *(_number(row[key]) for key in keys),
            _percent(row["difference"], row["fund_cost"]),
            _number(row["prepayment"]),
        )
    table.add_section()
    sums: dict[str, Any] = {key: rows[key].sum() for key in [*keys, "prepayment"]}
    parts = line_totals(tables.statements).iter_rows(named=True)
    for name, row in [("total", sums), *((row["line"], row) for row in parts)]:
        table.add_row(
            word(name, language),
            "",
            *(_number(row[key]) for key in keys),
            _percent(row["difference"], row["fund_cost"]),
            _number(row["prepayment"]),
        )
    return table


def _classes(tables: Results, language: Language) -> Table:
    keys = ["cases", "points", "fund_amount", "fund_cost"]
    table = _table("classes", ["case_class", *keys], language)
    taken = minus_totals(tables.adjustments)
    for row in [*class_totals(tables.cases).iter_rows(named=True), *taken]:
        name = word(f"class_{row['case_class']}", language)
        table.add_row(name, *(_number(row[key]) for key in keys))
    return table


def _differences(differences: DifferenceTables, language: Language) -> Table:
    """What a correction pays or takes back, by hospital."""
    keys = [f"prepayment_{state}" for state in ("paid", "now", "difference")]
    table = _table("differences", ["hospital_id", *keys], language)
    sums = differences.statements.group_by("hospital_id").agg(pl.col(keys).sum())
    for row in sums.sort("hospital_id").iter_rows(named=True):
        table.add_row(row["hospital_id"], *(_number(row[key]) for key in keys))
    table.add_section()
    total = sums.select(pl.col(keys).sum()).row(0)
    table.add_row(word("total", language), *(_number(value) for value in total))
    return table


_REFUSED_SHOWN = 20


def refused_rows(
    refused: pl.DataFrame | None, language: Language, say: Callable[[str, Language], str] = word
) -> list[RenderableType]:
    """What was refused by reason and hospital, with its money; nothing if nothing was."""
    if refused is None or not refused.height:
        return []
    table = _table("refused", ["code", "name", "rows", "total_cost"], language)
    for row in refused.head(_REFUSED_SHOWN).iter_rows(named=True):
        name = row["name"] or row["hospital_id"] or "–"
        table.add_row(
            say(row["code"], language), name, _number(row["rows"]), _number(row["total_cost"])
        )
    table.add_section()
    table.add_row(
        word("total", language),
        "",
        _number(int(refused["rows"].sum())),
        _number(Decimal(refused["total_cost"].sum())),
    )
    return [table]


def _table(title: str, columns: list[str], language: Language) -> Table:
    table = Table(
        title=word(title, language), title_justify="left", title_style="bold", header_style="bold"
    )
    for column in columns:
        text = column in ("pool", "hospital_id", "name", "level", "case_class", "code")
        table.add_column(word(column, language), justify="left" if text else "right")
    return table


def _number(value: Decimal | int | None) -> Text:
    if value is None:
        return Text("–")
    return Text(f"{value:,}", style="red" if value < 0 else "")


def _percent(part: Decimal, whole: Decimal) -> Text:
    if not whole:
        return Text("–")
    return Text(f"{part / whole * 100:+.2f}%", style="red" if part < 0 else "")
