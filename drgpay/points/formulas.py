"""The points of a stay as exact fractions, one function a formula of docs/points.md.

A formula gives (numerator, denominator) in 1/10,000 points as 128-bit integers, not negative; a
stay is rounded once, when all its adjustments are made. Columns: base_points, coefficient and
high_ratio in 1/10,000, total_fen, mean_fen, length_of_stay; for reviews also unreasonable_fen.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import polars as pl

from drgpay.exact import FEN_PLACES, POINT_PLACES, POINT_SCALE, scaled, unscaled, wide
from drgpay.points.catalogue import Catalogue
from drgpay.policy.points import BedDay, Points

_HUNDRED_POINTS = 100 * POINT_SCALE


@dataclass(frozen=True)
class PointFormula:
    """An exact number of points and the words in which a person would write it."""

    numerator: pl.Expr
    denominator: pl.Expr
    words: str


@dataclass(frozen=True)
class Choice:
    """A formula and the stays of its class that it is for."""

    applies: pl.Expr
    formula: PointFormula


def class_formulas(catalogue: Catalogue, points: Points) -> dict[str, list[Choice]]:
    """The formulas of every class; where there are several, the first that applies holds."""
    all_mean = catalogue.all_mean_fen
    share = by_cost_share(points.incomplete_formula == "with_coefficient")
    one = Decimal(1)
    single = {
        "fee": no_points(),
        "ungrouped": fixed_points(points.ungrouped_points)
        if points.ungrouped_rule == "fixed_points"
        else at_cost(all_mean, points.ungrouped_ratio),
        "ambiguous": at_cost(all_mean, points.ambiguous_ratio),
        "few_cases": base_alone()
        if points.few_cases_rule == "base"
        else at_cost(all_mean, points.few_cases_ratio),
        "incomplete": share,
        "low": share if points.low_formula == "as_incomplete" else at_cost(all_mean, one),
        "high": high_formula(points, all_mean),
        "normal": base_times_coefficient(),
    }
    every = pl.lit(True)
    return {
        **{name: [Choice(every, formula)] for name, formula in single.items()},
        "bed_day": [
            choice for row in points.bed_days for choice in bed_day_choices(row, catalogue)
        ],
    }


def no_points() -> PointFormula:
    """Paid item by item, outside the pool of points."""
    return PointFormula(wide(0), wide(1), "item by item")


def fixed_points(points: Decimal) -> PointFormula:
    """The same points for every stay."""
    return PointFormula(wide(scaled(points, POINT_PLACES)), wide(1), f"{points}")


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
    times = "" if ratio == 1 else f" * {ratio}"
    return PointFormula(
        numerator, wide(all_mean_fen.numerator), f"total_cost / all_mean * 100{times}"
    )


def high_formula(points: Points, all_mean_fen: Fraction) -> PointFormula:
    """What a very expensive stay earns without a special review."""
    match points.high_formula:
        case "review_only":
            return base_times_coefficient()
        case "excess":
            return _high_excess()
        case "cost_less_cap":
            return _cost_less_cap(all_mean_fen)
        case "cost_less_cap_coef":
            return _cost_less_cap_coefficient(all_mean_fen)
        case "at_cost":
            return at_cost(all_mean_fen, Decimal(1))


def _high_excess() -> PointFormula:
    """Base x coef + base x (cost / mean - high ratio)."""
    mean = wide("mean_fen")
    above = wide("total_fen") * wide(POINT_SCALE) - wide("high_ratio") * mean
    return PointFormula(
        _not_negative(wide("base_points") * (wide("coefficient") * mean + above)),
        wide(POINT_SCALE) * mean,
        "max(base_points * coefficient + base_points * (total_cost / mean_cost - high_ratio), 0)",
    )


def _cost_less_cap(all_mean_fen: Fraction) -> PointFormula:
    """Cost / all_mean x 100 - (high ratio - 1) x base x coef."""
    cost, mean = _cost_points("total_fen", all_mean_fen)
    less = (wide("high_ratio") - wide(POINT_SCALE)) * wide("base_points") * wide("coefficient")
    return PointFormula(
        _not_negative(cost * wide(POINT_SCALE**2) - less * mean),
        wide(POINT_SCALE**2) * mean,
        "max(total_cost / all_mean * 100 - (high_ratio - 1) * base_points * coefficient, 0)",
    )


def _cost_less_cap_coefficient(all_mean_fen: Fraction) -> PointFormula:
    """Cost / all_mean x 100 - (high ratio - coef) x base."""
    cost, mean = _cost_points("total_fen", all_mean_fen)
    less = (wide("high_ratio") - wide("coefficient")) * wide("base_points")
    return PointFormula(
        _not_negative(cost * wide(POINT_SCALE) - less * mean),
        wide(POINT_SCALE) * mean,
        "max(total_cost / all_mean * 100 - (high_ratio - coefficient) * base_points, 0)",
    )


def reviewed_at_cost(all_mean_fen: Fraction) -> PointFormula:
    """An approved special review: (cost - unreasonable cost) / all_mean x 100."""
    cost, mean = _cost_points(pl.col("total_fen") - pl.col("unreasonable_fen"), all_mean_fen)
    return PointFormula(cost, mean, "(total_cost - {}) / all_mean * 100")


def reviewed_high() -> PointFormula:
    """An approved review of a high stay that earns more only so.

    Base x coef + base x max(0, (cost - unreasonable cost) / mean - high ratio).
    """
    mean = wide("mean_fen")
    cost = wide("total_fen") - wide("unreasonable_fen")
    above = _not_negative(cost * wide(POINT_SCALE) - wide("high_ratio") * mean)
    return PointFormula(
        wide("base_points") * (wide("coefficient") * mean + above),
        wide(POINT_SCALE) * mean,
        "base_points * coefficient"
        " + base_points * max((total_cost - {}) / mean_cost - high_ratio, 0)",
    )


def bed_day_choices(row: BedDay, catalogue: Catalogue) -> list[Choice]:
    """Day points x days for the stays that a row of the policy fits (C12).

    An amount a day is turned into points as a cost is. A calibrated day takes the mean day of the
    stay's level, else of all levels.
    """
    fits = pl.col("bed_day_class") == row.bed_day_class
    if row.levels:
        fits &= pl.col("level").is_in(row.levels)
    fits = fits.fill_null(False)
    if row.points_per_day is not None:
        day_points = Fraction(row.points_per_day) * POINT_SCALE
        return [Choice(fits, _days(day_points, f"{row.points_per_day}"))]
    if row.yuan_per_day is not None:
        day_fen = Fraction(scaled(row.yuan_per_day, FEN_PLACES))
        words = f"{row.yuan_per_day} / all_mean * 100"
        return [Choice(fits, _days(day_fen / catalogue.all_mean_fen * _HUNDRED_POINTS, words))]
    means = catalogue.bed_days.filter(pl.col("bed_day_class") == row.bed_day_class)
    choices = []
    for mean in means.sort("level", nulls_last=True).iter_rows(named=True):
        here = fits if mean["level"] is None else fits & (pl.col("level") == mean["level"])
        day_fen = Fraction(mean["total_fen"], mean["days"])
        words = f"{unscaled(mean['total_fen'], FEN_PLACES)} / {mean['days']} / all_mean * 100"
        formula = _days(day_fen / catalogue.all_mean_fen * _HUNDRED_POINTS, words)
        choices.append(Choice(here, formula))
    return choices


def _days(day_points: Fraction, words: str) -> PointFormula:
    return PointFormula(
        wide("length_of_stay") * wide(day_points.numerator),
        wide(day_points.denominator),
        f"{words} * length_of_stay",
    )


def _cost_points(cost_fen: str | pl.Expr, all_mean_fen: Fraction) -> tuple[pl.Expr, pl.Expr]:
    """Cost / all_mean x 100 as numerator and denominator."""
    numerator = wide(cost_fen) * wide(_HUNDRED_POINTS * all_mean_fen.denominator)
    return numerator, wide(all_mean_fen.numerator)


def _not_negative(expr: pl.Expr) -> pl.Expr:
    return pl.max_horizontal(expr, wide(0))
