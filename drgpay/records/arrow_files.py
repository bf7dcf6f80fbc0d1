"""Frames in Arrow files that the program itself reads again: buckets, and what waits beside them."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

FILE_SCHEMA: dict[str, type[pl.DataType]] = {"file": pl.String, "rows": pl.Int64}
"""A table of such files: the name of each, and how many rows it has."""


def write_arrow(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame, its categories with their texts."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def read_arrow(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """What `write_arrow` wrote, or some columns of it: no others are read. polars would take the path
    for a pattern.
    """
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file)
        if columns is not None:
            names = reader.schema.names
            places = sorted(names.index(name) for name in columns)
            reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=places))
        frame = pl.DataFrame(reader.read_all())
    return frame if columns is None else frame.select(columns)


def as_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with texts instead of categories."""
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
