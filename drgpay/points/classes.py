"""The class of a stay: the first that applies of the table in docs/points.md.

Reads the columns of `priced_stays` (see cases.py). Comparisons are exact, in whole numbers.
"""

import polars as pl

from drgpay.exact import POINT_PLACES, POINT_SCALE, scaled, wide
from drgpay.policy.model import HighBand, Points


def case_class(points: Points) -> pl.Expr:
    """The class of each stay, as a string."""
    conditions = {
        "fee": pl.col("payment_unit") == "fee",
        "bed_day": pl.col("payment_unit") == "bed_day",
        "ambiguous": pl.col("status") == "ambiguous",
        # After "ambiguous" because an ambiguous group is never in the catalogue either.
        "ungrouped": (pl.col("status") != "grouped") | pl.col("mean_fen").is_null(),
        "few_cases": ~pl.col("stable"),
        "incomplete": ~pl.col("complete"),
        "low": _below(points),
        "high": _above(points),
    }
    chosen = pl.lit(None, pl.String)
    for name, condition in reversed(conditions.items()):
        chosen = (
            pl.when(condition)
            .then(pl.lit(name))
            .otherwise(pl.lit("normal") if name == "high" else chosen)
        )
    return chosen


def high_ratio(bands: tuple[HighBand, ...]) -> pl.Expr:
    """The high ratio of each stay in 1/10,000: the first band that fits it, or null."""
    fitting = []
    for band in bands:
        fits = wide("base_points") >= scaled(band.base_points_from, POINT_PLACES)
        if band.levels:
            fits &= pl.col("level").is_in(band.levels)
        if band.accounts:
            fits &= pl.col("account").is_in(band.accounts)
        fitting.append(pl.when(fits).then(pl.lit(scaled(band.ratio, POINT_PLACES), pl.Int64)))
    return pl.coalesce(fitting)


def _below(points: Points) -> pl.Expr:
    cost = wide("total_fen") * wide(POINT_SCALE) * wide("reference_cases")
    bound = wide("reference_total_fen") * wide(scaled(points.low_ratio, POINT_PLACES))
    return cost <= bound if points.bounds == "inclusive" else cost < bound


def _above(points: Points) -> pl.Expr:
    cost = wide("total_fen") * wide(POINT_SCALE) * wide("reference_cases")
    bound = wide("reference_total_fen") * wide("high_ratio")
    return cost >= bound if points.bounds == "inclusive" else cost > bound
