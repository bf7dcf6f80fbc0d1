"""The files of visits in a run, by the names that those of stays have (docs/files.md)."""

from pathlib import Path

import polars as pl

VISIT_FILES = {
    "cases": "visits",
    "case_records": "visit_records",
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


def entries_of_visits(visits: pl.Series, run: Path) -> pl.DataFrame:
    """The entries of some visits (`entries_table`) by their ids, from the file of a run.

    It is as long as all service lines, and is not loaded as a whole.
    """
    wanted = pl.col("visit_id").is_in(visits.cast(pl.String).implode())
    return pl.scan_parquet(run / ENTRIES, glob=False).filter(wanted).collect()
