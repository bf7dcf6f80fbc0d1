"""Random settlements: months, a correction, the clearing and visits, as recomputed and balanced.

The number of them is DRGPAY_RANDOM_REGIONS; a usual run does 40, in the order of their numbers from
DRGPAY_FIRST_REGION on.
"""

import os
from collections import Counter
from decimal import Decimal
from functools import cache

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.visits.enrolment import ENROLMENT_SCHEMA
from drgpay.results.columns import columns_of, written
from drgpay.results.part import STAYS
from drgpay.results.results import booking_frames
from drgpay.settle.capitation import capitation_accounts
from drgpay.settle.differences import PaidMonth, differences_of
from drgpay.settle.findings import deductions_above_payable
from drgpay.settle.ledger import (
    LEDGER_SCHEMA,
    balances,
    ledger_of_clearing,
    ledger_of_correction,
    ledger_of_month,
)
from drgpay.settle.settled import Settled
from tests.spread import spread

from . import by_drgpay
from .by_drgpay import bare_points
from .comparing import LINE, compare, compare_ledger, compare_month, compare_year
from .policies import changed
from .random_runs import BASE
from .random_settlements import LEVELS, MONTHS, Settlement, random_settlement
from .random_settlements import Period as Given
from .recomputation import ledger
from .recomputation.capitation import accounts_of_year
from .recomputation.clearing import Year, clear
from .recomputation.differences import of_cases, of_statements, paid_with
from .recomputation.prepayment import Month, settle_month
from .recomputation.settlement import NoPointsError, OverBudgetError, pools_of, settle
from .test_tiny_settlements import check_month_balances, fits_the_columns

BASE_POLICY = load_policy(BASE).policy
FIRST = int(os.environ.get("DRGPAY_FIRST_REGION", "0"))
NUMBERS = range(FIRST, FIRST + int(os.environ.get("DRGPAY_RANDOM_REGIONS", "40")))
REFUSED = (NoPointsError, OverBudgetError)
SEEN: Counter[str] = Counter()
WANTED = (
    *("kept", "kept below zero", "waiting", "deduction above payable", "by rate", "distributed"),
    *("share stays in the remainder", "less item by item", "refused", "correction", "clearing"),
    *("clearing keeps", "row on an earlier stay", "visits", "redistributed", "no stays"),
)


@pytest.mark.parametrize("number", spread(NUMBERS, 8))
def test_every_number_of_a_random_settlement(number: int) -> None:
    _compared(number)


@pytest.mark.slow
def test_the_settlements_have_everything() -> None:
    """What never occurs was not compared."""
    if len(NUMBERS) < 40:
        pytest.skip("DRGPAY_RANDOM_REGIONS asks for too few settlements")
    seen = sum(map(_compared, NUMBERS), Counter[str]())
    assert not [what for what in WANTED if not seen[what]]


@cache
def _compared(number: int) -> Counter[str]:
    """Compare all of a settlement; what occurred in it."""
    SEEN.clear()
    given = random_settlement(number, BASE_POLICY)
    months: list[tuple[Month, Settled]] = []
    for month in MONTHS:
        found = _month(given, given.months[month], month)
        if found is None:
            break
        months.append(found)
    if months:
        _correction(given, months[0])
    if len(months) == len(MONTHS):
        _year(given, months)
    _visits(given)
    return Counter(SEEN)


def _month(given: Settlement, period: Given, month: int) -> tuple[Month, Settled] | None:
    """Both ways; None where both refuse it."""
    policy, when = given.policy, Period(2026, month)
    points = bare_points(period.cases, period.minus, period.taken)
    try:
        expected = settle_month(
            period.cases,
            period.minus,
            policy,
            _budgets(policy, month),
            period.held_back,
            period.taken,
            LEVELS,
        )
    except REFUSED:
        SEEN["refused"] += 1
        with pytest.raises(DrgpayError):
            by_drgpay.settled(points, policy, when, period.held_back, LEVELS)
        return None
    if not fits_the_columns(expected.settled):
        return None
    settled = by_drgpay.settled(points, policy, when, period.held_back, LEVELS)
    compare_month(by_drgpay.month_tables(settled, policy), expected)
    booked = by_drgpay.entries_of(ledger_of_month(when, settled))
    compare_ledger(booked, ledger.of_month(expected))
    check_month_balances(expected)
    _check_findings(settled, policy, expected.settled.above)
    _note(expected, policy)
    return expected, settled


def _check_findings(
    settled: Settled | Settled, policy: Policy, above: "dict[str, Decimal] | object"
) -> None:
    found = deductions_above_payable(settled.lines, policy.settlement)
    assert {one.hospital_id: one.yuan for one in found} == above
    assert {one.code for one in found} <= {"deduction_above_payable"}


def _note(month: Month, policy: Policy) -> None:
    for value in month.settled.values.values():
        SEEN["by rate"] += policy.settlement.method == "rate"
        SEEN["less item by item"] += value.budget != value.budget_given
        SEEN["no stays"] += not value.cases
    SEEN["deduction above payable"] += len(month.settled.above)
    for line in month.settled.lines.values():
        SEEN["kept"] += line.kept > 0
        SEEN["kept below zero"] += line.kept < 0
        SEEN["waiting"] += len(line.waiting)
        SEEN["distributed"] += line.distributed > 0
        spread = any(other.distributed for other in month.settled.lines.values())
        weight = line.standard_amount + line.kept
        SEEN["share stays in the remainder"] += spread and line.standard_amount <= 0 < weight
        SEEN["row on an earlier stay"] += any(row.earlier for row in line.minus)


