"""How a frame of scaled integers is written for readers, and read back as it was."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, as_decimal
from drgpay.tables.declared import Table, result_table


@dataclass(frozen=True)
class Column:
    """A column of a result file: its name there, its name in memory, its decimal places.

    former: SQL of the column, by the names of the file, where an older program's file lacks it.
    """

    name: str
    scaled: str
    places: int | None
    former: str | None = None


def columns_of(table: str, value_places: int = POINT_PLACES) -> list[Column]:
    """The columns of a declared table that are read back (drgpay/tables/results.toml).

    value_places: how many a point value has, where the table has one.
    """
    return columns_of_table(result_table(table), value_places)


def columns_of_table(table: Table, value_places: int = POINT_PLACES) -> list[Column]:
    """The same of a table that another file declares."""
    return [
        Column(field.name, field.memory, field.places(value_places), field.former)
        for field in table.fields
        if not field.added
    ]


def plain(*names: str) -> list[Column]:
    """Columns that are the same in the file and in memory."""
    return [Column(name, name, None) for name in names]


def points(*names: str) -> list[Column]:
    """Decimals that have the same name in memory: points, ratios."""
    return [Column(name, name, POINT_PLACES) for name in names]


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


def completed(frame: pl.LazyFrame, columns: Sequence[Column]) -> pl.LazyFrame:
    """All columns of a file, and those that an older program did not write by their `former` SQL."""
    given = set(frame.collect_schema().names())
    return frame.with_columns(
        _as_written(pl.sql_expr(column.former), column)
        for column in columns
        if column.name not in given and column.former is not None
    )


def _as_written(value: pl.Expr, column: Column) -> pl.Expr:
    typed = value if column.places is None else value.cast(pl.Decimal(18, column.places))
    return typed.alias(column.name)


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
