"""The declared tables as calculations have them: money in fen, points in 1/10,000."""

import polars as pl

from drgpay.tables.declared import result_table

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
    return {
        field.memory: _TYPES[field.kind.type]
        for field in result_table(table).fields
        if not field.added
    }
