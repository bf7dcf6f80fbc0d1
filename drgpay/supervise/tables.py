"""The tables of a supervision as its files have them: decimals, by their declarations."""

import polars as pl

from drgpay.results.columns import Column, columns_of_table, read_back, written
from drgpay.supervise.supervision import Supervision
from drgpay.tables.declared import supervision_tables


def machine_tables(found: Supervision) -> dict[str, pl.DataFrame]:
    """The Parquet files of a supervision, by name."""
    frames = {
        "clues": found.clues,
        "evidence": found.evidence,
        "guards": found.guards,
        "stay_risks": found.stay_risks,
        "rule_report": found.rule_report,
        **found.extra,
    }
    return {name: as_declared(name, frame) for name, frame in sorted(frames.items())}


def as_declared(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A table with its declared columns: statistics (floats) are rounded half-up to their places."""
    columns = columns_of_table(supervision_tables()[name])
    rounded = frame.with_columns(
        _rounded(column)
        for column in columns
        if column.places is not None and frame.schema[column.scaled].is_float()
    )
    return written(rounded, columns)


def as_scaled(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A declared table of a file with its names and scaled integers in memory."""
    return read_back(frame, columns_of_table(supervision_tables()[name]))


def _rounded(column: Column) -> pl.Expr:
    assert column.places is not None
    whole = pl.col(column.scaled) * 10**column.places
    return whole.round(0, mode="half_away_from_zero").cast(pl.Int64).alias(column.scaled)
