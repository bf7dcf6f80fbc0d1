"""The tables at the end of a clearing."""

import polars as pl
from rich.console import Group, RenderableType

from drgpay.base.language import Language
from drgpay.report.settled_tables import with_pool_names
from drgpay.report.visit_tables import console_of_capitation
from drgpay.report.visit_wording import words_of
from drgpay.report.wording import level_name
from drgpay.results.results import Results
from drgpay.show.tables import ReportTable
from drgpay.show.tables_console import console_tables
from drgpay.show.terminal import Text

_POOL = [
    *("budget", "reserve", "fund_cost", "surplus", "retained", "overrun", "shared"),
    *("budget_final", "patient_cost", "other_cost", "points", "point_value", "fund_amount"),
    *("remainder", "withheld", "payable", "prepaid", "clearing"),
]
_SUMS = ["cases", "points", "fund_amount", "fund_cost", "payable", "prepaid", "clearing"]

_ROWS_SHOWN = 40


def clearing_summary(tables: Results, language: Language) -> RenderableType:
    """Budgets and values by pool, each hospital with what is still due to it, and of visits the
    accounts of contractors over the year.
    """
    words = words_of(tables.part)
    return Group(
        console_tables(
            [_pools(tables.pools, language), _hospitals(tables.statements, language)],
            lambda key: words(key, language),
            most_rows=max(tables.statements.height, 1),
        ),
        console_tables(
            console_of_capitation(tables.capitation, language),
            lambda key: words(key, language),
            most_rows=_ROWS_SHOWN,
        ),
        *map(Text, tables.notes),
    )


def _hospitals(statements: pl.DataFrame, language: Language) -> ReportTable:
    hospitals = (
        statements.filter(pl.col("paid_here"))
        .group_by("hospital_id", "name", "level")
        .agg(pl.col(_SUMS).sum())
        .sort("hospital_id")
        .drop("hospital_id")
    )
    levels = {level: level_name(level, language) for level in hospitals["level"].unique()}
    total = {name: hospitals[name].sum() for name in _SUMS}
    return ReportTable(
        "hospitals", hospitals.with_columns(pl.col("level").replace_strict(levels)), total
    )


def _pools(pools: pl.DataFrame, language: Language) -> ReportTable:
    return ReportTable(
        "pools", with_pool_names(pools.select("pool", *_POOL), language), turned=True
    )
