"""A month in few rows: cases added up as far as a settlement cannot tell them apart.

What is settled from it has the same values and statements (but for the count of cases), in
milliseconds. Used where only the amounts of hospitals are asked for: sweeps, targets, effects.
"""

import polars as pl

from drgpay.settle.lines import AMOUNTS

_KEYS = ("hospital_id", "account", "out_of_area", "case_class")


def added_up(cases: pl.DataFrame, adjustments: pl.DataFrame) -> pl.DataFrame:
    """Cases (as settle_month takes them) added up by hospital, account, place and class.

    A case of which a row applies to the hospital stays by itself, since that row names it.
    """
    named = adjustments.filter(pl.col("applies_to") == "hospital")["case_id"].unique()
    needed = cases.select("case_id", *_KEYS, "points", *AMOUNTS)
    alone = needed.clear()
    if len(named):
        kept = pl.col("case_id").is_in(named.implode())
        alone, needed = needed.filter(kept), needed.filter(~kept)
    together = needed.group_by(_KEYS).agg(pl.col("points", *AMOUNTS).sum()).sort(_KEYS)
    return numbered(pl.concat([together.select(_COLUMNS)]), alone)


_COLUMNS = (*_KEYS, "points", *AMOUNTS)


def numbered(together: pl.DataFrame, alone: pl.DataFrame) -> pl.DataFrame:
    """Rows of sums with ids of their own beside cases that stay by themselves, sorted by id."""
    place = pl.int_range(pl.len()).cast(pl.String).str.zfill(9)
    ids = together.with_columns(case_id=pl.lit("~") + place)
    columns = ["case_id", *_COLUMNS]
    return pl.concat([ids.select(columns), alone.select(columns)]).sort("case_id")


def merged(*months: pl.DataFrame) -> pl.DataFrame:
    """Several such months over different cases as one."""
    rows = pl.concat(months)
    sums = pl.col("case_id").str.starts_with("~")
    together = rows.filter(sums).group_by(_KEYS).agg(pl.col("points", *AMOUNTS).sum()).sort(_KEYS)
    return numbered(together.select(_COLUMNS), rows.filter(~sums))
