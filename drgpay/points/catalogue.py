"""The catalogue: the calibrated points of every group, a folder that a whole year is paid with.

catalogue.json says what it was made from; groups.csv and coefficients.csv can be read and compared
by a person. docs/files.md describes the columns.
"""

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drgpay.errors import DrgpayError
from drgpay.exact import as_decimal
from drgpay.grouper.scheme import Scheme
from drgpay.policy.load import validation_sentence

Count = Annotated[int, Field(ge=0)]


class CatalogueInfo(BaseModel):
    """catalogue.json: identity and provenance. Amounts are in fen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    scheme: str
    scheme_hash: str
    policy: str
    source: str
    stays_read: Count
    stays_eligible: Count
    stays_trimmed: Count
    all_total_fen: Annotated[int, Field(gt=0)]
    all_cases: Annotated[int, Field(gt=0)]
    all_mean_yuan: str = Field(description="all_total_fen / all_cases, rounded for the reader")


# Column -> decimal places in the file; in memory they are scaled integers of the same name.
_GROUP_DECIMALS = {"mean_fen": 2, "sd_fen": 2, "cv": 4, "base_points": 4}
_COEFFICIENT_DECIMALS = {"hospital_total_fen": 2, "level_total_fen": 2, "coefficient": 4}
GROUP_SCHEMA: dict[str, pl.DataType] = {
    "drg": pl.String(),
    "cases": pl.Int64(),
    "kept": pl.Int64(),
    "mean_fen": pl.Int64(),
    "sd_fen": pl.Int64(),
    "cv": pl.Int64(),
    "stable": pl.Boolean(),
    "base_points": pl.Int64(),
}
COEFFICIENT_SCHEMA: dict[str, pl.DataType] = {
    "drg": pl.String(),
    "level": pl.String(),
    "hospital_id": pl.String(),
    "hospital_cases": pl.Int64(),
    "hospital_total_fen": pl.Int64(),
    "level_cases": pl.Int64(),
    "level_total_fen": pl.Int64(),
    "coefficient": pl.Int64(),
}


@dataclass(frozen=True)
class Catalogue:
    """The catalogue in memory.

    groups: GROUP_SCHEMA, one row a group, sorted by drg; points and cv in 1/10,000, money in fen.
    coefficients: COEFFICIENT_SCHEMA; a row with a hospital_id holds for that hospital, a row
    without one for every other hospital of its level; a group without rows has coefficient 1.
    """

    info: CatalogueInfo
    groups: pl.DataFrame
    coefficients: pl.DataFrame

    @property
    def all_mean_fen(self) -> Fraction:
        """Mean cost over all kept cases, not rounded."""
        return Fraction(self.info.all_total_fen, self.info.all_cases)


def save_catalogue(catalogue: Catalogue, folder: Path) -> None:
    """Write the catalogue's folder; the same catalogue gives the same bytes."""
    info = json.dumps(catalogue.info.model_dump(), ensure_ascii=False, indent=2)
    (folder / "catalogue.json").write_text(info + "\n", encoding="utf-8")
    for name, frame, decimals in (
        ("groups", catalogue.groups, _GROUP_DECIMALS),
        ("coefficients", catalogue.coefficients, _COEFFICIENT_DECIMALS),
    ):
        shown = frame.with_columns(
            as_decimal(column, places) for column, places in decimals.items()
        )
        shown.rename(_in_yuan).write_csv(folder / f"{name}.csv")


def load_catalogue(folder: Path, scheme: Scheme) -> Catalogue:
    """Read a catalogue; raises DrgpayError if it is damaged or was made for another scheme."""
    info = _load_info(folder / "catalogue.json")
    if info.scheme != scheme.info.id or info.scheme_hash != scheme.content_hash:
        made_for = info.scheme
        if made_for == scheme.info.id:
            made_for += " with other tables"
        raise DrgpayError(
            f"the catalogue {folder} was made for the scheme {made_for}, not for {scheme.info.id}",
            "calibrate a catalogue with this scheme (drgpay calibrate), or name its own scheme",
        )
    return Catalogue(
        info,
        _load_table(folder / "groups.csv", GROUP_SCHEMA, _GROUP_DECIMALS),
        _load_table(folder / "coefficients.csv", COEFFICIENT_SCHEMA, _COEFFICIENT_DECIMALS),
    )


def catalogue_hash(folder: Path) -> str:
    """A hash over the files of a catalogue."""
    digest = hashlib.sha256()
    for name in ("catalogue.json", "groups.csv", "coefficients.csv"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def _in_yuan(column: str) -> str:
    return column.removesuffix("_fen") + "_yuan" if column.endswith("_fen") else column


def _load_info(path: Path) -> CatalogueInfo:
    if not path.is_file():
        raise DrgpayError(
            f"{path.parent} is no catalogue: it has no {path.name}",
            "name a folder that drgpay calibrate made",
        )
    try:
        return CatalogueInfo.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DrgpayError(f"{path}: {validation_sentence(error, {})}", "calibrate again") from None


def _load_table(
    path: Path, schema: dict[str, pl.DataType], decimals: dict[str, int]
) -> pl.DataFrame:
    in_file = {
        _in_yuan(column): pl.Decimal(18, decimals[column]) if column in decimals else dtype
        for column, dtype in schema.items()
    }
    try:
        frame = pl.read_csv(path, schema=in_file)
    except (pl.exceptions.PolarsError, OSError) as error:
        detail = str(error).splitlines()[0]
        raise DrgpayError(f"{path} cannot be read ({detail})", "calibrate again") from None
    return frame.select(
        (
            pl.col(_in_yuan(column)).to_physical().cast(pl.Int64)
            if column in decimals
            else pl.col(column)
        ).alias(column)
        for column in schema
    )
