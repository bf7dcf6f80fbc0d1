"""The points of visits: the sum of what their entries earn, rounded once (docs/outpatient.md)."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import polars as pl

from drgpay.base.exact import POINT_SCALE, divide_half_up, wide
from drgpay.points.prices import with_coefficient
from drgpay.policy.outpatient import Outpatient
from drgpay.visits.at_cost import EXACT_SCALE
from drgpay.visits.columns import AT_COST
from drgpay.visits.entries import visit_numbers

NORMAL, FEE = "normal", "fee"
FORMULAS = {
    NORMAL: "sum(base_points * factor * coefficient)",
    AT_COST: "sum(base_points * factor * coefficient) + sum(paid_cost) / all_mean * 100",
    FEE: "item by item",
}


@dataclass(frozen=True)
class VisitPoints:
    """The visits of a period with their points, and the entries that they come from.

    visits: the columns given, case_class (`normal`, or `fee` for types that are paid item by item),
    points in 1/10,000 and formula (in words); sorted by visit_id.
    entries: the entries given and the coefficient of each, in 1/10,000 (1 for those at cost), in
    their order.
    """

    visits: pl.DataFrame
    entries: pl.DataFrame


def visit_points(
    entries: pl.DataFrame,
    visits: pl.DataFrame,
    coefficients: pl.DataFrame,
    rules: Outpatient,
    all_mean_fen: Fraction | None = None,
    places: np.ndarray | None = None,
) -> VisitPoints:
    """The points of each visit, rounded to 4 places once.

    They are the sum of base_points x factor x coefficient, and for entries at cost of
    paid_cost / mean x 100 with all_mean_fen, the mean of the catalogue.

    entries: ENTRY_SCHEMA, sorted by visit_id (`entries_of`). visits: unique visit_id, hospital_id,
    level, visit_type; other columns pass through. coefficients: those of a catalogue; the first
    that is not null of the rows of group and level, of the level, else 1. A visit without a paid
    entry has 0 points. places: those of `entries_with_places`, where they are known.
    """
    visits = visits if visits["visit_id"].is_sorted() else visits.sort("visit_id")
    visit = visit_numbers(visits["visit_id"], entries["visit_id"]) if places is None else places
    priced = entries.with_columns(coefficient=_coefficients(entries, visits, visit, coefficients))
    costs = _costs(priced, visit)
    if costs.height:
        at_cost = pl.col("paid_cost_fen").is_not_null()
        one = pl.lit(POINT_SCALE, pl.Int64)
        priced = priced.with_columns(
            coefficient=pl.when(at_cost).then(one).otherwise("coefficient")
        )
    earned = (
        priced.select(
            visit=pl.Series(visit),
            exact=wide("base_points") * wide("factor") * wide("coefficient"),
        )
        .filter(pl.col("exact") != 0)
        .group_by("visit")
        .agg(pl.col("exact").sum())
    )
    points = np.zeros(visits.height, dtype=np.int64)
    rounded = divide_half_up(pl.col("exact"), wide(EXACT_SCALE // POINT_SCALE))
    points[earned["visit"].to_numpy()] = earned.select(rounded.cast(pl.Int64)).to_series()
    item_by_item = [row.visit_type for row in rules.visit_types if row.payment == "item_by_item"]
    case_class = (
        pl.when(pl.col("visit_type").cast(pl.String).is_in(item_by_item))
        .then(pl.lit(FEE))
        .otherwise(pl.lit(NORMAL))
    )
    counted = visits.with_columns(pl.Series("points", points), case_class=case_class).with_columns(
        formula=pl.col("case_class").replace_strict(FORMULAS, return_dtype=pl.String)
    )
    if costs.height:
        assert all_mean_fen is not None  # only a catalogue can lack base points
        together = _with_costs(costs, earned, all_mean_fen)
        words = pl.lit(FORMULAS[AT_COST]).first()
        counted = counted.with_columns(
            counted["points"].scatter(together["visit"], together["points"]),
            formula=pl.when(pl.int_range(pl.len()).is_in(costs["visit"].implode()))
            .then(words)
            .otherwise("formula"),
        )
    return VisitPoints(counted, priced)


def _costs(entries: pl.DataFrame, visit: np.ndarray) -> pl.DataFrame:
    """visit, cost: what entries at cost are paid for, of the visits that have some."""
    at_cost = entries["paid_cost_fen"].is_not_null()
    if not at_cost.any():
        return pl.DataFrame(schema={"visit": pl.Int64, "cost": pl.Int64})
    costs = pl.DataFrame([pl.Series("visit", visit), entries["paid_cost_fen"].alias("cost")])
    return costs.filter(at_cost).group_by("visit", maintain_order=True).agg(pl.col("cost").sum())


def _with_costs(costs: pl.DataFrame, earned: pl.DataFrame, all_mean_fen: Fraction) -> pl.DataFrame:
    """visit, points: those of all entries of visits with entries at cost, rounded once.

    earned: visit, exact (in 1/EXACT_SCALE).
    """
    by_cost = wide("cost") * wide(100 * EXACT_SCALE * all_mean_fen.denominator)
    mean = all_mean_fen.numerator
    whole = pl.col("exact").fill_null(0) * wide(mean) + by_cost
    return costs.join(earned, on="visit", how="left", maintain_order="left").select(
        "visit",
        points=divide_half_up(whole, wide(mean * (EXACT_SCALE // POINT_SCALE))).cast(pl.Int64),
    )


def visit_cases(visits: pl.DataFrame) -> pl.DataFrame:
    """Visits with points as the cases of `settle_month` and `clear_year`: case_id is the visit_id."""
    return visits.rename({"visit_id": "case_id"}).select("case_id", pl.exclude("case_id"))


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
