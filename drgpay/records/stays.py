"""Stays as the later stages want them: one type a column, money in fen, defaults filled in."""

import numpy as np
import polars as pl
import pyarrow as pa

from drgpay.records.columns import STAY_COLUMNS, Kind

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
    "complete": True,
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

PLAIN_COLUMNS = tuple(
    column for column in (*REQUIRED, *DEFAULTS) if column not in ("other_diagnoses", "procedures")
)
"""What `plain_stays` reads of a stays table; the lists of codes stay behind in grouping."""

_POLARS_TYPE = {
    Kind.TEXT: pl.String(),
    Kind.NUMBER: pl.Float64(),
    Kind.DATE: pl.Date(),
    Kind.FLAG: pl.Boolean(),
}


def plain_stays(batch: pa.RecordBatch) -> pl.DataFrame:
    """One batch of stays with the columns PLAIN_COLUMNS, except that the four costs become
    total_fen, fund_fen, patient_fen, other_fen (Int64 fen) and length_of_stay becomes Int64;
    `bad_type` names the first column whose value is no amount in fen or no whole number of days.
    """
    present = [name for name in PLAIN_COLUMNS if name in batch.schema.names]
    frame = pl.DataFrame(pa.table(batch.select(present)))
    frame = frame.with_columns(
        pl.lit(default).alias(column)
        for column, default in DEFAULTS.items()
        if column not in frame.columns
    )
    money = [fen_of(frame[column]).alias(fen) for column, fen in FEN_COLUMNS.items()]
    plain = [
        _plain(column).fill_null(DEFAULTS.get(column))
        if DEFAULTS.get(column) is not None
        else _plain(column)
        for column in PLAIN_COLUMNS
        if column not in FEN_COLUMNS and column != "length_of_stay"
    ]
    days = pl.col("length_of_stay").cast(pl.Float64).cast(pl.Int64, strict=False)
    whole_days = days.cast(pl.Float64) == pl.col("length_of_stay").cast(pl.Float64)
    typed = frame.select(
        *plain,
        pl.when(whole_days).then(days).alias("length_of_stay"),
        *money,
        *[pl.col(column).alias(f"raw_{column}") for column in ("length_of_stay", *FEN_COLUMNS)],
    )
    lost = [
        pl.when(pl.col(f"raw_{column}").is_not_null() & pl.col(made).is_null()).then(pl.lit(column))
        for column, made in {"length_of_stay": "length_of_stay", **FEN_COLUMNS}.items()
    ]
    return typed.with_columns(bad_type=pl.coalesce(*lost)).drop(pl.selectors.starts_with("raw_"))


def _plain(column: str) -> pl.Expr:
    expr = pl.col(column).cast(_POLARS_TYPE[STAY_COLUMNS[column]])
    # An empty string is no value.
    return expr.replace("", None) if STAY_COLUMNS[column] is Kind.TEXT else expr


def fen_of(amounts: pl.Series) -> pl.Series:
    """Money in fen (Int64); null where the amount has a part of a fen.

    A double is taken as the amount that it is the nearest double of, so 12.34 is 1234 fen.
    """
    dtype = amounts.dtype
    if dtype.is_float():
        # In numpy: polars divides by a constant through its reciprocal, and 69 * 0.01 is not 0.69.
        value = amounts.cast(pl.Float64).to_numpy()
        nearest = np.round(value * 100)
        same = (nearest / 100 == value) & (np.abs(nearest) < _EXACT_DOUBLES)
        whole = np.where(same, nearest, 0).astype(np.int64)
        return (
            pl.DataFrame({"fen": whole, "same": same})
            .select(pl.when("same").then("fen"))
            .to_series()
        )
    decimal = isinstance(dtype, pl.Decimal)
    units = (amounts.to_physical() if decimal else amounts).to_frame("units").cast(pl.Int128)
    more = dtype.scale - 2 if isinstance(dtype, pl.Decimal) else -2
    if more <= 0:
        fen = pl.col("units") * pl.lit(10**-more, dtype=pl.Int128)
    else:
        step = pl.lit(10**more, dtype=pl.Int128)
        fen = pl.when(pl.col("units") % step == 0).then(pl.col("units") // step)
    return units.select(fen.cast(pl.Int64, strict=False)).to_series()


_EXACT_DOUBLES = 2.0**53
