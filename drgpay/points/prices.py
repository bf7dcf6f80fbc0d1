"""What the catalogue says of each stay's group, hospital and level: the numbers its class needs.

They are found once for each group, hospital, level and account that occurs, not for each stay.
"""

from decimal import Decimal
from fractions import Fraction

import polars as pl

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, divide_half_up, scaled, wide
from drgpay.points.age_factors import AGE_COLUMNS, age_columns, base_of
from drgpay.points.catalogue import Catalogue
from drgpay.points.classes import high_ratio
from drgpay.policy.points import BaseLevel, Points

PRICE_COLUMNS = (
    "stability",
    "base_points",
    *AGE_COLUMNS,
    "coefficient",
    "mean_fen",
    "reference_mean_fen",
    "bounds_mean_fen",
    "cost_ratio",
    "high_ratio",
)
"""Null for stays whose class has no group in the catalogue."""

BOUND_COLUMNS = ("low_up_to_fen", "high_from_fen")
"""What only the choice of a class needs."""

RATIO_COLUMNS = ("ratio_total", "ratio_cases")
"""The exact reference mean in fen as a fraction (Int128); missing where it is that of the region,
mean_fen."""


def priced_stays(stays: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    """Put PRICE_COLUMNS, BOUND_COLUMNS and RATIO_COLUMNS beside stays, in their order.

    stays: also age and age_days where the policy has factors by age. Points and ratios are in
    1/10,000, money in fen. base_points are those of the catalogue. A stay is low with a cost of at
    most low_up_to_fen, high with one of at least high_from_fen (null: never). The two means are
    rounded for the reader; bounds and cost_ratio (total cost / reference mean) come from the exact
    ones. All are null for a group that is not in the catalogue, base_points also where the
    catalogue has none for an unstable group.
    """
    aged = stays.with_columns(**age_columns(points))
    of_accounts = catalogue.groups["account"].null_count() < catalogue.groups.height
    by_account = of_accounts or any(band.accounts for band in points.high_bands)
    keys = [
        *("drg", "hospital_id", "level"),
        *(["account"] if by_account else []),
        *(AGE_COLUMNS if points.age_factors else []),
    ]
    prices = _price_table(aged.select(keys).unique(), catalogue, points)
    priced = aged.join(prices, on=keys, how="left", nulls_equal=True, maintain_order="left")
    total, cases = reference_mean(points)
    ratio = divide_half_up(wide("total_fen") * wide(POINT_SCALE) * cases, total)
    return priced.with_columns(cost_ratio=pl.when(total > 0).then(ratio).cast(pl.Int64))


def reference_mean(points: Points) -> tuple[pl.Expr, pl.Expr]:
    """The mean that total cost is divided by in the formulas, exact: fen as total / cases."""
    if points.reference_mean == "region":
        return wide("mean_fen"), wide(1)
    return pl.col("ratio_total"), pl.col("ratio_cases")


def _price_table(keys: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    table = with_coefficient(_with_group(keys, catalogue.groups), catalogue.coefficients)
    if points.base_level:
        table = _at_one_level(table, catalogue.coefficients, points.base_level)
    if points.no_coefficient_groups:
        without = pl.col("drg").is_in(points.no_coefficient_groups)
        one = pl.lit(POINT_SCALE, pl.Int64)
        table = table.with_columns(coefficient=pl.when(without).then(one).otherwise("coefficient"))
    ratios = () if points.reference_mean == "region" else RATIO_COLUMNS
    return (
        table.with_columns(
            **_means(points), high_ratio=high_ratio(points.high_bands, base_of(points))
        )
        .with_columns(
            reference_mean_fen=_whole(divide_half_up(wide("ratio_total"), wide("ratio_cases"))),
            bounds_mean_fen=_whole(divide_half_up(wide("bounds_total"), wide("bounds_cases"))),
            low_up_to_fen=_whole(_low_up_to(points)),
            high_from_fen=_whole(_high_from(points)),
        )
        .select(
            *keys.columns,
            "stability",
            "base_points",
            "coefficient",
            "mean_fen",
            "reference_mean_fen",
            "bounds_mean_fen",
            "high_ratio",
            *BOUND_COLUMNS,
            *ratios,
        )
    )


def _with_group(keys: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """The row of the group and the stay's account, else that for every account."""
    columns = ("base_points", "mean_fen", "stability")
    own = groups.filter(pl.col("account").is_not_null()).select("drg", "account", *columns)
    every = groups.filter(pl.col("account").is_null()).select("drg", *columns)
    if not own.height:
        return keys.join(every, on="drg")
    with_own = keys.join(own, on=["drg", "account"])
    rest = keys.join(own, on=["drg", "account"], how="anti").join(every, on="drg")
    return pl.concat([with_own, rest.select(with_own.columns)])


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
    """The reference mean, and the mean that the bounds of low and high are multiples of."""
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
        "ratio_total": reference[0],
        "ratio_cases": reference[1],
        "bounds_total": bounds[0],
        "bounds_cases": bounds[1],
    }


def _mixed(level: _Mean, own_weight: Decimal) -> _Mean:
    """own_total / own_cases x weight + level mean x (1 - weight), in one fraction (C10)."""
    weight = Fraction(own_weight)  # reduced, so that the products of formulas fit 128 bits
    has_own = pl.col("own_total").is_not_null() & (pl.col("own_cases") > 0)
    total = wide("own_total") * wide(weight.numerator) * level[1] + level[0] * wide(
        weight.denominator - weight.numerator
    ) * wide("own_cases")
    cases = wide("own_cases") * level[1] * wide(weight.denominator)
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
