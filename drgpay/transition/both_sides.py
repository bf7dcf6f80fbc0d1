"""Stays priced under both schemes, added up by all that the tables of a transition ask for."""

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from drgpay.base.exact import wide
from drgpay.points.calibrate import eligible
from drgpay.points.catalogue import Catalogue
from drgpay.points.formulas import Choice, class_formulas
from drgpay.points.pricing import alike, priced_cases
from drgpay.points.trimming import kept_cases
from drgpay.policy.model import Policy
from drgpay.transition.history import SIDES, History, Side

_ROWS_AT_ONCE = 250_000

KEYS = (
    *("year", "hospital_id", "account", "by_drg"),
    *(f"{name}_{side}" for side in SIDES for name in ("status", "drg", "class")),
)
"""by_drg: whether the payment unit is the group, for which alone coverage and migration count."""


@dataclass(frozen=True)
class Priced:
    """The catalogue of a side, and the formulas of its classes."""

    catalogue: Catalogue
    formulas: dict[str, list[Choice]]


def priced_by(catalogue: Catalogue, policy: Policy) -> Priced:
    """What stays of a side are priced by."""
    return Priced(catalogue, class_formulas(catalogue, policy.points))


def both_sides(history: History, old: Priced, new: Priced, policy: Policy) -> pl.DataFrame:
    """The stays in sums by KEYS: cases, total_fen, squares of costs (Int128), and of each side

    points, alike (those of them that no scheme changes: at cost, by the day, fixed), base and
    base_cases (base points, and how many cases have some), kept, kept_fen and kept_squares (of the
    cases that calibration keeps). Points in 1/10,000, before adjustments.
    Raises DrgpayError for a class that a catalogue cannot price.
    """
    kept = {side: _kept(history.grouped_by(side), policy) for side in SIDES}
    marked = replace(
        history, stays=history.stays.with_columns(**{f"kept_{side}": kept[side] for side in SIDES})
    )
    parts = [
        _summed(_priced(part, old, new, policy), first=True)
        for part in marked.slices(_ROWS_AT_ONCE)
    ]
    return _summed(pl.concat(parts)).sort(KEYS)


def _kept(stays: pl.DataFrame, policy: Policy) -> pl.Series:
    """Whether calibration keeps each stay: it is eligible, and within the limits of its group."""
    counts = stays.select(eligible(policy.calibration).fill_null(value=False)).to_series()
    within = kept_cases(stays.select("drg", "total_fen").filter(counts), policy.calibration.trim)
    places = pl.int_range(stays.height, eager=True).filter(counts)
    return counts.clone().scatter(places, within)


def _priced(part: History, old: Priced, new: Priced, policy: Policy) -> pl.DataFrame:
    """The stays of a part with what each side makes of them."""
    sides = [_side(part, side, by, policy) for side, by in zip(SIDES, (old, new), strict=True)]
    stays = part.stays.sort("case_id")
    return stays.hstack([column for frame in sides for column in frame.get_columns()])


def _side(part: History, side: Side, by: Priced, policy: Policy) -> pl.DataFrame:
    """Class, points, alike and base points of a side, by case_id."""
    stays = part.grouped_by(side).with_columns(
        pl.col(pl.Categorical).cast(pl.String), out_of_area=pl.lit(value=False)
    )
    cases = priced_cases(stays, by.catalogue, policy.points, by.formulas)
    return (
        cases.select("case_class", "points_before", "base_points")
        .with_columns(alike(cases, by.formulas))
        .select(
            pl.col("case_class").cast(pl.Categorical).alias(f"class_{side}"),
            pl.col("points_before").alias(f"points_{side}"),
            pl.when("alike").then("points_before").otherwise(0).alias(f"alike_{side}"),
            pl.col("base_points").alias(f"base_{side}"),
        )
    )


def _summed(frame: pl.DataFrame, first: bool = False) -> pl.DataFrame:
    """Rows with KEYS added up; first: rows of stays, else of sums."""
    if not first:
        return frame.group_by(KEYS).agg(pl.exclude(KEYS).sum())
    cost = pl.col("total_fen")
    square = wide("total_fen") * wide("total_fen")
    of_sides: dict[str, Any] = {}
    for side in SIDES:
        kept = pl.col(f"kept_{side}")
        of_sides |= {
            f"points_{side}": pl.col(f"points_{side}").sum(),
            f"alike_{side}": pl.col(f"alike_{side}").sum(),
            f"base_{side}": pl.col(f"base_{side}").sum(),
            f"base_cases_{side}": pl.col(f"base_{side}").count().cast(pl.Int64),
            f"kept_{side}": kept.sum().cast(pl.Int64),
            f"kept_fen_{side}": cost.filter(kept).sum(),
            f"kept_squares_{side}": square.filter(kept).sum(),
        }
    return (
        frame.with_columns(by_drg=pl.col("payment_unit") == "drg")
        .group_by(KEYS)
        .agg(
            cases=pl.len().cast(pl.Int64),
            total_fen=cost.sum(),
            squares=square.sum(),
            **of_sides,
        )
        .with_columns(pl.col(pl.Categorical).cast(pl.String))
    )
