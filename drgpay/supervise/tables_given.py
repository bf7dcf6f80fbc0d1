"""Tables that a region may have beside its records, read by their declared columns (docs/files.md)."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from drgpay.records.small_tables import Column, Kind, read_table
from drgpay.run.input_files import InputFiles
from drgpay.supervise.file import SuperviseJob
from drgpay.tables.inputs import input_tables

_KINDS = {
    "text": Kind.TEXT,
    "date": Kind.DATE,
    "flag": Kind.FLAG,
    "amount": Kind.YUAN,
    "number": Kind.COUNT,
    "points": Kind.POINTS,
}


def columns_of_table(name: str) -> Mapping[str, Column]:
    """The columns of a table of supervision as it is declared in tables/inputs.toml."""
    return {
        column: Column(_KINDS[one.type], required=one.required)
        for column, one in input_tables()[name].columns.items()
    }


def read_tables_given(job: SuperviseJob, read: InputFiles) -> dict[str, pl.DataFrame]:
    """The tables that the file of a supervision names: amounts in fen, with the `row` of each.

    Raises DrgpayError naming file, row and column for a column or value that is missing or wrong.
    """
    read.note(job.tables.values())
    return {name: table_given(name, path) for name, path in sorted(job.tables.items())}


def table_given(name: str, path: Path) -> pl.DataFrame:
    """One such table."""
    return read_table(path, dict(columns_of_table(name)))
