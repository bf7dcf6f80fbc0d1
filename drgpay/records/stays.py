"""Stays as the later stages want them: one type a column, money in fen, defaults filled in."""

from collections.abc import Collection

import polars as pl
import pyarrow as pa

from drgpay.records.columns import STAY_COLUMNS, Kind
from drgpay.records.meaning.faults import FAULTS

REQUIRED = (
    "case_id",
    "hospital_id",
    "person_id",
    "account",
    "admission_date",
    "discharge_date",
    "settlement_date",
    "sex",
    "age",
    "principal_diagnosis",
    "length_of_stay",
    "total_cost",
    "fund_cost",
    "patient_cost",
    "other_cost",
)
"""Columns of which every valid stay has a value."""

DEFAULTS: dict[str, bool | str | None] = {
    "out_of_area": False,
    "payment_unit": "drg",
    "complete": None,  # the rules of the policy decide, else true (grouper/stay_rules.py)
    "discharge_type": None,
    "bed_day_class": None,
    "age_days": None,
    "weight_g": None,
}
"""Columns that a file may lack or leave null, and what then holds (docs/files.md)."""

FEN_COLUMNS = {
    "total_cost": "total_fen",
    "fund_cost": "fund_fen",
    "patient_cost": "patient_fen",
    "other_cost": "other_fen",
}

PLAIN_COLUMNS = (*REQUIRED, *DEFAULTS)
"""What `plain_stays` reads of a stays table; the lists of codes stay behind in grouping."""

_POLARS_TYPE = {
    Kind.TEXT: pl.String(),
    Kind.NUMBER: pl.Float64(),
    Kind.DATE: pl.Date(),
    Kind.FLAG: pl.Boolean(),
}
_LONGEST_STAY = 1_000_000
"""Days that whole numbers are kept of; longer stays are found by their `stated_days`."""


def plain_stays(batch: pa.RecordBatch, coded: Collection[str] = ()) -> pl.DataFrame:
    """One batch of stays with the columns PLAIN_COLUMNS, except that the four costs become
    total_fen, fund_fen, patient_fen, other_fen (Int64 fen) and length_of_stay becomes Int64, null
    where it is no whole number of days; `stated_days` (Float64) is what it says. FAULTS, if the
    batch has it, is categorical, and so are the texts of `coded`.
    """
    present = [name for name in (*PLAIN_COLUMNS, FAULTS) if name in batch.schema.names]
    frame = pl.DataFrame(pa.table(batch.select(present)))
    frame = frame.with_columns(
        pl.lit(default).alias(column)
        for column, default in DEFAULTS.items()
        if column not in frame.columns
    )
    money = [fen_of(frame[column]).alias(fen) for column, fen in FEN_COLUMNS.items()]
    plain = [
        _plain(column, column in coded).fill_null(pl.lit(DEFAULTS[column]))
        if DEFAULTS.get(column) is not None
        else _plain(column, column in coded)
        for column in PLAIN_COLUMNS
        if column not in FEN_COLUMNS and column != "length_of_stay"
    ]
    stated = pl.col("length_of_stay").cast(pl.Float64)
    days = pl.when(stated.abs() <= _LONGEST_STAY).then(stated).cast(pl.Int64)
    faults = pl.col(FAULTS) if FAULTS in present else pl.lit(None, pl.String).alias(FAULTS)
    return frame.select(
        *plain,
        pl.when(days.cast(pl.Float64) == stated).then(days).alias("length_of_stay"),
        *money,
        stated.alias("stated_days"),
        faults.cast(pl.Categorical),
    )


def _plain(column: str, coded: bool) -> pl.Expr:
    return pl.col(column).cast(pl.Categorical if coded else _POLARS_TYPE[STAY_COLUMNS[column]])


def fen_of(amounts: pl.Series) -> pl.Series:
    """Amounts as they are read, decimal(18,2), in fen (Int64)."""
    if amounts.dtype == pl.Null:
        return amounts.cast(pl.Int64)
    return amounts.to_physical().cast(pl.Int64)
