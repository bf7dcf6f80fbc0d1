"""What a month or a year settled of a part, as tables for readers: one shape for all four."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from drgpay.base.shown import Shown
from drgpay.policy.model import Policy
from drgpay.results.columns import columns_of, written
from drgpay.results.month import adjustments_table, named_lines, no_adjustments, with_rates
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.results.tables import declared_name
from drgpay.results.visit_files import ENROLMENT
from drgpay.results.visits import as_statement_cases
from drgpay.settle.capitation import CapitationAccounts
from drgpay.settle.differences import Differences
from drgpay.settle.settled import Settled


@dataclass(frozen=True)
class RunFacts:
    """What a report says of a part of a run as a whole.

    period: the month, as 2026-10, or the year. counts: of a month read, valid, quarantined and
    warnings, and of visits those of their lines; of a year nothing.
    """

    run_id: str
    period: str
    region: str
    policy: str
    scheme: str
    catalogue: str
    method: str
    value_places: int
    deducted_points: str
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_year(self) -> bool:
        """Whether a year was cleared."""
        return "-" not in self.period


@dataclass(frozen=True)
class DifferenceTables:
    """What a correction changes against the paid run: case by case (visits: visit by visit), and by
    statement line.
    """

    cases: pl.DataFrame
    statements: pl.DataFrame


@dataclass(frozen=True, repr=False)
class CapitationTables(Shown):
    """Accounts of contractors, what is outside them, and the tie-out to the outpatient budget."""

    accounts: pl.DataFrame
    apart: pl.DataFrame
    tie_out: pl.DataFrame


@dataclass(frozen=True, repr=False)
class Results(Shown):
    """The tables of a part, of a month or a year, as they are written and shown (docs/files.md).

    frames: those that are written, by name; `cases` of visits are the visits, and `part` says in
    which file a table lies. beside: what is shown and written nowhere as it is: refused
    (`refused_table`), examples (`entries_table` of the visits that statements work out), findings
    (of visits and lines by table, kind and code), prepayments (of a year: what each month prepaid by
    line). notes: sentences for who ran it. files: where tables lie that were written on the way,
    too large for a frame; they are not among `frames`.
    """

    part: Part
    facts: RunFacts
    frames: Mapping[str, pl.DataFrame]
    beside: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)

    def __getitem__(self, table: str) -> pl.DataFrame:
        if table in self.files:
            return self.scan(table).collect()
        return self.frames[table] if table in self.frames else self.beside[table]

    def get(self, table: str) -> pl.DataFrame | None:
        """A table that not every run has."""
        if table in self.files:
            return self[table]
        return self.frames.get(table, self.beside.get(table))

    def scan(self, table: str) -> pl.LazyFrame:
        """A table of `frames` or `files`, read where it lies in a file as far as it is asked for."""
        if table in self.files:
            return pl.scan_parquet(self.files[table], glob=False)
        return self.frames[table].lazy()

    def lying_in(self, folder: Path) -> "Results":
        """The same when the run has its place."""
        placed = {table: folder / path.name for table, path in self.files.items()}
        return replace(self, files=placed) if placed else self

    @property
    def is_year(self) -> bool:
        """Whether a year was cleared."""
        return self.facts.is_year

    @property
    def cases(self) -> pl.DataFrame:
        """cases.parquet, or visits.parquet."""
        return self["cases"]

    @property
    def statement_cases(self) -> pl.LazyFrame:
        """The cases as statements take them: visits in the class of their leading APG."""
        cases = self.scan("cases")
        return cases.pipe(as_statement_cases) if self.part == VISITS else cases

    @property
    def adjustments(self) -> pl.DataFrame:
        """adjustments.parquet; points of visits are never adjusted."""
        return self.frames["adjustments"] if self.part == STAYS else no_adjustments()

    @property
    def statements(self) -> pl.DataFrame:
        """The lines of the hospitals."""
        return self.frames["statements"]

    @property
    def pools(self) -> pl.DataFrame:
        """values.parquet of a month, pools.parquet of a year."""
        return self.frames["pools" if self.is_year else "values"]

    @property
    def ledger(self) -> pl.DataFrame:
        """What was booked."""
        return self.frames["ledger"]

    @property
    def differences(self) -> DifferenceTables | None:
        """What a correction changes; None where nothing is corrected."""
        if "differences" not in self.frames:
            return None
        return DifferenceTables(self.frames["differences"], self.frames["difference_statements"])

    @property
    def capitation(self) -> CapitationTables | None:
        """The accounts of contractors; None where none are kept."""
        if "capitation" not in self.frames:
            return None
        names = ("capitation", "capitation_apart", "capitation_tie_out")
        return CapitationTables(*(self.frames[name] for name in names))

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "part", self.part.name
        yield "period", self.facts.period
        yield "run_id", self.facts.run_id
        yield from self.frames.items()


def case_frames(
    part: Part, settled: Settled, without_cases: bool = False
) -> dict[str, pl.DataFrame]:
    """The cases or visits of a month or a year, and of stays the adjustments of their points."""
    frames = {}
    if not without_cases:
        frames["cases"] = cases_table(part, settled.cases, settled.is_year)
    if part == STAYS:
        frames["adjustments"] = adjustments_table(settled.adjustments)
    return frames


def line_frames(
    settled: Settled, policy: Policy, hospitals: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The lines and pools of a month or a year, and of a year the assessment.

    policy: as the part is settled by. hospitals: as read_hospitals gives them.
    """
    places = policy.settlement.value_places
    if not settled.is_year:
        lines = written(settled.lines, columns_of("statements", places))
        return {
            "statements": named_lines(lines, hospitals),
            "values": pools_table(settled, places),
        }
    lines = written(settled.lines, columns_of("cleared_statements", places))
    return {
        "statements": named_lines(lines, hospitals),
        "pools": pools_table(settled, places),
        "assessment": written(settled.assessment, columns_of("assessment")),
    }


