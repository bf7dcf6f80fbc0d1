"""Volume caps: cases of a hospital's month beyond the cap of their groups earn less."""

from collections.abc import Sequence
from fractions import Fraction

import polars as pl

from drgpay.base.exact import POINT_PLACES, scaled
from drgpay.points.adjustments import CaseChange, change_columns
from drgpay.points.reasons import reason
from drgpay.policy.points import VolumeCap

KIND = "volume_cap"


CAPPED_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "hospital_id": pl.String(),
    "settlement_date": pl.Date(),
}
"""A case of the groups of a cap."""


def capped_cases(cases: pl.DataFrame, cap: VolumeCap) -> pl.DataFrame:
    """CAPPED_SCHEMA of the cases that count: case_id, hospital_id, settlement_date, payment_unit,
    status, drg.
    """
    return cases.filter(
        (pl.col("status") == "grouped")
        & (pl.col("payment_unit") == "drg")
        & pl.col("drg").is_in(cap.groups)
    ).select(pl.col(name).cast(dtype) for name, dtype in CAPPED_SCHEMA.items())


def volume_changes(capped: Sequence[pl.DataFrame], caps: tuple[VolumeCap, ...]) -> list[CaseChange]:
    """A step for each cap.

    capped: for each cap its `capped_cases` of the whole period. The cases of a
    hospital, settlement month and cap count in the order of settlement date and case id; those
    beyond `cases_a_month` are multiplied by the factor.
    """
    return [CaseChange(KIND, _beyond(cases, cap)) for cases, cap in zip(capped, caps, strict=True)]


def _beyond(cases: pl.DataFrame, cap: VolumeCap) -> pl.DataFrame:
    counted = (
        cases.with_columns(month=pl.col("settlement_date").dt.strftime("%Y-%m"))
        .sort("settlement_date", "case_id")
        .with_columns(
            number=pl.int_range(1, pl.len() + 1).over("hospital_id", "month"),
        )
    )
    why = reason(
        "volume_cap",
        factor=scaled(cap.factor, POINT_PLACES),
        number=pl.col("number"),
        quota=cap.cases_a_month,
        period=pl.col("month"),
    )
    return counted.filter(pl.col("number") > cap.cases_a_month).select(
        change_columns(why, pl.lit(None), times=Fraction(cap.factor))
    )
