"""Any tiny month, its correction and any tiny year: as recomputed, and everything balances."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, assume, given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.results.part import STAYS
from drgpay.results.results import booking_frames
from drgpay.settle.differences import PaidMonth, differences_of
from drgpay.settle.ledger import (
    LEDGER_SCHEMA,
    ledger_of_clearing,
    ledger_of_correction,
    ledger_of_month,
)
from drgpay.settle.settled import Settled
from tests.spread import drawn

from . import by_drgpay, tiny
from .by_drgpay import bare_points
from .comparing import LINE, compare, compare_ledger, compare_month, compare_year
from .policies import changed
from .random_runs import BASE
from .recomputation import ledger
from .recomputation.clearing import clear
from .recomputation.differences import of_cases, of_statements, paid_with
from .recomputation.prepayment import Month, settle_month
from .recomputation.records import HeldBack
from .recomputation.settlement import (
    Case,
    Minus,
    NoPointsError,
    OverBudgetError,
    pools_of,
)
from .recomputation.settlement import (
    Settled as Recomputed,
)

MONTHS = [Period(2026, 1), Period(2026, 2)]
BASE_POLICY = load_policy(BASE).policy
PHASES = (Phase.explicit, Phase.generate)
REFUSED = (NoPointsError, OverBudgetError)


def policy_of(rules: dict[str, Any], budgets: list[dict[str, Decimal]]) -> Policy:
    explicit = {str(period): given for period, given in zip(MONTHS, budgets, strict=False)}
    return changed(BASE_POLICY, {**rules, "budget.month_yuan": explicit})


def pool_budgets(policy: Policy, budgets: dict[str, Decimal]) -> dict[str, Decimal]:
    return {
        pool: sum((budgets[account] for account in accounts), Decimal(0))
        for pool, accounts in pools_of(policy).items()
    }


def fits_the_columns(settled: Recomputed) -> bool:
    """decimal(18) holds every value and amount (a pool of 0.0001 points has an absurd value)."""
    values = [value.point_value or 0 for value in settled.values.values()]
    amounts = [abs(line.standard_amount) for line in settled.lines.values()]
    return max(values, default=0) < 10**11 and max(amounts, default=Decimal(0)) < 10**15


@drawn(100, phases=PHASES)
@given(data=st.data(), cases=tiny.cases(), rules=tiny.RULES, budgets=tiny.BUDGETS)
def test_any_tiny_month(
    data: st.DataObject, cases: list[Case], rules: dict[str, Any], budgets: dict[str, Decimal]
) -> None:
    minus, held = data.draw(tiny.minus_rows(cases)), data.draw(tiny.held_back())
    policy = policy_of(rules, [budgets])
    try:
        month = settle_month(cases, minus, policy, pool_budgets(policy, budgets), held)
    except REFUSED:
        with pytest.raises(DrgpayError):
            by_drgpay.settled(bare_points(cases, minus), policy, MONTHS[0], held)
        return
    assume(fits_the_columns(month.settled))
    settled = by_drgpay.settled(bare_points(cases, minus), policy, MONTHS[0], held)
    compare_month(by_drgpay.month_tables(settled, policy), month)
    booked = by_drgpay.entries_of(ledger_of_month(MONTHS[0], settled))
    compare_ledger(booked, ledger.of_month(month))
    check_month_balances(month)


def check_month_balances(month: Month) -> None:
    """The rules of settlement.md about sums, on what drgpay was just found to agree with."""
    sums = ledger.balances(ledger.of_month(month))
    for pool, value in month.settled.values.items():
        available = value.budget + value.from_home_funds
        assert available == value.fund_amount + value.kept + value.remainder
        items = sum(
            (
                line.fund_amount
                for line in month.settled.lines.values()
                if line.pool == pool and line.paid_here and not line.in_pool
            ),
            Decimal(0),
        )
        given_out = value.budget + value.from_home_funds + items
        assert sums.get((pool, "fund", None), Decimal(0)) == -given_out
        assert sums.get((pool, "reserve", None), Decimal(0)) == value.remainder
        assert (pool, "rounding", None) not in sums


@drawn(60, phases=PHASES)
@given(data=st.data(), rules=tiny.RULES, budgets=tiny.BUDGETS)
def test_any_tiny_correction(
    data: st.DataObject, rules: dict[str, Any], budgets: dict[str, Decimal]
) -> None:
    """Late, withdrawn, changed and repriced cases; the ledgers of the month together are those of
    a month settled once.
    """
    policy = policy_of({**rules, "settlement.may_exceed_budget": True}, [budgets])
    before = data.draw(tiny.cases())
    after = [
        data.draw(tiny.case(case.case_id)) if data.draw(st.integers(0, 3)) == 0 else case
        for case in before
        if data.draw(st.integers(0, 4))
    ] + data.draw(tiny.cases("D", least=0))
    assume(after)
    runs: list[tuple[Month, Settled]] = []
    for cases in (before, after):
        minus, held = data.draw(tiny.minus_rows(cases)), data.draw(tiny.held_back())
        try:
            month = settle_month(cases, minus, policy, pool_budgets(policy, budgets), held)
        except REFUSED:
            assume(False)
        assume(fits_the_columns(month.settled))
        points = bare_points(cases, minus)
        runs.append((month, by_drgpay.settled(points, policy, MONTHS[0], held)))
    (paid, paid_found), (now, now_found) = runs
    booked = ledger_of_month(MONTHS[0], paid_found)
    more = ledger_of_correction(MONTHS[0], booked, now_found)
    entries = [
        ledger.Entry(*(row[name] for name in ledger.Entry._fields))
        for row in by_drgpay.entries_of(pl.concat([booked, more]))
    ]
    assert all(entry.amount > 0 for entry in entries)
    assert ledger.netted(entries) == ledger.netted(ledger.of_month(now))
    found = differences_of(
        PaidMonth(paid_found.lines, paid_found.cases, paid_found.adjustments), now_found
    )
    tables = booking_frames(STAYS, pl.DataFrame(schema=LEDGER_SCHEMA), found)
    one, other = paid_with(before, paid), paid_with(after, now)
    compare(tables["difference_statements"].iter_rows(named=True), of_statements(one, other), LINE)
    cases_now = {(case, *line): row for (case, line), row in of_cases(one, other).items()}
    compare(tables["differences"].iter_rows(named=True), cases_now, ("case_id", *LINE))


@drawn(80, phases=PHASES)
@given(
    data=st.data(),
    rules=tiny.RULES,
    clearing=tiny.clearing_rules(),
    budgets=st.lists(tiny.BUDGETS, min_size=2, max_size=2),
    scores=tiny.SCORES,
)
def test_any_tiny_year(
    data: st.DataObject,
    rules: dict[str, Any],
    clearing: dict[str, Any],
    budgets: list[dict[str, Decimal]],
    scores: dict[str, Decimal],
) -> None:
    """Two months and their clearing, in which cases have other points, or are no longer there."""
    strict = policy_of({**rules, **clearing}, budgets)
    policy = policy_of({**rules, **clearing, "settlement.may_exceed_budget": True}, budgets)
    months: list[Month] = []
    found: list[Settled] = []
    final: list[Case] = []
    for number, (period, given_) in enumerate(zip(MONTHS, budgets, strict=True)):
        cases = data.draw(tiny.cases("AB"[number]))
        minus, held = data.draw(tiny.minus_rows(cases)), data.draw(tiny.held_back())
        try:
            months.append(settle_month(cases, minus, policy, pool_budgets(policy, given_), held))
        except REFUSED:
            assume(False)
        assume(fits_the_columns(months[-1].settled))
        found.append(by_drgpay.settled(bare_points(cases, minus), policy, period, held))
        final += [
            data.draw(tiny.case(case.case_id)) if data.draw(st.integers(0, 3)) == 0 else case
            for case in cases
            if data.draw(st.integers(0, 9))
        ]
    assume(final)
    minus, held = data.draw(tiny.minus_rows(final)), data.draw(tiny.held_back())
    shared = {
        pool: (
            sum((pool_budgets(policy, given_)[pool] for given_ in budgets), Decimal(0)),
            Decimal(data.draw(tiny.FEN)).scaleb(-2),
        )
        for pool in pools_of(policy)
    }
    check_year(final, minus, months, found, strict, shared, scores, held)


def check_year(
    cases: list[Case],
    minus: list[Minus],
    months: list[Month],
    found: list[Settled],
    policy: Policy,
    budgets: dict[str, tuple[Decimal, Decimal]],
    scores: dict[str, Decimal],
    held: list[HeldBack],
) -> None:
    points = bare_points(cases, minus)
    try:
        year = clear(cases, minus, months, policy, budgets, scores, held)
    except REFUSED:
        with pytest.raises(DrgpayError):
            by_drgpay.cleared(points, found, policy, budgets, scores, held)
        return
    assume(fits_the_columns(year.settled))
    cleared = by_drgpay.cleared(points, found, policy, budgets, scores, held)
    compare_year(by_drgpay.year_tables(cleared, policy), year)
    before = pl.concat(
        [ledger_of_month(period, month) for period, month in zip(MONTHS, found, strict=True)]
    )
    booked = by_drgpay.entries_of(ledger_of_clearing(2026, before, cleared))
    compare_ledger(booked, ledger.of_clearing(year, months))
    for pool, value in year.settled.values.items():  # "everything balances"
        lines = [
            key for key, line in year.settled.lines.items() if line.pool == pool and line.in_pool
        ]
        payable = sum((year.due[key].payable for key in lines), Decimal(0))
        withheld = sum((year.due[key].withheld for key in lines), Decimal(0))
        final = year.pools[pool].budget_final + value.from_home_funds
        assert payable + withheld + value.kept + value.remainder == final
