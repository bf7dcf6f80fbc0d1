"""Factors by age: the base points of a stay as the catalogue has them, times or divided by a factor.

The product is not rounded (docs/points.md, C23). A case keeps the base points of the catalogue and
the factor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, scaled, unscaled, wide
from drgpay.grouper.number_rules import AGE_FIELDS, holds, number_rule
from drgpay.policy.points import AgeFactor, Points

AGE_COLUMNS = ("age_times", "age_divide")
"""What the base points of a stay are multiplied or divided by, in 1/10,000; null for no factor."""


def refuse_wrong_age_rules(points: Points, where: str) -> None:
    """Raise DrgpayError for a row whose rule is none, or asks for more than the age."""
    for number, row in enumerate(points.age_factors):
        number_rule(row.rule, AGE_FIELDS, f"{where}: points.age_factors.{number}.rule")


def age_columns(points: Points) -> dict[str, pl.Expr]:
    """AGE_COLUMNS of stays: drg, age, age_days. The first row of the policy that fits holds."""
    columns = {}
    for column, name in zip(AGE_COLUMNS, ("times", "divide"), strict=True):
        factor = pl.lit(None, pl.Int64)
        for number, row in reversed(list(enumerate(points.age_factors))):
            given: Decimal | None = getattr(row, name)
            value = None if given is None else scaled(given, POINT_PLACES)
            factor = pl.when(_fits(row, number)).then(pl.lit(value, pl.Int64)).otherwise(factor)
        columns[column] = factor
    return columns


def _fits(row: AgeFactor, number: int) -> pl.Expr:
    rule = holds(number_rule(row.rule, AGE_FIELDS, f"points.age_factors.{number}.rule"))
    return rule & pl.col("drg").is_in(row.groups).fill_null(False) if row.groups else rule


def age_factor() -> dict[str, pl.Expr]:
    """AGE_COLUMNS as numbers of a reason that names base points."""
    return {name: pl.col(name) for name in AGE_COLUMNS}


@dataclass(frozen=True)
class Base:
    """The base points of a stay with its factor, exact: 128-bit, numerator in 1/10,000.

    words: what they are called in formulas, without the factor by age.
    """

    numerator: pl.Expr
    denominator: pl.Expr
    words: pl.Expr = field(default_factory=lambda: pl.lit("base_points"))


def base_of(points: Points) -> Base:
    """From base_points and, where the policy has factors by age, AGE_COLUMNS."""
    numerator, denominator = wide("base_points"), wide(1)
    times, divide = _factors(points, "times"), _factors(points, "divide")
    # Reduced fractions: 1.1 is 11 / 10, and a product stays within 128 bits.
    if times:
        numerator = numerator * _part("age_times", times, "numerator")
        denominator = denominator * _part("age_times", times, "denominator")
    if divide:
        numerator = numerator * _part("age_divide", divide, "denominator")
        denominator = denominator * _part("age_divide", divide, "numerator")
    return Base(numerator, denominator)


def _factors(points: Points, name: str) -> list[int]:
    """The different factors (times or divide) of a policy in 1/10,000, rising."""
    given = (getattr(row, name) for row in points.age_factors)
    return sorted({scaled(value, POINT_PLACES) for value in given if value})


def _part(column: str, factors: list[int], part: str) -> pl.Expr:
    parts = {factor: getattr(Fraction(factor, POINT_SCALE), part) for factor in factors}
    found = pl.col(column).replace_strict(parts, default=1, return_dtype=pl.Int64)
    return wide(found.fill_null(1))


def with_factor(words: pl.Expr, points: Points) -> pl.Expr:
    """Words in which base_points stands for the base with its factor: `(base_points / 1.1)`."""
    for column, name, sign in zip(AGE_COLUMNS, ("times", "divide"), (" * ", " / "), strict=True):
        for factor in _factors(points, name):
            said = words.str.replace_all("base_points", factor_words(sign, factor), literal=True)
            words = pl.when(pl.col(column) == factor).then(said).otherwise(words)
    return words


def factor_words(sign: str, factor: int) -> str:
    """`(base_points / 1.1)`: how a base with a factor is written."""
    return f"(base_points{sign}{plain_factor(factor)})"


def with_factor_of(row: Mapping[str, Any], words: str) -> str:
    """Words in which base_points stands for the base with the factor of a row of a result."""
    for column, sign in (("age_times", " * "), ("age_divide", " / ")):
        if row[column] is not None:
            factor = scaled(row[column], POINT_PLACES)
            return words.replace("base_points", factor_words(sign, factor))
    return words


def plain_factor(factor: int) -> str:
    """A factor in 1/10,000 without needless zeros."""
    return f"{unscaled(factor, POINT_PLACES).normalize():f}"
