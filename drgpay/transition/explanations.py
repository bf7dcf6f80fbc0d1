"""What was looked into and is no obstacle: explanations that clear what is beyond a limit of the gate."""

from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.records.small_tables import Column, Kind, read_table, refuse_repeated
from drgpay.tables.inputs import input_tables

_ERRORS = Sentences("errors/transition")

KINDS = ("hospital", "group", "note")
EXPLANATION_COLUMNS = tuple(input_tables()["explanations"].columns)


def no_explanations() -> pl.DataFrame:
    """The table where none is given."""
    return pl.DataFrame(schema=dict.fromkeys(EXPLANATION_COLUMNS, pl.String))


def read_explanations(path: Path, known: Mapping[str, Collection[str]]) -> pl.DataFrame:
    """Explanations from CSV (UTF-8 or GB18030), Excel or Parquet: kind, id, reason, by; sorted.

    known: the ids that there are, by kind. Raises DrgpayError naming file and row for a missing
    column, an empty cell, an unknown kind or id, and what is explained twice.
    """
    columns = {name: Column(Kind.TEXT, required=True) for name in EXPLANATION_COLUMNS}
    frame = read_table(path, columns)
    strange = frame.filter(~pl.col("kind").is_in(KINDS))
    if strange.height:
        row, kind = strange.select("row", "kind").row(0)
        said = {"path": path, "row": row, "kind": kind, "known": listed(KINDS)}
        raise DrgpayError(*_ERRORS("unknown_kind", **said))
    for row, kind, one in frame.select("row", "kind", "id").iter_rows():
        if one not in known[kind]:
            raise DrgpayError(*_ERRORS(f"unknown_{kind}", path=path, row=row, id=one))
    refuse_repeated(path, frame, ["kind", "id"], "explanation")
    return frame.drop("row").sort("kind", "id")


def explained(explanations: pl.DataFrame, kind: str) -> list[str]:
    """The ids of a kind that are explained."""
    return explanations.filter(pl.col("kind") == kind)["id"].to_list()
