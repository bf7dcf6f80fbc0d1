"""The results of earlier runs, read back as the scaled integers that they were written from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NoReturn

import polars as pl

from drgpay.base.errors import DrgpayError, UnreadableError
from drgpay.base.exact import unscaled
from drgpay.base.period import Period
from drgpay.points.readmission import KIND as READMISSION
from drgpay.records.visits.enrolment import ENROLMENT_SCHEMA
from drgpay.results.clearing import cleared_line_columns
from drgpay.results.columns import Column, completed, plain, read_back
from drgpay.results.filing_files import FILING_COLUMNS
from drgpay.results.manifest import output_hashes, read_manifest
from drgpay.results.month import (
    ADJUSTMENT_COLUMNS,
    CASE_COLUMNS,
    LEDGER_COLUMNS,
    pool_rows,
    statement_columns,
    value_columns,
)
from drgpay.results.visit_files import ENROLMENT, VISIT_FILES
from drgpay.results.visits import GROUP_COLUMNS, VISIT_COLUMNS
from drgpay.settle.booking import Booked, booked_month
from drgpay.settle.differences import PaidMonth
from drgpay.settle.lines import AMOUNTS, LINE, NO_ADJUSTMENTS
from drgpay.settle.settled import Settled

Part = Literal["stays", "visits"]


def parts_of(manifest: Mapping[str, Any]) -> frozenset[Part]:
    """What the run of a month settled; nothing for other runs."""
    parts: set[Part] = set()
    if manifest["kind"] == "month":
        parts.add("stays")
    if manifest["kind"] in ("month", "visits") and manifest.get("outpatient"):
        parts.add("visits")
    return frozenset(parts)


@dataclass(frozen=True)
class StoredRun:
    """A finished run in its folder. Frames are read when they are asked for."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return str(self.manifest["run"])

    @property
    def period(self) -> str:
        """The month, as 2026-10, or the year."""
        return str(self.manifest["period"])

    def cases(self, names: Sequence[str] = ()) -> pl.DataFrame:
        """cases.parquet, with points and amounts as in EarnedPoints.cases and Settled.cases.

        `names` are the columns to read, by default all.
        """
        return self._cases(names, CASE_COLUMNS)

    def adjustments(self) -> pl.DataFrame:
        """adjustments.parquet, as Settled.adjustments."""
        return self._table("adjustments", ADJUSTMENT_COLUMNS)

    def reviews(self) -> pl.DataFrame:
        """The special reviews that the run was settled with, as Filings.reviews."""
        return self._table("reviews", FILING_COLUMNS["reviews"])

    def deductions(self) -> pl.DataFrame:
        """The violations that the run was settled with, as Filings.deductions."""
        return self._table("deductions", FILING_COLUMNS["deductions"])

    def technologies(self) -> pl.DataFrame:
        """The technologies that the run was settled with, as Filings.technologies."""
        return self._table("technologies", FILING_COLUMNS["technologies"])

    def _cases(self, names: Sequence[str], columns: Sequence[Column]) -> pl.DataFrame:
        wanted = {column.scaled: column for column in columns}
        return self._table("cases", [wanted[name] for name in names] or columns)

    def _file(self, name: str) -> str:
        return name

    def _table(self, name: str, columns: Sequence[Column]) -> pl.DataFrame:
        return _stored_table(self.folder / f"{self._file(name)}.parquet", columns)


