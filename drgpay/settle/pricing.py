"""A pool's price: the point value of a budget and the amount of each line (docs/settlement.md)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, POINT_PLACES, apportion, half_up, scaled, unscaled
from drgpay.base.words import Sentences
from drgpay.policy.settlement import Settlement
from drgpay.settle.lines import Row, rate_of
from drgpay.settle.value import PoolSums, point_value

_ERRORS = Sentences("errors/settle")


class BudgetError(DrgpayError):
    """A budget of the policy that is missing, or too small to pay with: who knows the file names it."""


Waiting = Literal["none", "earlier", "minus", "unpriced"]
"""Which rows of hospitals wait for the clearing: none; those on earlier stays, or all, on the lines
in the pool; all of a pool without stays, on lines beside the pool too."""


@dataclass(frozen=True)
class PricedPool:
    """A pool with its value, and its lines with point_value, standard_fen, kept_fen,
    distributed_fen, fund_amount_fen, and the points that are valued.

    totals: from_home_funds_fen, cases, fund_fen (F), total_fen, patient_fen, other_fen, points,
    deducted_points, waiting_points, point_value (None where no case of the pool earned points, and
    with method rate), fund_amount_fen, kept_fen, remainder_fen.
    rates: with method rate a row for each account and level: account, level, point_value and of
    its lines in the pool cases, AMOUNTS, points, deducted_points, fund_amount_fen, kept_fen.
    waiting: which rows of hospitals wait for the clearing (see `Waiting`).
    """

    totals: Row
    lines: list[Row]
    rates: list[Row]
    waiting: Waiting


@dataclass(frozen=True)
class Rules:
    """What prices a pool beside its budget.

    levels: hospital_id -> level, for method rate. final: in a clearing nothing can wait.
    """

    settlement: Settlement
    levels: Mapping[str, str] | None = None
    final: bool = False


def price_pool(pool: str, lines: list[Row], budget_fen: int, rules: Rules) -> PricedPool:
    """Share a budget among the lines of a pool, and price the lines beside it.

    lines: all lines of the pool's accounts (lines.line_rows). Raises DrgpayError where the pool's
    stays earned no points, where the fund amounts exceed the budget by more than rounding, and
    with method rate where a hospital has no rate.
    """
    settlement = rules.settlement
    waiting = _waiting(lines, rules)
    lines = [_without_waiting(line, waiting) for line in lines]
    inside = [line for line in lines if line["in_pool"]]
    # Pooled outside cases bring along what their home funds pay for them item by item.
    from_home = sum(line["fund_fen"] for line in inside if line["out_of_area"])
    keeps = settlement.deducted_points == "fund"
    sums = PoolSums(
        pool=pool,
        budget_fen=budget_fen + from_home,
        patient_fen=sum(line["patient_fen"] for line in inside),
        other_fen=sum(line["other_fen"] for line in inside),
        total_fen=sum(line["total_fen"] for line in inside),
        points=sum(_valued(line, keeps) for line in inside),
    )
    value = None
    if settlement.method != "rate" and any(line["cases"] for line in inside):
        value = point_value(sums, settlement.method, settlement.value_places)
    priced = []
    for line in lines:
        mine = value
        if settlement.method == "rate" and line["payment"] == "points":
            level, mine = rate_of(line, settlement, rules.levels)
            line["level"] = level
        priced.append(_priced_line(line, mine, settlement))
    inside = [line for line in priced if line["in_pool"]]
    kept = sum(line["kept_fen"] for line in inside)
    remainder = sums.budget_fen - kept - sum(line["fund_amount_fen"] for line in inside)
    _refuse_overspending(pool, sums.budget_fen, remainder, len(inside), settlement)
    if settlement.distribute_remainder == "all" and remainder > 0:
        remainder -= _distribute(remainder, inside)
    totals = {
        "from_home_funds_fen": from_home,
        "cases": sum(line["cases"] for line in inside),
        "fund_fen": spent_by_points(lines),
        "total_fen": sums.total_fen,
        "patient_fen": sums.patient_fen,
        "other_fen": sums.other_fen,
        "points": sum(line["points"] for line in inside),
        "deducted_points": sum(line["deducted_points"] for line in inside),
        "waiting_points": sum(line["waiting_points"] for line in priced),
        "point_value": value,
        "fund_amount_fen": sum(line["fund_amount_fen"] for line in inside),
        "kept_fen": kept,
        "remainder_fen": remainder,
    }
    return PricedPool(totals, priced, _rate_rows(inside, pool, settlement), waiting)


def spent_by_points(lines: Iterable[Row]) -> int:
    """F: what the local stays paid by points would have cost item by item, in fen."""
    return sum(line["fund_fen"] for line in lines if line["in_pool"] and not line["out_of_area"])


def spent_by_item(lines: Iterable[Row]) -> int:
    """What the local stays cost that are paid item by item, beside the points, in fen."""
    return sum(
        line["fund_fen"]
        for line in lines
        if line["payment"] == "item_by_item" and not line["out_of_area"]
    )


def _waiting(lines: Sequence[Row], rules: Rules) -> Waiting:
    """Which rows of hospitals wait, because the points have no value with them.

    Without any case of the pool there is no value at all. Else rows wait where P (P + D) is not
    above zero: those on earlier stays, and where the value is found with P all minus rows.
    """
    settlement = rules.settlement
    if settlement.method == "rate":
        return "none"
    inside = [line for line in lines if line["in_pool"]]
    if not any(line["cases"] for line in inside):
        return "unpriced"
    keeps = settlement.deducted_points == "fund"
    if rules.final or sum(_valued(line, keeps) for line in inside) > 0:
        return "none"
    return "earlier" if keeps else "minus"


def _valued(line: Row, keeps: bool) -> int:
    points: int = line["points"] + (line["deducted_points"] if keeps else 0)
    return points


def _without_waiting(line: Row, waiting: Waiting) -> Row:
    """The line with the points that are valued now, and those of rows that wait."""
    line = dict(line)
    earlier, earlier_deducted = line.pop("earlier_points"), line.pop("earlier_deducted")
    case_deducted = line["deducted_points"] - line.pop("minus_deducted")
    points, deducted = 0, line["deducted_points"]
    if waiting == "earlier" and line["in_pool"]:
        points, deducted = earlier, deducted - earlier_deducted
    elif waiting == "unpriced" or (waiting == "minus" and line["in_pool"]):
        points, deducted = line["minus_points"], case_deducted
    line["points"] -= points
    line["minus_points"] -= points
    return line | {"waiting_points": points, "deducted_points": deducted}


def _priced_line(line: Row, value: int | None, rules: Settlement) -> Row:
    """standard = points x value, to the fen; the fund pays what patients and others did not.

    kept: what the points that deductions took would have earned in the pool; the fund keeps it.
    """
    kept = 0
    if line["payment"] == "item_by_item":
        value, standard, fund = None, line["total_fen"], line["fund_fen"]
    else:
        standard = _worth(line["points"], value, rules)
        paid_by_others = line["patient_fen"] + line["other_fen"]
        fund = standard if rules.method == "fund_only" else standard - paid_by_others
        if line["in_pool"] and rules.deducted_points == "fund":
            kept = _worth(line["points"] + line["deducted_points"], value, rules) - standard
    amounts = {"standard_fen": standard, "kept_fen": kept, "distributed_fen": 0}
    return {**line, "point_value": value, **amounts, "fund_amount_fen": fund}


def _worth(points: int, value: int | None, rules: Settlement) -> int:
    scale = 10 ** (POINT_PLACES + rules.value_places - FEN_PLACES)
    return half_up(Fraction(points * (value or 0), scale))


def _rate_rows(inside: list[Row], pool: str, rules: Settlement) -> list[Row]:
    """A row for each rate of the pool's accounts, in the order of the policy."""
    if rules.method != "rate":
        return []
    rows = []
    for rate in rules.rates:
        if rate.account not in pool.split("+"):
            continue
        mine = [
            line
            for line in inside
            if (line["account"], line["level"]) == (rate.account, rate.level)
        ]
        sums = {name: sum(line[name] for line in mine) for name in _RATE_SUMS}
        value = scaled(rate.yuan, rules.value_places - 2)
        rows.append({"account": rate.account, "level": rate.level, "point_value": value, **sums})
    return rows


