"""The points of every stay of a period: class, formula, adjustments, rounded to 4 places."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.points.adjustments import Step, adjust
from drgpay.points.age_factors import base_of
from drgpay.points.catalogue import Catalogue
from drgpay.points.deductions import deduction_steps, refuse_unknown_kinds
from drgpay.points.extra_points import (
    refuse_unknown_technologies,
    tcm_changes,
    technology_changes,
)
from drgpay.points.formulas import Terms, class_formulas
from drgpay.points.phase_in import FORMER_SCHEMA, former_cases, on_scale, phase_in_changes
from drgpay.points.pricing import exact_points, priced_cases
from drgpay.points.readmission import KIND as READMISSION
from drgpay.points.readmission import (
    followed,
    previous_stays,
    readmission_changes,
    split_stays,
)
from drgpay.points.reviews import review_changes
from drgpay.points.volume import volume_changes
from drgpay.policy.adjustment_rows import no_adjustments
from drgpay.policy.points import Points
from drgpay.records.filings import NO_FILINGS, Filings

_ERRORS = Sentences("errors/points")


@dataclass(frozen=True, repr=False)
class EarnedPoints(Shown):
    """The points of a period in scaled integers: money in fen, points and ratios in 1/10,000.

    cases: one row a stay, sorted by case_id: the columns of the stays without _NOT_NEEDED and
    person_id (persons never reach a result), age and age_days (null unless the policy has factors by
    age), PRICE_COLUMNS and RATIO_COLUMNS (null where the class has no group),
    case_class, formula (in words), points_before, and points, which is points_before plus the
    adjustments that apply to the case and is not negative.
    adjustments: ADJUSTMENT_SCHEMA (see adjustments.py), sorted by case_id and step.
    former: FORMER_SCHEMA of the cases that a phase-in pays a share of their former points.
    """

    cases: pl.DataFrame
    adjustments: pl.DataFrame
    former: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FORMER_SCHEMA))


def points_of_stays(
    stays: pl.DataFrame,
    catalogue: Catalogue,
    points: Points,
    filings: Filings = NO_FILINGS,
    *,
    exempt: Collection[str],
    returns: pl.DataFrame | None = None,
    former: Catalogue | None = None,
    counted: pl.DataFrame | None = None,
) -> EarnedPoints:
    """Class, points and adjustments of grouped stays of a month or of a whole year.

    stays: unique case_id, hospital_id, level, person_id (null: its readmissions are not seen),
    account, out_of_area, admission_date, discharge_date, settlement_date, length_of_stay,
    payment_unit, bed_day_class, complete, status, drg, total_fen, where the policy has factors by
    age also age and age_days; other columns pass through. exempt: DRGs of the scheme whose patients
    come back by plan, beside those of the policy. returns: case_id, readmission_case_id and return_in
    of the stays that are followed, where they were found among more stays (earlier_stays.py); by
    default they are found among these.
    former: the catalogue before, where the policy has a phase-in that still pays a share of former
    points; stays then have FORMER_COLUMNS too.
    counted: `reviews.discharges` of all stays of the period, where these are some of them.
    Quotas are counted over all stays of the period, volume caps by settlement month.
    Raises DrgpayError for filings of cases that are not there, of kinds and technologies that the
    policy does not have, and for a class that the catalogue cannot price.
    """
    _refuse_unknown_cases(stays, filings)
    refuse_unknown_kinds(filings, points)
    refuse_unknown_technologies(filings, points)
    formulas = class_formulas(catalogue, points)
    cases = priced_cases(stays, catalogue, points, formulas)
    if returns is None:
        returns = returns_of(cases, points, filings, exempt)
    before = former_cases(cases, former, points)
    steps = adjustment_steps(cases, catalogue, points, filings, returns, before, counted)
    kept, paid_before = cases.drop("person_id"), before.select(*FORMER_SCHEMA)
    if not steps:
        same = kept.with_columns(points="points_before")
        return EarnedPoints(same, no_adjustments(), paid_before)
    places = places_of(cases, steps)
    final, adjustments = adjust(exact_points(cases[places], formulas), steps)
    adjusted = cases["points_before"].clone().scatter(places, final).alias("points")
    rows = _with_return_in(adjustments, returns)
    return EarnedPoints(kept.with_columns(adjusted), rows, paid_before)


def returns_of(
    cases: pl.DataFrame,
    points: Points,
    filings: Filings,
    exempt: Collection[str],
    elsewhere: pl.DataFrame | None = None,
    pairs: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The cases that a return among them follows (`followed`).

    elsewhere: those whose return is known to lie in another run: case_id, readmission_case_id,
    return_in, which the result then has, too. pairs: `previous_stays` of the cases, where it is known.
    """
    known = previous_stays(cases) if pairs is None else pairs
    here = followed(known, points.readmission, exempt, split_stays(filings.deductions))
    if elsewhere is None:
        return here
    return pl.concat([here.with_columns(return_in=pl.lit(None, pl.String)), elsewhere])


def _with_return_in(adjustments: pl.DataFrame, returns: pl.DataFrame) -> pl.DataFrame:
    """The rows of readmissions with the period of the run that has the return, if it is another."""
    if "return_in" not in returns.columns:
        return adjustments
    elsewhere = returns.select("case_id", "return_in", kind=pl.lit(READMISSION))
    return adjustments.drop("return_in").join(
        elsewhere, on=["case_id", "kind"], how="left", maintain_order="left"
    )


def places_of(cases: pl.DataFrame, steps: Sequence[Step]) -> pl.Series:
    """The row numbers of the cases that any step concerns."""
    concerned = pl.concat([step.rows.select("case_id") for step in steps]).unique()
    rows = cases.select("case_id", place=pl.int_range(pl.len()))
    return rows.join(concerned, on="case_id", how="semi", maintain_order="left")["place"]


def adjustment_steps(
    cases: pl.DataFrame,
    catalogue: Catalogue,
    points: Points,
    filings: Filings,
    returns: pl.DataFrame,
    former: pl.DataFrame,
    counted: pl.DataFrame | None = None,
) -> list[Step]:
    """All steps in their order that concern a case (`classed_stays` with points_before).

    former: of `former_cases`. counted: as `review_changes` takes it.
    """
    base = on_scale(base_of(points), points)
    reviews = review_changes(cases, filings, Terms.of(catalogue, points), counted)
    steps: list[Step] = [
        *reviews,
        *phase_in_changes(cases, former, catalogue, points, reviews),
        *volume_changes(cases, points.volume_caps),
        *readmission_changes(returns, points.readmission),
        *technology_changes(cases, points.new_technologies, filings.technologies, base),
        *tcm_changes(cases, points.tcm),
        *deduction_steps(cases, points.deductions, filings.deductions, base),
    ]
    return [step for step in steps if step.rows.height]


def _refuse_unknown_cases(stays: pl.DataFrame, filings: Filings) -> None:
    for table, path in filings.of_cases.values():
        if not table.height:
            continue
        unknown = table.join(stays, on="case_id", how="anti").sort("case_id")
        if unknown.height:
            raise DrgpayError(*_ERRORS("unknown_case", path=path, case=unknown["case_id"][0]))
