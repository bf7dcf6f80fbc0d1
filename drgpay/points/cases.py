"""The points of every stay of a period: class, formula, adjustments, one rounding at the end."""

from decimal import Decimal

import polars as pl

from drgpay.exact import POINT_PLACES, POINT_SCALE, divide_half_up, scaled, wide
from drgpay.points.catalogue import Catalogue
from drgpay.points.classes import case_class, high_ratio
from drgpay.points.formulas import (
    PointFormula,
    at_cost,
    base_alone,
    base_times_coefficient,
    bed_days,
    by_cost_share,
    no_points,
)
from drgpay.points.readmission import earlier_stays
from drgpay.policy.model import Points


def points_of_stays(stays: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    """Add class and points to grouped stays.

    stays: the columns of records.stays, level, status and drg. Returns them sorted by case_id,
    without person and dates, and with, in scaled integers:
    base_points, coefficient, mean_fen, reference_mean_fen (rounded for the reader), cost_ratio,
    high_ratio (all null where the class has no group mean),
    case_class, formula (in words), points_before, adjustment, adjustment_factor,
    readmission_case_id (null where nothing was adjusted), points.
    """
    priced = priced_stays(stays, catalogue, points).with_columns(case_class=case_class(points))
    priced = _with_formula(priced, catalogue, points)
    followed = earlier_stays(priced, points.readmission)
    factor = scaled(points.readmission.factor, POINT_PLACES)
    readmitted = pl.col("readmission_case_id").is_not_null()
    return (
        priced.drop(_DONE_WITH)
        .sort("case_id")
        .join(followed, on="case_id", how="left", maintain_order="left")
        .with_columns(
            points_before=divide_half_up(pl.col("numerator"), pl.col("denominator")).cast(pl.Int64),
            adjustment=pl.when(readmitted).then(pl.lit("readmission")),
            adjustment_factor=pl.when(readmitted).then(pl.lit(factor, pl.Int64)),
        )
        .with_columns(
            points=pl.when(readmitted)
            .then(
                divide_half_up(
                    pl.col("numerator") * wide(factor), pl.col("denominator") * wide(POINT_SCALE)
                )
            )
            .otherwise(wide("points_before"))
            .cast(pl.Int64),
        )
        .drop("numerator", "denominator")
    )


_DONE_WITH = (
    "person_id",
    "admission_date",
    "discharge_date",
    "settlement_date",
    "sex",
    "age",
    "age_days",
    "weight_g",
    "principal_diagnosis",
    "payment_unit",
    "bed_day_class",
    "complete",
    "stable",
    "reference_total_fen",
    "reference_cases",
)


def priced_stays(stays: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    """Put beside each stay what the catalogue says of its group, hospital and level.

    Added: base_points, coefficient, mean_fen, stable, cost_ratio, high_ratio, and the reference
    mean as reference_total_fen / reference_cases.
    """
    groups = catalogue.groups.select("drg", "base_points", "mean_fen", "stable")
    table = catalogue.coefficients
    own = table.filter(pl.col("hospital_id").is_not_null()).select(
        "drg", "hospital_id", own=pl.col("coefficient")
    )
    of_level = table.filter(pl.col("hospital_id").is_null()).select(
        "drg", "level", "level_total_fen", "level_cases", of_level=pl.col("coefficient")
    )
    priced = (
        stays.join(groups, on="drg", how="left")
        .join(own, on=["drg", "hospital_id"], how="left")
        .join(of_level, on=["drg", "level"], how="left")
    )
    by_level = (points.reference_mean == "level") & pl.col("level_cases").is_not_null()
    coefficient = pl.coalesce("own", "of_level", pl.lit(POINT_SCALE, pl.Int64))
    ratio = divide_half_up(wide("total_fen") * wide(POINT_SCALE), wide("mean_fen"))
    return (
        priced.with_columns(
            coefficient=pl.when(pl.col("mean_fen").is_not_null()).then(coefficient),
            cost_ratio=pl.when(pl.col("mean_fen") > 0).then(ratio).cast(pl.Int64),
            reference_total_fen=pl.when(by_level).then("level_total_fen").otherwise("mean_fen"),
            reference_cases=pl.when(by_level).then("level_cases").otherwise(pl.lit(1, pl.Int64)),
            high_ratio=high_ratio(points.high_bands),
        )
        .with_columns(
            reference_mean_fen=divide_half_up(
                wide("reference_total_fen"), wide("reference_cases")
            ).cast(pl.Int64)
        )
        .drop("own", "of_level", "level_total_fen", "level_cases")
    )


def _with_formula(priced: pl.DataFrame, catalogue: Catalogue, points: Points) -> pl.DataFrame:
    """Add numerator, denominator and formula by class; clear what a class does not use."""
    all_mean = catalogue.all_mean_fen
    share = by_cost_share(points.incomplete_formula == "with_coefficient")
    plain = base_times_coefficient()
    few = (
        base_alone()
        if points.few_cases_rule == "base"
        else at_cost(all_mean, points.few_cases_ratio)
    )
    low = share if points.low_formula == "as_incomplete" else at_cost(all_mean, Decimal(1))
    cases: list[tuple[pl.Expr, PointFormula]] = [
        (pl.col("case_class") == name, formula)
        for name, formula in {
            "fee": no_points(),
            "ungrouped": at_cost(all_mean, points.ungrouped_ratio),
            "ambiguous": at_cost(all_mean, points.ambiguous_ratio),
            "few_cases": few,
            "incomplete": share,
            "low": low,
            # Without an approved special review an expensive stay earns what a normal one does.
            "high": plain,
            "normal": plain,
        }.items()
    ]
    unpriced = pl.col("case_class") == "bed_day"
    for row in points.bed_days:  # the first row that fits a stay prices it
        here = (pl.col("bed_day_class") == row.bed_day_class).fill_null(False)
        if row.levels:
            here &= pl.col("level").is_in(row.levels)
        cases.append((unpriced & here, bed_days(row, all_mean)))
        unpriced &= ~here

    # Each formula is evaluated for its own stays only.
    rows = priced.with_row_index("row")
    parts = [
        rows.filter(here).select(
            "row",
            numerator=formula.numerator,
            denominator=formula.denominator,
            formula=pl.lit(formula.words),
        )
        for here, formula in cases
    ]
    by_row = pl.concat(parts).sort("row").drop("row")
    without_group = pl.col("case_class").is_in(["fee", "bed_day", "ungrouped", "ambiguous"])
    return priced.hstack(by_row).with_columns(
        pl.when(~without_group).then(column).alias(column)
        for column in (
            "base_points",
            "coefficient",
            "mean_fen",
            "reference_mean_fen",
            "cost_ratio",
            "high_ratio",
        )
    )
