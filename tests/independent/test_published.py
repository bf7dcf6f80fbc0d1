"""A city's table of weights or prices by level: the points that its catalogue gives."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from drgpay.grouper.scheme import load_scheme
from drgpay.points.published_weights import published_catalogue
from drgpay.points.weight_rows import WeightOptions
from tests.spread import spread

from . import by_drgpay
from .comparing import compare_points
from .files import write_csv
from .policies import changed
from .random_region import MEANS
from .random_runs import recomputed
from .recomputation.adjusting import earn
from .recomputation.calibration import Catalogue, Group
from .recomputation.records import Filed
from .recomputation.rounding import half_up, mean

ALL_MEAN = Decimal("9876.54")
WEIGHTS = {drg: Decimal(cost) / 7_000 for drg, cost in MEANS.items()}
PRICES = {"3A": Decimal("1.2"), "2A": Decimal("0.97")}
"""Of a level against 7,000 a weight; the other levels have no price."""


def weight_of(drg: str) -> Decimal:
    return WEIGHTS[drg].quantize(Decimal("0.0001"))


def price_of(drg: str, level: str) -> Decimal:
    return (WEIGHTS[drg] * 7_000 * PRICES[level]).quantize(Decimal("0.01"))


def weight_of_level(drg: str, level: str) -> Decimal:
    return (weight_of(drg) * PRICES[level]).quantize(Decimal("0.000001"))


def recomputed_group(kind: str, drg: str) -> tuple[Fraction, dict[str, Fraction]]:
    """The base price of a group in yuan and the coefficient of each level."""
    prices = {level: price_of(drg, level) for level in PRICES}
    if kind == "prices":
        base = mean(list(prices.values()))
        return base, {level: Fraction(price) / base for level, price in prices.items()}
    base = Fraction(weight_of(drg)) * Fraction(ALL_MEAN)
    if kind == "weights":
        weights = {level: weight_of_level(drg, level) for level in PRICES}
        middle = mean(list(weights.values()))
        factors = {level: Fraction(weight) / middle for level, weight in weights.items()}
        return middle * Fraction(ALL_MEAN), factors
    if kind == "weight and prices":
        return base, {level: Fraction(price) / base for level, price in prices.items()}
    return base, {level: Fraction(factor) for level, factor in PRICES.items()}


@pytest.mark.parametrize(
    "kind", ["prices", "weights", "weight and prices", "weight and coefficients"]
)
@pytest.mark.parametrize("high_formula", spread(["review_only", "cost_less_cap_coef"], 1))
def test_points_by_a_published_table(tmp_path: Path, kind: str, high_formula: str) -> None:
    scheme = load_scheme("chs-drg-1.1")
    known = [
        drg.code
        for mdc in scheme.mdcs
        for adrg in mdc.adrgs
        if not adrg.ambiguous
        for drg in adrg.drgs
    ]
    codes = dict(zip(MEANS, known, strict=False))
    rows = []
    for drg, code in codes.items():
        row: dict[str, object] = {"drg": code}
        if kind not in ("prices", "weights"):
            row["weight"] = weight_of(drg)
        for level, factor in PRICES.items():
            if kind == "weight and coefficients":
                row[f"coefficient_{level}"] = factor
            elif kind == "weights":
                row[f"weight_{level}"] = weight_of_level(drg, level)
            else:
                row[f"price_{level}"] = price_of(drg, level)
        rows.append(row)
    write_csv(tmp_path / "table.csv", rows, list(rows[0]))
    options = WeightOptions(columns={})
    made = published_catalogue(tmp_path / "table.csv", scheme, ALL_MEAN, "published", options)
    groups: dict[str, Group] = {}
    published: dict[tuple[str, str], Decimal] = {}
    for drg, code in codes.items():
        base, factors = recomputed_group(kind, drg)
        base_points = half_up(base / Fraction(ALL_MEAN) * 100, 4)
        groups[code] = Group(half_up(base, 2), stability="stable", base_points=base_points)
        published |= {(code, level): half_up(factor, 4) for level, factor in factors.items()}
    found = recomputed(0)
    catalogue = Catalogue(
        found.catalogue.rules, groups, {}, {}, {}, {}, 0, 0, Fraction(ALL_MEAN), 1, published
    )
    rules = {
        "points.reference_mean": "level",
        "points.own_mean_weight": None,
        "points.high_formula": high_formula,
        "points.base_level": None,
        "points.bed_days": [
            {"bed_day_class": name, "yuan_per_day": "333.33"}
            for name in ("psychiatry", "rehabilitation", "long_stay")
        ],
    }
    policy = changed(found.region.policy, rules)
    stays = [replace(stay, drg=codes.get(stay.drg, stay.drg)) for stay in found.region.stays]
    earned = earn(stays, catalogue, policy.points, Filed())
    points = by_drgpay.earned(stays, made.catalogue, policy, Filed())
    assert compare_points(by_drgpay.point_tables(points), stays, earned) == len(stays)
