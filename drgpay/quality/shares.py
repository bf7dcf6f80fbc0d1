"""Shares and roots without floats: decimals with four places, rounded half-up."""

from decimal import Decimal
from fractions import Fraction

import polars as pl

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, divide_half_up, half_up, unscaled, wide

SHARE = pl.Decimal(18, POINT_PLACES)


def share(part: str | pl.Expr, whole: str | pl.Expr) -> pl.Expr:
    """part / whole of two columns of whole numbers, as decimal(18,4); null where whole is not positive."""
    return ten_thousandths(divide_half_up(wide(part) * wide(POINT_SCALE), _positive(whole)))


def ten_thousandths(units: pl.Expr) -> pl.Expr:
    """A 128-bit column in 1/10,000 as decimal(18,4)."""
    return units.cast(pl.Int128).reinterpret(dtype=SHARE)


def ratio(part: Fraction | int, whole: Fraction | int = 1) -> Decimal | None:
    """part / whole with four places; None if whole is 0."""
    return unscaled(half_up(Fraction(part) / whole * POINT_SCALE), POINT_PLACES) if whole else None


def _positive(column: str | pl.Expr) -> pl.Expr:
    whole = wide(column)
    return pl.when(whole > 0).then(whole)