@dataclass(frozen=True)
class StoredMonth(StoredRun):
    """A finished run of a month."""

    @property
    def corrects(self) -> str | None:
        """The id of the run that this one corrects."""
        about = self.manifest["corrects"]
        return str(about["run"]) if about else None

    @property
    def has_stays(self) -> bool:
        """Whether the run settled stays."""
        return "stays" in parts_of(self.manifest)

    @property
    def has_visits(self) -> bool:
        """Whether the run settled visits."""
        return "visits" in parts_of(self.manifest)

    @property
    def grouped_by(self) -> dict[str, Any]:
        """The part of the manifest that names the scheme and the catalogue."""
        return self.manifest

    def statements(self) -> pl.DataFrame:
        """statements.parquet, as Settled.lines."""
        return self._table("statements", statement_columns(self._value_places))

    def values(self) -> pl.DataFrame:
        """The pools of values.parquet, as Settled.pools."""
        return pool_rows(self._table("values", value_columns(self._value_places)))

    def values_of_pools(self) -> dict[str, Decimal]:
        """The value of each pool that has one, in yuan a point."""
        rows = self.values().select("pool", "point_value").drop_nulls().iter_rows()
        return {pool: unscaled(value, self._value_places) for pool, value in rows}

    def ledger(self) -> pl.DataFrame:
        """ledger.parquet: what this run booked."""
        return self._table("ledger", LEDGER_COLUMNS)

    @property
    def _settlement(self) -> dict[str, Any]:
        settlement: dict[str, Any] = self.manifest["policy"]["parameters"]["settlement"]
        return settlement

    @property
    def _value_places(self) -> int:
        return int(self._settlement["value_places"])


@dataclass(frozen=True)
class StoredClearing(StoredRun):
    """A finished clearing."""

    @property
    def has_stays(self) -> bool:
        """Whether stays were cleared."""
        return "scheme" in self.manifest

    def adjustments(self) -> pl.DataFrame:
        """adjustments.parquet, as Settled.adjustments."""
        return _stored_table(self.folder / "adjustments.parquet", ADJUSTMENT_COLUMNS)

    def statements(self) -> pl.DataFrame:
        """statements.parquet, as the columns of Settled.lines that it has."""
        places = self.manifest["policy"]["parameters"]["settlement"]["value_places"]
        return _stored_table(self.folder / "statements.parquet", cleared_line_columns(places))


def _stored_table(path: Path, columns: Sequence[Column]) -> pl.DataFrame:
    try:
        return read_back(completed(pl.scan_parquet(path, glob=False), columns).collect(), columns)
    except (pl.exceptions.PolarsError, OSError) as error:
        detail = str(error).splitlines()[0]
        raise UnreadableError(
            f"{path} cannot be read ({detail})",
            "restore the run's folder from a copy, or run its job again",
        ) from None


@dataclass(frozen=True)
class StoredVisits(StoredMonth):
    """The visits of a finished month run; the frames have the columns of those of stays."""

    def cases(self, names: Sequence[str] = ()) -> pl.DataFrame:
        """visits.parquet, as Settled.cases of visits: case_id is the visit_id."""
        return self._cases(names, VISIT_COLUMNS)

    def adjustments(self) -> pl.DataFrame:
        """None: points of visits are never adjusted."""
        return NO_ADJUSTMENTS.with_columns(
            payment=pl.lit(None, pl.String),
            standard_fen=pl.lit(None, pl.Int64),
            waiting=pl.lit(False),
        )

    @property
    def grouped_by(self) -> dict[str, Any]:
        """The part of the manifest that names the scheme and the catalogue of visits."""
        outpatient: dict[str, Any] = self.manifest["outpatient"]
        return outpatient

    def groups(self) -> pl.DataFrame:
        """visit_groups.parquet: GROUP_COLUMNS."""
        return self._table("groups", GROUP_COLUMNS)

    def enrolment(self) -> pl.DataFrame | None:
        """ENROLMENT_SCHEMA: the persons under contract that the month was settled with, if any.

        Raises DrgpayError for a run that an older program wrote, which did not keep them.
        """
        if not self.manifest["outpatient"]["enrolment"]:
            return None
        if not (self.folder / f"{ENROLMENT}.parquet").is_file():
            raise DrgpayError(
                f"{self.folder} does not keep the enrolment that it was settled with",
                "name the enrolment of the year as outpatient.enrolment of the year file",
            )
        return self._table(ENROLMENT, plain(*ENROLMENT_SCHEMA))

    @property
    def _settlement(self) -> dict[str, Any]:
        outpatient = self.manifest["policy"]["parameters"]["outpatient"]
        settlement: dict[str, Any] = outpatient["settlement"]
        return settlement

    def _file(self, name: str) -> str:
        return VISIT_FILES.get(name, name)


