"""The phase-in of a new scheme: points between those of the scheme before and its own, by month.

points = (1 - share) x former + share x k x new, rounded once (docs/points.md, "Phase-in"; D6). Class,
group and formula of a stay are the new scheme's; its step here brings it to the scale of the former
points. k is the neutral factor of the account (neutral_factor.py).
"""

from collections.abc import Iterable, Sequence

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_PLACES, POINT_SCALE, scaled, wide
from drgpay.base.words import Sentences
from drgpay.grouper.grouped_stays import FORMER_COLUMNS
from drgpay.points.adjustments import SHARE, CaseChange
from drgpay.points.age_factors import Base
from drgpay.points.catalogue import Catalogue
from drgpay.points.classes import WITHOUT_GROUP
from drgpay.points.formulas import class_formulas
from drgpay.points.neutral_factor import FACTOR_PLACES, FACTOR_SCALE
from drgpay.points.pricing import alike, exact_points, priced_cases
from drgpay.points.reasons import APPROVED, reason
from drgpay.policy.points import PhaseIn, Points

_ERRORS = Sentences("errors/points")

KIND = "phase_in"
FORMER_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    **dict.fromkeys(FORMER_COLUMNS, pl.String()),
    "former_class": pl.String(),
    "former_base_points": pl.Int64(),
    "former_coefficient": pl.Int64(),
    "former_formula": pl.String(),
    "former_points": pl.Int64(),
}
"""What a stay would have earned under the scheme before, by the same [points] of the policy."""


_EXACT: dict[str, pl.DataType] = {
    "former_numerator": pl.Int128(),
    "former_denominator": pl.Int128(),
    "former_alike": pl.Boolean(),
}


def former_cases(cases: pl.DataFrame, former: Catalogue | None, points: Points) -> pl.DataFrame:
    """FORMER_SCHEMA and the exact points of the cases that a share of their former points is paid for.

    cases: of `priced_cases`, with FORMER_COLUMNS, which months of share 1 need not have. Without a
    phase-in there are none. Raises DrgpayError for cases without their former groups.
    """
    empty = pl.DataFrame(schema=FORMER_SCHEMA | _EXACT)
    if points.phase_in is None or not cases.height:
        return empty
    first = cases.select(pl.col("settlement_date").min().dt.strftime("%Y-%m")).item()
    share_of(points.phase_in, first)
    shared = cases.filter((_share(points.phase_in) < POINT_SCALE) & _by_groups())
    if not shared.height:
        return empty
    if former is None or not {*FORMER_COLUMNS} <= {*cases.columns}:
        raise DrgpayError(*_ERRORS("no_former_groups"))
    before = shared.drop(FORMER_COLUMNS).with_columns(
        shared["former_status"].alias("status"), shared["former_drg"].alias("drg")
    )
    formulas = class_formulas(former, points)
    priced = priced_cases(before, former, points, formulas)
    exact = exact_points(priced, formulas).select(
        former_numerator="numerator", former_denominator="denominator"
    )
    return priced.select(
        "case_id",
        former_status="status",
        former_drg="drg",
        former_class="case_class",
        former_base_points="base_points",
        former_coefficient="coefficient",
        former_formula="formula",
        former_points="points_before",
    ).hstack([*exact.get_columns(), alike(priced, formulas).alias("former_alike")])


def phase_in_changes(
    cases: pl.DataFrame,
    former: pl.DataFrame,
    catalogue: Catalogue,
    points: Points,
    reviews: Sequence[CaseChange],
) -> list[CaseChange]:
    """The step of the phase-in: points x share x k + former points x (1 - share).

    cases: of `priced_cases`. former: of `former_cases`. reviews: the steps before; what a review
    grants outright or at cost is alike under both schemes, what it adds to base points is x k.
    Points at cost need no k: they are on the scale of costs. A stay that one scheme alone groups
    gets that one's points in full; one that was discharged before the new scheme, where the policy
    goes by discharge, those of the scheme before. Raises DrgpayError for an account without a neutral factor.
    """
    rule = points.phase_in
    if rule is None:
        return []
    granted = _granted(reviews)
    of_case = (
        cases.with_columns(
            share=_share(rule),
            k=_factor(rule),
            times_k=_times_k(rule, "points"),
            alike=alike(cases, class_formulas(catalogue, points)),
        )
        .filter(_by_groups())
        .drop(FORMER_COLUMNS, strict=False)
        .join(former, on="case_id", how="left", maintain_order="left")
        .join(granted, on="case_id", how="left", maintain_order="left")
        .with_columns(alike=pl.when("granted").then("granted_alike").otherwise("alike"))
    )
    _refuse_without_factor(of_case)
    grouped = ~pl.col("case_class").is_in(WITHOUT_GROUP)
    shared = (pl.col("share") < POINT_SCALE) & pl.col("granted").is_null()
    grouped_before = shared & ~pl.col("former_class").is_in(WITHOUT_GROUP)
    both = grouped & grouped_before
    discharged_before = shared & (pl.col("share") == 0) & pl.lit(rule.by_discharge)
    said = of_case.with_columns(
        pl.when(discharged_before & ~(pl.col("alike") & pl.col("former_alike")))
        .then(pl.lit("former_scheme"))
        .when(both & ~(pl.col("alike") & pl.col("former_alike")))
        .then(pl.lit("phase_in"))
        .when(~grouped & grouped_before)
        .then(pl.lit("former_points"))
        .when((grouped | pl.col("granted").is_not_null()) & ~both & ~pl.col("alike"))
        .then(pl.lit("neutral_factor"))
        .alias("said")
    ).filter(pl.col("said").is_not_null())
    return [CaseChange(KIND, said.select(_step()))]


