"""The annual clearing: bands, the ledger, and what it refuses (docs/examples/clearing.md has figures)."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Assessment, AssessmentBand, Clearing, SharingBand
from drgpay.settle.bands import shared_by_bands
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.ledger import balances, ledger_of_clearing, ledger_of_month
from drgpay.settle.lines import NO_ADJUSTMENTS, NO_PAYMENTS
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled
from tests.settle.test_values import case, fen, minus_of_hospital, policy

OCTOBER = Period(2026, 10)
OVERRUN = (
    SharingBand(up_to=Decimal("0.05"), share=Decimal("0.60")),
    SharingBand(up_to=Decimal("0.10"), share=Decimal("0.50")),
    SharingBand(share=Decimal(0)),
)
BANDS = Assessment(
    maximum_score=Decimal(100),
    bands=(
        AssessmentBand(score_from=Decimal(90), factor=Decimal(1)),
        AssessmentBand(score_from=Decimal(80), factor=Decimal("0.98")),
        AssessmentBand(score_from=Decimal(0), factor=Decimal("0.9")),
    ),
    withheld="fund",
)
SHARING = Clearing(
    band_rule="marginal",
    surplus_retained=(SharingBand(share=Decimal("0.85")),),
    overrun_shared=OVERRUN,
    overrun_beyond_reserve=False,
    assessment=None,
)


def with_clearing(base: Policy, **changes: Any) -> Policy:
    return base.model_copy(update={"clearing": SHARING.model_copy(update=changes)})


def cases_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows))


def clear(
    rules: Policy,
    cases: pl.DataFrame,
    months: list[Settled],
    *,
    reserve: str = "0",
    scores: dict[str, str] | None = None,
    payments: pl.DataFrame = NO_PAYMENTS,
) -> Settled:
    budgets = {
        row["pool"]: YearBudget(row["budget_fen"], fen(reserve))
        for row in pl.concat([month.pools for month in months])
        .group_by("pool")
        .agg(pl.col("budget_fen").sum())
        .rows(named=True)
    }
    table = None
    if scores is not None:
        given = [int(Decimal(score) * 10_000) for score in scores.values()]
        table = pl.DataFrame({"hospital_id": list(scores), "score": given})
    statements = pl.concat([month.lines for month in months])
    return clear_year(cases, NO_ADJUSTMENTS, statements, budgets, table, rules, 2026, payments)


def month_of(rules: Policy, cases: pl.DataFrame, payments: pl.DataFrame = NO_PAYMENTS) -> Settled:
    return settle_month(cases, NO_ADJUSTMENTS, rules, OCTOBER, payments)


def test_whole_bands_share_all_by_the_band_of_the_end() -> None:
    """12% over: all by the last band. At a bound the lower band holds."""
    budget = fen("100000000")
    assert shared_by_bands(fen("12000000"), budget, OVERRUN, "whole") == 0
    assert shared_by_bands(fen("10000000"), budget, OVERRUN, "whole") == fen("5000000")
    assert shared_by_bands(fen("5000000"), budget, OVERRUN, "whole") == fen("3000000")
    assert shared_by_bands(fen("5000000.01"), budget, OVERRUN, "whole") == fen("2500000.01")


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 10**12))
def test_marginal_bands_never_jump(one: int, more: int, budget: int) -> None:
    """Whoever runs over by more bears more, and the fund bears a part of the increase at most."""
    low, high = sorted((one, more))
    shared = [shared_by_bands(amount, budget, OVERRUN, "marginal") for amount in (low, high)]
    assert 0 <= shared[1] - shared[0] <= high - low + 1


def test_a_hospital_whose_points_all_wait_is_assessed() -> None:
    """Nobody earned points that the row could be taken from: it waits, and H2 needs its score."""
    rules = with_clearing(policy("1000.00"), assessment=BANDS)
    row = minus_of_hospital("c0", "fraud", -1_0000) | {"hospital_id": "H2"}
    adjustments = pl.DataFrame([row], schema=ADJUSTMENT_SCHEMA)
    cases = cases_of(case(1, "0", case_class="fee", total="300", fund="250", patient="50"))
    months = month_of(rules, cases)
    scores = pl.DataFrame({"hospital_id": ["H2"], "score": [85_0000]})
    budgets = {"employee": YearBudget(fen("1000"), 0)}
    cleared = clear_year(cases, adjustments, months.lines, budgets, scores, rules, 2026)
    line = cleared.lines.filter(hospital_id="H2").row(0, named=True)
    assert (line["points"], line["waiting_points"]) == (0, -1_0000)
    assert (line["score"], line["factor"], line["assessment_fen"]) == (85_0000, 9800, 0)


def test_payments_held_back_at_the_clearing_are_added_to_those_of_the_months() -> None:
    rules = with_clearing(policy("1000.00"))
    cases = cases_of(
        case(1, "1", total="100", fund="100"),
        case(2, "9", hospital_id="H2", total="900", fund="900"),
    )
    held = pl.DataFrame(
        {"hospital_id": ["H1"], "account": ["employee"], "amount_fen": [fen("150")]}
    )
    cleared = clear(rules, cases, [month_of(rules, cases, held)], payments=held)
    assert cleared.lines["deduction_fen"].to_list() == [fen("300"), 0]


def test_the_ledger_of_a_year() -> None:
    rules = with_clearing(policy("1000.00", value_places=0), assessment=BANDS)
    cases = cases_of(
        case(1, "6", total="600", fund="600"),
        case(2, "3.0001", hospital_id="H2", total="400", fund="400"),
        case(3, "0", hospital_id="H2", total="50", fund="50", case_class="fee"),
    )
    month = month_of(rules, cases)
    booked = ledger_of_month(OCTOBER, month)
    kinds = ["item_prepayment", "item_withheld", "prepayment", "remainder", "withheld"]
    assert sorted(booked["kind"].unique()) == kinds
    cleared = clear(rules, cases, [month], scores={"H1": "95", "H2": "80"})
    ledger = pl.concat([booked, ledger_of_clearing(2026, booked, cleared)])
    found = {
        (account, hospital): balance
        for _, account, hospital, balance in balances(ledger)
        .select("pool", "account", "hospital_id", "balance_fen")
        .iter_rows()
    }
    by_hospital = dict(
        cleared.lines.group_by("hospital_id").agg(pl.col("payable_fen").sum()).rows()
    )
    assert found["fund", None] == -fen("1050")
    assert found["hospital", "H1"] == by_hospital["H1"]
    assert found["hospital", "H2"] == by_hospital["H2"]
    assert found["withheld", "H2"] == cleared.lines["assessment_fen"].sum() > 0
    assert found["reserve", None] == cleared.pools["remainder_fen"][0]
    assert found["rounding", None] == 0


REFUSED: dict[str, tuple[dict[str, str] | None, str]] = {
    "no scores": (None, "the clearing of 2026 is given no scores"),
    "missing": ({"H1": "90"}, "has no score for the hospital H2"),
    "too high": ({"H1": "100.1", "H2": "90"}, "the hospital H1 the score 100.1; scores go from 0"),
    "negative": ({"H1": "-1", "H2": "90"}, "the hospital H1 the score -1; scores go from 0 to 100"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_scores_that_cannot_be_used_are_refused(name: str) -> None:
    scores, message = REFUSED[name]
    rules = with_clearing(policy("1000.00"), assessment=BANDS)
    cases = cases_of(case(1, "6"), case(2, "4", hospital_id="H2"))
    with pytest.raises(DrgpayError, match=message):
        clear(rules, cases, [month_of(rules, cases)], scores=scores)


def test_a_hospital_assessed_twice_is_refused() -> None:
    rules = with_clearing(policy("1000.00"), assessment=BANDS)
    cases = cases_of(case(1, "6"))
    month = month_of(rules, cases)
    scores = pl.DataFrame({"hospital_id": ["H1", "H1"], "score": [90_0000, 90_0000]})
    budgets = {"employee": YearBudget(fen("1000"), 0)}
    with pytest.raises(DrgpayError, match="has the hospital H1 twice"):
        clear_year(cases, NO_ADJUSTMENTS, month.lines, budgets, scores, rules, 2026)
    empty = scores.head(1).with_columns(score=pl.lit(None, pl.Int64))
    with pytest.raises(DrgpayError, match="gives the hospital H1 no score"):
        clear_year(cases, NO_ADJUSTMENTS, month.lines, budgets, empty, rules, 2026)


def test_scores_without_an_assessment_are_refused() -> None:
    rules = with_clearing(policy("1000.00"))
    cases = cases_of(case(1, "6"))
    with pytest.raises(DrgpayError, match=r"the policy has no \[clearing.assessment\]"):
        clear(rules, cases, [month_of(rules, cases)], scores={"H1": "90"})


def test_a_policy_without_clearing_cannot_clear() -> None:
    rules = policy("1000.00")
    cases = cases_of(case(1, "6"))
    month = month_of(rules, cases)
    without = rules.model_copy(update={"clearing": None})
    with pytest.raises(DrgpayError, match=r"the policy has no \[clearing\]"):
        clear(without, cases, [month])


def test_budgets_and_pools_must_fit() -> None:
    rules = with_clearing(policy("1000.00"))
    cases = cases_of(case(1, "6"))
    month = month_of(rules, cases)
    with pytest.raises(DrgpayError, match="of 2026 has no budget for the pool employee"):
        clear_year(cases, NO_ADJUSTMENTS, month.lines, {}, None, rules, 2026)
    budgets = {"employee": YearBudget(1, 0), "employee+resident": YearBudget(1, 0)}
    with pytest.raises(DrgpayError, match=r"a budget for the pool employee\+resident, but"):
        clear_year(cases, NO_ADJUSTMENTS, month.lines, budgets, None, rules, 2026)
    other = month.lines.with_columns(account=pl.lit("retired"))
    with pytest.raises(DrgpayError, match="a month has paid in the account retired"):
        clear_year(cases, NO_ADJUSTMENTS, other, {"employee": YearBudget(1, 0)}, None, rules, 2026)
