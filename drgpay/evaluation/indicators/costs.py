"""Costs: what patients bear, what it is spent on, how it grows."""

from collections.abc import Callable
from fractions import Fraction

import polars as pl

from drgpay.base.exact import divide_half_up, wide
from drgpay.evaluation.indicator import SUMS, WHOLE, Indicator, summed
from drgpay.evaluation.material import BLOCKS, Material

_HOSPITAL = (pl.col("cell") // BLOCKS).alias("hospital")
_SCALE = 10**4
"""What n x last year's mean is scaled by."""


def _part(column: str) -> Callable[[Material], pl.DataFrame | None]:
    """A kind of cost by the total cost, of the stays that have it."""

    def sums(material: Material) -> pl.DataFrame | None:
        stays = material.drg_stays.drop_nulls(column)
        return summed(stays, pl.col(column), pl.col("total_fen")) if stays.height else None

    return sums


def _self_pay(material: Material) -> pl.DataFrame | None:
    ext = material.tables.get("stays_ext")
    if ext is None:
        return None
    paid = ext.select("case_id", self_pay_fen="self_pay_cost").drop_nulls()
    stays = material.drg_stays.join(paid, on="case_id", how="inner")
    return summed(stays, pl.col("self_pay_fen"), pl.col("total_fen")) if stays.height else None


def _growth(material: Material) -> pl.DataFrame | None:
    """The mean cost of the year by the hospital's own of last year."""
    before = material.drg_stays_before.group_by(_HOSPITAL).agg(
        past_stays=pl.len().cast(pl.Int64), past_fen=pl.col("total_fen").sum()
    )
    return _against(material.drg_stays, before)


def _growth_mix(material: Material) -> pl.DataFrame | None:
    """The same at this year's mix: by last year's means of the hospital's groups that both years have."""
    before = (
        material.drg_stays_before.filter(pl.col("status") == "grouped")
        .group_by(_HOSPITAL, "group")
        .agg(past_stays=pl.len().cast(pl.Int64), past_fen=pl.col("total_fen").sum())
    )
    stays = material.drg_stays.filter(pl.col("status") == "grouped")
    return _against(stays, before, "group")


def _against(stays: pl.DataFrame, before: pl.DataFrame, *key: str) -> pl.DataFrame | None:
    before = before.filter(pl.col("past_fen") > 0)
    if before.is_empty():
        return None
    cells = (
        stays.group_by("cell", *key)
        .agg(
            pl.col("hospital_id", "block").first(),
            n=pl.len().cast(pl.Int64),
            total_fen=pl.col("total_fen").sum(),
        )
        .with_columns(_HOSPITAL)
        .join(before, on=["hospital", *key])
    )
    due = divide_half_up(wide("n") * wide("past_fen") * wide(_SCALE), wide("past_stays"))
    return (
        cells.with_columns(due=due.cast(pl.Int64))
        .group_by("hospital_id", "block")
        .agg(
            n=pl.col("n").sum(),
            numerator=pl.col("total_fen").sum() * _SCALE,
            denominator=pl.col("due").sum(),
        )
        .sort("hospital_id", "block")
        .select(*SUMS)
    )


def _per_head(material: Material) -> pl.DataFrame | None:
    """Total cost by distinct persons, in yuan; no sum over blocks."""
    return of_persons(material, pl.col("total_fen").sum())


def of_persons(material: Material, numerator: pl.Expr) -> pl.DataFrame | None:
    """SUMS by distinct persons of a hospital."""
    stays = material.drg_stays.drop_nulls("person")
    if stays.is_empty():
        return None
    return (
        stays.group_by("hospital_id")
        .agg(
            block=pl.lit(WHOLE, pl.Int32),
            n=pl.len().cast(pl.Int64),
            numerator=numerator.cast(pl.Int64),
            denominator=pl.col("person").n_unique().cast(pl.Int64),
        )
        .sort("hospital_id")
        .select(*SUMS)
    )


def _visits(material: Material) -> pl.DataFrame | None:
    """Stays by distinct persons (人次人头比)."""
    return of_persons(material, pl.len())


INDICATORS = (
    Indicator("burden", "down", _part("patient_fen")),
    Indicator("self_pay_share", "down", _self_pay),
    Indicator("drug_share", "down", _part("drug_fen")),
    Indicator("material_share", "down", _part("material_fen")),
    Indicator("exam_share", "down", _part("exam_fen")),
    Indicator("cost_growth", "band", _growth, plus=-1),
    Indicator("cost_growth_mix", "band", _growth_mix, plus=-1),
    Indicator("cost_per_head", "down", _per_head, times=Fraction(1, 100), in_blocks=False),
    Indicator("visit_ratio", "down", _visits, in_blocks=False),
)
