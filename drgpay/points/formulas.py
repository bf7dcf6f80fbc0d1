"""The points of a stay as exact fractions, one function a formula of docs/points.md.

A formula gives (numerator, denominator) in 1/10,000 points as 128-bit integers; a stay is rounded
once, when all its adjustments are made. Columns: base_points and coefficient in 1/10,000,
total_fen, mean_fen, length_of_stay.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import polars as pl

from drgpay.exact import FEN_PLACES, POINT_PLACES, POINT_SCALE, scaled, wide
from drgpay.policy.model import BedDay

DAY_POINT_PLACES = 8


@dataclass(frozen=True)
class PointFormula:
    """An exact number of points and the words in which a person would write it."""

    numerator: pl.Expr
    denominator: pl.Expr
    words: str


def no_points() -> PointFormula:
    """Paid item by item, outside the pool of points."""
    return PointFormula(wide(0), wide(1), "item by item")


def base_times_coefficient() -> PointFormula:
    """Normal stays (C2)."""
    product = wide("base_points") * wide("coefficient")
    return PointFormula(product, wide(POINT_SCALE), "base_points * coefficient")


def base_alone() -> PointFormula:
    """Groups with few cases: base points without coefficient, which would rest on fewer still."""
    return PointFormula(wide("base_points"), wide(1), "base_points")


def by_cost_share(with_coefficient: bool) -> PointFormula:
    """Incomplete stays: min(base x coef x cost / mean, base).

    Zhejiang 2019 (浙医保联发〔2019〕21号): the cap is the base without coefficient (C3, C4).
    Jinhua 2017: no coefficient inside either (C5).
    """
    coefficient = wide("coefficient") if with_coefficient else wide(POINT_SCALE)
    numerator = wide("base_points") * coefficient * wide("total_fen")
    denominator = wide(POINT_SCALE) * wide("mean_fen")
    capped = numerator > wide("base_points") * denominator
    inside = "base_points * coefficient" if with_coefficient else "base_points"
    return PointFormula(
        pl.when(capped).then(wide("base_points")).otherwise(numerator),
        pl.when(capped).then(wide(1)).otherwise(denominator),
        f"min({inside} * total_cost / mean_cost, base_points)",
    )


def at_cost(all_mean_fen: Fraction, ratio: Decimal) -> PointFormula:
    """Cost / all_mean x 100 x ratio (ambiguous groups: Guigang 2022, C7)."""
    # 100 points x 10,000 per point x ratio/10,000
    numerator = wide("total_fen") * wide(
        100 * scaled(ratio, POINT_PLACES) * all_mean_fen.denominator
    )
    return PointFormula(
        numerator, wide(all_mean_fen.numerator), f"total_cost / all_mean * 100 * {ratio}"
    )


def bed_days(row: BedDay, all_mean_fen: Fraction) -> PointFormula:
    """Day points x days (C12); an amount a day is turned into points as a cost is."""
    days = wide("length_of_stay")
    if row.points_per_day is not None:
        day_points = scaled(row.points_per_day, DAY_POINT_PLACES)
        scale = 10 ** (DAY_POINT_PLACES - POINT_PLACES)
        words = f"{row.points_per_day} * length_of_stay"
        return PointFormula(days * wide(day_points), wide(scale), words)
    day_fen = scaled(row.yuan_per_day or Decimal(0), FEN_PLACES)
    numerator = days * wide(day_fen * 100 * POINT_SCALE * all_mean_fen.denominator)
    words = f"{row.yuan_per_day} / all_mean * 100 * length_of_stay"
    return PointFormula(numerator, wide(all_mean_fen.numerator), words)
