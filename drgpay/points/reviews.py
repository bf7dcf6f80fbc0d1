"""Special reviews (特病单议): what an approved case earns, and how many a period may have."""

from fractions import Fraction
from math import ceil

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.exact import FEN_PLACES, POINT_PLACES, as_decimal, wide
from drgpay.points.adjustments import CaseChange, change_columns
from drgpay.points.formulas import PointFormula, reviewed_at_cost, reviewed_high
from drgpay.policy.points import Points, Reviews
from drgpay.records.filings import Filings

KIND = "review"
OVER_QUOTA_KIND = "review_over_quota"


def review_changes(
    cases: pl.DataFrame, filings: Filings, points: Points, all_mean_fen: Fraction
) -> list[CaseChange]:
    """The steps of special reviews.

    cases: all cases of the frame; case_id, hospital_id, status, case_class and the columns of the
    formulas. An approved case has its fixed points, or those of the formula; a rejected one, one
    whose class is not reviewed and one that is refused over the quota keep the points of their
    class, with a row that says so. Raises DrgpayError for an unreasonable cost above the total.
    """
    if not filings.reviews.height:
        return []
    reviewed = cases.join(filings.reviews, on="case_id")
    _refuse_too_much(reviewed, filings)
    applicable = pl.col("case_class").is_in(points.reviews.classes)
    approved = _with_quota(reviewed.filter(applicable & pl.col("approved")), cases, points.reviews)
    over = approved.filter(pl.col("number") > pl.col("quota"))
    refused = points.reviews.over_quota == "refuse"
    paid = approved.filter(pl.col("number") <= pl.col("quota")) if refused else approved
    fixed = pl.col("fixed_points").is_not_null()
    extra_for_high = (pl.col("case_class") == "high") & (points.high_formula == "review_only")
    return [
        _paid(paid.filter(fixed), _fixed_points()),
        _paid(paid.filter(~fixed & ~extra_for_high), reviewed_at_cost(all_mean_fen)),
        _paid(paid.filter(~fixed & extra_for_high), reviewed_high()),
        _kept(
            reviewed.filter(~applicable),
            KIND,
            pl.format("not applicable: the class {} is not reviewed", "case_class"),
        ),
        _kept(
            reviewed.filter(applicable & ~pl.col("approved")),
            KIND,
            pl.lit("rejected: the points of its class"),
        ),
        _kept(
            over,
            OVER_QUOTA_KIND,
            pl.format(
                "review {} of the {}, the quota is {}: {}",
                "number",
                pl.lit(points.reviews.quota_scope),
                "quota",
                pl.lit("refused" if refused else "reported, paid all the same"),
            ),
        ),
    ]


def quota_of(grouped_discharges: int, share: Fraction) -> int:
    """How many special reviews a number of grouped discharges allows, rounded up (C11)."""
    return ceil(grouped_discharges * share)


def _with_quota(approved: pl.DataFrame, cases: pl.DataFrame, rule: Reviews) -> pl.DataFrame:
    """Add the quota of the hospital or region, and number: the place by filing date and case id."""
    grouped = cases.select("hospital_id", "status").filter(pl.col("status") == "grouped")
    share = Fraction(rule.quota_share)
    number = pl.int_range(1, pl.len() + 1)
    counted = approved.sort("filed_at", "case_id")
    if rule.quota_scope == "region":
        quota = pl.lit(quota_of(grouped.height, share), pl.Int64)
        return counted.with_columns(number=number, quota=quota)
    discharges = grouped.group_by("hospital_id").len().iter_rows()
    quotas = {hospital: quota_of(grouped_here, share) for hospital, grouped_here in discharges}
    return counted.with_columns(
        number=number.over("hospital_id"),
        quota=pl.col("hospital_id").replace_strict(quotas, default=0, return_dtype=pl.Int64),
    )


def _paid(cases: pl.DataFrame, formula: PointFormula) -> CaseChange:
    unreasonable = as_decimal("unreasonable_fen", FEN_PLACES).cast(pl.String)
    fixed = as_decimal("fixed_points", POINT_PLACES).cast(pl.String)
    number = fixed if formula.words == _FIXED else unreasonable
    columns = change_columns(
        pl.format(f"approved: {formula.words}", number),
        pl.col("reason"),
        times=Fraction(0),
        plus=formula,
    )
    return CaseChange(KIND, cases.select(columns))


_FIXED = "{} points"


def _fixed_points() -> PointFormula:
    return PointFormula(wide("fixed_points"), wide(1), _FIXED)


def _kept(cases: pl.DataFrame, kind: str, reason: pl.Expr) -> CaseChange:
    return CaseChange(kind, cases.select(change_columns(reason, pl.col("reason"))))


def _refuse_too_much(reviewed: pl.DataFrame, filings: Filings) -> None:
    wrong = reviewed.filter(pl.col("unreasonable_fen") > pl.col("total_fen"))
    if wrong.height:
        raise DrgpayError(
            f"{filings.reviews_path}: the unreasonable_cost of the case {wrong['case_id'][0]} is "
            "above its total cost",
            "correct it",
        )
