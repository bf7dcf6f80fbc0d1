"""What a month prepays of its lines, and what it holds back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.model import Policy
from drgpay.policy.settlement import Settlement

from .records import HeldBack
from .rounding import half_up
from .settlement import (
    NOTHING,
    Case,
    Line,
    LineKey,
    Minus,
    OverBudgetError,
    Settled,
    Taken,
    pools_of,
    settle,
)


@dataclass
class Prepaid:
    """What a line is prepaid, and what waits."""

    prepayment: Decimal = NOTHING
    deduction: Decimal = NOTHING
    deducted: Decimal = NOTHING
    carried: Decimal = NOTHING
    home_fund_bill: Decimal = NOTHING


@dataclass(frozen=True)
class Month:
    """A settled month with its prepayments."""

    settled: Settled
    prepaid: Mapping[LineKey, Prepaid]


def settle_month(
    cases: Iterable[Case],
    minus: Iterable[Minus],
    policy: Policy,
    budgets: Mapping[str, Decimal],
    held_back: Iterable[HeldBack] = (),
    taken: Iterable[Taken] = (),
    levels: Mapping[str, str] | None = None,
) -> Month:
    """Settle a month: values, lines, prepayments."""
    cases, held_back = list(cases), list(held_back)
    others = lines_to_bear(held_back, cases)
    bare = settle(cases, minus, policy, budgets, others, taken, levels)
    prepaid = {key: prepaid_of(key, line, policy.settlement) for key, line in bare.lines.items()}
    owed: dict[tuple[str, str], Decimal] = {}
    for row in held_back:
        owed[held_from(row)] = owed.get(held_from(row), NOTHING) + row.amount
    for place, amount in owed.items():
        take_back(amount, [prepaid[key] for key in bearing(bare.lines, place)])
    if not policy.settlement.may_exceed_budget:
        for pool in pools_of(policy):
            refuse_prepaying_too_much(pool, bare, prepaid)
    return Month(bare, prepaid)


def lines_to_bear(held_back: Iterable[HeldBack], cases: Iterable[Case]) -> list[LineKey]:
    """A hospital without local stays in an account gets a line for what is held back from it."""
    local = {(case.hospital_id, case.account) for case in cases if not case.out_of_area}
    missing = {held_from(row) for row in held_back} - local
    return [(hospital, account, False, "points") for hospital, account in sorted(missing)]


def held_from(row: HeldBack) -> tuple[str, str]:
    """The hospital and account that money is held back from."""
    return row.hospital_id, row.account


def prepaid_of(key: LineKey, line: Line, rules: Settlement) -> Prepaid:
    """Before deductions: a ratio of the fund amount, of a negative one nothing."""
    found = Prepaid()
    outside = key[2]
    if line.paid_here:
        if line.fund_amount >= 0:
            exact = Fraction(line.fund_amount) * Fraction(rules.prepay_ratio)
            found.prepayment = half_up(exact, 2)
        else:
            found.carried = line.fund_amount
    if outside:  # what joined the budget, or what the hospital gets beside it (C20)
        found.home_fund_bill = line.fund_cost if line.paid_here else line.fund_amount
    return found


def bearing(lines: Mapping[LineKey, Line], place: tuple[str, str]) -> list[LineKey]:
    """The lines that bear a deduction: local before outside, points before item by item."""
    own = [key for key in lines if key[:2] == place and lines[key].paid_here]
    return sorted(own, key=lambda key: (key[2], key[3] != "points"))


def take_back(amount: Decimal, lines: list[Prepaid]) -> None:
    """Hold an amount back from prepayments; what exceeds them waits with the first line."""
    for line in lines:
        taken = min(amount, line.prepayment)
        line.prepayment -= taken
        line.deduction += taken
        line.deducted += taken
        amount -= taken
    lines[0].deduction += amount
    lines[0].carried -= amount


def refuse_prepaying_too_much(
    pool: str, settled: Settled, prepaid: Mapping[LineKey, Prepaid]
) -> None:
    """Negative fund amounts wait, so the positive ones can exceed the budget: by more than a fen a
    line, which rounding standard and prepayment can make.
    """
    lines = [key for key, line in settled.lines.items() if line.pool == pool and line.in_pool]
    paid = sum((prepaid[key].prepayment for key in lines), NOTHING)
    if pool in settled.values:
        value = settled.values[pool]
        if paid - value.budget - value.from_home_funds > Decimal("0.01") * len(lines):
            raise OverBudgetError
