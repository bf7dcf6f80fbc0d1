"""A month in few rows: cases added up as far as a settlement cannot tell them apart.

What is settled from it has the same values and statements, in milliseconds. Used where only the
amounts of hospitals are asked for: sweeps, targets, effects, amounts at once.
"""

import polars as pl

from drgpay.points.cases import EarnedPoints
from drgpay.settle.narrow import AMOUNTS, STAYS

KEYS = ("hospital_id", "account", "out_of_area", "case_class")
SUMS = (STAYS, "points", *AMOUNTS)


def added_up(earned: EarnedPoints) -> pl.DataFrame:
    """Cases added up by hospital, account, place and class, as settle_month takes them.

    A case of which a row applies to the hospital stays by itself, since that row names it.
    """
    named = earned.adjustments.filter(pl.col("applies_to") == "hospital")["case_id"].unique()
    cases = earned.cases.with_columns(pl.lit(1, pl.Int64).alias(STAYS))
    rows = cases.select("case_id", *KEYS, *SUMS)
    return _summed(rows, ~pl.col("case_id").is_in(named.implode()))


def merged(*months: pl.DataFrame) -> pl.DataFrame:
    """Several such months over different cases as one."""
    return _summed(pl.concat(months), _together())


def without(month: pl.DataFrame, cases: pl.DataFrame, points: str) -> pl.DataFrame:
    """Sums (KEYS, SUMS) less some cases of theirs, as such a month. points: a column of cases."""
    taken = cases.select(
        *KEYS,
        pl.lit(-1, pl.Int64).alias(STAYS),
        -pl.col(points).alias("points"),
        *(-pl.col(name) for name in AMOUNTS),
    )
    left = pl.concat([month.select(*KEYS, *SUMS), taken]).with_columns(case_id=pl.lit("~"))
    return _summed(left.select("case_id", *KEYS, *SUMS), _together()).filter(pl.col(STAYS) > 0)


def _together() -> pl.Expr:
    return pl.col("case_id").str.starts_with("~")


def _summed(rows: pl.DataFrame, together: pl.Expr) -> pl.DataFrame:
    """Some rows added up, with ids of their own, and the others as they are; sorted by id."""
    sums = rows.filter(together).group_by(KEYS).agg(pl.col(SUMS).sum()).sort(KEYS)
    place = pl.int_range(pl.len()).cast(pl.String).str.zfill(9)
    ids = sums.with_columns(case_id=pl.lit("~") + place)
    return pl.concat([ids.select(rows.columns), rows.filter(~together)]).sort("case_id")
