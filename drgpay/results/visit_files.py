"""The files of visits in a run, by the names that those of stays have (docs/files.md)."""

from pathlib import Path

import polars as pl

from drgpay.base.exact import MONEY

VISIT_FILES = {
    "cases": "visits",
    **{
        name: f"visit_{name}"
        for name in (
            *("statements", "values", "ledger", "differences", "difference_statements"),
            *("groups", "pools", "assessment", "quarantine", "warnings", "catalogue"),
        )
    },
}
ENROLMENT = "enrolment"
"""The persons under contract, as they were read."""
ENTRIES = "entries.parquet"
PAID_COST = "paid_cost"


def entries_of_visits(visits: pl.Series, run: Path) -> pl.DataFrame:
    """The entries of some visits (`entries_table`) by their ids, from the file of a run.

    It is as long as all service lines, and is not loaded as a whole.
    """
    wanted = pl.col("visit_id").is_in(visits.cast(pl.String).implode())
    return with_paid_cost(pl.scan_parquet(run / ENTRIES, glob=False).filter(wanted).collect())


def with_paid_cost(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries with the column paid_cost: a program that paid nothing at cost did not write it."""
    if PAID_COST in entries.columns:
        return entries
    nothing = pl.lit(None, MONEY).alias(PAID_COST)
    columns = [*entries.columns]
    place = columns.index("reason") if "reason" in columns else len(columns)
    return entries.select(*columns[:place], nothing, *columns[place:])
