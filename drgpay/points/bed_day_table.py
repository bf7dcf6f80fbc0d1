"""The bed-day table of a catalogue: what a day of each class costs (docs/points.md, step 8)."""

import polars as pl

from drgpay.base.exact import FEN_PLACES, scaled
from drgpay.points.catalogue import BED_DAY_SCHEMA
from drgpay.policy.calibration import Calibration


def bed_day_table(stays: pl.DataFrame, rules: Calibration) -> pl.DataFrame:
    """Cases, days and total cost by class and level, and by class over all levels (level null).

    stays: valid ones with payment_unit, bed_day_class, level, length_of_stay, total_fen. Stays of
    at least a day that cost at least min_cost_yuan count, whatever their group, however long.
    Returns BED_DAY_SCHEMA, sorted by class and level, nulls first.
    """
    counted = stays.filter(bed_day_stays(rules))
    by_level = _added(counted, ["bed_day_class", "level"])
    over_all = _added(counted, ["bed_day_class"]).with_columns(level=pl.lit(None, pl.String))
    return pl.concat(
        frame.select(pl.col(name).cast(dtype) for name, dtype in BED_DAY_SCHEMA.items())
        for frame in (over_all, by_level)
    ).sort("bed_day_class", "level", nulls_last=False)


def bed_day_stays(rules: Calibration) -> pl.Expr:
    """True for the stays that count towards the bed-day table."""
    return (
        (pl.col("payment_unit") == "bed_day")
        & pl.col("bed_day_class").is_not_null()
        & (pl.col("length_of_stay") >= 1)
        & (pl.col("total_fen") >= scaled(rules.min_cost_yuan, FEN_PLACES))
    )


def _added(stays: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return stays.group_by(by).agg(
        cases=pl.len(),
        days=pl.col("length_of_stay").cast(pl.Int64).sum(),
        total_fen=pl.col("total_fen").sum(),
    )
