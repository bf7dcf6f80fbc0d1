"""The points of every stay of a period: class, formula, adjustments, rounded to 4 places."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.points.adjustments import CaseChange, Step, adjust
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
from drgpay.points.reviews import (
    GRANTED_SCHEMA,
    discharges,
    granted_reviews,
    quota_places,
    quotas,
    review_changes,
)
from drgpay.points.volume import CAPPED_SCHEMA, capped_cases, volume_changes
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


@dataclass(frozen=True)
class Asked:
    """What rules over a whole period ask of some of its cases: parts stand one below the other.

    discharges: of `reviews.discharges`. granted: of `granted_reviews`. capped: of each volume cap its
    `capped_cases`.
    """

    discharges: pl.DataFrame
    granted: pl.DataFrame
    capped: tuple[pl.DataFrame, ...]

    @classmethod
    def of(
        cls,
        cases: pl.DataFrame,
        points: Points,
        filings: Filings,
        counted: pl.DataFrame | None = None,
    ) -> "Asked":
        """Of the cases of a part (`priced_cases`); filings: those of them at least. counted: the
        `discharges` of the whole period, where these cases are no more than some of it.
        """
        rule = points.reviews
        return cls(
            discharges(cases) if counted is None else counted,
            granted_reviews(cases, filings, rule),
            tuple(capped_cases(cases, cap) for cap in points.volume_caps),
        )

    @classmethod
    def nothing(cls, points: Points) -> "Asked":
        """Of no case."""
        capped = pl.DataFrame(schema=CAPPED_SCHEMA)
        return cls(
            discharges(pl.DataFrame(schema=_COUNTED)),
            pl.DataFrame(schema=GRANTED_SCHEMA),
            tuple(capped for _ in points.volume_caps),
        )

    @classmethod
    def together(cls, parts: Sequence["Asked"]) -> "Asked":
        """Of all parts of a period, at least one."""
        return cls(
            pl.concat([part.discharges for part in parts]),
            pl.concat([part.granted for part in parts]),
            tuple(pl.concat(column) for column in zip(*(one.capped for one in parts), strict=True)),
        )


_COUNTED = dict.fromkeys(("hospital_id", "status", "payment_unit"), pl.String)


@dataclass(frozen=True)
class PeriodSteps:
    """What of the steps is found over all cases of a period.

    returns: of `returns_of`. places: of `quota_places`. volume: the steps of volume caps.
    """

    returns: pl.DataFrame
    places: pl.DataFrame
    volume: tuple[CaseChange, ...]

    @classmethod
    def of(cls, asked: Asked, returns: pl.DataFrame, points: Points) -> "PeriodSteps":
        """asked: of all cases."""
        quota = quotas(asked.discharges, points.reviews)
        return cls(
            returns,
            quota_places(asked.granted, quota),
            tuple(volume_changes(asked.capped, points.volume_caps)),
        )

    def between(self, first: str, last: str) -> "PeriodSteps":
        """What concerns the cases of a range of case_id."""
        inside = pl.col("case_id").is_between(pl.lit(first), pl.lit(last))
        return PeriodSteps(
            self.returns.filter(inside),
            self.places.filter(inside),
            tuple(CaseChange(step.kind, step.rows.filter(inside)) for step in self.volume),
        )


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
    refuse_unknown_cases(filings, dict.fromkeys(filings.of_cases, stays["case_id"]))
    refuse_strange_filings(filings, points)
    formulas = class_formulas(catalogue, points)
    cases = priced_cases(stays, catalogue, points, formulas)
    if returns is None:
        returns = returns_of(cases, points, filings, exempt)
    found = PeriodSteps.of(Asked.of(cases, points, filings, counted), returns, points)
    return adjusted_points(cases, catalogue, points, filings, found, former)


def refuse_strange_filings(filings: Filings, points: Points) -> None:
    """Raise DrgpayError for filings of kinds and technologies that the policy does not have."""
    refuse_unknown_kinds(filings, points)
    refuse_unknown_technologies(filings, points)


def adjusted_points(
    cases: pl.DataFrame,
    catalogue: Catalogue,
    points: Points,
    filings: Filings,
    found: PeriodSteps,
    former: Catalogue | None = None,
) -> EarnedPoints:
    """The points of cases of `priced_cases`: of a period, or of a part of it with what was `found`
    over all of it. filings: those of these cases.
    """
    before = former_cases(cases, former, points)
    steps = _steps(cases, catalogue, points, filings, found, before)
    kept, paid_before = cases.drop("person_id", strict=False), before.select(*FORMER_SCHEMA)
    if not steps:
        same = kept.with_columns(points="points_before")
        return EarnedPoints(same, no_adjustments(), paid_before)
    places = places_of(cases, steps)
    exact = exact_points(cases[places], class_formulas(catalogue, points))
    final, adjustments = adjust(exact, steps)
    adjusted = cases["points_before"].clone().scatter(places, final).alias("points")
    rows = _with_return_in(adjustments, found.returns)
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

    former: of `former_cases`. counted: as `points_of_stays` takes it.
    """
    found = PeriodSteps.of(Asked.of(cases, points, filings, counted), returns, points)
    return _steps(cases, catalogue, points, filings, found, former)


def _steps(
    cases: pl.DataFrame,
    catalogue: Catalogue,
    points: Points,
    filings: Filings,
    found: PeriodSteps,
    former: pl.DataFrame,
) -> list[Step]:
    base = on_scale(base_of(points), points)
    reviews = review_changes(cases, filings, Terms.of(catalogue, points), found.places)
    steps: list[Step] = [
        *reviews,
        *phase_in_changes(cases, former, catalogue, points, reviews),
        *found.volume,
        *readmission_changes(found.returns, points.readmission),
        *technology_changes(cases, points.new_technologies, filings.technologies, base),
        *tcm_changes(cases, points.tcm),
        *deduction_steps(cases, points.deductions, filings.deductions, base),
    ]
    return [step for step in steps if step.rows.height]


def refuse_unknown_cases(filings: Filings, known: Mapping[str, pl.Series]) -> None:
    """Raise DrgpayError for a filing of a case that is not there.

    known: of each table of filings (Filings.of_cases) case_ids that are, at least those it names.
    """
    for name, (table, path) in filings.of_cases.items():
        if not table.height:
            continue
        there = pl.col("case_id").is_in(known[name].implode()).fill_null(value=False)
        unknown = table.filter(~there).sort("case_id")
        if unknown.height:
            raise DrgpayError(*_ERRORS("unknown_case", path=path, case=unknown["case_id"][0]))
