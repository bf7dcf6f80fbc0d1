"""The point value: what a point is worth in a pool and a period (docs/settlement.md)."""

from dataclasses import dataclass
from typing import Literal

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, POINT_PLACES
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/settle")

ValueMethod = Literal["residual", "fund_only", "cost"]
"""The methods by which a pool has one value; with `rate` each account and level has its own."""


@dataclass(frozen=True)
class PoolSums:
    """Everything that one point value is made of: money in fen, points in 1/10,000.

    points: P, or P + D where the fund keeps what deductions take.
    """

    pool: str
    budget_fen: int
    patient_fen: int
    other_fen: int
    total_fen: int
    points: int


def point_value(sums: PoolSums, method: ValueMethod, places: int) -> int:
    """Yuan per point, in units of 10^-places, rounded DOWN so that the budget is not exceeded.

    residual: (B + S + O) / P, the fund pays what is left; fund_only: B / P; cost: total cost / P.
    Raises DrgpayError when the pool has no points.
    """
    if sums.points <= 0:
        raise DrgpayError(*_ERRORS("no_points", pool=sums.pool))
    fen = {
        "residual": sums.budget_fen + sums.patient_fen + sums.other_fen,
        "fund_only": sums.budget_fen,
        "cost": sums.total_fen,
    }[method]
    value = fen * 10 ** (places + POINT_PLACES - FEN_PLACES) // sums.points
    if value >= 10**_DIGITS:
        raise DrgpayError(*_ERRORS("large_value", pool=sums.pool, digits=_DIGITS))
    return value


_DIGITS = 18  # of the decimals in which values and amounts are written
