"""Whether the Parquet files of a folder have the columns that their tables are declared with."""

from pathlib import Path

import polars as pl

from drgpay.tables.declared import read_tables
from drgpay.tables.schemas import schema_of_file


def not_as_declared(folder: Path, file: str, command: str = "") -> list[str]:
    """What of the tables in a folder is not declared: tables, columns, types, their order.

    file: the declarations, as quality. command: with what the names of its tables begin there.
    """
    tables = [table for name, table in read_tables(file).items() if name.startswith(command)]
    wrong = []
    for path in sorted(folder.glob("*.parquet")):
        written = {**pl.read_parquet_schema(path)}
        named = [one for one in tables if {path.stem, f"report/{path.stem}"} & {*one.files}]
        declared = [schema_of_file(table) for table in named]
        if not any(_within(written, schema) for schema in declared):
            wrong.append(f"{path.name}: {written} is not {declared}")
    return wrong


def _within(written: dict[str, pl.DataType], declared: dict[str, pl.DataType]) -> bool:
    """A table may lack columns that it has in other cases."""
    return [*written.items()] == [(name, declared[name]) for name in declared if name in written]
