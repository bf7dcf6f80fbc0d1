"""The neutral factor k of an account: what the points of a new scheme are times, to be those of the old.

k = sum of old points / sum of new points of the stays that both schemes group, before adjustments,
rounded half-up to 6 places (D6).
"""

from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import half_up, wide
from drgpay.base.words import Sentences
from drgpay.points.classes import WITHOUT_GROUP

_ERRORS = Sentences("errors/points")

FACTOR_PLACES = 6
FACTOR_SCALE = 10**FACTOR_PLACES

FACTOR_SCHEMA: dict[str, pl.DataType] = {
    "account": pl.String(),
    "cases": pl.Int64(),
    "points_old": pl.Int64(),
    "points_new": pl.Int64(),
    "k": pl.Int64(),
}
"""k in 1/1,000,000; points in 1/10,000, of the cases that both schemes group."""


def grouped_under_both() -> pl.Expr:
    """Whether both schemes give a stay points of a group: its class is class_old and class_new."""
    sides = (pl.col(f"class_{side}") for side in ("old", "new"))
    return pl.all_horizontal(~side.is_in(WITHOUT_GROUP) for side in sides)


def neutral_factor(old: int, new: int) -> int:
    """k in 1/1,000,000 of two sums of points; the second is not 0."""
    return half_up(Fraction(old, new) * FACTOR_SCALE)


def neutral_factors(stays: pl.DataFrame) -> pl.DataFrame:
    """FACTOR_SCHEMA of every account, sorted.

    stays: rows of stays, or sums of such, with account, class_old, class_new, cases, points_old and
    points_new (before adjustments). Raises DrgpayError for an account none of whose stays has points
    of a group under both schemes.
    """
    both = stays.filter(grouped_under_both())
    points = ("points_old", "points_new")
    sums = (
        stays.select("account")
        .unique()
        .join(
            both.group_by("account").agg(
                pl.col("cases").sum(), *(wide(name).sum().alias(name) for name in points)
            ),
            on="account",
            how="left",
        )
        .sort("account")
    )
    rows = []
    for account, cases, old, new in sums.select("account", "cases", *points).iter_rows():
        if not old or not new:
            raise DrgpayError(*_ERRORS("no_common_stays", account=account))
        rows.append((account, cases, old, new, neutral_factor(old, new)))
    return pl.DataFrame(rows, schema=FACTOR_SCHEMA, orient="row")


def times_factors(sums: pl.DataFrame, factors: pl.DataFrame, points: str, alike: str) -> pl.Expr:
    """The points of rows with an account, times k, with those beside that are alike, in 1/10^10.

    sums: holds the rows, for their accounts. points, alike: columns in 1/10,000.
    """
    known = dict(factors.select("account", "k").iter_rows())
    missing = sorted({*sums["account"]} - {*known})
    if missing:
        raise DrgpayError(*_ERRORS("no_common_stays", account=missing[0]))
    k = pl.col("account").replace_strict(known, return_dtype=pl.Int64)
    return wide(points) * wide(k) + wide(alike) * wide(FACTOR_SCALE)
