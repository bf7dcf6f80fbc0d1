"""How a frame of scaled integers is written for readers, and read back as it was."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.exact import FEN_PLACES, POINT_PLACES, as_decimal


@dataclass(frozen=True)
class Column:
    """A column of a result file: its name there, its name in memory, its decimal places."""

    name: str
    scaled: str
    places: int | None


def plain(*names: str) -> list[Column]:
    """Columns that are the same in the file and in memory."""
    return [Column(name, name, None) for name in names]


def points(*names: str, places: int = POINT_PLACES) -> list[Column]:
    """Decimals that have the same name in memory: points, ratios, values."""
    return [Column(name, name, places) for name in names]


def money(name: str, scaled: str | None = None) -> list[Column]:
    """An amount in yuan that is in fen in memory."""
    return [Column(name, scaled or f"{name}_fen", FEN_PLACES)]


def written(frame: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """The columns as a file has them: decimals instead of scaled integers."""
    return frame.select(
        (
            pl.col(column.scaled)
            if column.places is None
            else as_decimal(column.scaled, column.places)
        ).alias(column.name)
        for column in columns
    )


def read_back(frame: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """The columns in memory again: scaled integers instead of decimals."""
    return frame.select(
        (
            pl.col(column.name)
            if column.places is None
            else pl.col(column.name).to_physical().cast(pl.Int64)
        ).alias(column.scaled)
        for column in columns
    )
