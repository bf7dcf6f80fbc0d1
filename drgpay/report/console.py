"""The table at the end of a run."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
from rich.console import Group, RenderableType

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
from drgpay.show.grid import Column, Content, Grid
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


def _values(tables: Results, language: Language) -> Grid:
    keys = ["budget", "patient_cost", "other_cost", "points", "point_value", "remainder"]
    rows: list[Sequence[Content]] = [
        [pool_name(row["pool"], language), *(_number(row[key]) for key in keys)]
        for row in tables.pools.iter_rows(named=True)
    ]
    return _table("values", ["pool", *keys], rows, language)


def _hospitals(tables: Results, language: Language) -> Grid:
    keys = ["cases", "points", "fund_amount", "fund_cost", "difference"]
    columns = ["name", "level", *keys, "difference_share", "prepayment"]
    totals = hospital_totals(tables.statements)

    def cells(name: str, level: str, row: Mapping[str, Any]) -> Sequence[Content]:
        share = _percent(row["difference"], row["fund_cost"])
        numbers = [_number(row[key]) for key in keys]
        return (name, level, *numbers, share, _number(row["prepayment"]))

    rows: list[Sequence[Content]] = [
        cells(row["name"], level_name(row["level"], language), row)
        for row in totals.iter_rows(named=True)
    ]
    sums: dict[str, Any] = {key: totals[key].sum() for key in [*keys, "prepayment"]}
    parts = line_totals(tables.statements).iter_rows(named=True)
    named = [("total", sums), *((row["line"], row) for row in parts)]
    below = [cells(word(name, language), "", row) for name, row in named]
    return _table("hospitals", columns, rows, language, below)


def _classes(tables: Results, language: Language) -> Grid:
    keys = ["cases", "points", "fund_amount", "fund_cost"]
    taken = minus_totals(tables.adjustments)
    rows: list[Sequence[Content]] = [
        [word(f"class_{row['case_class']}", language), *(_number(row[key]) for key in keys)]
        for row in [*class_totals(tables.cases).iter_rows(named=True), *taken]
    ]
    return _table("classes", ["case_class", *keys], rows, language)


def _differences(differences: DifferenceTables, language: Language) -> Grid:
    """What a correction pays or takes back, by hospital."""
    keys = [f"prepayment_{state}" for state in ("paid", "now", "difference")]
    sums = differences.statements.group_by("hospital_id").agg(pl.col(keys).sum())
    rows: list[Sequence[Content]] = [
        [row["hospital_id"], *(_number(row[key]) for key in keys)]
        for row in sums.sort("hospital_id").iter_rows(named=True)
    ]
    total = sums.select(pl.col(keys).sum()).row(0)
    below: list[Content] = [word("total", language), *(_number(value) for value in total)]
    return _table("differences", ["hospital_id", *keys], rows, language, [below])


_REFUSED_SHOWN = 20


def refused_rows(
    refused: pl.DataFrame | None, language: Language, say: Callable[[str, Language], str] = word
) -> list[RenderableType]:
    """What was refused by reason and hospital, with its money; nothing if nothing was."""
    if refused is None or not refused.height:
        return []
    rows: list[Sequence[Content]] = [
        [
            *(say(row["code"], language), row["name"] or row["hospital_id"] or "–"),
            *(_number(row["rows"]), _number(row["total_cost"])),
        ]
        for row in refused.head(_REFUSED_SHOWN).iter_rows(named=True)
    ]
    sums = int(refused["rows"].sum()), Decimal(refused["total_cost"].sum())
    below: list[Content] = [word("total", language), "", *(_number(each) for each in sums)]
    return [_table("refused", ["code", "name", "rows", "total_cost"], rows, language, [below])]


_WORDS = frozenset({"pool", "hospital_id", "name", "level", "case_class", "code"})


def _table(
    title: str,
    names: Sequence[str],
    rows: Sequence[Sequence[Content]],
    language: Language,
    totals: Sequence[Sequence[Content]] = (),
) -> Grid:
    """The rows, and below a line their totals, if there are any."""
    columns = [Column(word(name, language), name not in _WORDS) for name in names]
    sections = frozenset({len(rows) - 1}) if totals else frozenset()
    return Grid(word(title, language), columns, [*rows, *totals], sections=sections)


def _number(value: Decimal | int | None) -> Text:
    if value is None:
        return Text("–")
    return Text(f"{value:,}", style="red" if value < 0 else "")


def _percent(part: Decimal, whole: Decimal) -> Text:
    if not whole:
        return Text("–")
    return Text(f"{part / whole * 100:+.2f}%", style="red" if part < 0 else "")
