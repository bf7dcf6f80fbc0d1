"""Capacity: how many groups, how heavy they are."""

from fractions import Fraction

import polars as pl

from drgpay.base.exact import POINT_SCALE
from drgpay.evaluation.indicator import SUMS, WHOLE, Indicator, counted, summed
from drgpay.evaluation.material import Material

_SEVERE = 200 * POINT_SCALE
"""Points from which on a group is severe."""


def _groups(material: Material) -> pl.DataFrame:
    """Distinct groups with at least so many stays; no sum over blocks."""
    stays = material.drg_stays.filter(pl.col("status") == "grouped")
    groups = stays.group_by("hospital_id", "drg").agg(stays=pl.len())
    return (
        groups.group_by("hospital_id")
        .agg(
            block=pl.lit(WHOLE, pl.Int32),
            n=pl.col("stays").sum(),
            numerator=(pl.col("stays") >= material.least_stays).sum(),
            denominator=pl.lit(1),
        )
        .sort("hospital_id")
        .select(pl.col(name).cast(dtype) for name, dtype in SUMS.items())
    )


def _case_mix(material: Material) -> pl.DataFrame:
    """Base points / 100 over stays that have some."""
    stays = material.drg_stays.drop_nulls("base_points")
    return summed(stays, pl.col("base_points"), pl.lit(1))


def _severe(material: Material) -> pl.DataFrame:
    return counted(material.drg_stays, pl.col("base_points") >= _SEVERE)


def _primary(material: Material) -> pl.DataFrame | None:
    groups = material.tables.get("primary_groups")
    if groups is None:
        return None
    return counted(material.drg_stays, pl.col("drg").is_in(groups["drg"].implode()))


INDICATORS = (
    Indicator("drg_count", "up", _groups, in_blocks=False),
    Indicator("cmi", "up", _case_mix, times=Fraction(1, 100 * POINT_SCALE)),
    Indicator("severe_share", "up", _severe),
    Indicator("primary_share", None, _primary),
)