def _step() -> list[pl.Expr]:
    """The columns of a CaseChange, of `said`: which of the three it is."""
    blended = pl.col("said") == "phase_in"
    before = pl.col("said").is_in(("former_points", "former_scheme"))
    k = pl.when("alike").then(FACTOR_SCALE).otherwise("k")
    share = pl.when(blended).then("share").when(before).then(0).otherwise(POINT_SCALE)
    rest = POINT_SCALE - share
    of_former = rest > 0
    return [
        pl.col("case_id"),
        (wide(share) * wide(k)).alias("times_numerator"),
        wide(POINT_SCALE * FACTOR_SCALE).alias("times_denominator"),
        pl.when(of_former).then("former_numerator").otherwise(wide(0)).alias("plus_numerator"),
        pl.when(of_former).then("former_denominator").otherwise(wide(1)).alias("plus_denominator"),
        rest.cast(pl.Int64).alias(SHARE),
        pl.lit(None, pl.Int64).alias("most"),
        *reason(
            pl.col("said"),
            factor=pl.when(blended).then(share),
            base=pl.when(~before & pl.col("alike"))
            .then(pl.lit("points"))
            .when(~before)
            .then("times_k"),
            fixed_points=pl.when(of_former).then("former_points"),
        ),
        pl.when(of_former).then("former_drg").alias("evidence"),
    ]


def on_scale(base: Base, points: Points) -> Base:
    """Base points as steps after the phase-in count them: on the scale of the former points, x k."""
    rule = points.phase_in
    if rule is None:
        return base
    return Base(
        base.numerator * wide(_factor(rule)),
        base.denominator * wide(FACTOR_SCALE),
        _times_k(rule, "base_points"),
    )


def share_of(rule: PhaseIn, month: str) -> int:
    """The share of the new scheme in a month in 1/10,000: that of the last month listed up to it.

    Raises DrgpayError for a month before the first that is listed.
    """
    listed = [one for one in sorted(rule.share_by_month) if one <= month]
    if not listed:
        first = min(rule.share_by_month)
        raise DrgpayError(*_ERRORS("month_before_phase_in", month=month, first=first))
    return scaled(rule.share_by_month[listed[-1]], POINT_PLACES)


def needs_former(rule: PhaseIn | None, months: Iterable[str]) -> bool:
    """Whether a share of former points is paid in any of some months; raises DrgpayError as share_of.

    By discharge it may be in every month: a stay can be settled long after it.
    """
    if rule is None:
        return False
    return rule.by_discharge or any(share_of(rule, month) < POINT_SCALE for month in months)


def _share(rule: PhaseIn) -> pl.Expr:
    """The share of the month in which a stay is settled, or discharged, in 1/10,000."""
    day = "discharge_date" if rule.by_discharge else "settlement_date"
    month = pl.col(day).dt.strftime("%Y-%m")
    share = pl.lit(0 if rule.by_discharge else None, pl.Int64)
    for listed in sorted(rule.share_by_month):
        value = scaled(rule.share_by_month[listed], POINT_PLACES)
        share = pl.when(month >= listed).then(pl.lit(value, pl.Int64)).otherwise(share)
    return share


def _factor(rule: PhaseIn) -> pl.Expr:
    """The neutral factor of a stay's account in 1/1,000,000; null where it has none."""
    factors = {name: scaled(k, FACTOR_PLACES) for name, k in rule.factors.items()}
    account = pl.col("account").cast(pl.String)
    return account.replace_strict(factors, default=None, return_dtype=pl.Int64)


def _times_k(rule: PhaseIn, words: str) -> pl.Expr:
    """`points * 1.020408`, by the account of a stay."""
    said = {name: f"{words} * {k}" for name, k in rule.factors.items()}
    account = pl.col("account").cast(pl.String)
    return account.replace_strict(said, default=None, return_dtype=pl.String)


def _by_groups() -> pl.Expr:
    """Stays whose points a scheme decides: neither item by item nor by the day."""
    return ~pl.col("case_class").is_in(("fee", "bed_day"))


def _granted(reviews: Sequence[CaseChange]) -> pl.DataFrame:
    """Cases with an approved review: granted (true), and whether it is alike under both schemes."""
    rows = pl.concat(
        [
            pl.DataFrame(schema={"case_id": pl.String, "code": pl.String}),
            *(step.rows.select(pl.col("case_id", "code").cast(pl.String)) for step in reviews),
        ]
    )
    return rows.filter(pl.col("code").is_in(APPROVED)).select(
        "case_id", granted=pl.lit(True), granted_alike=pl.col("code") != "review_excess"
    )


def _refuse_without_factor(cases: pl.DataFrame) -> None:
    without = cases.filter(pl.col("k").is_null())["account"].unique().sort()
    if len(without):
        raise DrgpayError(*_ERRORS("no_neutral_factor", account=without[0]))
