"""A cleared year as tables for readers: decimals instead of scaled integers, sorted, named."""

from dataclasses import dataclass

import polars as pl

from drgpay.policy.model import Policy
from drgpay.report.columns import Column, money, plain, points, written
from drgpay.report.month import (
    LINE_COLUMNS,
    adjustments_table,
    cases_table,
    ledger_table,
    named_lines,
)
from drgpay.settle.clearing import Cleared

CLEARED_LINE_COLUMNS = [
    *LINE_COLUMNS,
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


@dataclass(frozen=True)
class ClearingTables:
    """The tables of a clearing as they are written and shown (docs/files.md lists the columns)."""

    run_id: str
    year: int
    policy: Policy
    pools: pl.DataFrame
    statements: pl.DataFrame
    cases: pl.DataFrame
    adjustments: pl.DataFrame
    assessment: pl.DataFrame
    ledger: pl.DataFrame


def pool_columns(value_places: int) -> list[Column]:
    """The columns of pools.parquet."""
    return [
        *plain("pool", "accounts"),
        *money("budget"),
        *money("reserve"),
        *money("fund_cost", "fund_fen"),
        *money("surplus"),
        *money("overrun"),
        *money("retained"),
        *money("shared"),
        *money("budget_final"),
        *money("from_home_funds"),
        *money("total_cost", "total_fen"),
        *money("patient_cost", "patient_fen"),
        *money("other_cost", "other_fen"),
        *points("points"),
        *points("point_value", places=value_places),
        *money("fund_amount"),
        *money("remainder"),
        *money("assessment"),
        *money("redistributed"),
        *money("deduction"),
        *money("withheld"),
        *money("payable"),
        *money("prepaid"),
        *money("clearing"),
    ]


def clearing_tables(
    cleared: Cleared,
    ledger: pl.DataFrame,
    run_id: str,
    year: int,
    policy: Policy,
    hospitals: pl.DataFrame,
) -> ClearingTables:
    """The tables of a clearing; hospitals as read_hospitals gives them."""
    return ClearingTables(
        run_id,
        year,
        policy,
        written(cleared.pools, pool_columns(policy.settlement.value_places)),
        named_lines(written(cleared.statements, CLEARED_LINE_COLUMNS), hospitals),
        cases_table(cleared.cases),
        adjustments_table(cleared.adjustments),
        written(cleared.assessment, ASSESSMENT_COLUMNS),
        ledger_table(ledger),
    )
