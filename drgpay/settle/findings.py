"""What a settlement finds that somebody must say is right: pure functions over its results.

Nothing here stops a run; what a finding does is decided where runs are made.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import polars as pl

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, half_up, unscaled
from drgpay.base.language import Words
from drgpay.base.period import Period
from drgpay.base.words import Wording
from drgpay.policy.settlement import Settlement
from drgpay.settle.pricing import yuan

Code = Literal["deduction_above_payable", "plausible_budget", "plausible_value_change"]

WORDS = Wording("stops")
LEAST_STAYS = 100
"""Stays that a pool must have for its budget and value to be compared: fewer vary by chance."""


@dataclass(frozen=True)
class Finding:
    """A finding about a hospital or a pool, with the money concerned in fen.

    deduction_above_payable: hospital_id; the worth of the points that deductions take.
    plausible_budget: pool; how far the budget is from F. plausible_value_change: pool; how much
    the value moves, at all points that are valued.
    said: the finding in a sentence, and what it asks.
    """

    code: Code
    hospital_id: str | None
    pool: str | None
    amount_fen: int
    said: Words

    @property
    def yuan(self) -> Decimal:
        """The money concerned."""
        return unscaled(self.amount_fen, FEN_PLACES)


def deductions_above_payable(statements: pl.DataFrame, rules: Settlement) -> list[Finding]:
    """Hospitals whose deducted points are worth more than their lines in the pool are due.

    statements: `Settled.lines`. Per hospital, over its lines in the
    pool: the sum of D x value above the sum of max(0, fund amount + kept). What is booked stays
    booked. Sorted by hospital_id.
    """
    scale = 10 ** (POINT_PLACES + rules.value_places - FEN_PLACES)
    taken: dict[str, Fraction] = {}
    due: dict[str, int] = {}
    for line in statements.filter("in_pool").iter_rows(named=True):
        hospital = line["hospital_id"]
        worth = Fraction(line["deducted_points"] * (line["point_value"] or 0), scale)
        taken[hospital] = taken.get(hospital, Fraction(0)) + worth
        mine = max(0, line["fund_amount_fen"] + line["kept_fen"])
        due[hospital] = due.get(hospital, 0) + mine
    return [
        Finding(
            "deduction_above_payable",
            hospital,
            None,
            half_up(worth),
            _above_payable(hospital, half_up(worth), due[hospital]),
        )
        for hospital, worth in sorted(taken.items())
        if worth > due[hospital]
    ]


def implausible_values(
    values: pl.DataFrame,
    before: Mapping[str, Decimal] | None,
    rules: Settlement,
    period: Period,
) -> list[Finding]:
    """Pools of a month whose budget or value is beyond the policy's limits; these pass themselves.

    values: `Settled.pools` of a month or a correction, of stays or of visits. before: by pool the
    value of the month before (yuan a point), of the last previous run with the same catalogue and
    scheme; None without one: then no value is compared. Pools of fewer than LEAST_STAYS stays are
    passed over, budgets where F is 0, and values of the methods cost and rate, which no budget sets.
    In the order of the pools, the budget first.
    """
    found: list[Finding] = []
    for pool in values.iter_rows(named=True):
        if pool["cases"] < LEAST_STAYS:
            continue
        found += budget_findings(pool["pool"], pool["budget_fen"], pool["fund_fen"], rules)
        if before and rules.method in ("residual", "fund_only"):
            found += _value_findings(pool, before.get(pool["pool"]), rules, period)
    return found


def budget_findings(pool: str, budget: int, spent: int, rules: Settlement) -> Iterator[Finding]:
    """A pool's budget that is beyond the policy's limits of what its stays cost item by item, in fen."""
    limits = rules.plausible_budget
    if spent <= 0:
        return
    if Fraction(limits.least) * spent <= budget <= Fraction(limits.most) * spent:
        return
    times = Decimal(budget) / Decimal(spent)
    yield Finding(
        "plausible_budget",
        None,
        pool,
        abs(budget - spent),
        WORDS.words(
            "plausible_budget",
            pool=pool,
            budget=yuan(budget),
            cost=yuan(spent),
            times=f"{times:.2f}" if 100 * times >= 1 else f"{times:.6f}",
            least=limits.least,
            most=limits.most,
            key=rules.key,
        ),
    )


def _value_findings(
    pool: Mapping[str, Any], before: Decimal | None, rules: Settlement, period: Period
) -> Iterator[Finding]:
    if pool["point_value"] is None or not before:
        return
    value = unscaled(pool["point_value"], rules.value_places)
    limit = rules.plausible_value_change.in_month(period.month)
    change = Fraction(value) / Fraction(before) - 1
    if abs(change) <= Fraction(limit):
        return
    valued = pool["points"]
    if rules.deducted_points == "fund":
        valued += pool["deducted_points"]
    moved = abs(Fraction(value) - Fraction(before)) * Fraction(valued, 10**POINT_PLACES)
    shown = f"{float(change):+.1%}"
    name = pool["pool"]
    yield Finding(
        "plausible_value_change",
        None,
        name,
        half_up(moved * 10**FEN_PLACES),
        WORDS.words(
            "plausible_value_change",
            pool=name,
            value=value,
            before=before,
            change=shown,
            limit=limit,
            key=rules.key,
        ),
    )


def _above_payable(hospital: str, taken_fen: int, due_fen: int) -> Words:
    taken, due = yuan(taken_fen), yuan(due_fen)
    return WORDS.words("deduction_above_payable", hospital=hospital, taken=taken, due=due)
