"""The points of a stay as exact fractions, one function a formula of docs/points.md.

A formula gives (numerator, denominator) in 1/10,000 points as 128-bit integers, not negative; a
stay is rounded once, when all its adjustments are made. Columns: base_points, AGE_COLUMNS,
coefficient and high_ratio in 1/10,000, stability, total_fen, mean_fen, RATIO_COLUMNS,
length_of_stay; for reviews also unreasonable_fen. In words base_points stands for the base with its
factor by age (`with_factor` puts it in).
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import polars as pl

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, POINT_SCALE, scaled, unscaled, wide
from drgpay.points.age_factors import Base, base_of
from drgpay.points.catalogue import Catalogue
from drgpay.points.classes import measured
from drgpay.points.prices import reference_mean
from drgpay.policy.points import BedDay, Points

_HUNDRED_POINTS = 100 * POINT_SCALE


@dataclass(frozen=True)
class PointFormula:
    """An exact number of points and the words in which a person would write it.

    alike: the same under every scheme, since no group enters it: at cost, by the day, fixed.
    """

    numerator: pl.Expr
    denominator: pl.Expr
    words: str
    alike: bool = False


@dataclass(frozen=True)
class Choice:
    """A formula and the stays of its class that it is for."""

    applies: pl.Expr
    formula: PointFormula


def class_formulas(catalogue: Catalogue, points: Points) -> dict[str, list[Choice]]:
    """The formulas of every class; where there are several, the first that applies holds."""
    of = Terms.of(catalogue, points)
    every = pl.lit(True)
    few = at_cost(of, points.few_cases_ratio) if points.few_cases_rule == "at_cost" else of.alone()
    region = (wide("mean_fen"), wide(1), "mean_cost")
    single = {
        "fee": no_points(),
        "ungrouped": fixed_points(points.ungrouped_points)
        if points.ungrouped_rule == "fixed_points"
        else at_cost(of, points.ungrouped_ratio),
        "ambiguous": at_cost(of, points.ambiguous_ratio),
        "few_cases": few,
        "low": by_cost_share(of, of.reference)
        if points.low_formula == "as_incomplete"
        else at_cost(of, Decimal(1)),
        "high": high_formula(of),
        "normal": base_times_coefficient(of),
    }
    return {
        **{name: [Choice(every, formula)] for name, formula in single.items()},
        "incomplete": [
            Choice(measured(), by_cost_share(of, region)),
            Choice(every, not_above_cost(of, few)),
        ],
        "bed_day": [
            choice for row in points.bed_days for choice in bed_day_choices(row, catalogue)
        ],
    }


_Mean = tuple[pl.Expr, pl.Expr, str]
"""A mean cost in fen as total / cases, and its name in words."""


@dataclass(frozen=True)
class Terms:
    """What the formulas are made of: the base with its factor by age, the means, the policy."""

    points: Points
    base: Base
    reference: _Mean
    all_mean_fen: Fraction

    @classmethod
    def of(cls, catalogue: Catalogue, points: Points) -> "Terms":
        """The terms of a policy and a catalogue."""
        total, cases = reference_mean(points)
        name = "mean_cost" if points.reference_mean == "region" else "ratio_mean"
        return cls(points, base_of(points), (total, cases, name), catalogue.all_mean_fen)

    def alone(self) -> PointFormula:
        """Groups with few cases: base points without coefficient, which would rest on fewer still."""
        return PointFormula(self.base.numerator, self.base.denominator, "base_points")


def no_points() -> PointFormula:
    """Paid item by item, outside the pool of points."""
    return PointFormula(wide(0), wide(1), "item by item", alike=True)


def fixed_points(points: Decimal) -> PointFormula:
    """The same points for every stay."""
    return PointFormula(wide(scaled(points, POINT_PLACES)), wide(1), f"{points}", alike=True)


def base_times_coefficient(of: Terms) -> PointFormula:
    """Normal stays (C2)."""
    return PointFormula(
        of.base.numerator * wide("coefficient"),
        of.base.denominator * wide(POINT_SCALE),
        "base_points * coefficient",
    )


def by_cost_share(of: Terms, mean: _Mean) -> PointFormula:
    """Incomplete stays: min(base x coef x cost / mean, base).

    Zhejiang 2019 (浙医保联发〔2019〕21号): the cap is the base without coefficient (C3, C4).
    Jinhua 2017: no coefficient inside either (C5).
    """
    with_coefficient = of.points.incomplete_formula == "with_coefficient"
    coefficient = wide("coefficient") if with_coefficient else wide(POINT_SCALE)
    total, cases, name = mean
    share = coefficient * wide("total_fen") * cases
    whole = wide(POINT_SCALE) * total
    capped = share > whole
    inside = "base_points * coefficient" if with_coefficient else "base_points"
    base = of.base
    return PointFormula(
        pl.when(capped).then(base.numerator).otherwise(base.numerator * share),
        pl.when(capped).then(base.denominator).otherwise(base.denominator * whole),
        f"min({inside} * total_cost / {name}, base_points)",
    )


def at_cost(of: Terms, ratio: Decimal) -> PointFormula:
    """Cost / all_mean x 100 x ratio (ambiguous groups: Guigang 2022, C7)."""
    # 100 points x 10,000 per point x ratio/10,000
    numerator = wide("total_fen") * wide(
        100 * scaled(ratio, POINT_PLACES) * of.all_mean_fen.denominator
    )
    times = "" if ratio == 1 else f" * {ratio}"
    words = f"total_cost / all_mean * 100{times}"
    return PointFormula(numerator, wide(of.all_mean_fen.numerator), words, alike=True)


def not_above_cost(of: Terms, few: PointFormula) -> PointFormula:
    """Incomplete stays of a group without a mean to compare with: the rule of few cases, at most
    what they cost.
    """
    cost = at_cost(of, Decimal(1))
    words = f"min({few.words}, {cost.words})"
    if of.points.few_cases_rule == "at_cost":
        lesser = at_cost(of, min(of.points.few_cases_ratio, Decimal(1)))
        return PointFormula(lesser.numerator, lesser.denominator, words, alike=True)
    less = few.numerator * cost.denominator < cost.numerator * few.denominator
    # Of a group without base points neither holds: the rule must be at_cost.
    return PointFormula(
        pl.when(less).then(few.numerator).when(~less).then(cost.numerator),
        pl.when(less).then(few.denominator).otherwise(cost.denominator),
        words,
    )


def high_formula(of: Terms) -> PointFormula:
    """What a very expensive stay earns without a special review.

    With high_floor = "normal" at least what a normal one earns.
    """
    match of.points.high_formula:
        case "review_only":
            return base_times_coefficient(of)
        case "excess":
            return _high_excess(of)
        case "cost_less_cap":
            return _cost_less_cap(of)
        case "cost_less_cap_coef":
            return _cost_less_cap_coefficient(of)
        case "at_cost":
            if of.points.high_floor == "none":
                return at_cost(of, Decimal(1))
            return _floored(of, wide(0), wide(1), "")


def _high_excess(of: Terms) -> PointFormula:
    """Base x coef + base x max(0, cost / mean - high ratio): never below the floor."""
    return _with_excess(of, wide("total_fen"), "total_cost")


def _cost_less_cap(of: Terms) -> PointFormula:
    """Cost / all_mean x 100 - (high ratio - 1) x base x coef."""
    less = (wide("high_ratio") - wide(POINT_SCALE)) * wide("coefficient") * of.base.numerator
    words = " - (high_ratio - 1) * base_points * coefficient"
    return _floored(of, less, wide(POINT_SCALE), words)


def _cost_less_cap_coefficient(of: Terms) -> PointFormula:
    """Cost / all_mean x 100 - (high ratio - coef) x base."""
    less = (wide("high_ratio") - wide("coefficient")) * of.base.numerator
    return _floored(of, less, wide(1), " - (high_ratio - coefficient) * base_points")


def _floored(of: Terms, less: pl.Expr, scale: pl.Expr, words: str) -> PointFormula:
    """Cost / all_mean x 100 - less / (10,000 x scale x the base's denominator), and its floor.

    The floor is base x coefficient, or with high_floor = "none" nothing.
    """
    cost, mean = _cost_points("total_fen", of.all_mean_fen)
    whole = wide(POINT_SCALE) * scale * of.base.denominator
    formula = cost * whole - less * mean
    alone = f"total_cost / all_mean * 100{words}"
    if of.points.high_floor == "none":
        return PointFormula(_not_negative(formula), mean * whole, f"max({alone}, 0)")
    floor = of.base.numerator * wide("coefficient") * scale * mean
    return PointFormula(
        pl.max_horizontal(formula, floor),
        mean * whole,
        f"max({alone}, base_points * coefficient)",
    )


def _with_excess(of: Terms, cost_fen: pl.Expr, cost: str) -> PointFormula:
    """Base x coef + base x max(0, cost / reference mean - high ratio)."""
    total, cases, name = of.reference
    above = _not_negative(cost_fen * cases * wide(POINT_SCALE) - wide("high_ratio") * total)
    return PointFormula(
        of.base.numerator * (wide("coefficient") * total + above),
        of.base.denominator * wide(POINT_SCALE) * total,
        f"base_points * coefficient + base_points * max({cost} / {name} - high_ratio, 0)",
    )


def reviewed_at_cost(of: Terms) -> PointFormula:
    """An approved special review: (cost - unreasonable cost) / all_mean x 100."""
    reasonable = pl.col("total_fen") - pl.col("unreasonable_fen")
    cost, mean = _cost_points(reasonable, of.all_mean_fen)
    return PointFormula(cost, mean, "(total_cost - unreasonable_cost) / all_mean * 100")


def reviewed_high(of: Terms) -> PointFormula:
    """An approved review of a high stay that earns more only so.

    Base x coef + base x max(0, (cost - unreasonable cost) / mean - high ratio).
    """
    return _with_excess(
        of, wide("total_fen") - wide("unreasonable_fen"), "(total_cost - unreasonable_cost)"
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
        alike=True,
    )


def _cost_points(cost_fen: str | pl.Expr, all_mean_fen: Fraction) -> tuple[pl.Expr, pl.Expr]:
    """Cost / all_mean x 100 as numerator and denominator."""
    numerator = wide(cost_fen) * wide(_HUNDRED_POINTS * all_mean_fen.denominator)
    return numerator, wide(all_mean_fen.numerator)


def _not_negative(expr: pl.Expr) -> pl.Expr:
    return pl.max_horizontal(expr, wide(0))
