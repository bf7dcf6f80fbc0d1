"""The points of visits: the sum of what their entries earn, rounded once (docs/outpatient.md)."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from drgpay.exact import POINT_SCALE, divide_half_up, wide
from drgpay.points.prices import with_coefficient
from drgpay.policy.outpatient import Outpatient
from drgpay.visits.entries import visit_numbers

NORMAL, FEE = "normal", "fee"
FORMULAS = {
    NORMAL: "sum(base_points * factor * coefficient)",
    FEE: "item by item",
}
_EXACT_SCALE = POINT_SCALE * POINT_SCALE


@dataclass(frozen=True)
class VisitPoints:
    """The visits of a period with their points, and the entries that they come from.

    visits: the columns given, case_class (`normal`, or `fee` for types that are paid item by item),
    points in 1/10,000 and formula (in words); sorted by visit_id.
    entries: the entries given and the coefficient of each, in 1/10,000, in their order.
    """

    visits: pl.DataFrame
    entries: pl.DataFrame


def visit_points(
    entries: pl.DataFrame, visits: pl.DataFrame, coefficients: pl.DataFrame, rules: Outpatient
) -> VisitPoints:
    """The points of each visit: sum of base_points x factor x coefficient, rounded to 4 places.

    entries: ENTRY_SCHEMA, sorted by visit_id (`entries_of`). visits: unique visit_id, hospital_id,
    level, visit_type; other columns pass through. coefficients: those of a catalogue; the first
    that is not null of the rows of group and level, of the level, else 1. A visit without a paid
    entry has 0 points.
    """
    visits = visits if visits["visit_id"].is_sorted() else visits.sort("visit_id")
    visit = visit_numbers(visits["visit_id"], entries["visit_id"])
    priced = entries.with_columns(coefficient=_coefficients(entries, visits, visit, coefficients))
    earned = (
        priced.select(
            visit=pl.Series(visit),
            exact=wide("base_points") * wide("factor") * wide("coefficient"),
        )
        .filter(pl.col("exact") != 0)
        .group_by("visit")
        .agg(pl.col("exact").sum())
        .select("visit", points=divide_half_up(pl.col("exact"), wide(_EXACT_SCALE)).cast(pl.Int64))
    )
    points = np.zeros(visits.height, dtype=np.int64)
    points[earned["visit"].to_numpy()] = earned["points"].to_numpy()
    item_by_item = [row.visit_type for row in rules.visit_types if row.payment == "item_by_item"]
    case_class = (
        pl.when(pl.col("visit_type").cast(pl.String).is_in(item_by_item))
        .then(pl.lit(FEE))
        .otherwise(pl.lit(NORMAL))
    )
    return VisitPoints(
        visits.with_columns(pl.Series("points", points), case_class=case_class).with_columns(
            formula=pl.col("case_class").replace_strict(FORMULAS, return_dtype=pl.String)
        ),
        priced,
    )


def visit_cases(visits: pl.DataFrame) -> pl.DataFrame:
    """Visits with points as the cases of `settle_month` and `clear_year`: case_id is the visit_id."""
    return visits.rename({"visit_id": "case_id"}).select(
        "case_id",
        pl.exclude("case_id"),
    )


def _coefficients(
    entries: pl.DataFrame, visits: pl.DataFrame, visit: np.ndarray, rows: pl.DataFrame
) -> pl.Series:
    """The coefficient of each entry, of a visit by its place; looked up once an APG and level."""
    apg = entries["apg"].cast(pl.Categorical)
    level = visits["level"].cast(pl.Categorical)
    apgs, levels = apg.unique(), level.unique()
    pairs = pl.DataFrame({"apg": apgs}).join(pl.DataFrame({"level": levels}), how="cross")
    table = with_coefficient(
        pairs.select(
            pl.lit(None, pl.String).alias("hospital_id"),
            pl.col("level").cast(pl.String),
            drg=pl.col("apg").cast(pl.String),
            place=pl.int_range(pl.len()),
        ),
        rows.filter(pl.col("hospital_id").is_null()),
    ).sort("place")["coefficient"]
    place = _places(apgs)[apg.to_physical()] * levels.len()
    return table.gather(place + _places(levels)[level.to_physical()][visit])


def _places(values: pl.Series) -> np.ndarray:
    """The place of each physical code among different categorical values."""
    codes = values.to_physical().to_numpy()
    places = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
    places[codes] = np.arange(len(codes))
    return places
