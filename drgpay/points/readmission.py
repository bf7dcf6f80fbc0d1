"""Readmission: an early return halves what the earlier stay earned (浙医保联发〔2019〕21号)."""

import polars as pl

from drgpay.policy.model import Readmission


def earlier_stays(stays: pl.DataFrame, rule: Readmission) -> pl.DataFrame:
    """The stays that a readmission follows, and the stay that followed.

    stays: case_id, person_id, hospital_id, drg, status, payment_unit, admission_date,
    discharge_date. A stay is followed when the same person comes back with the same DRG at most
    `days` after the discharge; in a chain of three the first two are. Returns case_id and
    readmission_case_id.
    """
    keys = ["person_id", "drg", *(["hospital_id"] if rule.scope == "hospital" else [])]
    candidates = stays.filter(
        (pl.col("status") == "grouped")
        & (pl.col("payment_unit") == "drg")
        & ~pl.col("drg").is_in(rule.exempt_groups)
        & pl.col("person_id").is_duplicated()
    ).sort([*keys, "admission_date", "discharge_date", "case_id"])
    same = pl.all_horizontal(*[pl.col(key) == pl.col(key).shift(-1) for key in keys])
    days = (pl.col("admission_date").shift(-1) - pl.col("discharge_date")).dt.total_days()
    return (
        candidates.select(
            "case_id",
            pl.col("case_id").shift(-1).alias("readmission_case_id"),
            followed=same & days.is_between(0, rule.days),
        )
        .filter("followed")
        .drop("followed")
    )
