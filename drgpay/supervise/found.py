"""What a rule found: hits, what each would cost, the facts, and the guards that spoke for a stay.

Hits are numbered by the rule; other tables name them by that number. A rule makes its frames with the
columns of these schemas, in any order of rows: the supervision sorts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

HIT_SCHEMA: dict[str, pl.DataType] = {
    "hit": pl.UInt32(),
    "part": pl.String(),
    "case_ids": pl.List(pl.String()),
    "keys": pl.List(pl.String()),
    "hospital_id": pl.String(),
    "first": pl.Date(),
    "last": pl.Date(),
    "c": pl.Float64(),
    "reason_code": pl.String(),
    "numbers": pl.String(),
    "file": pl.String(),
}
"""A hit. part: of the rule, `stay` where it has none. case_ids: the stays concerned, in the order in
which people read them. keys: of what its id is made, beside the rule and the part. c: 0..1.
numbers: JSON of the numbers of the sentence, see `numbers_of`. file: `chain` where the stays belong in
one case file, `stay` where each has its own, `none` where the clue ranks only."""

STAKE_SCHEMA: dict[str, pl.DataType] = {
    "hit": pl.UInt32(),
    "case_id": pl.String(),
    "points": pl.Int64(),
    "fen": pl.Int64(),
}
"""What a stay would lose: points in 1/10,000 or an amount in fen, the other null. A stay that a hit
concerns and that would lose nothing has a row of 0 points: its risk counts."""

FACT_SCHEMA: dict[str, pl.DataType] = {
    "hit": pl.UInt32(),
    "fact": pl.String(),
    "table": pl.String(),
    "key": pl.String(),
    "column": pl.String(),
    "value": pl.String(),
    "limit": pl.String(),
}
"""Evidence: a value of a table that the hit stands on, as it is written, and the limit beside it."""

GUARD_SCHEMA: dict[str, pl.DataType] = {
    "case_ids": pl.List(pl.String()),
    "guard": pl.String(),
    "fact": pl.String(),
}
"""Stays that a guard kept from being a hit, and why."""


@dataclass(frozen=True)
class Found:
    """What a rule found. checked: of how many stays, visits, pairs or hospitals.

    not_judged: what could not be judged, counted by reason. lacking: guards and parts that could not be
    asked for want of a table or a column, which every clue names.
    """

    hits: pl.DataFrame
    stakes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=STAKE_SCHEMA))
    facts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FACT_SCHEMA))
    guards: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=GUARD_SCHEMA))
    checked: int = 0
    not_judged: Mapping[str, int] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    not_run: str = ""
    """Why the rule cannot be asked at all, as `list:planned`; nothing else counts then."""
    extra: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """Further tables that the rule leaves, by name (`candidates` of up_coding)."""


def hits_of(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame with the columns of HIT_SCHEMA but `hit`, which numbers the rows; defaults are added.

    Without them part is `stay`, c is 1, file is `stay` and numbers are none.
    """
    defaults = {"part": "stay", "c": 1.0, "file": "stay", "numbers": "{}"}
    missing = [
        pl.lit(value).alias(name) for name, value in defaults.items() if name not in frame.columns
    ]
    return (
        frame.with_columns(missing)
        .with_row_index("hit")
        .select(pl.col(name).cast(dtype) for name, dtype in HIT_SCHEMA.items())
    )


def stay_rows(stays: pl.DataFrame) -> pl.DataFrame:
    """Stays of which each is a hit of its own, sorted by case_id, with case_ids, keys, first and last.

    stays: case_id, admission_date, discharge_date and further columns.
    """
    return stays.sort("case_id", maintain_order=True).with_columns(
        case_ids=pl.concat_list("case_id"),
        keys=pl.concat_list("case_id"),
        first=pl.col("admission_date"),
        last=pl.col("discharge_date"),
    )


def numbers_of(**values: pl.Expr) -> pl.Expr:
    """The numbers of a sentence as JSON, by their names: what `reason_code` is filled with."""
    return pl.struct(*(value.alias(name) for name, value in values.items())).struct.json_encode()


def facts_of(
    hits: pl.DataFrame,
    fact: str,
    table: str,
    key: pl.Expr,
    column: str,
    value: pl.Expr,
    limit: object = None,
) -> pl.DataFrame:
    """One fact of each row of `hits` (with `hit`): FACT_SCHEMA."""
    shown = None if limit is None else str(limit)
    return hits.select(
        pl.col("hit").cast(pl.UInt32),
        fact=pl.lit(fact),
        table=pl.lit(table),
        key=key.cast(pl.String),
        column=pl.lit(column),
        value=value.cast(pl.String),
        limit=pl.lit(shown, pl.String),
    )


def points_said(column: str) -> pl.Expr:
    """Points in 1/10,000 as a fact writes them: exactly, with four places."""
    return pl.col(column).cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 4)).cast(pl.String)


def yuan_said(column: str) -> pl.Expr:
    """Fen as a fact writes yuan."""
    return pl.col(column).cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2)).cast(pl.String)


def stakes_of(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame with hit, case_id and points or fen as STAKE_SCHEMA."""
    missing = [
        pl.lit(None, pl.Int64).alias(name)
        for name in ("points", "fen")
        if name not in frame.columns
    ]
    return frame.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in STAKE_SCHEMA.items()
    )
