"""Why points change: a code and its numbers, the same columns for all codes (docs/points.md).

Readers get a sentence of them (drgpay/report/reasons.py), calculations the formula of the points.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.points.age_factors import with_factor_of
from drgpay.policy.adjustment_rows import REASON_SCHEMA

TIMES = ("readmission", "volume_cap", "deduction", "deductions")
"""Codes of changes that multiply the points by `factor`."""
PHASED_IN = ("phase_in", "neutral_factor", "former_points", "former_scheme")
"""Codes of what brings the points of a new scheme to the scale of the one before."""
APPROVED = ("review_fixed", "review_at_cost", "review_excess")
"""Codes of approved reviews: they set the points."""
ADDS = ("new_technology_share", "tcm")
"""Codes of what is added to the points."""
MINUS = ("hospital_minus", "hospital_minus_serious")
"""Codes of what is taken from the hospital of a case."""
REFUSED = ("review_over_quota", "review_over_share")
"""Codes of reviews that are refused over the quota of the hospital, or its part of the region's."""


def reason(code: str | pl.Expr, **numbers: pl.Expr | str | int) -> list[pl.Expr]:
    """The columns of REASON_SCHEMA: a code with the numbers that it has."""
    given: dict[str, Any] = {"code": code, **numbers}
    return [
        (value if isinstance(value, pl.Expr) else pl.lit(value)).cast(dtype).alias(name)
        for name, dtype in REASON_SCHEMA.items()
        for value in [given.get(name)]
    ]


_FORMULAS = {
    **dict.fromkeys(TIMES, "points * {factor}"),
    "phase_in": "{base} * {factor} + {fixed_points} * (1 - {factor})",
    "neutral_factor": "{base}",
    **dict.fromkeys(("former_points", "former_scheme"), "{fixed_points}"),
    "review_fixed": "{fixed_points}",
    "review_at_cost": "(total_cost - {unreasonable_cost}) / all_mean * 100",
    "review_excess": (
        "base_points * coefficient"
        " + base_points * max((total_cost - {unreasonable_cost}) / {base} - high_ratio, 0)"
    ),
    "new_technology_share": "{base} * {factor}",
    "tcm": "min(points * {factor}, {max_points})",
    **dict.fromkeys(MINUS, "{factor} * {base}"),
}


def reason_formula(row: Mapping[str, Any]) -> str:
    """What the points are after a change, in the names of results: `points * 0.5`.

    row: of adjustments.parquet. Of ADDS it is what is added, of MINUS what is taken; empty for a
    change without numbers. base_points stand with the factor by age of the row.
    """
    formula = _FORMULAS.get(row["code"])
    if formula is None or ("{factor}" in formula and row["factor"] is None):
        return ""
    plain = {
        name: None if row[name] is None else plain_number(row[name])
        for name in ("factor", "max_points")
    }
    return with_factor_of(row, formula.format(**{**row, **plain}))


def times_of(row: Mapping[str, Any]) -> str | None:
    """What a change multiplies the points by; None if it does not."""
    return plain_number(row["factor"]) if row["code"] in TIMES and reason_formula(row) else None


def plain_number(value: Decimal) -> str:
    """A number without needless zeros."""
    return f"{value.normalize():f}"
