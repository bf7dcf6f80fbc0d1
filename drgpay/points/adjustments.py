"""What is added to and taken from the points of single cases, one row an adjustment.

The exact number of points goes through all steps and is rounded after each, so that the rows of a
case add up to its rounded points. It is counted in Python's whole numbers, which have no limit:
three factors of four places after a cost share would not always fit 128 bits. Only the cases
concerned go through here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from drgpay.base.exact import POINT_SCALE, wide
from drgpay.points.formulas import PointFormula
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA, REASON_SCHEMA, no_adjustments

SHARE = "plus_share"
"""Of a CaseChange, if it has the column: the part of plus that is added, Int64 in 1/10,000."""


@dataclass(frozen=True)
class CaseChange:
    """A step that changes the points of some cases: points x times + plus.

    rows: one a case; case_id, times_numerator, times_denominator, plus_numerator, plus_denominator
    (Int128, 1/10,000 points; made by `change_columns`), most (Int64 1/10,000, null: no limit of
    what the step adds), REASON_SCHEMA, evidence.
    """

    kind: str
    rows: pl.DataFrame


@dataclass(frozen=True)
class HospitalMinus:
    """Points that a finding takes from the case's hospital beside those of the case.

    rows: case_id, points (Int64 1/10,000, negative), REASON_SCHEMA, evidence.
    """

    kind: str
    rows: pl.DataFrame


Step: TypeAlias = CaseChange | HospitalMinus


def change_columns(
    why: Sequence[pl.Expr],
    evidence: pl.Expr,
    times: Fraction = Fraction(1),
    plus: PointFormula | None = None,
    most: int | None = None,
) -> list[pl.Expr]:
    """The columns of a CaseChange. why: of `reason`."""
    return [
        pl.col("case_id"),
        wide(times.numerator).alias("times_numerator"),
        wide(times.denominator).alias("times_denominator"),
        (plus.numerator if plus else wide(0)).alias("plus_numerator"),
        (plus.denominator if plus else wide(1)).alias("plus_denominator"),
        pl.lit(most, pl.Int64).alias("most"),
        *why,
        evidence.cast(pl.String).alias("evidence"),
    ]


def adjust(exact: pl.DataFrame, steps: Sequence[Step]) -> tuple[pl.Series, pl.DataFrame]:
    """Take cases through the steps in order.

    exact: sorted by case_id; case_id, hospital_id, account, out_of_area, numerator, denominator.
    Returns the final points (Int64 1/10,000) of its rows and the adjustments (ADJUSTMENT_SCHEMA,
    sorted by case_id and step).
    """
    amounts = _Fractions(_whole(exact["numerator"]), _whole(exact["denominator"]))
    made = []
    for number, step in enumerate(steps):
        rows = exact.select("case_id", place=pl.int_range(pl.len())).join(
            step.rows, on="case_id", maintain_order="left"
        )
        applies_to: Literal["case", "hospital"] = "hospital"
        if isinstance(step, CaseChange):
            places = rows["place"].to_numpy()
            before = amounts.at(places)
            after = _changed(before, rows)
            amounts.put(places, after)
            rows = rows.with_columns(points=_int64(after.rounded() - before.rounded()))
            applies_to = "case"
        made.append(
            rows.select(
                "case_id",
                pl.lit(number, pl.Int32).alias("step"),
                pl.lit(applies_to).alias("applies_to"),
                pl.lit(step.kind).alias("kind"),
                "points",
                *REASON_SCHEMA,
                "evidence",
            )
        )
    return _int64(amounts.rounded()), _numbered(made, exact)


_Wholes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.object_]]


@dataclass(frozen=True)
class _Fractions:
    """Exact numbers, not negative: arrays of Python's whole numbers."""

    numerator: _Wholes
    denominator: _Wholes

    def at(self, places: Any) -> "_Fractions":
        return _Fractions(self.numerator[places], self.denominator[places])

    def put(self, places: Any, other: "_Fractions") -> None:
        self.numerator[places] = other.numerator
        self.denominator[places] = other.denominator

    def rounded(self) -> _Wholes:
        return (2 * self.numerator + self.denominator) // (2 * self.denominator)


def _changed(before: _Fractions, rows: pl.DataFrame) -> _Fractions:
    times = _Fractions(_whole(rows["times_numerator"]), _whole(rows["times_denominator"]))
    plus = _Fractions(_whole(rows["plus_numerator"]), _whole(rows["plus_denominator"]))
    if SHARE in rows.columns:
        shares = _whole(rows[SHARE])
        plus = _Fractions(plus.numerator * shares, plus.denominator * POINT_SCALE)
    denominator = before.denominator * times.denominator
    after = _Fractions(
        before.numerator * times.numerator * plus.denominator + plus.numerator * denominator,
        denominator * plus.denominator,
    )
    limited = np.flatnonzero(rows["most"].is_not_null().to_numpy())
    if len(limited):
        base = before.at(limited)
        most = _whole(rows["most"].gather(limited))
        limit = _Fractions(base.numerator + most * base.denominator, base.denominator)
        reached = after.at(limited)
        over = reached.numerator * limit.denominator > limit.numerator * reached.denominator
        over = over.astype(bool)
        after.put(limited[over], limit.at(over))
    return after


def _numbered(made: list[pl.DataFrame], exact: pl.DataFrame) -> pl.DataFrame:
    if not made:
        return no_adjustments()
    rows = pl.concat(made).sort("case_id", "step", "applies_to")
    owners = exact.select("case_id", "hospital_id", "account", "out_of_area")
    return (
        rows.join(owners, on="case_id", how="left", maintain_order="left")
        .with_columns(
            step=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("case_id"),
            **dict.fromkeys(("paid_in", "deduction_kind", "return_in"), pl.lit(None, pl.String)),
        )
        .select(pl.col(column).cast(dtype) for column, dtype in ADJUSTMENT_SCHEMA.items())
    )


def _whole(values: pl.Series) -> _Wholes:
    wholes: _Wholes = np.array(values.to_list(), dtype=np.object_)
    return wholes


def _int64(values: _Wholes) -> pl.Series:
    return pl.Series("points", values.astype(np.int64))