_RATE_SUMS = (
    *("cases", "total_fen", "patient_fen", "other_fen", "points", "deducted_points"),
    *("fund_amount_fen", "kept_fen"),
)


def _refuse_overspending(
    pool: str, budget_fen: int, remainder: int, lines: int, rules: Settlement
) -> None:
    """Each line is rounded by half a fen at most; with methods cost and rate the budget sets no
    value.
    """
    if -2 * remainder > lines and not rules.may_exceed_budget:
        said = {"amount": yuan(budget_fen - remainder), "beyond": yuan(-remainder)}
        raise BudgetError(
            *_ERRORS("overspent", pool=pool, budget=yuan(budget_fen), key=rules.key, **said)
        )


def _distribute(remainder: int, inside: list[Row]) -> int:
    """Spread a remainder in proportion to standard + kept; how much was spread.

    The share of a line whose standard is not above zero is not paid: it stays.
    """
    weights = [max(line["standard_fen"] + line["kept_fen"], 0) for line in inside]
    if not any(weights):  # nothing to be in proportion to
        return 0
    spread = 0
    for line, share in zip(inside, apportion(remainder, weights), strict=True):
        if line["standard_fen"] > 0:
            line["distributed_fen"] = share
            line["standard_fen"] += share
            line["fund_amount_fen"] += share
            spread += share
    return spread


def yuan(fen: int) -> str:
    """An amount as a sentence shows it."""
    return f"{unscaled(fen, FEN_PLACES):,}"
