"""The points of every stay of a period: class, formula, adjustments, rounded to 4 places."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import divide_half_up
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.points.adjustments import Step, adjust
from drgpay.points.age_factors import AGE_COLUMNS, base_of, with_factor
from drgpay.points.catalogue import Catalogue
from drgpay.points.classes import WITHOUT_GROUP, case_class
from drgpay.points.deductions import deduction_steps, refuse_unknown_kinds
from drgpay.points.extra_points import (
    refuse_unknown_technologies,
    tcm_changes,
    technology_changes,
)
from drgpay.points.formulas import Choice, PointFormula, Terms, class_formulas
from drgpay.points.prices import BOUND_COLUMNS, PRICE_COLUMNS, RATIO_COLUMNS, priced_stays
from drgpay.points.readmission import KIND as READMISSION
from drgpay.points.readmission import earlier_stays, readmission_changes, split_stays
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
    """

    cases: pl.DataFrame
    adjustments: pl.DataFrame


_NOT_NEEDED = ("sex", "weight_g", "principal_diagnosis", "discharge_type")
"""Columns of the records that neither points nor a later stage needs."""

_MADE = (*PRICE_COLUMNS, *RATIO_COLUMNS, "case_class", "formula", "points_before", "points")
"""Made anew where the stays are the cases of an earlier run."""


def points_of_stays(
    stays: pl.DataFrame,
    catalogue: Catalogue,
    points: Points,
    filings: Filings = NO_FILINGS,
    *,
    exempt: Collection[str],
    returns: pl.DataFrame | None = None,
) -> EarnedPoints:
    """Class, points and adjustments of grouped stays of a month or of a whole year.

    stays: unique case_id, hospital_id, level, person_id (null: its readmissions are not seen),
    account, out_of_area, admission_date, discharge_date, settlement_date, length_of_stay,
    payment_unit, bed_day_class, complete, status, drg, total_fen, where the policy has factors by
    age also age and age_days; other columns pass through. exempt: DRGs of the scheme whose patients
    come back by plan, beside those of the policy. returns: case_id, readmission_case_id and return_in
    of the stays that are followed, where they were found among more stays (earlier_stays.py); by
    default they are found among these.
    Quotas are counted over all of them, volume caps by settlement month.
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
    steps = adjustment_steps(cases, catalogue, points, filings, returns)
    kept = cases.drop("person_id")
    if not steps:
        return EarnedPoints(kept.with_columns(points="points_before"), no_adjustments())
    places = places_of(cases, steps)
    final, adjustments = adjust(exact_points(cases[places], formulas), steps)
    adjusted = cases["points_before"].clone().scatter(places, final).alias("points")
    return EarnedPoints(kept.with_columns(adjusted), _with_return_in(adjustments, returns))


def returns_of(
    cases: pl.DataFrame,
    points: Points,
    filings: Filings,
    exempt: Collection[str],
    elsewhere: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The cases that a return among them follows (`earlier_stays`).

    elsewhere: those whose return is known to lie in another run: case_id, readmission_case_id,
    return_in, which the result then has, too.
    """
    here = earlier_stays(cases, points.readmission, exempt, split_stays(filings.deductions))
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


def priced_cases(
    stays: pl.DataFrame,
    catalogue: Catalogue,
    points: Points,
    formulas: dict[str, list[Choice]],
) -> pl.DataFrame:
    """The cases of EarnedPoints before any adjustment, with person_id: class, prices, points_before.

    formulas: class_formulas of the same catalogue and points.
    """
    cases = classed_stays(stays, catalogue, points)
    return cases.hstack(_points_before(cases, formulas, points))


_AGE = pl.Decimal(18, 4)


def _with_ages(stays: pl.DataFrame, points: Points) -> pl.DataFrame:
    """The ages that factors by age ask for; a result holds none that nothing is paid by.

    Raises DrgpayError for a stay without an age: it would go without its factor in silence.
    """
    if not points.age_factors:
        nothing = pl.lit(None, _AGE)
        return stays.with_columns(age=nothing, age_days=nothing)
    known = stays["age"].drop_nulls().len() if "age" in stays.columns else 0
    if known < stays.height:
        raise DrgpayError(*_ERRORS("no_ages"))
    return stays.with_columns(pl.col("age", "age_days").cast(_AGE))


def places_of(cases: pl.DataFrame, steps: Sequence[Step]) -> pl.Series:
    """The row numbers of the cases that any step concerns."""
    concerned = pl.concat([step.rows.select("case_id") for step in steps]).unique()
    rows = cases.select("case_id", place=pl.int_range(pl.len()))
    return rows.join(concerned, on="case_id", how="semi", maintain_order="left")["place"]


