"""A pool's price: the point value of a budget and the amount of each line (docs/settlement.md)."""

from dataclasses import dataclass
from fractions import Fraction

from drgpay.errors import DrgpayError
from drgpay.exact import FEN_PLACES, POINT_PLACES, apportion, half_up, unscaled
from drgpay.policy.settlement import Settlement
from drgpay.settle.lines import Row
from drgpay.settle.value import PoolSums, point_value


@dataclass(frozen=True)
class PricedPool:
    """A pool with its value, and its lines with standard_fen, distributed_fen, fund_amount_fen.

    totals: from_home_funds_fen, total_fen, patient_fen, other_fen, points, point_value (None
    where no case of the pool earned points), fund_amount_fen, remainder_fen.
    """

    totals: Row
    lines: list[Row]


def price_pool(pool: str, lines: list[Row], budget_fen: int, rules: Settlement) -> PricedPool:
    """Share a budget among the lines of a pool, and price the lines beside it.

    lines: all lines of the pool's accounts (lines.line_rows). Raises DrgpayError where the pool's
    stays earned no points, and where the fund amounts exceed the budget by more than rounding.
    """
    inside = [line for line in lines if line["in_pool"]]
    # Pooled outside cases bring along what their home funds pay for them item by item.
    from_home = sum(line["fund_fen"] for line in inside if line["out_of_area"])
    sums = PoolSums(
        pool=pool,
        budget_fen=budget_fen + from_home,
        patient_fen=sum(line["patient_fen"] for line in inside),
        other_fen=sum(line["other_fen"] for line in inside),
        total_fen=sum(line["total_fen"] for line in inside),
        points=sum(line["points"] for line in inside),
    )
    # Minus rows without any local case have no price here; the year's points will hold them.
    earning = any(line["cases"] for line in inside)
    value = point_value(sums, rules.method, rules.value_places) if earning else None
    priced = [_priced_line(line, value, rules) for line in lines]
    inside = [line for line in priced if line["in_pool"]]
    remainder = sums.budget_fen - sum(line["fund_amount_fen"] for line in inside)
    _refuse_overspending(pool, sums.budget_fen, remainder, len(inside), rules)
    if rules.distribute_remainder == "all" and remainder > 0:
        remainder -= _distribute(remainder, inside)
    return PricedPool(
        {
            "from_home_funds_fen": from_home,
            "total_fen": sums.total_fen,
            "patient_fen": sums.patient_fen,
            "other_fen": sums.other_fen,
            "points": sums.points,
            "point_value": value,
            "fund_amount_fen": sum(line["fund_amount_fen"] for line in inside),
            "remainder_fen": remainder,
        },
        priced,
    )


def _priced_line(line: Row, value: int | None, rules: Settlement) -> Row:
    """standard = points x value, to the fen; the fund pays what patients and others did not."""
    if line["payment"] == "item_by_item":
        standard, fund = line["total_fen"], line["fund_fen"]
    else:
        scale = 10 ** (POINT_PLACES + rules.value_places - FEN_PLACES)
        standard = half_up(Fraction(line["points"] * (value or 0), scale))
        paid_by_others = line["patient_fen"] + line["other_fen"]
        fund = standard if rules.method == "fund_only" else standard - paid_by_others
    return {**line, "standard_fen": standard, "distributed_fen": 0, "fund_amount_fen": fund}


def _refuse_overspending(
    pool: str, budget_fen: int, remainder: int, lines: int, rules: Settlement
) -> None:
    """Each line is rounded by half a fen at most; with method cost the budget sets no value."""
    if -2 * remainder > lines and not rules.may_exceed_budget:
        raise DrgpayError(
            f"the fund amounts of the pool {pool} are {yuan(budget_fen - remainder)} yuan, "
            f"{yuan(-remainder)} more than the budget of {yuan(budget_fen)}",
            f"give the pool a larger budget, or allow it with {rules.key}.may_exceed_budget = true",
        )


def _distribute(remainder: int, inside: list[Row]) -> int:
    """Spread a remainder over the lines in proportion to their standards; how much was spread."""
    weights = [max(line["standard_fen"], 0) for line in inside]
    if not any(weights):  # nothing to be in proportion to
        return 0
    for line, share in zip(inside, apportion(remainder, weights), strict=True):
        line["distributed_fen"] = share
        line["standard_fen"] += share
        line["fund_amount_fen"] += share
    return remainder


def yuan(fen: int) -> str:
    """An amount as a sentence shows it."""
    return f"{unscaled(fen, FEN_PLACES):,}"
