"""What indicators look at: the stays of the year and of the year before, a row each, and tables.

Persons are numbers of 64 bits here, and no table of a result has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256

import polars as pl

BLOCKS = 200

STAYS: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "block": pl.Int32(),
    "cell": pl.UInt32(),
    "group": pl.UInt32(),
    "person": pl.UInt64(),
    "case_id": pl.String(),
    "payment_unit": pl.String(),
    "status": pl.String(),
    "adrg": pl.String(),
    "drg": pl.String(),
    "case_class": pl.String(),
    "base_points": pl.Int64(),
    "points": pl.Int64(),
    "deducted": pl.Int64(),
    "deductible": pl.Int64(),
    "length_of_stay": pl.Int64(),
    "admission_date": pl.Date(),
    "discharge_date": pl.Date(),
    "discharge_type": pl.Float64(),
    "total_fen": pl.Int64(),
    "patient_fen": pl.Int64(),
    "drug_fen": pl.Int64(),
    "material_fen": pl.Int64(),
    "exam_fen": pl.Int64(),
    "exempt": pl.Boolean(),
}
"""A stay. block: of case_id, see `block_of`. cell: a number of hospital and block, group: of drg, as `coded`
gives them to stays of both years. points in 1/10,000, as paid; deducted: what violations took
of them and of the hospital; deductible: the points before. exempt: of a group that returns are natural in."""


@dataclass(frozen=True)
class Material:
    """stays: of the year; last: of the year before, empty without its runs. tables: those that are given.

    first_day, last_day: of the year. risk: drg -> class of mortality, None without. clues: hospital_id,
    case_ids of confirmed clues, None without a supervision. deducts: whether the policy takes points by
    deductions.
    """

    year: int
    stays: pl.DataFrame
    last: pl.DataFrame
    tables: Mapping[str, pl.DataFrame]
    hospitals: pl.DataFrame
    risk: Mapping[str, str] | None
    clues: pl.DataFrame | None
    deducts: bool
    least_stays: int = 1
    late_days: int = 10

    @cached_property
    def drg_stays(self) -> pl.DataFrame:
        """The stays of the year that are paid by group: what indicators are of unless they say otherwise."""
        return self.stays.filter(pl.col("payment_unit") == "drg")

    @cached_property
    def drg_stays_before(self) -> pl.DataFrame:
        """The same of the year before."""
        return self.last.filter(pl.col("payment_unit") == "drg")

    @property
    def first_day(self) -> date:
        """The first of January."""
        return date(self.year, 1, 1)

    @property
    def last_day(self) -> date:
        """The last of December."""
        return date(self.year, 12, 31)


def coded(stays: pl.DataFrame, last: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both with cell and group: adding up by one small number is several times faster than by texts."""
    hospitals, groups = (
        pl.concat([stays[name], last[name]]).drop_nulls().unique().sort()
        for name in ("hospital_id", "drg")
    )

    def numbered(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(
            cell=_number("hospital_id", hospitals) * BLOCKS + pl.col("block").cast(pl.UInt32),
            group=_number("drg", groups),
        )

    return numbered(stays), numbered(last)


def _number(name: str, known: pl.Series) -> pl.Expr:
    places = pl.Series(range(known.len()), dtype=pl.UInt32)
    return pl.col(name).replace_strict(known, places, default=None, return_dtype=pl.UInt32)


def block_of(case_id: str) -> int:
    """The block of a stay: the first 8 bytes of SHA-256 of its id, modulo 200."""
    return int.from_bytes(sha256(case_id.encode()).digest()[:8], "big") % BLOCKS


def blocks_of(case_ids: pl.Series) -> pl.Series:
    """The blocks of stays; a hash of text is no expression of columns."""
    return pl.Series("block", [block_of(one) for one in case_ids], dtype=pl.Int32)
