"""Which cases of a group count towards its mean (docs/points.md, calibration step 2).

Each method is one expression over the costs of a group, compared in whole numbers.
"""

import polars as pl

from drgpay.exact import POINT_PLACES, POINT_SCALE, scaled, wide
from drgpay.policy.model import IqrTrim, NoTrim, RatioTrim

COST = "total_fen"
GROUP = "drg"


def kept(trim: NoTrim | IqrTrim | RatioTrim) -> pl.Expr:
    """True for the cases to keep, over a frame with drg and total_fen."""
    match trim:
        case NoTrim():
            return pl.lit(True)
        case RatioTrim(low=low, high=high):
            # cost between low x mean and high x mean, with mean = sum / number of cases
            total = wide(pl.col(COST).sum().over(GROUP))
            cost = wide(COST) * wide(pl.len().over(GROUP)) * wide(POINT_SCALE)
            return cost.is_between(
                total * wide(scaled(low, POINT_PLACES)), total * wide(scaled(high, POINT_PLACES))
            )
        case IqrTrim(factor=factor):
            # Quartiles by linear interpolation are multiples of a quarter fen: exact as integers.
            q1, q3 = (
                (pl.col(COST).quantile(share, "linear").over(GROUP) * 4).cast(pl.Int64)
                for share in (0.25, 0.75)
            )
            reach = wide(q3 - q1) * wide(scaled(factor, POINT_PLACES))
            cost = wide(COST) * wide(4 * POINT_SCALE)
            return cost.is_between(
                wide(q1) * wide(POINT_SCALE) - reach, wide(q3) * wide(POINT_SCALE) + reach
            )