def _correction(given: Settlement, first: tuple[Month, Settled]) -> None:
    found = _month(given, given.corrected, 1)
    if found is None:
        return
    (paid, paid_found), (now, now_found) = first, found
    period = Period(2026, 1)
    booked = ledger_of_month(period, paid_found)
    more = ledger_of_correction(period, booked, now_found)
    entries = [
        ledger.Entry(*(row[name] for name in ledger.Entry._fields))
        for row in by_drgpay.entries_of(pl.concat([booked, more]))
    ]
    assert ledger.netted(entries) == ledger.netted(ledger.of_month(now))
    compared = PaidMonth(paid_found.lines, paid_found.cases, paid_found.adjustments)
    tables = booking_frames(
        STAYS, pl.DataFrame(schema=LEDGER_SCHEMA), differences_of(compared, now_found)
    )
    one = paid_with(given.months[1].cases, paid)
    other = paid_with(given.corrected.cases, now)
    compare(tables["difference_statements"].iter_rows(named=True), of_statements(one, other), LINE)
    cases_now = {(case, *line): row for (case, line), row in of_cases(one, other).items()}
    compare(tables["differences"].iter_rows(named=True), cases_now, ("case_id", *LINE))
    SEEN["correction"] += 1


def _year(given: Settlement, months: list[tuple[Month, Settled]]) -> None:
    period, policy = given.year, given.policy
    budgets = {
        pool: (
            sum((_budgets(policy, month)[pool] for month in MONTHS), Decimal(0)),
            given.reserve,
        )
        for pool in pools_of(policy)
    }
    points = bare_points(period.cases, period.minus, period.taken)
    found, held = [month for _, month in months], period.held_back
    try:
        year = clear(
            period.cases,
            period.minus,
            [month for month, _ in months],
            policy,
            budgets,
            given.scores,
            held,
            period.taken,
            LEVELS,
        )
    except REFUSED:
        SEEN["refused"] += 1
        with pytest.raises(DrgpayError):
            by_drgpay.cleared(points, found, policy, budgets, given.scores, held, LEVELS)
        return
    if not fits_the_columns(year.settled):
        return
    cleared = by_drgpay.cleared(points, found, policy, budgets, given.scores, held, LEVELS)
    compare_year(by_drgpay.year_tables(cleared, policy), year)
    _check_findings(cleared, policy, year.settled.above)
    before = pl.concat(
        [ledger_of_month(Period(2026, n), month) for n, month in zip(MONTHS, found, strict=True)]
    )
    own = ledger_of_clearing(2026, before, cleared)
    compare_ledger(
        by_drgpay.entries_of(own), ledger.of_clearing(year, [month for month, _ in months])
    )
    assert balances(pl.concat([before, own]))["balance_fen"].sum() == 0
    _check_year_balances(year)
    SEEN["clearing"] += 1
    SEEN["clearing keeps"] += any(value.kept for value in year.settled.values.values())
    SEEN["redistributed"] += any(line.redistributed for line in year.due.values())


def _check_year_balances(year: Year) -> None:
    for pool, value in year.settled.values.items():
        inside = [
            key for key, line in year.settled.lines.items() if line.pool == pool and line.in_pool
        ]
        payable = sum((year.due[key].payable for key in inside), Decimal(0))
        withheld = sum((year.due[key].withheld for key in inside), Decimal(0))
        final = year.pools[pool].budget_final + value.from_home_funds
        assert payable + withheld + value.kept + value.remainder == final


def _visits(given: Settlement) -> None:
    """Visits are settled alike, and their contractors' accounts tie to the budget."""
    settlement = given.policy.settlement.model_dump()
    budget = {**given.policy.budget.model_dump()} if given.policy.budget else None
    whole = changed(BASE_POLICY, {"outpatient.settlement": settlement, "outpatient.budget": budget})
    policy = whole.for_outpatient()
    assert policy.outpatient
    assert policy.outpatient.capitation
    points = bare_points(given.visits, [])
    try:
        expected = settle(given.visits, [], policy, _budgets(policy, 1), (), (), LEVELS)
        fits = fits_the_columns(expected)
        settled = by_drgpay.settled(points, policy, Period(2026, 1), (), LEVELS) if fits else None
    except (*REFUSED, DrgpayError):
        return
    if settled is None:
        return
    contractors = [given.contracts[case] for case in settled.cases["case_id"]]
    cases = settled.cases.with_columns(contractor_id=pl.Series(contractors, dtype=pl.String))
    enrolment = pl.DataFrame([vars(row) for row in given.enrolment], schema=ENROLMENT_SCHEMA)
    accounts = capitation_accounts(cases, settled.lines, settled.pools, enrolment, policy, None)
    due = accounts_of_year(
        given.visits, given.contracts, expected, given.enrolment, policy.outpatient.capitation
    )
    tie_out = written(accounts.tie_out, columns_of("capitation_tie_out"))
    of_pools = {(pool,): vars(row) for pool, row in due.tie_out.items()}
    compare(tie_out.iter_rows(named=True), of_pools, ("pool",))
    of_accounts = {key: vars(row) for key, row in due.accounts.items()}
    rows = written(accounts.accounts, columns_of("capitation"))
    compare(rows.iter_rows(named=True), of_accounts, ("contractor_id", "account"))
    for row in tie_out.iter_rows(named=True):
        inside = row["contracted"] + row["uncontracted"]
        available = row["budget"] + row["from_home_funds"]
        assert inside + row["kept"] + row["remainder"] == available
    SEEN["visits"] += 1


def _budgets(policy: Policy, month: int) -> dict[str, Decimal]:
    assert policy.budget
    given = policy.budget.month_yuan[f"2026-{month:02d}"]
    return {
        pool: sum((given[account] for account in accounts), Decimal(0))
        for pool, accounts in pools_of(policy).items()
    }
