"""The change of what each hospital gets, taken apart along a fixed path; docs/scenarios.md.

One thing after another is replaced, base by scenario, and the hospital's lines are priced again in
whole fen after each. The effects add up to the change exactly, whatever the scenario, and one whose
cause is the same in base and scenario is zero.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, POINT_PLACES, POINT_SCALE, half_up
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Settlement
from drgpay.settle.lines import LINE
from drgpay.settle.settled import Settled
from drgpay.simulate.plan import Plan
from drgpay.simulate.point_path import POINT_EFFECTS, SUMS, point_effects
from drgpay.simulate.settling import Settling, hospital_amounts
from drgpay.simulate.small_month import added_up
from drgpay.simulate.stages import Stages, State

EFFECTS = (*POINT_EFFECTS, "budget", "value", "settlement")
"""In the order of the path."""

YEAR_EFFECTS = (*EFFECTS[:-1], "assessment", "settlement")
"""Those of a cleared year, in the order of the path."""

LineKey = tuple[str, str, bool, str]


def decomposition(stages: Stages, before: State, middle: State, after: State) -> pl.DataFrame:
    """The effects of each hospital, in fen.

    middle: the base's rules over the scenario's stays (`before` itself where they are the same).
    Returns hospital_id, before_fen, one column <effect>_fen for each of EFFECTS (of a year of
    YEAR_EFFECTS), after_fen, sorted by hospital: before + effects = after.
    """
    settling = stages.base.settling
    year = before.settled.is_year
    all_effects = YEAR_EFFECTS if year else EFFECTS
    path = _stations(before, after, settling)
    net = _net_of_assessment(before)
    old, volume = _sums(before.settled), _sums(middle.settled)
    added = _added(point_effects(stages, middle, after))
    effects: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(all_effects, 0))
    for key in {*old, *volume, *added}:
        places = old.get(key, _Sums()), volume.get(key, _Sums())
        for effect, change in _along(key, *places, added.get(key, {}), path, net):
            effects[key[0]][effect] += change
    # What of a settlement no line's points and value give: a remainder that is spread, what an
    # assessment gives back. It is part of the effect that moves it.
    beside = [_beside(station, net, settling.amount) for station in path]
    for effect, here, there in (("budget", 0, 1), ("value", 1, 2)):
        for hospital, change in _difference(beside[here], beside[there]):
            effects[hospital][effect] += change
    amounts = [_amounts(station.settled, settling.amount) for station in path]
    if year:
        for hospital, change in _difference(amounts[2], amounts[3]):
            effects[hospital]["assessment"] = change
    first, last = amounts[0], _amounts(after.settled, settling.amount)
    rows = []
    for hospital in sorted({*first, *last, *effects}):
        was, is_, found = first.get(hospital, 0), last.get(hospital, 0), effects[hospital]
        # Another method, other places of the value, another treatment of outside stays; and what
        # waits for the clearing.
        found["settlement"] = is_ - was - sum(found.values())
        rows.append(
            {
                "hospital_id": hospital,
                "before_fen": was,
                **{f"{effect}_fen": found[effect] for effect in all_effects},
                "after_fen": is_,
            }
        )
    return pl.DataFrame(rows, schema=decomposition_schema(all_effects))


def decomposition_schema(effects: Sequence[str]) -> dict[str, pl.DataType]:
    """The columns of `decomposition`."""
    names = ("before_fen", *(f"{effect}_fen" for effect in effects), "after_fen")
    return {"hospital_id": pl.String(), **{name: pl.Int64() for name in names}}


@dataclass(frozen=True)
class _Sums:
    """What of a line sets its fund amount."""

    points: int = 0
    paid_by_others: int = 0
    by_item: int = 0

    def plus(self, more: "_Sums") -> "_Sums":
        """The sums with more."""
        return _Sums(
            self.points + more.points,
            self.paid_by_others + more.paid_by_others,
            self.by_item + more.by_item,
        )


def _along(
    key: LineKey,
    place: _Sums,
    volume: _Sums,
    added: Mapping[str, _Sums],
    path: "Sequence[_Station]",
    net: "_Net",
) -> Iterator[tuple[str, int]]:
    """What each effect before the settlement changes of a line's amount, in fen."""
    now = net(key, path[0].price(key, place))
    for effect in (*POINT_EFFECTS, "budget", "value"):
        station = path[{"budget": 1, "value": 2}.get(effect, 0)]
        place = volume if effect == "volume" else place.plus(added.get(effect, _Sums()))
        then = net(key, station.price(key, place))
        yield effect, then - now
        now = then


