"""A cleared year as tables for readers: decimals instead of scaled integers, sorted, named."""

from collections.abc import Iterable

import polars as pl

from drgpay.results.columns import Column, money, newer, plain, points, written
from drgpay.results.month import (
    budget_columns,
    line_columns,
)
from drgpay.results.visits import (
    GROUP_COLUMNS,
    VISIT_COLUMNS,
)
from drgpay.visits.sums import SUM_KEYS


def cleared_line_columns(value_places: int) -> list[Column]:
    """The columns of statements.parquet of a clearing; lines are priced with so many places."""
    return [
        *line_columns(value_places),
        *points("score", "factor"),
        *money("assessment"),
        *money("redistributed"),
        *money("deduction"),
        *money("withheld"),
        *money("payable"),
        *money("prepaid"),
        *money("clearing"),
        *money("home_fund_bill"),
        *money("home_fund_billed"),
        *money("home_fund_clearing"),
    ]


ASSESSMENT_COLUMNS = [
    *plain("hospital_id"),
    *points("score", "factor"),
    *money("fund_amount"),
    *money("assessment"),
    *money("redistributed"),
]


YEAR_VISIT_COLUMNS = [
    column
    for column in VISIT_COLUMNS
    if column.name not in ("level", "department", "entries", "formula")
]
"""What of visits a clearing needs; the rest lies in the runs of the months."""


def pool_columns(value_places: int) -> list[Column]:
    """The columns of pools.parquet."""
    return [
        *plain("pool", "accounts"),
        *newer(plain("account", "level"), "CAST(NULL AS VARCHAR)"),
        *budget_columns(),
        *money("reserve"),
        *money("fund_cost", "fund_fen"),
        *money("surplus"),
        *money("overrun"),
        *money("retained"),
        *money("shared"),
        *money("budget_final"),
        *money("from_home_funds"),
        *newer(plain("cases"), "CAST(NULL AS BIGINT)"),
        *money("total_cost", "total_fen"),
        *money("patient_cost", "patient_fen"),
        *money("other_cost", "other_fen"),
        *points("points"),
        *newer(points("deducted_points", "waiting_points")),
        *points("point_value", places=value_places),
        *money("fund_amount"),
        *newer(money("kept")),
        *money("remainder"),
        *money("assessment"),
        *money("redistributed"),
        *money("deduction"),
        *money("withheld"),
        *money("payable"),
        *money("prepaid"),
        *money("clearing"),
    ]


def groups_of_year(months: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """visit_groups.parquet of a year, from those of its months in scaled integers."""
    sums = [column.scaled for column in GROUP_COLUMNS if column.scaled not in SUM_KEYS]
    together = (
        pl.concat([groups.with_columns(pl.col(SUM_KEYS).cast(pl.String)) for groups in months])
        .group_by(SUM_KEYS)
        .agg(pl.col(sums).sum())
        .sort(SUM_KEYS)
    )
    return written(together, GROUP_COLUMNS)