def visits_of(run: StoredMonth) -> StoredVisits:
    """The visits of a run that has some."""
    return StoredVisits(run.folder, run.manifest)


def open_month(folder: Path) -> StoredMonth:
    """A finished month run with stays.

    Raises DrgpayError if the folder holds none, or its files are not those of its manifest.
    """
    run = open_any_month(folder)
    if not run.has_stays:
        _refuse_kind(folder, run.manifest)
    return run


def open_any_month(folder: Path) -> StoredMonth:
    """A finished month run of stays, of visits or of both; raises DrgpayError as `open_month`."""
    manifest = read_manifest(folder)
    if manifest["kind"] not in ("month", "visits"):
        _refuse_kind(folder, manifest)
    _refuse_changed(folder, manifest)
    return StoredMonth(folder, manifest)


def _refuse_kind(folder: Path, manifest: dict[str, Any]) -> NoReturn:
    raise DrgpayError(f"{folder} is a {manifest['kind']}, not the run of a month", "name a run")


def open_run(folder: Path) -> "StoredMonth | StoredClearing":
    """A finished month or clearing; raises DrgpayError as `open_month` does."""
    is_clearing = read_manifest(folder)["kind"] == "clearing"
    return open_clearing(folder) if is_clearing else open_any_month(folder)


def returns_elsewhere(adjustments: pl.DataFrame) -> pl.DataFrame:
    """Returns that lie in a run named as paid before: case_id, readmission_case_id, return_in."""
    seen = adjustments.filter((pl.col("kind") == READMISSION) & pl.col("return_in").is_not_null())
    return seen.select("case_id", pl.col("evidence").alias("readmission_case_id"), "return_in")


def open_clearing(folder: Path) -> StoredClearing:
    """A finished clearing; raises DrgpayError as `open_month` does."""
    manifest = read_manifest(folder)
    if manifest["kind"] != "clearing":
        raise DrgpayError(
            f"{folder} is a {manifest['kind']}, not the clearing of a year", "name a clearing"
        )
    _refuse_changed(folder, manifest)
    return StoredClearing(folder, manifest)


def _refuse_changed(folder: Path, manifest: dict[str, Any]) -> None:
    written = {name: about["sha256"] for name, about in manifest["outputs"].items()}
    if output_hashes(folder) != written:
        raise DrgpayError(
            f"the files of {folder} are not those of its manifest",
            f"see what changed (drgpay verify {folder}) and restore it from a copy",
        )


def chain_of(last: StoredMonth) -> list[StoredMonth]:
    """A run with those that it corrects, the oldest first; they lie beside it."""
    chain = [last]
    while chain[0].corrects:
        chain.insert(0, open_any_month(last.folder.parent / chain[0].corrects))
    return chain


def book(period: Period, settled: Settled, paid: Sequence[StoredMonth]) -> Booked:
    """Book a settled month: `paid` are the runs that it corrects, the oldest first, or none.

    They are read here, when the month is settled: a paid month is as large as the corrected one.
    """
    if not paid:
        return booked_month(period, settled)
    return booked_month(period, settled, as_paid(paid[-1]), [run.ledger() for run in paid])


def as_paid(month: StoredMonth) -> PaidMonth:
    """What of a paid month a correction is compared with."""
    return PaidMonth(month.statements(), month.cases(_COMPARED), month.adjustments())


_COMPARED = ["case_id", *LINE, "points", *AMOUNTS, "standard_fen", "case_fund_fen"]
