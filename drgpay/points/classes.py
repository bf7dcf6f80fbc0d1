"""The class of a stay: the first that applies of the table in docs/points.md.

Reads the columns of `priced_stays` (see prices.py), whose bounds are exact.
"""

import polars as pl

from drgpay.base.exact import POINT_PLACES, scaled
from drgpay.points.age_factors import Base
from drgpay.points.catalogue import MEASURED
from drgpay.policy.points import HighBand, Points

WITHOUT_GROUP = ("fee", "bed_day", "ungrouped", "ambiguous")
"""Classes whose points do not come from a group of the catalogue."""


def measured() -> pl.Expr:
    """Whether the catalogue has a mean that a stay of the group can be compared with.

    Never null; reads stability and base_points.
    """
    known = pl.col("stability").is_in(MEASURED).fill_null(False)
    return known & pl.col("base_points").is_not_null()


def case_class(points: Points) -> pl.Expr:
    """The class of each stay, as a string."""
    cheap = (pl.col("total_fen") <= pl.col("low_up_to_fen")) | pl.col("drg").is_in(
        points.always_low_groups
    )
    conditions = {
        "fee": pl.col("payment_unit") == "fee",
        "bed_day": pl.col("payment_unit") == "bed_day",
        "ambiguous": pl.col("status") == "ambiguous",
        # After "ambiguous" because an ambiguous group is never in the catalogue either.
        "ungrouped": (pl.col("status") != "grouped") | pl.col("mean_fen").is_null(),
        # A stay is that before it is one of few cases, as far as the catalogue can say so.
        "incomplete": ~pl.col("complete"),
        "low": measured() & cheap,
        "few_cases": ~measured() | (pl.col("stability") != "stable"),
        "high": pl.col("total_fen") >= pl.col("high_from_fen"),
    }
    chosen = pl.lit("normal")
    for name, condition in reversed(conditions.items()):
        chosen = pl.when(condition).then(pl.lit(name)).otherwise(chosen)
    return chosen


def high_ratio(bands: tuple[HighBand, ...], base: Base) -> pl.Expr:
    """The high ratio of each stay in 1/10,000: the first band that fits it, or null."""
    fitting = []
    for band in bands:
        least = scaled(band.base_points_from, POINT_PLACES)
        fits = base.numerator >= base.denominator * least
        if band.levels:
            fits &= pl.col("level").is_in(band.levels)
        if band.accounts:
            fits &= pl.col("account").is_in(band.accounts)
        fitting.append(pl.when(fits).then(pl.lit(scaled(band.ratio, POINT_PLACES), pl.Int64)))
    return pl.coalesce(fitting)
