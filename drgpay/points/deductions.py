"""Deductions for violations: the case loses points, and its hospital a multiple of base points.

浙医保发〔2021〕50号, C13.
"""

from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_PLACES, POINT_SCALE, divide_half_up, scaled, wide
from drgpay.base.words import Sentences
from drgpay.points.adjustments import CaseChange, HospitalMinus, Step, change_columns
from drgpay.points.age_factors import Base, age_factor
from drgpay.points.reasons import reason
from drgpay.policy.points import Deduction, Points
from drgpay.records.filings import Filings

_ERRORS = Sentences("errors/points")


def refuse_unknown_kinds(filings: Filings, points: Points) -> None:
    """Refuse deductions of a kind that the policy does not have."""
    known = [row.kind for row in points.deductions]
    unknown = filings.deductions.filter(~pl.col("kind").is_in(known))
    if unknown.height:
        case, kind = unknown["case_id"][0], unknown["kind"][0]
        path = filings.deductions_path
        raise DrgpayError(*_ERRORS("unknown_deduction", path=path, case=case, kind=kind))


def deduction_steps(
    cases: pl.DataFrame, rules: tuple[Deduction, ...], found: pl.DataFrame, base: Base
) -> list[Step]:
    """Two steps for each kind: the case's points x factor, and the hospital's minus.

    cases: case_id, the columns of `base`, AGE_COLUMNS, points_before. found: DEDUCTION_SCHEMA. Where a case has
    no base points, its points before adjustments stand for them. The evidence is the document, or
    the reason where there is none, and the clue that led to it (07).
    """
    steps: list[Step] = []
    for rule in rules:
        of_kind = found.filter(pl.col("kind") == rule.kind)
        if of_kind.height:
            concerned = cases.join(of_kind, on="case_id")
            steps += [_case_step(concerned, rule), _hospital_step(concerned, rule, base)]
    return steps


def _case_step(cases: pl.DataFrame, rule: Deduction) -> CaseChange:
    why = reason("deduction", factor=scaled(rule.case_factor, POINT_PLACES))
    columns = change_columns(why, _EVIDENCE, times=Fraction(rule.case_factor))
    return CaseChange(rule.kind, cases.select(columns))


_DOCUMENT = pl.coalesce("document", "reason")
_NAMED = _DOCUMENT.str.contains(pl.col("clue_id"), literal=True)
_EVIDENCE = (
    pl.when(pl.col("clue_id").is_null() | _NAMED)
    .then(_DOCUMENT)
    .otherwise(pl.concat_str(_DOCUMENT, "clue_id", separator=" ", ignore_nulls=True))
)
"""The clue that led to a deduction is named by it, whatever the document says."""


def _hospital_step(cases: pl.DataFrame, rule: Deduction, base: Base) -> HospitalMinus:
    serious = pl.col("serious")
    times = (
        pl.when(serious)
        .then(scaled(rule.base_times_serious, POINT_PLACES))
        .otherwise(scaled(rule.base_times, POINT_PLACES))
    )
    priced = pl.col("base_points").is_not_null()
    whole = pl.when(priced).then(base.numerator).otherwise(wide("points_before"))
    parts = pl.when(priced).then(base.denominator).otherwise(wide(1))
    taken = divide_half_up(whole * wide(times), parts * wide(POINT_SCALE)).cast(pl.Int64)
    why = reason(
        pl.when(serious).then(pl.lit("hospital_minus_serious")).otherwise(pl.lit("hospital_minus")),
        factor=times,
        base=pl.when(priced).then(base.words).otherwise(pl.lit("points_before")),
        **age_factor(),
    )
    rows = cases.filter(times > 0).select(
        "case_id", (-taken).alias("points"), *why, _EVIDENCE.alias("evidence")
    )
    return HospitalMinus(rule.kind, rows)
