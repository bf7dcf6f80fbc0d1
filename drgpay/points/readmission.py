"""Readmission: an early return halves what the earlier stay earned (浙医保联发〔2019〕21号)."""

from fractions import Fraction

import polars as pl

from drgpay.points.adjustments import CaseChange, change_columns
from drgpay.policy.points import Readmission

KIND = "readmission"


def readmission_changes(stays: pl.DataFrame, rule: Readmission) -> list[CaseChange]:
    """The step that multiplies the points of stays that a readmission follows (C6)."""
    reason = pl.format(
        "points * {}: the patient came back within {} days",
        pl.lit(str(rule.factor)),
        pl.lit(str(rule.days)),
    )
    rows = earlier_stays(stays, rule).select(
        change_columns(reason, pl.col("readmission_case_id"), times=Fraction(rule.factor))
    )
    return [CaseChange(KIND, rows)]


def earlier_stays(stays: pl.DataFrame, rule: Readmission) -> pl.DataFrame:
    """The stays that a readmission follows, and the stay that followed.

    stays: case_id, person_id (null: not known), hospital_id, drg, status, payment_unit,
    admission_date, discharge_date. The stay before a return is the one with the latest discharge;
    it is followed when the same person comes back with the same DRG at most `days` after that
    discharge, so in a chain of three the first two are. Returns case_id and readmission_case_id
    (the first return).
    """
    keys = ["person_id", "drg", *(["hospital_id"] if rule.scope == "hospital" else [])]
    order = ["admission_date", "discharge_date", "case_id"]
    concerned = stays.filter(
        (pl.col("status") == "grouped")
        & (pl.col("payment_unit") == "drg")
        & ~pl.col("drg").is_in(rule.exempt_groups)
        & pl.col("person_id").is_not_null()
    ).select(*keys, *order)
    # Most stays are the only ones of their person and group. Equal keys have equal hashes; others
    # that happen to share one are told apart by the join.
    again = concerned.select(keys).hash_rows().is_duplicated()
    candidates = concerned.filter(again).sort(order).with_row_index("place")
    pairs = candidates.join(candidates, on=keys, suffix="_again").filter(
        pl.col("place") < pl.col("place_again")
    )
    days = (pl.col("admission_date_again") - pl.col("discharge_date")).dt.total_days()
    before_return = (
        pairs.with_columns(days=days)
        .filter(pl.col("days") >= 0)
        .sort("discharge_date", "place")
        .group_by("place_again", maintain_order=True)
        .last()
    )
    return (
        before_return.filter(pl.col("days") <= rule.days)
        .sort("place_again")
        .group_by("case_id", maintain_order=True)
        .agg(readmission_case_id=pl.col("case_id_again").first())
    )
