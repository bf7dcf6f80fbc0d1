"""Conduct: points that deductions took, and clues that were confirmed; no conduct is punished twice."""

from fractions import Fraction

import polars as pl

from drgpay.evaluation.indicator import SUMS, Indicator, summed
from drgpay.evaluation.material import Material, blocks_of


def _deducted(material: Material) -> pl.DataFrame:
    """Points taken by deductions by the points before them; shown, not scored beside deductions of points."""
    return summed(material.drg_stays, pl.col("deducted"), pl.col("deductible"))


def _confirmed(material: Material) -> pl.DataFrame | None:
    """Confirmed clues by 1,000 stays, without clues on a case whose points a deduction took."""
    if material.clues is None:
        return None
    stays = material.drg_stays
    punished = stays.filter(pl.col("deducted") != 0)["case_id"]
    clues = material.clues.filter(
        ~pl.col("case_ids").list.eval(pl.element().is_in(punished.implode())).list.any()
    )
    first = clues.select("hospital_id", case_id=pl.col("case_ids").list.sort().list.first())
    first = first.with_columns(pl.col("case_id").fill_null(pl.col("hospital_id")))
    hits = (
        first.with_columns(blocks_of(first["case_id"]))
        .group_by("hospital_id", "block")
        .agg(numerator=pl.len().cast(pl.Int64))
    )
    sums = summed(stays, pl.lit(0), pl.lit(1)).drop("numerator")
    return (
        sums.join(hits, on=["hospital_id", "block"], how="full", coalesce=True)
        .with_columns(pl.col("n", "numerator", "denominator").fill_null(0))
        .sort("hospital_id", "block")
        .select(*SUMS)
    )


INDICATORS = (
    Indicator("deduct_rate", "down", _deducted),
    Indicator("clue_confirmed", "down", _confirmed, times=Fraction(1000)),
)
