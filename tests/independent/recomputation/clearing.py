"""The annual clearing: final budget, final value, assessment, what is still due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.model import Policy
from drgpay.policy.settlement import Assessment, SharingBand

from .prepayment import Month, bearing, held_from, lines_to_bear
from .records import HeldBack
from .rounding import half_up, in_proportion
from .settlement import (
    NOTHING,
    Case,
    LineKey,
    Minus,
    OverBudgetError,
    Settled,
    Taken,
    items_of,
    settle,
    spent_by_points,
)


@dataclass
class Due:
    """What the clearing makes of a line."""

    score: Decimal | None = None
    factor: Decimal | None = None
    assessment: Decimal = NOTHING
    redistributed: Decimal = NOTHING
    deduction: Decimal = NOTHING
    withheld: Decimal = NOTHING
    payable: Decimal = NOTHING
    prepaid: Decimal = NOTHING
    clearing: Decimal = NOTHING
    home_fund_bill: Decimal = NOTHING
    home_fund_billed: Decimal = NOTHING
    home_fund_clearing: Decimal = NOTHING


@dataclass(frozen=True)
class PoolOfYear:
    """From the budget of a pool to its final budget."""

    budget_given: Decimal
    item_by_item: Decimal
    item_share: Decimal | None
    budget: Decimal
    reserve: Decimal
    fund_cost: Decimal
    surplus: Decimal
    overrun: Decimal
    retained: Decimal
    shared: Decimal
    budget_final: Decimal


@dataclass(frozen=True)
class Year:
    """A cleared year."""

    pools: Mapping[str, PoolOfYear]
    settled: Settled
    due: Mapping[LineKey, Due]


def clear(
    cases: Iterable[Case],
    minus: Iterable[Minus],
    months: Iterable[Month],
    policy: Policy,
    budgets: Mapping[str, tuple[Decimal, Decimal]],
    scores: Mapping[str, Decimal],
    held_back: Iterable[HeldBack] = (),
    taken: Iterable[Taken] = (),
    levels: Mapping[str, str] | None = None,
) -> Year:
    """Clear a year; budgets are, for each pool, the sum of its months' and the reserve."""
    assert policy.clearing
    cases, minus, months = list(cases), list(minus), list(months)
    paid = paid_by_months(months)
    held_back = list(held_back)
    others = [*paid, *lines_to_bear(held_back, cases)]
    # What the lines cost does not depend on the budget.
    shared = {pool: budget for pool, (budget, _) in budgets.items()}
    taken = list(taken)
    before = settle(cases, minus, _unlimited(policy), shared, others, taken, levels, final=True)
    pools = {}
    for pool in before.values:
        mine = {key: line for key, line in before.lines.items() if line.pool == pool}
        pools[pool] = pool_of_year(*budgets[pool], spent_by_points(mine), policy, items_of(mine))
    final = {pool: of_year.budget_final for pool, of_year in pools.items()}
    settled = settle(cases, minus, policy, final, others, taken, levels, final=True)
    due = {key: paid.get(key, Due()) for key in settled.lines}
    for row in held_back:
        due[bearing(settled.lines, held_from(row))[0]].deduction += row.amount
    if policy.clearing.assessment:
        for pool in pools:
            assess(pool, settled, due, policy.clearing.assessment, scores)
    for key, line in settled.lines.items():
        _balance(due[key], key, settled)
        assert line.paid_here or not due[key].deduction
    # Each prepayment and the standard that it comes from were rounded.
    if not policy.settlement.may_exceed_budget:
        for pool, of_year in pools.items():
            inside = {k for k, line in settled.lines.items() if line.pool == pool and line.in_pool}
            payments = [
                k for month in months for k, line in month.prepaid.items() if line.prepayment > 0
            ]
            tolerance = Decimal("0.01") * sum(key in inside for key in payments)
            available = of_year.budget_final + settled.values[pool].from_home_funds
            if prepaid_of_pool(pool, settled, due) - available > tolerance:
                raise OverBudgetError
    return Year(pools, settled, due)


def prepaid_of_pool(pool: str, settled: Settled, due: Mapping[LineKey, Due]) -> Decimal:
    """What the months prepaid of the lines in the pool."""
    inside = [key for key, line in settled.lines.items() if line.pool == pool and line.in_pool]
    return sum((due[key].prepaid for key in inside), NOTHING)


