"""What a month or a year settled of a part, as tables for readers: one shape for all four."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from drgpay.base.shown import Shown
from drgpay.policy.model import Policy
from drgpay.results.clearing import (
    ASSESSMENT_COLUMNS,
    YEAR_VISIT_COLUMNS,
    cleared_line_columns,
    pool_columns,
)
from drgpay.results.columns import written
from drgpay.results.month import (
    ADJUSTMENT_COLUMNS,
    CASE_COLUMNS,
    CASE_DIFFERENCE_COLUMNS,
    LEDGER_COLUMNS,
    STATEMENT_DIFFERENCE_COLUMNS,
    named_lines,
    no_adjustments,
    statement_columns,
    value_columns,
    with_rates,
)
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.results.visits import VISIT_COLUMNS, CapitationTables, as_statement_cases
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
class Results(Shown):
    """The tables of a part, of a month or a year, as they are written and shown (docs/files.md).

    frames: those that are written, by name; `cases` of visits are the visits, and `part` says in
    which file a table lies. beside: what is shown and written nowhere as it is: refused
    (`refused_table`), examples (`entries_table` of the visits that statements work out), findings
    (of visits and lines by table, kind and code), prepayments (of a year: what each month prepaid by
    line). notes: sentences for who ran it.
    """

    part: Part
    facts: RunFacts
    frames: Mapping[str, pl.DataFrame]
    beside: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.frames[table] if table in self.frames else self.beside[table]

    def get(self, table: str) -> pl.DataFrame | None:
        """A table that not every run has."""
        return self.frames.get(table, self.beside.get(table))

    @property
    def is_year(self) -> bool:
        """Whether a year was cleared."""
        return self.facts.is_year

    @property
    def cases(self) -> pl.DataFrame:
        """cases.parquet, or visits.parquet."""
        return self.frames["cases"]

    @property
    def statement_cases(self) -> pl.DataFrame:
        """The cases as statements take them: visits in the class of their leading APG."""
        return as_statement_cases(self.cases) if self.part == VISITS else self.cases

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


def settled_frames(
    part: Part, settled: Settled, ledger: pl.DataFrame, policy: Policy, hospitals: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The tables of cases, lines, pools and bookings of a part, of a month or a year.

    policy: as the part is settled by. ledger: what was booked. hospitals: as read_hospitals gives
    them.
    """
    places, year = policy.settlement.value_places, settled.is_year
    lines = cleared_line_columns(places) if year else statement_columns(places)
    pools = pool_columns(places) if year else value_columns(places)
    return {
        "cases": cases_table(part, settled.cases, year),
        **(
            {"adjustments": written(settled.adjustments, ADJUSTMENT_COLUMNS)}
            if part == STAYS
            else {}
        ),
        "statements": named_lines(written(settled.lines, lines), hospitals),
        "pools" if year else "values": written(with_rates(settled.pools, settled.rates), pools),
        **({"assessment": written(settled.assessment, ASSESSMENT_COLUMNS)} if year else {}),
        "ledger": written(ledger, LEDGER_COLUMNS),
    }


def cases_table(part: Part, cases: pl.DataFrame, year: bool = False) -> pl.DataFrame:
    """cases.parquet or visits.parquet: a row a paid stay or visit, sorted by id; no person ids.

    cases: `Settled.cases`; of visits with class, family, apg and entries of
    `visits.sums.leading_entries`. A year needs less of visits: the rest lies in its months.
    """
    of_visits = YEAR_VISIT_COLUMNS if year else VISIT_COLUMNS
    table = written(cases, CASE_COLUMNS if part == STAYS else of_visits)
    return table.with_columns(negative_fund=pl.col("fund_amount") < 0)


def difference_frames(differences: Differences | None, part: Part) -> dict[str, pl.DataFrame]:
    """differences.parquet and difference_statements.parquet of a correction; else none."""
    if differences is None:
        return {}
    of_cases = written(differences.cases, CASE_DIFFERENCE_COLUMNS)
    return {
        "differences": of_cases.rename({"case_id": part.id_column}),
        "difference_statements": written(differences.statements, STATEMENT_DIFFERENCE_COLUMNS),
    }
