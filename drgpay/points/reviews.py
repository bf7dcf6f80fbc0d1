"""Special reviews (特病单议): what an approved case earns, and how many a period may have."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import apportion, wide
from drgpay.base.words import Sentences
from drgpay.points.adjustments import CaseChange, change_columns
from drgpay.points.age_factors import age_factor
from drgpay.points.formulas import PointFormula, Terms, reviewed_at_cost, reviewed_high
from drgpay.points.reasons import reason
from drgpay.policy.points import Reviews
from drgpay.records.filings import Filings

_ERRORS = Sentences("errors/points")

KIND = "review"
OVER_QUOTA_KIND = "review_over_quota"


def review_changes(
    cases: pl.DataFrame, filings: Filings, terms: Terms, places: pl.DataFrame
) -> list[CaseChange]:
    """The steps of special reviews.

    places: of `quota_places` over all cases of the period. cases: all of the frame; case_id, hospital_id, status, payment_unit, case_class,
    AGE_COLUMNS and the columns of the formulas. An approved case has its fixed points, or those of the formula; a
    rejected one, one whose class is not reviewed and one that is refused over the quota keep the
    points of their class, with a row that says so. Raises DrgpayError for an unreasonable cost
    above the total.
    """
    if not filings.reviews.height:
        return []
    points = terms.points
    reviewed = cases.join(filings.reviews, on="case_id")
    _refuse_too_much(reviewed, filings)
    applicable = pl.col("case_class").is_in(points.reviews.classes)
    granted = reviewed.filter(applicable & pl.col("approved"))
    approved = granted.join(places, on="case_id", how="left", maintain_order="left")
    over = approved.filter(pl.col("number") > pl.col("quota"))
    refused = points.reviews.over_quota == "refuse"
    paid = approved.filter(pl.col("number") <= pl.col("quota")) if refused else approved
    fixed = pl.col("fixed_points").is_not_null()
    extra_for_high = (pl.col("case_class") == "high") & (points.high_formula == "review_only")
    return [
        _paid(
            paid.filter(fixed),
            PointFormula(wide("fixed_points"), wide(1), ""),
            reason("review_fixed", fixed_points=pl.col("fixed_points")),
        ),
        _paid(
            paid.filter(~fixed & ~extra_for_high),
            reviewed_at_cost(terms),
            reason("review_at_cost", unreasonable_fen=pl.col("unreasonable_fen")),
        ),
        _paid(
            paid.filter(~fixed & extra_for_high),
            reviewed_high(terms),
            reason(
                "review_excess",
                unreasonable_fen=pl.col("unreasonable_fen"),
                base=terms.reference[2],
                **age_factor(),
            ),
        ),
        _kept(
            reviewed.filter(~applicable),
            KIND,
            reason("review_not_applicable", case_class=pl.col("case_class")),
        ),
        _kept(reviewed.filter(applicable & ~pl.col("approved")), KIND, reason("review_rejected")),
        _kept(
            over,
            OVER_QUOTA_KIND,
            reason(
                _over_quota_code(points.reviews), number=pl.col("number"), quota=pl.col("quota")
            ),
        ),
    ]


def _over_quota_code(rule: Reviews) -> str:
    """Over the quota of the hospital or its part of the region's, refused or paid all the same."""
    code = "review_over_quota" if rule.quota_scope == "hospital" else "review_over_share"
    return code if rule.over_quota == "refuse" else f"{code}_paid"


def quota_of(discharges: int, rule: Reviews) -> int:
    """How many special reviews a number of discharges allows, rounded up (C11) or down."""
    exact = discharges * Fraction(rule.quota_share)
    return ceil(exact) if rule.quota_rounding == "up" else floor(exact)


def discharges(cases: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, status, payment_unit (texts), stays: how many stays there are of each; of several
    parts of a period one below the other.
    """
    by = ("hospital_id", "status", "payment_unit")
    counted = cases.group_by(by).agg(stays=pl.len().cast(pl.Int64))
    return counted.with_columns(pl.col(by).cast(pl.String))


def quotas(counted: pl.DataFrame, rule: Reviews) -> dict[str, int]:
    """The quota of each hospital.

    counted: of `discharges`. Counted are stays paid by DRG, with quota_of = "grouped" those with a
    group. Over the region its rounded quota is divided in proportion to the hospitals' counts, by
    largest remainder (ties: the smaller hospital_id).
    """
    by_drg = pl.col("payment_unit") == "drg"
    if rule.quota_of == "grouped":
        by_drg &= pl.col("status") == "grouped"
    hospitals = counted.filter(by_drg).group_by("hospital_id").agg(pl.col("stays").sum())
    counts: dict[str, int] = dict(hospitals.sort("hospital_id").iter_rows())
    if rule.quota_scope == "hospital":
        return {hospital: quota_of(count, rule) for hospital, count in counts.items()}
    whole = quota_of(sum(counts.values()), rule)
    shares = apportion(whole, list(counts.values())) if counts else []
    return dict(zip(counts, shares, strict=True))


GRANTED_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "hospital_id": pl.String(),
    "filed_at": pl.Date(),
}
"""A case with an approved review that its class admits."""


def granted_reviews(cases: pl.DataFrame, filings: Filings, rule: Reviews) -> pl.DataFrame:
    """GRANTED_SCHEMA of some cases: case_id, hospital_id, case_class."""
    approved = filings.reviews.filter(pl.col("approved")).select("case_id", "filed_at")
    applicable = cases.filter(pl.col("case_class").is_in(rule.classes))
    granted = applicable.select("case_id", "hospital_id").join(approved, on="case_id")
    return granted.select(pl.col(name).cast(dtype) for name, dtype in GRANTED_SCHEMA.items())


def quota_places(granted: pl.DataFrame, quota: Mapping[str, int]) -> pl.DataFrame:
    """The place of each granted review in the quota of its hospital, by filing date and case id, and
    that quota: case_id, number, quota.

    granted: GRANTED_SCHEMA of all cases of a period.
    """
    number = pl.int_range(1, pl.len() + 1)
    return (
        granted.sort("filed_at", "case_id")
        .with_columns(
            number=number.over("hospital_id"),
            quota=pl.col("hospital_id").replace_strict(
                dict(quota), default=0, return_dtype=pl.Int64
            ),
        )
        .select("case_id", "number", "quota")
    )


def _paid(cases: pl.DataFrame, formula: PointFormula, why: list[pl.Expr]) -> CaseChange:
    columns = change_columns(why, pl.col("reason"), times=Fraction(0), plus=formula)
    return CaseChange(KIND, cases.select(columns))


def _kept(cases: pl.DataFrame, kind: str, why: list[pl.Expr]) -> CaseChange:
    return CaseChange(kind, cases.select(change_columns(why, pl.col("reason"))))


def _refuse_too_much(reviewed: pl.DataFrame, filings: Filings) -> None:
    wrong = reviewed.filter(pl.col("unreasonable_fen") > pl.col("total_fen"))
    if wrong.height:
        case = wrong["case_id"][0]
        raise DrgpayError(
            *_ERRORS("unreasonable_above_total", path=filings.reviews_path, case=case)
        )
