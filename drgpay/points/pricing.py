"""The prices of stays before any adjustment: class, what the catalogue says, formula, exact points."""

from collections.abc import Callable, Iterator, Mapping

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import divide_half_up
from drgpay.base.words import Sentences
from drgpay.points.age_factors import AGE_COLUMNS, with_factor
from drgpay.points.catalogue import Catalogue
from drgpay.points.classes import WITHOUT_GROUP, case_class
from drgpay.points.formulas import Choice, PointFormula
from drgpay.points.prices import BOUND_COLUMNS, PRICE_COLUMNS, RATIO_COLUMNS, priced_stays
from drgpay.policy.points import Points

_ERRORS = Sentences("errors/points")

_NOT_NEEDED = ("sex", "weight_g", "principal_diagnosis", "discharge_type")
"""Columns of the records that neither points nor a later stage needs."""

_MADE = (*PRICE_COLUMNS, *RATIO_COLUMNS, "case_class", "formula", "points_before", "points")
"""Made anew where the stays are the cases of an earlier run."""


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


def with_ages(stays: pl.DataFrame, points: Points) -> pl.DataFrame:
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


def classed_stays(stays: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    """Stays of `points_of_stays`, sorted by case_id, with PRICE_COLUMNS and case_class."""
    return classed(with_prices(stays, catalogue, points), points)


def with_prices(stays: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    """Stays of `points_of_stays`, sorted by case_id, with what `priced_stays` puts beside them."""
    needed = with_ages(stays.drop(*_NOT_NEEDED, *_MADE, strict=False), points)
    ordered = needed if needed["case_id"].is_sorted() else needed.sort("case_id")
    return priced_stays(ordered, catalogue, points)


def classed(priced: pl.DataFrame, points: Points) -> pl.DataFrame:
    """Stays of `with_prices` with case_class, without BOUND_COLUMNS; without a group without prices."""
    of_class = priced.with_columns(case_class=case_class(points))
    grouped = ~pl.col("case_class").is_in(WITHOUT_GROUP)
    made = [name for name in (*PRICE_COLUMNS, *RATIO_COLUMNS) if name in of_class.columns]
    return of_class.drop(BOUND_COLUMNS).with_columns(
        pl.when(grouped).then(column).alias(column) for column in made
    )


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


def alike(cases: pl.DataFrame, formulas: Mapping[str, list[Choice]]) -> pl.Series:
    """Whether the formula of each of `priced_cases` gives points that no scheme changes."""
    parts = [
        part.select("row", alike=pl.lit(formula.alike))
        for part, formula in by_formula(cases, formulas)
    ]
    return pl.concat(parts).sort("row")["alike"]


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
