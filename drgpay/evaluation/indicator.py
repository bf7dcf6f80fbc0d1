"""What an indicator is: sums of numerator and denominator by hospital and block, and how they are read."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import polars as pl

from drgpay.evaluation.material import Material

Direction = Literal["up", "down", "band"]

SUMS: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "block": pl.Int32(),
    "n": pl.Int64(),
    "numerator": pl.Int64(),
    "denominator": pl.Int64(),
}
"""n: stays that the indicator is of. block: 0 to 199, -1 where it is no sum over blocks of stays."""
WHOLE = -1


@dataclass(frozen=True)
class Indicator:
    """A shipped indicator. value = numerator / denominator x times + plus.

    sums: None where an input is missing. direction: which way is better, None where nobody says.
    in_blocks: whether it is a sum over blocks, so that ranks can be drawn anew.
    """

    name: str
    direction: Direction | None
    sums: Callable[[Material], pl.DataFrame | None]
    times: Fraction = Fraction(1)
    plus: int = 0
    in_blocks: bool = True

    def value(self, numerator: int, denominator: int) -> Fraction | None:
        """The value of sums; None without a denominator."""
        if denominator == 0:
            return None
        return Fraction(numerator, denominator) * self.times + self.plus


def summed(stays: pl.DataFrame, numerator: pl.Expr, denominator: pl.Expr) -> pl.DataFrame:
    """SUMS of a row a stay; n counts the rows."""
    return (
        stays.select(
            "hospital_id",
            "block",
            "cell",
            numerator=numerator.cast(pl.Int64),
            denominator=denominator.cast(pl.Int64),
        )
        .group_by("cell")
        .agg(
            pl.col("hospital_id", "block").first(),
            pl.len().cast(pl.Int64).alias("n"),
            pl.col("numerator").sum(),
            pl.col("denominator").sum(),
        )
        .sort("hospital_id", "block")
        .select(*SUMS)
    )


def counted(stays: pl.DataFrame, hit: pl.Expr) -> pl.DataFrame:
    """SUMS of a share of stays."""
    return summed(stays, hit.fill_null(value=False), pl.lit(1))
