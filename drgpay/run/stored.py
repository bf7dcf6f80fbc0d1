"""The results of earlier runs, read back as the scaled integers that they were written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.report.columns import Column, read_back
from drgpay.report.month import (
    ADJUSTMENT_COLUMNS,
    CASE_COLUMNS,
    LEDGER_COLUMNS,
    STATEMENT_COLUMNS,
    value_columns,
)
from drgpay.run.manifest import output_hashes, read_manifest
from drgpay.run.results import FILING_COLUMNS
from drgpay.settle.differences import PaidMonth


@dataclass(frozen=True)
class StoredMonth:
    """A finished month run in its folder. Frames are read when they are asked for."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return str(self.manifest["run"])

    @property
    def period(self) -> str:
        """The month, as 2026-10."""
        return str(self.manifest["period"])

    @property
    def corrects(self) -> str | None:
        """The id of the run that this one corrects."""
        about = self.manifest["corrects"]
        return str(about["run"]) if about else None

    def cases(self, names: Sequence[str] = ()) -> pl.DataFrame:
        """cases.parquet, with points and amounts as in EarnedPoints.cases and Settled.cases.

        `names` are the columns to read, by default all.
        """
        wanted = {column.scaled: column for column in CASE_COLUMNS}
        return self._table("cases", [wanted[name] for name in names] or CASE_COLUMNS)

    def adjustments(self) -> pl.DataFrame:
        """adjustments.parquet, as Settled.adjustments."""
        return self._table("adjustments", ADJUSTMENT_COLUMNS)

    def statements(self) -> pl.DataFrame:
        """statements.parquet, as Settled.statements."""
        return self._table("statements", STATEMENT_COLUMNS)

    def values(self) -> pl.DataFrame:
        """values.parquet, as Settled.values."""
        places = self.manifest["policy"]["parameters"]["settlement"]["value_places"]
        return self._table("values", value_columns(places))

    def ledger(self) -> pl.DataFrame:
        """ledger.parquet: what this run booked."""
        return self._table("ledger", LEDGER_COLUMNS)

    def reviews(self) -> pl.DataFrame:
        """The special reviews that the month was settled with, as Filings.reviews."""
        return self._table("reviews", FILING_COLUMNS["reviews"])

    def deductions(self) -> pl.DataFrame:
        """The violations that the month was settled with, as Filings.deductions."""
        return self._table("deductions", FILING_COLUMNS["deductions"])

    def technologies(self) -> pl.DataFrame:
        """The technologies that the month was settled with, as Filings.technologies."""
        return self._table("technologies", FILING_COLUMNS["technologies"])

    def _table(self, name: str, columns: Sequence[Column]) -> pl.DataFrame:
        path = self.folder / f"{name}.parquet"
        try:
            return read_back(
                pl.read_parquet(path, columns=[column.name for column in columns]), columns
            )
        except (pl.exceptions.PolarsError, OSError) as error:
            detail = str(error).splitlines()[0]
            raise DrgpayError(
                f"{path} cannot be read ({detail})",
                "restore the run's folder from a copy, or run its job again",
            ) from None


def open_month(folder: Path) -> StoredMonth:
    """A finished month run.

    Raises DrgpayError if the folder holds none, or its files are not those of its manifest.
    """
    manifest = read_manifest(folder)
    if manifest["kind"] != "month":
        raise DrgpayError(f"{folder} is a {manifest['kind']}, not the run of a month", "name a run")
    written = {name: about["sha256"] for name, about in manifest["outputs"].items()}
    if output_hashes(folder) != written:
        raise DrgpayError(
            f"the files of {folder} are not those of its manifest",
            f"see what changed (drgpay verify {folder}) and restore it from a copy",
        )
    return StoredMonth(folder, manifest)


def chain_of(last: StoredMonth) -> list[StoredMonth]:
    """A run with those that it corrects, the oldest first; they lie beside it."""
    chain = [last]
    while chain[0].corrects:
        chain.insert(0, open_month(last.folder.parent / chain[0].corrects))
    return chain


def as_paid(month: StoredMonth) -> PaidMonth:
    """What of a paid month a correction is compared with."""
    return PaidMonth(month.statements(), month.cases(), month.adjustments())
