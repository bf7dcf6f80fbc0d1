"""The table of contracted hospitals."""

from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.file_names import MOST_BYTES, is_too_long
from drgpay.base.words import Sentences
from drgpay.records.small_tables import Column, Kind, read_table, refuse_repeated
from drgpay.tables.inputs import input_tables

_ERRORS = Sentences("errors/records")

_DECLARED = input_tables()["hospitals"].columns
REQUIRED = tuple(name for name, column in _DECLARED.items() if column.required)
OPTIONAL = tuple(name for name, column in _DECLARED.items() if not column.required)
_HOSPITALS = {name: Column(Kind.TEXT, required=name in REQUIRED) for name in _DECLARED}


def read_hospitals(path: Path) -> pl.DataFrame:
    """Read hospitals from CSV (UTF-8 or GB18030) or Parquet.

    Returns hospital_id, name, level, county, alliance, kind, payee, bank, bank_account, assessment, all
    strings (assessment too), sorted by hospital_id. Raises DrgpayError naming file, row and column for a missing column,
    an empty cell where one is required, a repeated hospital_id, or one that is too long to name a
    file.
    """
    frame = read_table(path, _HOSPITALS)
    refuse_repeated(path, frame, ["hospital_id"], "hospital")
    for hospital in frame["hospital_id"]:
        if is_too_long(hospital):  # each gets a workbook that is named after it
            said = {"path": path, "id": shortened(hospital, 40), "most": MOST_BYTES}
            raise DrgpayError(*_ERRORS("long_hospital_id", **said))
    return frame.drop("row").sort("hospital_id")
