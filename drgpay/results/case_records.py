"""case_records.parquet: what a run keeps of the records of its stays beside what it paid by."""

import polars as pl

from drgpay.results.columns import columns_of, written

CASE_RECORDS = "case_records"


def case_records_table(records: pl.DataFrame) -> pl.DataFrame:
    """case_records.parquet: a row a valid stay, sorted by case_id; no person ids.

    records: CheckedStays.records.
    """
    return written(records.sort("case_id"), columns_of(CASE_RECORDS))
