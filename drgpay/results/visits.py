"""The outpatient part of a run as tables for readers; docs/files.md lists the columns.

Values and statements of visits have the columns of those of stays: the tables of results/month.py
are made of other frames.
"""

from typing import TypeVar

import polars as pl

from drgpay.base.exact import POINT_PLACES, divide_half_up, wide
from drgpay.results.columns import columns_of, written
from drgpay.results.month import (
    example_cases,
)
from drgpay.settle.lines import NO_ADJUSTMENTS
from drgpay.visits.columns import PROCEDURE
from drgpay.visits.points import FEE

Cases = TypeVar("Cases", pl.DataFrame, pl.LazyFrame)

ENTRY_COLUMNS = columns_of("entries")
GROUP_COLUMNS = columns_of("visit_groups")


def entries_table(entries: pl.DataFrame) -> pl.DataFrame:
    """entries.parquet, or a part of it: entries of `VisitPoints`, in their order."""
    return written(entries, ENTRY_COLUMNS)


def as_statement_cases(visits: Cases) -> Cases:
    """Visits (`visits_table`) as the statements take cases, each in the class of its leading APG.

    The class is PROC, MED, ANC or DRUG; `unpaid` for a visit without a paid entry, `fee` for one
    that is paid item by item.
    """
    return visits.with_columns(**leading_group()).rename({"visit_id": "case_id"})


def leading_group() -> dict[str, pl.Expr]:
    """case_class and drg of visits.parquet, as `as_statement_cases` has them."""
    coded = pl.Categorical()
    fee, unpaid, no_group = (pl.lit(text).cast(coded) for text in (FEE, UNPAID, NO_GROUP))
    of_visit = pl.col("class").cast(coded).fill_null(unpaid)
    return {
        "case_class": pl.when(pl.col("case_class") == FEE).then(fee).otherwise(of_visit),
        "drg": pl.col("apg").cast(coded).fill_null(no_group),
    }


def example_visits(visits: pl.DataFrame) -> pl.Series:
    """The visit_ids that statements work out: one a provider with points, a procedure if it can be.

    visits: `visits_table`.
    """
    cases = as_statement_cases(visits)
    return example_cases(cases, NO_ADJUSTMENTS, PROCEDURE)["case_id"].alias("visit_id")


UNPAID = "unpaid"
NO_GROUP = "–"
"""The class and the APG of a visit of which no entry is paid."""


def groups_table(sums: pl.DataFrame) -> pl.DataFrame:
    """visit_groups.parquet: `entry_sums` of all visits, by provider, APG and reason.

    Points are rounded here, by row; those of a visit are rounded once for all of its entries, so
    the two may differ by less than 0.0001 for each visit and row.
    """
    rounded = divide_half_up(pl.col("exact_points"), wide(10 ** (2 * POINT_PLACES)))
    return written(sums.with_columns(points=rounded.cast(pl.Int64)), GROUP_COLUMNS)
