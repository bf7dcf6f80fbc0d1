"""case_records.parquet: what a run keeps of the records of its stays or visits beside what it paid by."""

import polars as pl

from drgpay.results.columns import columns_of, written

CASE_RECORDS = "case_records"
VISIT_RECORDS = "visit_records"
"""The same of visits, as a file and where it is declared."""


def case_records_table(records: pl.DataFrame, declared: str = CASE_RECORDS) -> pl.DataFrame:
    """case_records.parquet, or a part of visit_records.parquet: a row a valid stay or visit, sorted
    by its id; no person ids.

    records: CheckedStays.records, or of `kept_of_visits`.
    """
    columns = columns_of(declared)
    return written(records.sort(columns[0].scaled), columns)
