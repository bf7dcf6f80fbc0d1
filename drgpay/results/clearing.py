"""A cleared year as tables for readers: decimals instead of scaled integers, sorted, named."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from drgpay.policy.model import Policy
from drgpay.results.columns import Column, money, newer, plain, points, written
from drgpay.results.month import (
    adjustments_table,
    budget_columns,
    cases_table,
    ledger_table,
    line_columns,
    named_lines,
    no_adjustments,
    with_rates,
)
from drgpay.results.visits import (
    GROUP_COLUMNS,
    VISIT_COLUMNS,
    CapitationTables,
    as_statement_cases,
)
from drgpay.settle.settled import Settled
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
    notes: tuple[str, ...] = ()


YEAR_VISIT_COLUMNS = [
    column
    for column in VISIT_COLUMNS
    if column.name not in ("level", "department", "entries", "formula")
]
"""What of visits a clearing needs; the rest lies in the runs of the months."""


@dataclass(frozen=True)
class VisitClearingTables:
    """The tables of the visits of a clearing as they are written and shown.

    policy: for_outpatient. visits: visits.parquet (`year_visits_table`). groups: `groups_table` of
    the year. examples: `entries_table` of the visits that statements work out. capitation is None
    where no accounts are kept.
    """

    run_id: str
    year: int
    policy: Policy
    pools: pl.DataFrame
    statements: pl.DataFrame
    visits: pl.DataFrame
    assessment: pl.DataFrame
    ledger: pl.DataFrame
    groups: pl.DataFrame
    examples: pl.DataFrame
    capitation: CapitationTables | None

    def as_cases(self) -> ClearingTables:
        """The tables as statements and summaries take those of stays."""
        return ClearingTables(
            self.run_id,
            self.year,
            self.policy,
            self.pools,
            self.statements,
            as_statement_cases(self.visits),
            no_adjustments(),
            self.assessment,
            self.ledger,
        )


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


def clearing_tables(
    cleared: Settled,
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
        _pools_table(cleared, policy),
        _lines_table(cleared, policy, hospitals),
        cases_table(cleared.cases),
        adjustments_table(cleared.adjustments),
        written(cleared.assessment, ASSESSMENT_COLUMNS),
        ledger_table(ledger),
    )


def visit_clearing_tables(
    cleared: Settled,
    ledger: pl.DataFrame,
    run_id: str,
    year: int,
    policy: Policy,
    hospitals: pl.DataFrame,
    visits: pl.DataFrame,
    groups: pl.DataFrame,
    examples: pl.DataFrame,
    capitation: CapitationTables | None,
) -> VisitClearingTables:
    """The tables of the visits of a clearing; see `VisitClearingTables`.

    cleared: by the outpatient sections of `policy`. visits: `year_visits_table` of its cases.
    """
    return VisitClearingTables(
        run_id,
        year,
        policy,
        _pools_table(cleared, policy),
        _lines_table(cleared, policy, hospitals),
        visits,
        written(cleared.assessment, ASSESSMENT_COLUMNS),
        ledger_table(ledger),
        groups,
        examples,
        capitation,
    )


def year_visits_table(cases: pl.DataFrame) -> pl.DataFrame:
    """visits.parquet of a clearing: one row a visit, sorted by visit_id; no person ids."""
    return written(cases, YEAR_VISIT_COLUMNS).with_columns(negative_fund=pl.col("fund_amount") < 0)


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


def _pools_table(cleared: Settled, policy: Policy) -> pl.DataFrame:
    """pools.parquet: one row a pool; with method rate followed by one for each account and level."""
    return pools_table(cleared.pools, cleared.rates, policy.settlement.value_places)


def pools_table(pools: pl.DataFrame, rates: pl.DataFrame, value_places: int) -> pl.DataFrame:
    """pools.parquet of Settled.pools and Settled.rates."""
    return written(with_rates(pools, rates), pool_columns(value_places))


def _lines_table(cleared: Settled, policy: Policy, hospitals: pl.DataFrame) -> pl.DataFrame:
    columns = cleared_line_columns(policy.settlement.value_places)
    return named_lines(written(cleared.lines, columns), hospitals)