def _unlimited(policy: Policy) -> Policy:
    raw = policy.model_dump()
    raw["settlement"]["may_exceed_budget"] = True
    return Policy.model_validate(raw)


def paid_by_months(months: Iterable[Month]) -> dict[LineKey, Due]:
    """What the months prepaid, held back and billed, by line."""
    paid: dict[LineKey, Due] = {}
    for month in months:
        for key, line in month.prepaid.items():
            so_far = paid.setdefault(key, Due())
            so_far.prepaid += line.prepayment
            so_far.deduction += line.deduction
            so_far.home_fund_billed += line.home_fund_bill
    return paid


def pool_of_year(
    given: Decimal, reserve: Decimal, cost: Decimal, policy: Policy, items: Decimal = NOTHING
) -> PoolOfYear:
    """F <= B: F + retained(surplus); F > B: B + shared(overrun), never more than the reserve.

    items: what is paid item by item, which the policy may take from B first.
    """
    rules = policy.clearing
    assert rules
    less = policy.budget is not None and policy.budget.less_item_by_item
    budget = given - items if less else given
    if budget < 0:
        raise OverBudgetError
    share = half_up(Fraction(items) / Fraction(given), 4) if given else None
    surplus, overrun = max(budget - cost, NOTHING), max(cost - budget, NOTHING)
    whole = rules.band_rule == "whole"
    retained = banded(surplus, budget, rules.surplus_retained, whole)
    shared = banded(overrun, budget, rules.overrun_shared, whole)
    if not rules.overrun_beyond_reserve:
        shared = min(shared, reserve)
    final = cost + retained if cost <= budget else budget + shared
    return PoolOfYear(
        given, items, share, budget, reserve, cost, surplus, overrun, retained, shared, final
    )


def banded(amount: Decimal, budget: Decimal, bands: Iterable[SharingBand], whole: bool) -> Decimal:
    """The share of an amount by bands of its ratio to the budget, rounded once (C16, C17)."""
    shared, below = Fraction(0), Fraction(0)
    for band in bands:
        up_to = Fraction(amount)
        if band.up_to is not None:
            up_to = min(up_to, Fraction(band.up_to) * Fraction(budget))
        if whole and up_to == amount:  # the band in which the amount ends
            return half_up(Fraction(amount) * Fraction(band.share), 2)
        shared += max(up_to - below, Fraction(0)) * Fraction(band.share)
        below = max(below, up_to)
    return half_up(shared, 2)


def assess(
    pool: str,
    settled: Settled,
    due: Mapping[LineKey, Due],
    rules: Assessment,
    scores: Mapping[str, Decimal],
) -> None:
    """The factor of the score for lines in the pool; what it withholds may be redistributed."""
    earning = {
        key[0]
        for key, line in settled.lines.items()
        if line.in_pool and (line.cases or line.points or line.waiting)
    }
    assessed = []
    for key, line in settled.lines.items():
        if line.pool != pool or not line.in_pool or key[0] not in earning:
            continue
        of_line = due[key]
        of_line.score = scores[key[0]]
        fitting = [band.factor for band in rules.bands if of_line.score >= band.score_from]
        of_line.factor = fitting[0]
        if line.fund_amount > 0:
            left = half_up(Fraction(line.fund_amount) * Fraction(of_line.factor), 2)
            of_line.assessment = line.fund_amount - left
            assessed.append((of_line, left))
    withheld = sum((of_line.assessment for of_line, _ in assessed), NOTHING)
    if rules.withheld == "redistribute" and withheld and any(left for _, left in assessed):
        shares = in_proportion(withheld, [left for _, left in assessed])
        for (of_line, _), share in zip(assessed, shares, strict=True):
            of_line.redistributed = share


def _balance(of_line: Due, key: LineKey, settled: Settled) -> None:
    """payable, withheld, clearing; of lines that home funds pay only their bills."""
    line = settled.lines[key]
    if line.paid_here:
        taken = of_line.assessment - of_line.redistributed + of_line.deduction
        of_line.payable = line.fund_amount - taken
        of_line.withheld = taken
    of_line.clearing = of_line.payable - of_line.prepaid
    if key[2]:
        of_line.home_fund_bill = line.fund_cost if line.paid_here else line.fund_amount
    of_line.home_fund_clearing = of_line.home_fund_bill - of_line.home_fund_billed
