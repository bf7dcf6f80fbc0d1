"""Who pays the pool's part, step after step to its limit (R3).

The order is that of the fund accounting rules [c4]: accumulated balance, adjustment fund, sale of
investments, fiscal subsidy; what is left is reported as unfunded, never hidden.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from drgpay.base.exact import half_up
from drgpay.responsibility.apportioned import in_proportion
from drgpay.responsibility.county_share import CountyShare
from drgpay.responsibility.file import CascadeFile

CITY = "city"
"""The payer of fiscal_limits that is no county."""


@dataclass(frozen=True)
class CascadeStep:
    """A step: what it could pay, what it pays, and what is still needed after it. payer: a county, or none.

    limit_fen: None where there is none.
    """

    step: str
    payer: str | None
    limit_fen: int | None
    paid_fen: int
    left_fen: int


@dataclass(frozen=True)
class Means:
    """What there is to pay from. balance_fen: at the end of the year before.

    limits: by payer. adjustment: gives the payout of each county for what is still needed.
    """

    balance_fen: int
    investments_fen: int
    limits: Mapping[str, int]
    adjustment: Callable[[int], list[int]] | None


@dataclass(frozen=True)
class Cascade:
    """The steps in order, and the payout of the adjustment fund to each county."""

    need_fen: int
    steps: tuple[CascadeStep, ...]
    payouts: tuple[int, ...]

    @property
    def unfunded_fen(self) -> int:
        """What nobody pays."""
        return self.steps[-1].paid_fen


def cascade(shares: Sequence[CountyShare], means: Means, rules: CascadeFile) -> Cascade:
    """The cascade of an account and a year; counties in the order of their ids."""
    need = max(sum(one.pool_fen for one in shares), 0)
    steps: list[CascadeStep] = []
    left = need

    def pay(step: str, payer: str | None, limit: int | None, paid: int) -> None:
        nonlocal left
        left -= paid
        steps.append(CascadeStep(step, payer, limit, paid, left))

    if rules.own_balances_first:
        own = [max(min(one.gap.of.balance_before_fen, one.pool_fen), 0) for one in shares]
        paid = in_proportion(min(sum(own), left), own)
        for one, most, fen in zip(shares, own, paid, strict=True):
            pay("county_balance", one.gap.of.county, most, fen)
    spend = sum(one.gap.of.spend_fen for one in shares)
    free = free_balance_fen(means.balance_fen, spend, rules)
    pay("pool_balance", None, free, min(free, left))
    payouts = [0] * len(shares)
    if means.adjustment:
        payouts = means.adjustment(left)
        pay("adjustment", None, None, sum(payouts))
    pay("investments", None, means.investments_fen, min(means.investments_fen, left))
    for payer, limit, fen in _fiscal(shares, left, means.limits, rules):
        pay("city_fiscal" if payer == CITY else "county_fiscal", payer, limit, fen)
    pay("unfunded", None, None, left)
    return Cascade(need, tuple(steps), tuple(payouts))


def free_balance_fen(balance_fen: int, spend_fen: int, rules: CascadeFile) -> int:
    """The balance above the floor of so many months of spend, rounded down; at least 0."""
    free = balance_fen - Fraction(rules.floor_months) * spend_fen / 12
    return max(free.numerator // free.denominator, 0)


def _fiscal(
    shares: Sequence[CountyShare], left: int, limits: Mapping[str, int], rules: CascadeFile
) -> list[tuple[str, int | None, int]]:
    """Payer, limit and amount; what a limit cuts goes to no other payer."""
    city = half_up(left * Fraction(rules.fiscal_split))
    counties = in_proportion(left - city, [max(one.gap.gap_fen, 0) for one in shares])
    due = [(CITY, city)]
    due += [(one.gap.of.county, fen) for one, fen in zip(shares, counties, strict=True)]
    return [
        (payer, limits.get(payer), min(fen, limits[payer]) if payer in limits else fen)
        for payer, fen in due
    ]
