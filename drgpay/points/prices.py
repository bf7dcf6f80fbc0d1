"""What the catalogue says of each stay's group, hospital and level: the numbers its class needs.

They are found once for each group, hospital, level and account that occurs, not for each stay.
"""

from decimal import Decimal

import polars as pl

from drgpay.exact import POINT_PLACES, POINT_SCALE, divide_half_up, scaled, wide
from drgpay.points.catalogue import Catalogue
from drgpay.points.classes import high_ratio
from drgpay.policy.points import BaseLevel, Points

PRICE_COLUMNS = (
    "base_points",
    "coefficient",
    "mean_fen",
    "reference_mean_fen",
    "cost_ratio",
    "high_ratio",
)
"""Null for stays whose class has no group in the catalogue."""

BOUND_COLUMNS = ("stable", "low_up_to_fen", "high_from_fen")
"""What only the choice of a class needs."""


def priced_stays(stays: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    """Put PRICE_COLUMNS and BOUND_COLUMNS beside stays, in their order.

    Points and ratios are in 1/10,000, money in fen. A stay is low with a cost of at most
    low_up_to_fen, high with one of at least high_from_fen (null: never). reference_mean_fen is
    rounded for the reader; the bounds come from the exact mean. All are null for a group that is
    not in the catalogue, base_points also where the catalogue has none for an unstable group.
    """
    by_account = any(band.accounts for band in points.high_bands)
    keys = ["drg", "hospital_id", "level", *(["account"] if by_account else [])]
    prices = _price_table(stays.select(keys).unique(), catalogue, points)
    ratio = divide_half_up(wide("total_fen") * wide(POINT_SCALE), wide("mean_fen"))
    return stays.join(
        prices, on=keys, how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(cost_ratio=pl.when(pl.col("mean_fen") > 0).then(ratio).cast(pl.Int64))


def _price_table(keys: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    groups = catalogue.groups.select("drg", "base_points", "mean_fen", "stable")
    table = with_coefficient(keys.join(groups, on="drg"), catalogue.coefficients)
    if points.base_level:
        table = _at_one_level(table, catalogue.coefficients, points.base_level)
    return (
        table.with_columns(**_means(points), high_ratio=high_ratio(points.high_bands))
        .with_columns(
            reference_mean_fen=_whole(
                divide_half_up(wide("reference_total"), wide("reference_cases"))
            ),
            low_up_to_fen=_whole(_low_up_to(points)),
            high_from_fen=_whole(_high_from(points)),
        )
        .select(
            *keys.columns,
            "base_points",
            "coefficient",
            "mean_fen",
            "reference_mean_fen",
            "high_ratio",
            *BOUND_COLUMNS,
        )
    )


def with_coefficient(table: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Add coefficient, and the totals and cases of the hospital (own) and of its level.

    table: drg, hospital_id, level. rows: `Catalogue.coefficients`. The first that is not null of
    the rows of: group and hospital, group and level, level; else 1.
    """
    of_hospital = pl.col("hospital_id").is_not_null()
    of_group = pl.col("drg").is_not_null()
    own = rows.filter(of_hospital & of_group).select(
        "drg",
        "hospital_id",
        own="coefficient",
        own_total="hospital_total_fen",
        own_cases="hospital_cases",
    )
    of_level = rows.filter(~of_hospital & of_group).select(
        "drg",
        "level",
        of_level="coefficient",
        level_total="level_total_fen",
        level_cases="level_cases",
    )
    any_group = rows.filter(~of_hospital & ~of_group).select("level", any_group="coefficient")
    one = pl.lit(POINT_SCALE, pl.Int64)
    return (
        table.join(own, on=["drg", "hospital_id"], how="left")
        .join(of_level, on=["drg", "level"], how="left")
        .join(any_group, on="level", how="left")
        .with_columns(coefficient=pl.coalesce("own", "of_level", "any_group", one))
    )


def _at_one_level(table: pl.DataFrame, rows: pl.DataFrame, rule: BaseLevel) -> pl.DataFrame:
    """Groups that every hospital is paid for at the coefficient of one level."""
    of_level = rows.filter(pl.col("hospital_id").is_null() & (pl.col("level") == rule.level))
    paid = of_level.filter(pl.col("drg").is_not_null()).select("drg", base_level="coefficient")
    general = of_level.filter(pl.col("drg").is_null())["coefficient"].to_list()
    otherwise = pl.lit(general[0] if general else POINT_SCALE, pl.Int64)
    return table.join(paid, on="drg", how="left").with_columns(
        coefficient=pl.when(pl.col("drg").is_in(rule.groups))
        .then(pl.coalesce("base_level", otherwise))
        .otherwise("coefficient")
    )


_Mean = tuple[pl.Expr, pl.Expr]
"""A mean cost as total / cases, 128-bit."""


def _means(points: Points) -> dict[str, pl.Expr]:
    """The reference mean, and the mean that the bounds of low and high are ratios of."""
    region = (wide("mean_fen"), wide(1))
    has_level = pl.col("level_total").is_not_null() & (pl.col("level_cases") > 0)
    level = (
        pl.when(has_level).then(wide("level_total")).otherwise(region[0]),
        pl.when(has_level).then(wide("level_cases")).otherwise(region[1]),
    )
    reference = {
        "region": region,
        "level": level,
        "own_and_level": _mixed(level, points.own_mean_weight or Decimal(0)),
    }[points.reference_mean]
    bounds = level if points.bounds_mean == "level" else reference
    return {
        "reference_total": reference[0],
        "reference_cases": reference[1],
        "bounds_total": bounds[0],
        "bounds_cases": bounds[1],
    }


def _mixed(level: _Mean, own_weight: Decimal) -> _Mean:
    """own_total / own_cases x weight + level mean x (1 - weight), in one fraction (C10)."""
    weight = scaled(own_weight, POINT_PLACES)
    has_own = pl.col("own_total").is_not_null() & (pl.col("own_cases") > 0)
    total = wide("own_total") * wide(weight) * level[1] + level[0] * wide(
        POINT_SCALE - weight
    ) * wide("own_cases")
    cases = wide("own_cases") * level[1] * wide(POINT_SCALE)
    return (
        pl.when(has_own).then(total).otherwise(level[0]),
        pl.when(has_own).then(cases).otherwise(level[1]),
    )


def _low_up_to(points: Points) -> pl.Expr:
    """The largest whole cost below low_ratio x mean (at it, where inclusive)."""
    bound = wide("bounds_total") * wide(scaled(points.low_ratio, POINT_PLACES))
    scale = wide("bounds_cases") * wide(POINT_SCALE)
    return bound // scale if points.bounds == "inclusive" else (bound - wide(1)) // scale


def _high_from(points: Points) -> pl.Expr:
    """The smallest whole cost above high_ratio x mean (at it, where inclusive)."""
    bound = wide("bounds_total") * wide("high_ratio")
    scale = wide("bounds_cases") * wide(POINT_SCALE)
    return (
        (bound - wide(1)) // scale + wide(1)
        if points.bounds == "inclusive"
        else (bound // scale + wide(1))
    )


def _whole(expr: pl.Expr) -> pl.Expr:
    return expr.cast(pl.Int64)
