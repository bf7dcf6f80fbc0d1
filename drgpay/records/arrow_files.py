"""Frames in Arrow files that the program itself reads again: buckets, and what waits beside them."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

FILE_SCHEMA: dict[str, type[pl.DataType]] = {"file": pl.String, "rows": pl.Int64}
"""A table of such files: the name of each, and how many rows it has."""


def write_arrow(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame, its categories with their texts."""
    frame.write_ipc(path, compat_level=pl.CompatLevel.oldest())


def read_arrow(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """What `write_arrow` wrote, or some columns of it: no others are read."""
    with path.open("rb") as opened:  # a path would be taken for a pattern
        frame = pl.read_ipc(opened, columns=list(columns) if columns is not None else None)
    return frame if columns is None else frame.select(columns)


def as_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with texts instead of categories."""
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
