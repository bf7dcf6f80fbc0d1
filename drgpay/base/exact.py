"""Exact arithmetic on scaled integers: money in fen, points and coefficients in 1/10,000.

No float enters a sum that is paid or published. Columns are multiplied and divided as 128-bit
integers; rounding is half-up, away from zero at the half (docs/points.md, docs/settlement.md).
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import isqrt

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/base")

FEN_PLACES = 2
POINT_PLACES = 4
POINT_SCALE = 10**POINT_PLACES

MONEY = pl.Decimal(18, FEN_PLACES)


def scaled(value: Decimal, places: int) -> int:
    """The integer that stands for a decimal at some places; ValueError if it has more places."""
    shifted = value.scaleb(places)
    if shifted != shifted.to_integral_value():
        raise ValueError(f"{value} has more than {places} decimal places")
    return int(shifted)


def unscaled(value: int, places: int) -> Decimal:
    """The decimal that an integer stands for, with exactly these places."""
    return Decimal(value).scaleb(-places)


def half_up(value: Fraction) -> int:
    """The nearest integer; a half goes away from zero."""
    quotient, remainder = divmod(abs(value.numerator), value.denominator)
    nearest = quotient + (2 * remainder >= value.denominator)
    return nearest if value >= 0 else -nearest


def root_half_up(square: Fraction) -> int:
    """The square root of a number that is not negative, rounded half-up to a whole number."""
    # The largest n with n - 1/2 <= root, that is (2n - 1)^2 <= 4 square.
    return (isqrt(4 * square.numerator // square.denominator) + 1) // 2


def round_half_up(value: Decimal, places: int) -> Decimal:
    """A decimal rounded half-up to some places."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def wide(column: str | pl.Expr | int) -> pl.Expr:
    """A column or constant as 128-bit integers."""
    if isinstance(column, int):
        return pl.lit(column, dtype=pl.Int128)
    expr = pl.col(column) if isinstance(column, str) else column
    return expr.cast(pl.Int128)


def divide_half_up(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """The quotient of 128-bit integers, rounded half-up; the denominator must be positive."""
    nearest = (numerator.abs() * 2 + denominator) // (denominator * 2)
    return pl.when(numerator < 0).then(wide(0) - nearest).otherwise(nearest)


MOST = 10**18 - 1
"""What a sum of fen, or of points in 1/10,000, may reach: the digits that results are written in."""


def refuse_large_sums(frame: pl.DataFrame, columns: Iterable[str], what: Words) -> None:
    """Raise DrgpayError if the values of a column add up to more than MOST: no sum may wrap.

    columns: of Int64. what: of which the columns are, for the sentence.
    """
    sums = frame.select(wide(column).abs().sum().alias(column) for column in columns)
    if frame.height:
        refuse_large_totals(sums.row(0, named=True), what)


def refuse_large_totals(totals: Mapping[str, int], what: Words) -> None:
    """The same of sums of absolute values by column, which were added up over parts of a frame."""
    for column, total in totals.items():
        if total > MOST:
            raise DrgpayError(
                *_ERRORS("too_large_sum", column=column, what=what, total=total, most=MOST)
            )


def as_decimal(column: str, places: int) -> pl.Expr:
    """A column of scaled integers as decimal(18, places), under the same name."""
    return pl.col(column).cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, places)).alias(column)


def apportion(total: int, weights: list[int]) -> list[int]:
    """Share a total in proportion to weights by largest remainder; ties go to the earlier place.

    For a few shares (months, hospitals); cases are apportioned by columns in settle.
    """
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: -remainders[place])
    for place in order[: total - sum(shares)]:
        shares[place] += 1
    return shares
