"""The table of contracted hospitals."""

from pathlib import Path

import polars as pl

from drgpay.records.small_tables import Column, Kind, read_table, refuse_repeated

REQUIRED = ("hospital_id", "name", "level")
OPTIONAL = ("county", "alliance", "kind", "assessment")
_HOSPITALS = {name: Column(Kind.TEXT, required=name in REQUIRED) for name in (*REQUIRED, *OPTIONAL)}


def read_hospitals(path: Path) -> pl.DataFrame:
    """Read hospitals from CSV (UTF-8 or GB18030) or Parquet.

    Returns hospital_id, name, level, county, alliance, kind, assessment, all strings (assessment
    too), sorted by hospital_id. Raises DrgpayError naming file, row and column for a missing column,
    an empty cell where one is required, or a repeated hospital_id.
    """
    frame = read_table(path, _HOSPITALS)
    refuse_repeated(path, frame, ["hospital_id"], "the hospital_id {} is listed twice")
    return frame.drop("row").sort("hospital_id")
