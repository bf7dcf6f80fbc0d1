"""A finished run in its folder: its manifest and its tables, of the stays or of the visits.

Frames are read when they are asked for, as the files have them or as the scaled integers that they
were written from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Self

import polars as pl

from drgpay.base.errors import DrgpayError, UnreadableError
from drgpay.base.exact import unscaled
from drgpay.base.language import alike
from drgpay.base.period import Period
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.points.readmission import KIND as READMISSION
from drgpay.records.filings import NO_FILINGS, Filings
from drgpay.results.columns import completed, read_back
from drgpay.results.forgotten import forgotten_error, table_forgotten
from drgpay.results.former_reasons import with_codes
from drgpay.results.manifest import MONTHS, Manifest, PartFacts, output_hashes, read_manifest
from drgpay.results.month import no_adjustments, pool_rows
from drgpay.results.part import VISITS, Part
from drgpay.results.tables import Columns, added_columns, columns_by_table
from drgpay.results.visit_files import ENROLMENT
from drgpay.settle.booking import Booked, booked_month
from drgpay.settle.differences import PaidMonth
from drgpay.settle.lines import LINE
from drgpay.settle.narrow import AMOUNTS
from drgpay.settle.settled import Settled

_ERRORS = Sentences("errors/results")


@dataclass(frozen=True)
class RunFolder:
    """A finished run of a month or a year."""

    folder: Path
    manifest: Manifest

    @classmethod
    def at(cls, folder: Path) -> Self:
        """The run of a folder, whose files nobody compares; raises DrgpayError as read_manifest."""
        return cls(folder, read_manifest(folder))

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.manifest.run_id

    @property
    def period(self) -> str:
        """The month, as 2026-10, or the year."""
        return self.manifest.period

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the run settled."""
        return self.manifest.parts

    @property
    def corrects(self) -> str | None:
        """The id of the run that this one corrects."""
        about = self.manifest.corrects
        return about["run"] if about else None

    def of(self, part: Part) -> "PaidPart":
        """The stays or the visits of the run; raises DrgpayError where it settled none."""
        if part not in self.parts:
            raise DrgpayError(*_ERRORS("no_part", folder=self.folder, part=part.said))
        return PaidPart(self.folder, self.manifest, part)


@dataclass(frozen=True)
class PaidPart(RunFolder):
    """The stays or the visits of a finished run: its tables by name, the same names for both.

    Points of visits are never adjusted: `adjustments` of them has no rows.
    """

    part: Part

    @property
    def about(self) -> PartFacts:
        """What the manifest says of the part."""
        return self.manifest.of(self.part)

    @property
    def columns(self) -> Columns:
        """The tables with their columns."""
        return columns_by_table(self.part, self.manifest.is_clearing, self.about.value_places)

    def file(self, table: str) -> Path:
        """Where a table lies."""
        return self.folder / f"{self.part.file(table)}.parquet"

    def scan(self, table: str, names: Sequence[str] = ()) -> pl.LazyFrame:
        """A table, or some columns of it, as its file has it: decimals.

        What older programs did not write is completed. Raises UnreadableError for a file that is
        none, and for a column that is not there.
        """
        if table == "adjustments" and self.part == VISITS:
            return no_adjustments().lazy()
        path, declared = self.file(table), self.columns.get(table, ())
        try:
            scan = pl.scan_parquet(path, glob=False)
            scan = with_codes(scan) if table == "adjustments" else scan
            given = set(scan.collect_schema())
        except (pl.exceptions.PolarsError, OSError) as error:
            if path.name in self.manifest.forgotten:
                raise table_forgotten(self.manifest, path.name) from None
            raise _unreadable(path, error) from None
        known = given | {column.name for column in declared if column.former is not None}
        due = names or [*(column.name for column in declared), *self._added(table)]
        missing = [name for name in due if name not in known]
        if missing:
            raise UnreadableError(*_ERRORS("no_column", path=path, column=missing[0]))
        whole = completed(scan, declared)
        return whole.select(names) if names else whole

    def _added(self, table: str) -> list[str]:
        year = self.manifest.is_clearing
        return added_columns(self.part, year, table) if table in self.columns else []

    def frame(self, table: str, names: Sequence[str] = ()) -> pl.DataFrame:
        """A table, or some columns of it, read; see `scan`."""
        try:
            return self.scan(table, names).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise _unreadable(self.file(table), error) from None

    def scaled(self, table: str, names: Sequence[str] = ()) -> pl.DataFrame:
        """A table, or some columns of it by their names in memory, as scaled integers."""
        by_name = {column.scaled: column for column in self.columns[table]}
        wanted = [by_name[name] for name in names or by_name]
        return read_back(self.frame(table, [column.name for column in wanted]), wanted)

    def scaled_rows(self, table: str, names: Sequence[str], first: int, rows: int) -> pl.DataFrame:
        """`scaled` of some rows alone."""
        return self._scaled_part(table, names, lambda scan: scan.slice(first, rows))

    def scaled_between(
        self, table: str, names: Sequence[str], first: str, last: str
    ) -> pl.DataFrame:
        """`scaled` of the cases of a range of case_id alone."""
        inside = pl.col(self.part.id_column).is_between(pl.lit(first), pl.lit(last))
        return self._scaled_part(table, names, lambda scan: scan.filter(inside))

    def _scaled_part(
        self,
        table: str,
        names: Sequence[str],
        of: Callable[[pl.LazyFrame], pl.LazyFrame],
    ) -> pl.DataFrame:
        by_name = {column.scaled: column for column in self.columns[table]}
        wanted = [by_name[name] for name in names]
        scan = of(self.scan(table, [column.name for column in wanted]))
        try:
            return read_back(scan.collect(), wanted)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise _unreadable(self.file(table), error) from None

    def has(self, table: str) -> bool:
        """Whether the run has a table that not every run has."""
        return f"{self.part.file(table)}.parquet" in self.manifest.outputs

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.scan(table).select(pl.len()).collect().item())

    @property
    def pools_table(self) -> str:
        """What the table of pools is called: of a month `values`."""
        return "pools" if self.manifest.is_clearing else "values"

    @property
    def pools(self) -> pl.DataFrame:
        """The rows of the table of pools that are of pools; what a rate is worth is in others."""
        return pool_rows(self.frame(self.pools_table))

    def scaled_pools(self) -> pl.DataFrame:
        """The pools as Settled.pools."""
        return pool_rows(self.scaled(self.pools_table))

    def values_of_pools(self) -> Mapping[str, Decimal]:
        """The value of each pool that has one, in yuan a point."""
        rows = self.scaled_pools().select("pool", "point_value").drop_nulls().iter_rows()
        return {pool: unscaled(value, self.about.value_places) for pool, value in rows}

    def enrolment(self) -> pl.DataFrame | None:
        """ENROLMENT_SCHEMA: the persons under contract that visits were settled with, if any."""
        kept = f"{ENROLMENT}.parquet" in self.manifest.outputs
        return self.frame(ENROLMENT) if kept else None