def pools_table(settled: Settled, value_places: int) -> pl.DataFrame:
    """values.parquet of a month, pools.parquet of a year: one row a pool.

    With method rate a row for each account and level follows the row of its pool; budget and
    remainder stand in the row of the pool alone.
    """
    columns = columns_of("pools" if settled.is_year else "values", value_places)
    return written(with_rates(settled.pools, settled.rates), columns)


def cases_table(part: Part, cases: pl.DataFrame, year: bool = False) -> pl.DataFrame:
    """cases.parquet or visits.parquet: a row a paid stay or visit, sorted by id; no person ids.

    cases: `Settled.cases`; of visits with class, family, apg and entries of
    `visits.sums.leading_entries`. A year needs less of visits: the rest lies in its months.
    """
    table = written(cases, columns_of(declared_name(part, year, "cases")))
    return table.with_columns(negative_fund=pl.col("fund_amount") < 0)


def booking_frames(
    part: Part, ledger: pl.DataFrame, differences: Differences | None = None
) -> dict[str, pl.DataFrame]:
    """ledger.parquet, a row an entry with the same amount on both sides; of a correction also
    differences.parquet and difference_statements.parquet.
    """
    frames = {"ledger": written(ledger, columns_of("ledger"))}
    if differences is not None:
        of_cases = columns_of(declared_name(part, False, "differences"))
        frames["differences"] = written(differences.cases, of_cases)
        frames["difference_statements"] = written(
            differences.statements, columns_of("difference_statements")
        )
    return frames


def capitation_frames(
    accounts: CapitationAccounts, hospitals: pl.DataFrame, enrolment: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The accounts of contractors, of a month or a year, and whom they were kept for.

    hospitals: hospital_id, name; a contractor that is no provider has no name. enrolment:
    ENROLMENT_SCHEMA, as it was read.
    """
    names = hospitals.select(contractor_id="hospital_id", name="name")
    named = written(accounts.accounts, columns_of("capitation")).join(
        names, on="contractor_id", how="left", maintain_order="left"
    )
    return {
        "capitation": named.select("contractor_id", "name", pl.exclude("contractor_id", "name")),
        "capitation_apart": written(accounts.apart, columns_of("capitation_apart")),
        "capitation_tie_out": written(accounts.tie_out, columns_of("capitation_tie_out")),
        ENROLMENT: enrolment,
    }
