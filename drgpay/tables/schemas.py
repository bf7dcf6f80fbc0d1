"""The declared tables as calculations have them: money in fen, points in 1/10,000."""

import polars as pl

from drgpay.base.exact import POINT_PLACES
from drgpay.tables.declared import Field, Table, result_table

_TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "list of text": pl.List(pl.String()),
    "flag": pl.Boolean(),
    "date": pl.Date(),
    "integer": pl.Int64(),
    "decimal": pl.Int64(),  # scaled: fen, 1/10,000 of a point
}


def calculated_schema(table: str) -> dict[str, pl.DataType]:
    """The columns of a table of a run by their names in calculations, without what only readers get."""
    return schema_of(result_table(table))


def schema_of(table: Table) -> dict[str, pl.DataType]:
    """The same of any table."""
    return {field.memory: _TYPES[field.kind.type] for field in table.fields if not field.added}


def schema_of_file(table: Table, value_places: int = POINT_PLACES) -> dict[str, pl.DataType]:
    """The columns of a table as its file has them: decimals; `value_places` of point values."""
    return {field.name: _type_in_file(field, value_places) for field in table.fields}


def _type_in_file(field: Field, value_places: int) -> pl.DataType:
    places = field.places(value_places)
    return _TYPES[field.kind.type] if places is None else pl.Decimal(18, places)
