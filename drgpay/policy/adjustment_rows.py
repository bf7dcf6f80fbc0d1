"""The rows of adjustments: what points say and money is counted by.

A row belongs to a case, or takes points from the line of its hospital.
"""

import polars as pl

from drgpay.policy.points import Points

REASON_SCHEMA: dict[str, pl.DataType] = {
    "code": pl.String(),
    "factor": pl.Int64(),
    "base": pl.String(),
    "age_times": pl.Int64(),
    "age_divide": pl.Int64(),
    "number": pl.Int64(),
    "quota": pl.Int64(),
    "days": pl.Int64(),
    "period": pl.String(),
    "drg": pl.String(),
    "case_class": pl.String(),
    "fixed_points": pl.Int64(),
    "unreasonable_fen": pl.Int64(),
    "max_points": pl.Int64(),
}
"""Why: a code and its numbers, null where the code has none of them (docs/points.md, "Reasons").
Factors and points in 1/10,000. base: the column that the numbers are applied to."""

ADJUSTMENT_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "hospital_id": pl.String(),
    "account": pl.String(),
    "out_of_area": pl.Boolean(),
    "step": pl.Int32(),
    "applies_to": pl.String(),
    "kind": pl.String(),
    "points": pl.Int64(),
    **REASON_SCHEMA,
    "evidence": pl.String(),
    "paid_in": pl.String(),
    "deduction_kind": pl.String(),
    "return_in": pl.String(),
}
"""applies_to: `case` (part of the case's points) or `hospital` (taken from its hospital's line);
points in 1/10,000, signed; evidence: another case, a technology or the reason that was filed;
where several runs are known (earlier_stays.py), else null: paid_in, the period of the run that paid
the stay of the row; deduction_kind, of the minus of its hospital; return_in, the period of the run
that has the return."""


def no_adjustments() -> pl.DataFrame:
    """A table without adjustments."""
    return pl.DataFrame(schema=ADJUSTMENT_SCHEMA)


EARLIER_READMISSION, EARLIER_DEDUCTION = "readmission_earlier", "deduction_earlier"
EARLIER_STAYS = (EARLIER_READMISSION, EARLIER_DEDUCTION)
"""Kinds of rows on stays that an earlier run paid (earlier_stays.py)."""


def takes_deducted_points(points: Points) -> pl.Expr:
    """Whether an adjustment (column `kind`) is points that a deduction takes: those of the case,
    the minus of its hospital, and what a deduction still takes of a stay paid before.
    """
    kinds = [*(row.kind for row in points.deductions), EARLIER_DEDUCTION]
    return pl.col("kind").is_in(kinds)