def _unreadable(path: Path, error: Exception) -> UnreadableError:
    reason = alike(str(error).splitlines()[0])
    if isinstance(error, OSError) and error.errno:
        reason = reason_of(error)
    return UnreadableError(
        *_ERRORS("unreadable_table", path=path, reason=reason, folder=path.parent)
    )


def month_at(folder: Path) -> RunFolder:
    """A finished run of a month, whose files nobody compares; raises DrgpayError if it is none."""
    return _of_kind(RunFolder.at(folder), MONTHS, "no_month_run")


def open_month(folder: Path) -> RunFolder:
    """A finished run of a month.

    Raises DrgpayError if the folder holds none, or its files are not those of its manifest.
    """
    return _unchanged(month_at(folder))


def open_clearing(folder: Path) -> RunFolder:
    """A finished clearing; raises DrgpayError as `open_month` does."""
    return _unchanged(_of_kind(RunFolder.at(folder), ("clearing",), "no_clearing"))


def open_run(folder: Path) -> RunFolder:
    """A finished month or clearing; raises DrgpayError as `open_month` does."""
    return open_clearing(folder) if read_manifest(folder).is_clearing else open_month(folder)


def _of_kind(run: RunFolder, kinds: Sequence[str], otherwise: str) -> RunFolder:
    if run.manifest.kind not in kinds:
        raise DrgpayError(*_ERRORS(otherwise, folder=run.folder, kind=run.manifest.kind_said))
    return run


def _unchanged(run: RunFolder) -> RunFolder:
    if run.manifest.forgotten:
        raise DrgpayError(*forgotten_error(run.manifest))
    written = {name: about["sha256"] for name, about in run.manifest.outputs.items()}
    if output_hashes(run.folder) != written:
        raise DrgpayError(*_ERRORS("changed_files", folder=run.folder))
    return run


def chain_of(last: RunFolder) -> list[RunFolder]:
    """A run with those that it corrects, the oldest first; they lie beside it."""
    chain = [last]
    while chain[0].corrects:
        chain.insert(0, open_month(last.folder.parent / chain[0].corrects))
    return chain


def returns_elsewhere(adjustments: pl.DataFrame) -> pl.DataFrame:
    """Returns that lie in a run named as paid before: case_id, readmission_case_id, return_in."""
    seen = adjustments.filter((pl.col("kind") == READMISSION) & pl.col("return_in").is_not_null())
    return seen.select("case_id", pl.col("evidence").alias("readmission_case_id"), "return_in")


def filings_kept(run: PaidPart) -> Filings:
    """The filings of cases that a run was settled with."""
    return replace(
        NO_FILINGS,
        reviews=run.scaled("reviews"),
        deductions=run.scaled("deductions"),
        technologies=run.scaled("technologies"),
    )


def book(period: Period, settled: Settled, paid: Sequence[PaidPart]) -> Booked:
    """Book a settled month: `paid` are the runs that it corrects, the oldest first, or none.

    They are read here, when the month is settled: a paid month is as large as the corrected one.
    """
    if not paid:
        return booked_month(period, settled)
    return booked_month(period, settled, as_paid(paid[-1]), [run.scaled("ledger") for run in paid])


def as_paid(month: PaidPart) -> PaidMonth:
    """What of a paid month a correction is compared with."""
    cases = month.scaled("cases", COMPARED)
    return PaidMonth(month.scaled("statements"), cases, month.scaled("adjustments"))


COMPARED = ["case_id", *LINE, "points", *AMOUNTS, "standard_fen", "case_fund_fen"]