def _difference(first: Mapping[str, int], then: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for hospital in {*first, *then}:
        yield hospital, then.get(hospital, 0) - first.get(hospital, 0)


def _added(effects: pl.DataFrame) -> dict[LineKey, dict[str, _Sums]]:
    """What each of `point_effects` adds to a line."""
    added: dict[LineKey, dict[str, _Sums]] = defaultdict(dict)
    for row in effects.iter_rows(named=True):
        key = (row["hospital_id"], row["account"], row["out_of_area"], row["payment"])
        added[key][row["effect"]] = _Sums(*(row[name] for name in SUMS))
    return added


def _sums(settled: Settled) -> dict[LineKey, _Sums]:
    rows = settled.lines.select(
        *LINE, "points", pl.col("patient_fen") + pl.col("other_fen"), "fund_fen"
    )
    return {
        (hospital, account, outside, payment): _Sums(points, others, by_item)
        for hospital, account, outside, payment, points, others, by_item in rows.iter_rows()
    }


def _amounts(settled: Settled, amount: str) -> dict[str, int]:
    return dict(hospital_amounts(settled, amount).iter_rows())


@dataclass(frozen=True)
class _Station:
    """A settlement on the path, and what a point is worth there."""

    settled: Settled
    value: "_LineValue"
    fund_only: bool

    def price(self, key: LineKey, sums: _Sums) -> int:
        """The fund amount of a line in fen at the value of this station."""
        if key[3] == "item_by_item":
            return sums.by_item
        standard = half_up(sums.points * (self.value(key[0], key[1]) or Fraction(0)))
        return standard if self.fund_only else standard - sums.paid_by_others


def _stations(before: State, after: State, settling: Settling) -> list[_Station]:
    """The settlements between base and scenario: with the scenario's budget, with its points and,
    in a year, with its assessment. What is left then is another way of settling.
    """
    old, new = before.plan.policy, after.plan.policy
    shared = _with_budget(old, new)
    assessed = shared.model_copy(update={"clearing": new.clearing})
    found = [_Station(before.settled, _values(before.plan, before.settled.pools), _fund_only(old))]
    for state, policy in ((before, shared), (after, shared), (after, assessed)):
        settled = _settled(state, policy, settling)
        rules = old if settled is not after.settled else new
        worth = _values(state.plan, settled.pools, rules.settlement)
        found.append(_Station(settled, worth, _fund_only(old)))
    return found


def _with_budget(old: Policy, new: Policy) -> Policy:
    """The rules of settlement of the base with the scenario's budget and sharing of a year."""
    clearing = new.clearing
    if clearing is not None and old.clearing is not None:
        clearing = clearing.model_copy(update={"assessment": old.clearing.assessment})
    return old.model_copy(update={"budget": new.budget, "clearing": clearing})


def _settled(state: State, policy: Policy, settling: Settling) -> Settled:
    """A state's points under other rules of settlement; its own settlement if they are the same."""
    own = state.plan.policy
    switched = policy.settlement.model_copy(
        update={"may_exceed_budget": own.settlement.may_exceed_budget}
    )
    if (switched, policy.budget, policy.clearing) == (own.settlement, own.budget, own.clearing):
        return state.settled
    allowed = policy.settlement.model_copy(update={"may_exceed_budget": True})
    try:
        return settling.settle(
            added_up(state.earned),
            state.earned.adjustments,
            policy.model_copy(update={"settlement": allowed}),
            state.filings.payments,
            state.plan.levels,
        )
    except DrgpayError:
        # The base's way of settling has no price for these points (a level without a rate, a pool
        # without one): what differs is told with the value.
        return state.settled


def _fund_only(policy: Policy) -> bool:
    return policy.settlement.method == "fund_only"


_Net = Callable[[LineKey, int], int]


def _net_of_assessment(before: State) -> _Net:
    """What the base's assessment leaves of a line's fund amount; all of it in a month."""
    if not before.settled.is_year:
        return lambda _key, fund: fund
    rows = before.settled.lines.select("hospital_id", "in_pool", "factor").drop_nulls()
    factors = dict(rows.filter("in_pool").select("hospital_id", "factor").unique().iter_rows())
    pooled = before.plan.policy.settlement.out_of_area == "pooled"

    def net(key: LineKey, fund: int) -> int:
        in_pool = key[3] == "points" and (pooled or not key[2])
        factor = factors.get(key[0]) if in_pool and fund > 0 else None
        return fund if factor is None else half_up(Fraction(fund * factor, POINT_SCALE))

    return net


def _beside(station: _Station, net: _Net, amount: str) -> dict[str, int]:
    """What hospitals get in a settlement beside what the prices of their lines come to."""
    left = _amounts(station.settled, amount)
    for key, sums in _sums(station.settled).items():
        left[key[0]] = left.get(key[0], 0) - net(key, station.price(key, sums))
    return left


_LineValue = Callable[[str, str], Fraction | None]
"""The value of a hospital and account in fen a 1/10,000 point; None where there is none."""


def _values(plan: Plan, values: pl.DataFrame, settlement: Settlement | None = None) -> _LineValue:
    """What a point is worth: the value of the pool, or the rate of account and level."""
    rules = settlement or plan.policy.settlement
    scale = 10 ** (POINT_PLACES + rules.value_places - FEN_PLACES)
    if rules.method == "rate":
        levels = plan.levels
        rates: Mapping[tuple[str, str], Fraction] = {
            (rate.account, rate.level): Fraction(rate.yuan) / 10**POINT_PLACES
            for rate in rules.rates
        }
        return lambda hospital, account: rates.get((account, levels.get(hospital, "")))
    of_account = {
        account: Fraction(value, scale)
        for accounts, value in values.select("accounts", "point_value").iter_rows()
        if value is not None
        for account in accounts
    }
    return lambda _hospital, account: of_account.get(account)
