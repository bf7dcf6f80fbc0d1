"""Extra points: new technologies, a share of base points by year, and Chinese medicine."""

from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_PLACES, POINT_SCALE, scaled, wide
from drgpay.base.words import Sentences
from drgpay.points.adjustments import CaseChange, change_columns
from drgpay.points.age_factors import Base, age_factor
from drgpay.points.formulas import PointFormula
from drgpay.points.reasons import reason
from drgpay.policy.points import NewTechnology, Points, Tcm
from drgpay.records.filings import Filings

_ERRORS = Sentences("errors/points")

TECHNOLOGY_KIND = "new_technology"
TCM_KIND = "tcm"


def refuse_unknown_technologies(filings: Filings, points: Points) -> None:
    """Refuse filings of a technology that the policy does not have or that is not filed."""
    known = [row.technology for row in points.new_technologies if row.filed]
    unknown = filings.technologies.filter(~pl.col("technology").is_in(known))
    if unknown.height:
        said = {"case": unknown["case_id"][0], "technology": unknown["technology"][0]}
        raise DrgpayError(*_ERRORS("unfiled_technology", path=filings.technologies_path, **said))


def technology_changes(
    cases: pl.DataFrame, rules: tuple[NewTechnology, ...], filed: pl.DataFrame, base: Base
) -> list[CaseChange]:
    """A step for each technology: plus base points (with the factor by age) x share of the year.

    cases: case_id, drg, case_class, AGE_COLUMNS, base_points (null: the class has no group), settlement_date.
    filed: TECHNOLOGY_SCHEMA. A case that is filed but has no share, because of its group, class
    or year, keeps its points with a row that says so.
    """
    steps = []
    for rule in rules:
        entitled = pl.col("drg").is_in(rule.groups) & pl.col("base_points").is_not_null()
        if rule.filed:
            ids = filed.filter(pl.col("technology") == rule.technology).select("case_id")
            concerned = cases.join(ids, on="case_id", how="semi")
            steps.append(_not_entitled(concerned.filter(~entitled.fill_null(False)), rule))
        else:
            concerned = cases
        steps.append(_with_share(concerned.filter(entitled), rule, base))
    return steps


def _with_share(cases: pl.DataFrame, rule: NewTechnology, base: Base) -> CaseChange:
    shares = pl.DataFrame(
        {
            "year": list(rule.share_by_year),
            "share": [scaled(share, POINT_PLACES) for share in rule.share_by_year.values()],
        },
        schema={"year": pl.String, "share": pl.Int64},
    )
    of_year = cases.with_columns(year=pl.col("settlement_date").dt.strftime("%Y")).join(
        shares, on="year", how="left" if rule.filed else "inner"
    )
    has_share = pl.col("share").is_not_null()
    share = {"factor": pl.col("share"), "base": base.words, **age_factor()}
    why = reason(
        pl.when(has_share)
        .then(pl.lit("new_technology_share"))
        .otherwise(pl.lit("new_technology_no_share")),
        period=pl.col("year"),
        **{name: pl.when(has_share).then(value) for name, value in share.items()},
    )
    extra = PointFormula(
        base.numerator * wide(pl.col("share").fill_null(0)),
        base.denominator * wide(POINT_SCALE),
        "",
    )
    columns = change_columns(why, pl.lit(rule.technology), plus=extra)
    return CaseChange(TECHNOLOGY_KIND, of_year.select(columns))


def _not_entitled(cases: pl.DataFrame, rule: NewTechnology) -> CaseChange:
    why = reason(
        "new_technology_not_applicable", drg=pl.col("drg"), case_class=pl.col("case_class")
    )
    columns = change_columns(why, pl.lit(rule.technology))
    return CaseChange(TECHNOLOGY_KIND, cases.select(columns))


def tcm_changes(cases: pl.DataFrame, rule: Tcm | None) -> list[CaseChange]:
    """The step that lifts the points of groups of Chinese medicine, by at most max_points a case.

    cases: case_id, drg, mean_fen (null: the class has no group).
    """
    if rule is None or not rule.groups:
        return []
    concerned = cases.filter(pl.col("drg").is_in(rule.groups) & pl.col("mean_fen").is_not_null())
    times = 1 + Fraction(rule.uplift)
    most = scaled(rule.max_points, POINT_PLACES)
    why = reason("tcm", factor=scaled(rule.uplift, POINT_PLACES), max_points=most)
    return [
        CaseChange(
            TCM_KIND,
            concerned.select(change_columns(why, pl.lit(None), times=times, most=most)),
        )
    ]
