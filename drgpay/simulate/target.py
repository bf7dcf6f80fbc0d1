"""The value of one parameter with which a measure reaches a goal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from itertools import pairwise

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.settle.settled import Settled
from drgpay.simulate.paths import value_at, with_values
from drgpay.simulate.plan import Plan, check_policy
from drgpay.simulate.scenario import Target
from drgpay.simulate.settling import hospital_amounts
from drgpay.simulate.stages import Stages
from drgpay.simulate.sweep import evaluator

_ERRORS = Sentences("errors/simulate")

_SPREAD = 8  # places tried over the range before halving, to see whether the measure is steady


@dataclass(frozen=True)
class Tried:
    """A value of the parameter and the measure there."""

    value: Decimal
    measure: Fraction
    ok: bool


@dataclass(frozen=True)
class Found:
    """The answer to a target.

    value: the one nearest to the present value with which the goal is reached, on the grid of the
    parameter's decimal places; None if there is none between `from` and `to`. steady: whether the
    measure only rose or only fell over what was tried; if not, another value may exist too. amount:
    the column of statements that a measure of a hospital is of. name: of the hospital.
    """

    target: Target
    now: Decimal
    value: Decimal | None
    measure: Fraction | None
    steady: bool
    tried: tuple[Tried, ...]
    amount: str
    name: str = ""

    @property
    def nearest(self) -> Tried:
        """Of what was tried, where the measure comes nearest to the goal (equal: the least value)."""
        return min(self.tried, key=lambda one: (_missed_by(self.target, one.measure), one.value))


class TargetMissedError(DrgpayError):
    """No value reaches the goal of a target: there is no result to show; `found` is what was tried."""

    def __init__(self, found: Found, problem: Words) -> None:
        self.found = found
        super().__init__(problem, _ERRORS.words("wider_target"))


def find(stages: Stages, plan: Plan, target: Target, where: str) -> Found:
    """Halve the range on the grid of decimal places until the value is found.

    Raises DrgpayError for unknown paths, hospitals and pools, and for a parameter that is no number.
    """
    now = value_at(plan.policy, target.path, where)
    if isinstance(now, bool) or not isinstance(now, int | Decimal | None):
        raise DrgpayError(*_ERRORS("target_no_number", where=where, path=target.path, now=now))
    measure = _measure(stages, target, where)
    scale = 10**target.places
    low = int((target.from_ * scale).to_integral_value(ROUND_CEILING))
    high = int((target.to * scale).to_integral_value(ROUND_FLOOR))

    def given(place: int) -> int | Decimal:
        return place if target.places == 0 else Decimal(place).scaleb(-target.places)

    ends = [{target.path: given(place)} for place in (low, high)]
    check_policy(stages.base, plan, with_values(plan.policy, ends[-1], where), where)
    settle = evaluator(stages, plan, ends, where)
    tried: dict[int, Tried] = {}

    def at(place: int) -> Tried:
        if place not in tried:
            value = given(place)
            found = measure(settle(with_values(plan.policy, {target.path: value}, where)))
            tried[place] = Tried(Decimal(value), found, not _missed_by(target, found))
        return tried[place]

    steps = {low + (high - low) * step // _SPREAD for step in range(_SPREAD + 1)}
    for place in sorted(steps):
        at(place)
    present = int((Decimal(now) * scale).to_integral_value()) if now is not None else low
    best = _nearest(at, sorted(steps), min(max(present, low), high), target)
    made = tuple(tried[place] for place in sorted(tried))
    reached = None if best is None else tried[best]
    names = dict(plan.hospitals.select("hospital_id", "name").iter_rows())
    return Found(
        target,
        Decimal(now if now is not None else 0),
        reached.value if reached else None,
        reached.measure if reached else None,
        _steady(made),
        made,
        stages.base.settling.amount,
        str(names.get(target.hospital) or ""),
    )


def _measure(stages: Stages, target: Target, where: str) -> Callable[[Settled], Fraction]:
    column = stages.base.settling.amount
    before = dict(hospital_amounts(stages.base_state.settled, column).iter_rows())
    if target.measure == "point_value":
        pools = stages.base_state.settled.pools["pool"].to_list()
        if target.pool not in pools:
            raise DrgpayError(
                *_ERRORS("target_no_pool", where=where, pool=target.pool, pools=listed(pools))
            )
        places = stages.base_state.plan.policy.settlement.value_places

        def value(settled: Settled) -> Fraction:
            row = settled.pools.filter(pl.col("pool") == target.pool)["point_value"]
            return Fraction(row[0] or 0, 10**places) if len(row) else Fraction(0)

        return value
    if target.hospital not in before:
        raise DrgpayError(*_ERRORS("target_no_hospital", where=where, hospital=target.hospital))
    base = before[target.hospital]

    def amount(settled: Settled) -> Fraction:
        fen = dict(hospital_amounts(settled, column).iter_rows()).get(target.hospital, 0)
        if target.measure == "fund_amount":
            return Fraction(fen, 10**FEN_PLACES)
        return Fraction(fen - base, abs(base)) if base else Fraction(0)

    return amount


def _missed_by(target: Target, found: Fraction) -> Fraction:
    """How far a measure is from the goal; 0 where it reaches it."""
    if target.within is not None:
        return max(abs(found) - Fraction(target.within), Fraction(0))
    if target.at_least is not None:
        return max(Fraction(target.at_least) - found, Fraction(0))
    return max(found - Fraction(target.at_most or 0), Fraction(0))


def _steady(tried: Sequence[Tried]) -> bool:
    pairs = list(pairwise(one.measure for one in tried))
    return all(a <= b for a, b in pairs) or all(a >= b for a, b in pairs)


def _nearest(
    at: Callable[[int], Tried], places: list[int], present: int, target: Target
) -> int | None:
    """The place nearest to the present one that reaches the goal.

    Between two neighbours, one of which reaches the goal, halving finds the border; so it does
    between two that miss it on different sides, where the goal lies between them.
    """
    if at(present).ok:
        return present
    known = sorted({*places, present})
    candidates = [place for place in known if at(place).ok]
    for low, high in pairwise(known):
        one, other = at(low), at(high)
        if one.ok != other.ok:
            inside, outside = (low, high) if one.ok else (high, low)
            candidates.append(_border(at, inside, outside))
        elif not one.ok and target.within is not None and one.measure * other.measure < 0:
            candidates += _crossing(at, low, high, present)
    return min(candidates, key=lambda place: (abs(place - present), place), default=None)


def _border(at: Callable[[int], Tried], inside: int, outside: int) -> int:
    while abs(inside - outside) > 1:
        middle = (inside + outside) // 2
        if at(middle).ok:
            inside = middle
        else:
            outside = middle
    return inside


def _crossing(at: Callable[[int], Tried], low: int, high: int, present: int) -> list[int]:
    """Where the measure passes zero: the places at which it is within, if the grid has any."""
    rising = at(low).measure < 0
    while high - low > 1:
        middle = (low + high) // 2
        found = at(middle)
        if found.ok:
            near = high if abs(high - present) < abs(low - present) else low
            return [middle, _border(at, middle, near)]
        if (found.measure < 0) == rising:
            low = middle
        else:
            high = middle
    return []
