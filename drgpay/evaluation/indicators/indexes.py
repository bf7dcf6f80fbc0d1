"""Efficiency: a hospital's costs and days by the region's means of the same groups (V1).

`mean_of_ratios` is the sum of n x k over groups by the sum of n, k = hospital's mean / region's;
`ratio_of_sums` the sum of what was spent by the sum of n x region's mean [d4]. They differ, and both are
reported. The region's means are of this year's stays, the hospital itself included; groups whose mean
is 0 are in neither.
"""

from collections.abc import Callable
from fractions import Fraction

import polars as pl

from drgpay.base.exact import divide_half_up, wide
from drgpay.evaluation.indicator import Indicator, summed
from drgpay.evaluation.material import Material

_MEAN_OF_RATIOS = 10**12
"""What n x k is scaled by, rounded for each hospital, block and group."""
_RATIO_OF_SUMS = 10**4
"""What n x mean is scaled by."""


def _cells(material: Material, column: str) -> pl.DataFrame:
    """A row for each hospital, block and group: stays, what they took, and both of the region."""
    stays = material.drg_stays.filter(pl.col("status") == "grouped").drop_nulls(column)
    cells = stays.group_by("cell", "group").agg(
        pl.col("hospital_id", "block").first(),
        stays=pl.len().cast(pl.Int64),
        taken=pl.col(column).sum(),
    )
    region = cells.group_by("group").agg(
        all_stays=pl.col("stays").sum(), all_taken=pl.col("taken").sum()
    )
    return cells.join(region, on="group").filter(pl.col("all_taken") > 0)


def _added(cells: pl.DataFrame, numerator: pl.Expr, denominator: pl.Expr) -> pl.DataFrame:
    sums = summed(cells, numerator, denominator)
    stays = cells.group_by("hospital_id", "block").agg(counted=pl.col("stays").sum())
    return (
        sums.join(stays, on=["hospital_id", "block"], how="left", maintain_order="left")
        .with_columns(n="counted")
        .drop("counted")
    )


def mean_of_ratios(column: str) -> Callable[[Material], pl.DataFrame]:
    """Sums of n x k, scaled, and n."""

    def sums(material: Material) -> pl.DataFrame:
        ratio = divide_half_up(
            wide("taken") * wide("all_stays") * wide(_MEAN_OF_RATIOS), wide("all_taken")
        )
        return _added(_cells(material, column), ratio, pl.col("stays"))

    return sums


def ratio_of_sums(column: str) -> Callable[[Material], pl.DataFrame]:
    """Sums of what was taken, and of n x the region's mean, both scaled."""

    def sums(material: Material) -> pl.DataFrame:
        due = divide_half_up(
            wide("stays") * wide("all_taken") * wide(_RATIO_OF_SUMS), wide("all_stays")
        )
        return _added(_cells(material, column), pl.col("taken") * _RATIO_OF_SUMS, due)

    return sums


INDICATORS = tuple(
    indicator
    for name, column in (("time_index", "length_of_stay"), ("cost_index", "total_fen"))
    for indicator in (
        Indicator(name, "down", mean_of_ratios(column), times=Fraction(1, _MEAN_OF_RATIOS)),
        Indicator(f"{name}_sums", "down", ratio_of_sums(column)),
    )
)
