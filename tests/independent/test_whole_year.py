"""Twelve real runs, a correction and a clearing: every number of their files, to the fen."""

from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from .by_drgpay import Tables
from .comparing import LINE, compare, compare_ledger, compare_month, compare_points, compare_year
from .files import compiled
from .random_runs import month_budgets, year_budgets
from .recomputation import ledger
from .recomputation.adjusting import Earned, earn
from .recomputation.calibration import calibrate
from .recomputation.clearing import Year, clear
from .recomputation.differences import of_cases, of_statements, paid_with
from .recomputation.earned_cases import cases_of, minus_of, taken_of
from .recomputation.prepayment import Month, settle_month
from .recomputation.records import Filed, Stay
from .sample_year import CORRECTED, LATE, MONTHS, PLAN, SampleYear

EXEMPT = compiled(PLAN.scheme).exempt
"""Groups whose patients come back by plan."""


class Audit:
    """The year as it was run, and as it is recomputed."""

    def __init__(self, year: SampleYear) -> None:
        self.year = year
        self.policy = year.policy
        self.catalogue = calibrate(self.year.history, self.policy.calibration)

    @cached_property
    def months(self) -> dict[int, tuple[Earned, Month]]:
        """Every month as it is now, of the corrected one the correction."""
        return {
            month: self.month(month, self.year.months[month], self.year.filed[month])
            for month in MONTHS
        }

    def month(self, number: int, stays: list[Stay], filed: Filed) -> tuple[Earned, Month]:
        """A month recomputed."""
        earned = earn(stays, self.catalogue, self.policy.points, filed, EXEMPT)
        cases, budgets = cases_of(stays, earned), month_budgets(self.policy, number)
        held = filed.held_back
        taken = taken_of(earned, self.policy)
        return earned, settle_month(cases, minus_of(earned), self.policy, budgets, held, taken)


@pytest.fixture(scope="module")
def audit(year: SampleYear) -> Audit:
    return Audit(year)


def tables(run: Path, values: str = "values") -> Tables:
    names = ("cases", "adjustments", "statements", values)
    return Tables(*(pl.read_parquet(run / f"{name}.parquet") for name in names))


def entries(*runs: Path) -> list[dict[str, Any]]:
    return [row for run in runs for row in pl.read_parquet(run / "ledger.parquet").to_dicts()]


@pytest.mark.slow
def test_twelve_months(audit: Audit) -> None:
    for number in MONTHS:
        if number == CORRECTED:
            continue
        run, (earned, month) = tables(audit.year.runs[number]), audit.months[number]
        assert compare_points(run, audit.year.months[number], earned) > 50
        compare_month(run, month)
        assert compare_ledger(entries(audit.year.runs[number]), ledger.of_month(month)) > 30


@pytest.mark.slow
def test_a_month_and_its_correction(audit: Audit) -> None:
    year = audit.year
    paid_earned, paid = audit.month(CORRECTED, year.on_time, year.filed_on_time)
    now_earned, now = audit.months[CORRECTED]
    for run, stays, earned, month in (
        (year.runs[CORRECTED], year.on_time, paid_earned, paid),
        (year.correction, year.months[CORRECTED], now_earned, now),
    ):
        compare_points(tables(run), stays, earned)
        compare_month(tables(run), month)
    compare_ledger(entries(year.runs[CORRECTED]), ledger.of_month(paid))
    booked = entries(year.runs[CORRECTED], year.correction)
    both = [ledger.Entry(*(row[name] for name in ledger.Entry._fields)) for row in booked]
    assert ledger.netted(both) == ledger.netted(ledger.of_month(now))
    before = paid_with(cases_of(year.on_time, paid_earned), paid)
    after = paid_with(cases_of(year.months[CORRECTED], now_earned), now)
    differences = pl.read_parquet(year.correction / "differences.parquet")
    wanted = {(case, *line): row for (case, line), row in of_cases(before, after).items()}
    compare(differences.iter_rows(named=True), wanted, ("case_id", *LINE))
    assert differences.filter(change="late")["case_id"].n_unique() == LATE
    statements = pl.read_parquet(year.correction / "difference_statements.parquet")
    compare(statements.iter_rows(named=True), of_statements(before, after), LINE)


@pytest.mark.parametrize("across_months", [True, False])
@pytest.mark.slow
def test_the_clearing(audit: Audit, across_months: bool) -> None:
    """With returns across months, and with those only that a month saw."""
    year, policy = audit.year, audit.policy
    folder = year.cleared if across_months else year.cleared_by_month
    stays = [
        stay if across_months else replace(stay, person_id=f"{number}/{stay.person_id}")
        for number, month in year.months.items()
        for stay in month
    ]
    earned = earn(stays, audit.catalogue, policy.points, year.final, EXEMPT)
    months = [month for _, month in audit.months.values()]
    cleared = clear(
        cases_of(stays, earned),
        minus_of(earned),
        months,
        policy,
        year_budgets(policy, tuple(MONTHS)),
        year.scores,
        year.final.held_back,
        taken_of(earned, policy),
    )
    run = tables(folder, "pools")
    assert compare_points(run, stays, earned) > 600
    compare_year(run, cleared)
    assert compare_ledger(entries(folder), ledger.of_clearing(cleared, months)) > 200
    check_balances(cleared, [*year.runs.values(), year.correction, folder])


def check_balances(cleared: Year, runs: list[Path]) -> None:
    """All ledgers of the year: payable + withheld + reserve = B_final, and the fund gave it."""
    sums = ledger.balances(
        ledger.Entry(*(row[name] for name in ledger.Entry._fields)) for row in entries(*runs)
    )
    payable: dict[tuple[str, str], Decimal] = {}
    for key, line in cleared.settled.lines.items():
        place = (line.pool, key[0])
        payable[place] = payable.get(place, Decimal(0)) + cleared.due[key].payable
    for (pool, hospital), amount in payable.items():
        assert sums.pop((pool, "hospital", hospital), Decimal(0)) == amount
    left = {(pool, account) for pool, account, _ in sums}
    assert not [place for place in left if place[1] in ("hospital", "rounding")]
    for pool, value in cleared.settled.values.items():
        items = [
            line.fund_amount
            for line in cleared.settled.lines.values()
            if line.pool == pool and line.paid_here and not line.in_pool
        ]
        final = cleared.pools[pool].budget_final + value.from_home_funds
        assert -sums[pool, "fund", None] == final + sum(items, Decimal(0))
        assert sums.get((pool, "reserve", None), Decimal(0)) == value.remainder


@pytest.mark.slow
def test_readmissions_across_months(audit: Audit) -> None:
    """The year finds returns that no month could see."""
    of_year = pl.read_parquet(audit.year.cleared / "adjustments.parquet")
    seen = {
        row.case_id
        for earned, _ in audit.months.values()
        for row in earned.adjustments
        if row.kind == "readmission"
    }
    assert set(of_year.filter(kind="readmission")["case_id"]) > seen
