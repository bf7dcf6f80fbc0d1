"""A cleared year as tables for readers: decimals instead of scaled integers, sorted, named."""

from collections.abc import Iterable

import polars as pl

from drgpay.results.columns import written
from drgpay.results.visits import GROUP_COLUMNS
from drgpay.visits.sums import SUM_KEYS


def groups_of_year(months: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """visit_groups.parquet of a year, from those of its months in scaled integers."""
    sums = [column.scaled for column in GROUP_COLUMNS if column.scaled not in SUM_KEYS]
    together = (
        pl.concat([groups.with_columns(pl.col(SUM_KEYS).cast(pl.String)) for groups in months])
        .group_by(SUM_KEYS)
        .agg(pl.col(sums).sum())
        .sort(SUM_KEYS)
    )
    return written(together, GROUP_COLUMNS)
