"""Tables that a region may have beside its records, read by their declared columns (docs/files.md)."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.small_tables import Column, Kind, read_table
from drgpay.run.input_files import InputFiles
from drgpay.supervise.file import SuperviseJob
from drgpay.tables.inputs import input_tables

_ERRORS = Sentences("errors/supervise")
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

    Raises DrgpayError naming file, row and column for a column or value that is missing or wrong, and the
    rows of tables that contradict themselves.
    """
    read.note(job.tables.values())
    tables = {name: table_given(name, path) for name, path in sorted(job.tables.items())}
    checks = {
        "beds": refuse_beds_twice,
        "deaths": refuse_deaths_twice,
        "item_rules": refuse_half_rules,
    }
    for name, refuse in checks.items():
        if name in tables:
            refuse(tables[name], job.tables[name])
    return tables


def table_given(name: str, path: Path) -> pl.DataFrame:
    """One such table."""
    return read_table(path, dict(columns_of_table(name)))


def refuse_beds_twice(beds: pl.DataFrame, path: Path) -> None:
    """Raise DrgpayError where a span of beds ends before it begins, or two of a hospital share a day."""
    ordered = beds.sort("hospital_id", "from", "row")
    backward = ordered.filter(pl.col("to") < pl.col("from")).sort("row")
    if backward.height:
        raise DrgpayError(*_ERRORS("beds_backward", path=path, row=backward["row"][0]))
    before = pl.col("to").fill_null(date.max).shift(1).over("hospital_id")
    # Spans are sorted by their first day: where any two share a day, two neighbours do.
    twice = ordered.with_columns(other=pl.col("row").shift(1).over("hospital_id")).filter(
        before >= pl.col("from")
    )
    if twice.height:
        first = twice.sort("row").row(0, named=True)
        said = {"path": path, "hospital": first["hospital_id"]}
        rows = sorted((first["row"], first["other"]))
        raise DrgpayError(*_ERRORS("beds_twice", row=rows[0], other=rows[1], **said))


def refuse_half_rules(rules: pl.DataFrame, path: Path) -> None:
    """Raise DrgpayError for a row of item_rules of no kind, or without what its kind needs."""
    needed = {
        "sex": pl.col("sex").is_in(["1", "2"]).fill_null(value=False),
        "age": pl.col("age_min").is_not_null() | pl.col("age_max").is_not_null(),
        "account": pl.lit(value=True),
        "pair": pl.col("code2").is_not_null() & (pl.col("code2") != pl.col("code")),
        "discount": pl.col("price").is_not_null() & pl.col("share").is_not_null(),
    }
    whole = pl.any_horizontal(
        *((pl.col("kind") == kind) & holds.fill_null(value=False) for kind, holds in needed.items())
    )
    half = rules.filter(~whole).sort("row")
    if half.height:
        first = half.row(0, named=True)
        said = {"path": path, "row": first["row"], "kind": first["kind"]}
        raise DrgpayError(*_ERRORS("half_rule", **said, count=half.height))


def refuse_deaths_twice(deaths: pl.DataFrame, path: Path) -> None:
    """Raise DrgpayError, by rows and never by the person, where a person died on two dates."""
    dates = pl.col("death_date").n_unique().over("person_id")
    twice = deaths.filter(dates > 1).sort("row")
    if twice.height:
        person = twice["person_id"][0]
        rows = twice.filter(pl.col("person_id") == person).unique(
            "death_date", keep="first", maintain_order=True
        )["row"]
        raise DrgpayError(*_ERRORS("death_twice", path=path, row=rows[0], other=rows[1]))