def classed_stays(stays: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    """Stays of `points_of_stays`, sorted by case_id, with PRICE_COLUMNS and case_class."""
    needed = _with_ages(stays.drop(*_NOT_NEEDED, *_MADE, strict=False), points)
    ordered = needed if needed["case_id"].is_sorted() else needed.sort("case_id")
    priced = priced_stays(ordered, catalogue, points).with_columns(case_class=case_class(points))
    grouped = ~pl.col("case_class").is_in(WITHOUT_GROUP)
    made = [name for name in (*PRICE_COLUMNS, *RATIO_COLUMNS) if name in priced.columns]
    return priced.drop(BOUND_COLUMNS).with_columns(
        pl.when(grouped).then(column).alias(column) for column in made
    )


def adjustment_steps(
    cases: pl.DataFrame,
    catalogue: Catalogue,
    points: Points,
    filings: Filings,
    returns: pl.DataFrame,
) -> list[Step]:
    """All steps in their order that concern a case (`classed_stays` with points_before)."""
    base = base_of(points)
    steps: list[Step] = [
        *review_changes(cases, filings, Terms.of(catalogue, points)),
        *volume_changes(cases, points.volume_caps),
        *readmission_changes(returns, points.readmission),
        *technology_changes(cases, points.new_technologies, filings.technologies, base),
        *tcm_changes(cases, points.tcm),
        *deduction_steps(cases, points.deductions, filings.deductions, base),
    ]
    return [step for step in steps if step.rows.height]


_FORMULA_COLUMNS = (
    "case_class",
    "level",
    "bed_day_class",
    "length_of_stay",
    "total_fen",
    "stability",
    "base_points",
    *AGE_COLUMNS,
    "coefficient",
    "mean_fen",
    "high_ratio",
)


def _points_before(
    cases: pl.DataFrame, formulas: dict[str, list[Choice]], points: Points
) -> pl.DataFrame:
    """points_before and formula of every case, in its order."""
    parts = [
        part.select(
            "row",
            formula=with_factor(pl.lit(formula.words), points),
            points_before=divide_half_up(formula.numerator, formula.denominator).cast(pl.Int64),
        )
        for part, formula in by_formula(cases, formulas, _refuse_unpriced)
    ]
    before = pl.concat(parts).sort("row").drop("row")
    missing = before["points_before"].null_count()
    if missing:
        _refuse_unpriced(cases.filter(before["points_before"].is_null()))
    return before


def exact_points(cases: pl.DataFrame, formulas: dict[str, list[Choice]]) -> pl.DataFrame:
    """The exact points of some of `priced_cases` as `adjust` wants them."""
    parts = [
        part.select("row", numerator=formula.numerator, denominator=formula.denominator)
        for part, formula in by_formula(cases, formulas, _refuse_unpriced)
    ]
    exact = pl.concat(parts).sort("row").drop("row")
    return cases.select("case_id", "hospital_id", "account", "out_of_area").hstack(exact)


def by_formula(
    cases: pl.DataFrame,
    formulas: Mapping[str, list[Choice]],
    without: Callable[[pl.DataFrame], None] = lambda cases: None,
) -> Iterator[tuple[pl.DataFrame, PointFormula]]:
    """The cases of each formula, so that it is evaluated for its own cases only, with their `row`.

    without: is given the cases of a class that no formula of it applies to.
    """
    ratios = [name for name in RATIO_COLUMNS if name in cases.columns]
    rows = cases.select(*_FORMULA_COLUMNS, *ratios).with_row_index("row")
    for name, choices in formulas.items():
        rest = rows.filter(pl.col("case_class") == name)
        for choice in choices:
            yield rest.filter(choice.applies), choice.formula
            rest = rest.filter(~choice.applies)
        if rest.height:
            without(rest)


def _refuse_unpriced(cases: pl.DataFrame) -> None:
    name = cases["case_class"][0]
    if name == "bed_day":
        bed_day_class, level = cases["bed_day_class"][0], cases["level"][0]
        raise DrgpayError(*_ERRORS("unpriced_day", bed_day_class=bed_day_class, level=level))
    said = {"class_": _ERRORS.words(f"class.{name}"), "drg": cases["drg"][0]}
    raise DrgpayError(*_ERRORS("unpriced_case", case=cases["case_id"][0], **said))


def _refuse_unknown_cases(stays: pl.DataFrame, filings: Filings) -> None:
    for table, path in filings.of_cases.values():
        if not table.height:
            continue
        unknown = table.join(stays, on="case_id", how="anti").sort("case_id")
        if unknown.height:
            raise DrgpayError(*_ERRORS("unknown_case", path=path, case=unknown["case_id"][0]))
