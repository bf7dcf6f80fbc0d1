"""The tables of a run once more, from the facts that its own folder keeps, by the same calculation.

The balances (drgpay.run.balances) are written apart from settlement and compare figures with each
other; here every column that follows from others is reckoned again and compared whole: classes,
formulas and their words, adjustments with reasons and evidence, lines, values, bookings. What is
taken as given: the records as the run keeps them, filings, hospitals, catalogue and policy.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.period import Period
from drgpay.points.cases import EarnedPoints, points_of_stays, returns_of
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA, EARLIER_STAYS
from drgpay.policy.model import Policy
from drgpay.records.filings import NO_FILINGS, Filings
from drgpay.results.clearing import clearing_tables
from drgpay.results.month import (
    adjustments_table,
    cases_table,
    difference_tables,
    ledger_table,
    statements_table,
    values_table,
)
from drgpay.results.run_tables import CannotCheckError, RunTables
from drgpay.results.stored import StoredMonth, book, returns_elsewhere
from drgpay.run.clearing import (
    STAY_COLUMNS,
    adjustments_of_year,
    budgets_of_year,
    cases_of_months,
    ledger_of_year,
    persons_of_readmissions,
    statements_of_year,
)
from drgpay.run.comparison import WORDS, Compared, first_of, unlike
from drgpay.run.kept_rules import catalogue_kept, policy_kept
from drgpay.run.year_months import PaidMonths
from drgpay.settle.booking import Booked
from drgpay.settle.clearing import clear_year
from drgpay.settle.lines import LINE, levels_of
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled
from drgpay.visits.sums import SUM_KEYS

Frames = Iterator[tuple[str, pl.DataFrame]]

KEYS: dict[str, list[str]] = {
    "cases": ["case_id"],
    "adjustments": ["case_id", "step", "kind", "applies_to"],
    "statements": LINE,
    "values": ["pool", "account", "level"],
    "pools": ["pool", "account", "level"],
    "assessment": ["hospital_id"],
    "ledger": ["entry"],
    "differences": ["case_id", *LINE],
    "difference_statements": LINE,
    "groups": SUM_KEYS,
    "capitation": ["contractor_id", "account"],
    "capitation_apart": ["reason", "contractor_id", "account"],
    "capitation_tie_out": ["pool"],
}
"""What names a row of a table, in findings."""


class RepeatedStays:
    """The stays of a month, reckoned again. Everything is made when it is asked for, once."""

    def __init__(self, tables: RunTables) -> None:
        self.tables = tables
        self.folder, self.manifest = tables.folder, tables.manifest
        self.policy: Policy = policy_kept(self.folder, self.manifest)
        self.run = StoredMonth(self.folder, dict(self.manifest))

    @cached_property
    def hospitals(self) -> pl.DataFrame:
        """hospital_id, name and level of the hospitals with a line."""
        return hospitals_of(self.tables)

    @cached_property
    def earned(self) -> EarnedPoints:
        """Class, points and adjustments of the cases, from what the records say of them."""
        stays, points = self._with_level(self._stays()), self.policy.points
        ids = stays["case_id"].implode()
        # Deductions of earlier stays are in the rows on these, which are taken as they are kept.
        mine = self.filings.deductions.filter(pl.col("case_id").is_in(ids))
        exempt = self.manifest["exempt_groups"]
        filings = replace(self.filings, deductions=mine)
        elsewhere = returns_elsewhere(self.run.adjustments())
        return points_of_stays(
            stays,
            catalogue_kept(self.folder, "catalogue", self.manifest),
            points,
            filings,
            exempt=exempt,
            returns=returns_of(stays, points, filings, exempt, elsewhere),
        )

    def _stays(self) -> pl.DataFrame:
        stays = self.run.cases(STAY_COLUMNS)
        seen = self.run.adjustments().filter(pl.col("return_in").is_null())
        return _with_persons(stays, seen)

    def _with_level(self, stays: pl.DataFrame) -> pl.DataFrame:
        """A level is that of the hospital: one in a case alone is found by what follows."""
        levels = levels_of(self.hospitals)
        level = pl.col("hospital_id").cast(pl.String).replace_strict(levels, default=None)
        return stays.with_columns(level=level.cast(stays.schema["level"]))

    @property
    def filings(self) -> Filings:
        """The filings of cases that the run keeps."""
        run = self.run
        kept = {"reviews": run.reviews(), "deductions": run.deductions()}
        return Filings(**{**NO_FILINGS.__dict__, **kept, "technologies": run.technologies()})

    @property
    def adjustments(self) -> pl.DataFrame:
        """The adjustments that follow, with the rows on stays of earlier months as they are kept:
        those stays, and what they earned, are in the runs that paid them.
        """
        kept = self.run.adjustments().filter(pl.col("kind").is_in(EARLIER_STAYS))
        made = self.earned.adjustments
        if not kept.height:
            return made
        columns = [pl.col(name).cast(dtype) for name, dtype in ADJUSTMENT_SCHEMA.items()]
        return pl.concat([made, kept.select(columns)]).sort("case_id", "step")

    @cached_property
    def settled(self) -> Settled:
        """The month settled with these points."""
        return settle_month(
            self.earned.cases,
            self.adjustments,
            self.policy,
            Period.parse(self.run.period),
            payments_of(self.tables.statements),
            levels_of(self.hospitals),
        )

    @property
    def booked(self) -> Booked:
        """What the month books, of a correction with the runs that it corrects."""
        return booked_again(self.tables, self.settled, StoredMonth)

    def points(self) -> Frames:
        """The tables of points."""
        yield "cases", cases_table(self.settled.cases)
        yield "adjustments", adjustments_table(self.settled.adjustments)

    def lines(self) -> Frames:
        """The tables of lines and pools."""
        places = self.policy.settlement.value_places
        yield "statements", statements_table(self.settled, self.hospitals, places)
        yield "values", values_table(self.settled, places)

    def bookings(self) -> Frames:
        """The ledger, and of a correction the differences."""
        yield from booking_tables(self.booked, "case_id")


class RepeatedYear(RepeatedStays):
    """The stays of a clearing, reckoned again from the runs of its months."""

    @cached_property
    def months(self) -> list[PaidMonths]:
        """The runs of the months; raises CannotCheckError if one is not found."""
        return months_again(self.tables, StoredMonth)

    def _stays(self) -> pl.DataFrame:
        # Whose cases are whose, the months' readmissions say, or those that the records showed.
        across = self.manifest["switches"]["readmissions_across_months"]
        seen = self.run.adjustments() if across else adjustments_of_year(self.months)
        if across:
            seen = seen.filter(pl.col("return_in").is_null())
        return _with_persons(cases_of_months(self.months, STAY_COLUMNS, "case"), seen)

    @property
    def filings(self) -> Filings:
        """The filings of the year."""
        if "reviews.parquet" not in self.manifest["outputs"]:
            raise CannotCheckError(WORDS.words("finding.no_filings"))
        return super().filings

    @cached_property
    def cleared(self) -> Settled:
        """The year cleared with these points."""
        months = statements_of_year(self.months)
        return clear_year(
            self.earned.cases,
            self.adjustments,
            months.drop("period"),
            budgets_of_year(self.months, self.policy),
            scores_of(self.tables, self.policy),
            self.policy,
            int(self.manifest["period"]),
            payments_of(self.tables.statements, months),
            levels_of(self.hospitals),
        )

    @cached_property
    def _again(self) -> Any:
        year = int(self.manifest["period"])
        ledger = ledger_of_year(year, self.months, self.cleared)
        return clearing_tables(
            self.cleared, ledger, self.run.run_id, year, self.policy, self.hospitals
        )

    def points(self) -> Frames:
        """The tables of points."""
        yield "cases", self._again.cases
        yield "adjustments", self._again.adjustments

    def lines(self) -> Frames:
        """The tables of lines, pools and the assessment."""
        yield "statements", self._again.statements
        yield "pools", self._again.pools
        yield "assessment", self._again.assessment

    def bookings(self) -> Frames:
        """The ledger."""
        yield "ledger", self._again.ledger


def hospitals_of(tables: RunTables) -> pl.DataFrame:
    """hospital_id, name and level of the hospitals with a line: of each once, as its first line."""
    lines = tables.statements.select("hospital_id", "name", "level")
    return lines.unique("hospital_id", keep="first", maintain_order=True)


def payments_of(statements: pl.DataFrame, months: pl.DataFrame | None = None) -> pl.DataFrame:
    """What was held back by hospital and account, as the lines say; months: what of it months did.

    Returns hospital_id, account, amount_fen.
    """
    key = ["hospital_id", "account"]
    amount = pl.col("deduction").to_physical().cast(pl.Int64)
    parts = [statements.select(*key, amount_fen=amount)]
    if months is not None:
        parts.append(months.select(*key, amount_fen=-pl.col("deduction_fen")))
    sums = pl.concat(parts).group_by(key).agg(pl.col("amount_fen").sum())
    return sums.filter(pl.col("amount_fen") != 0).sort(key)


def scores_of(tables: RunTables, policy: Policy) -> pl.DataFrame | None:
    """The scores of the year's assessment as the clearing keeps them; None without one."""
    if policy.clearing is None or policy.clearing.assessment is None:
        return None
    score = pl.col("score").to_physical().cast(pl.Int64)
    return tables.read("assessment", ["hospital_id", "score"]).with_columns(score=score)


def booked_again(
    tables: RunTables, settled: Settled, kind: Callable[[Path, dict[str, Any]], StoredMonth]
) -> Booked:
    """What a month books; raises CannotCheckError where a run that it corrects is not found."""
    paid = [kind(run.folder, dict(run.manifest)) for run in tables.earlier]
    return book(Period.parse(str(tables.manifest["period"])), settled, paid)


def booking_tables(booked: Booked, case: str) -> Frames:
    """The tables of bookings; case: what the id of a case is called."""
    yield "ledger", ledger_table(booked.ledger)
    if booked.differences:
        tables = difference_tables(booked.differences, case)
        yield "differences", tables.cases
        yield "difference_statements", tables.statements


def months_again(
    tables: RunTables, kind: Callable[[Path, dict[str, Any]], StoredMonth]
) -> list[PaidMonths]:
    """The runs of the months of a clearing."""
    return [
        PaidMonths(tuple(kind(run.folder, dict(run.manifest)) for run in month))
        for month in tables.months
    ]


def first_unlike(tables: RunTables, frames: Frames, case: str = "case_id") -> Compared:
    """The rows of some tables, and the first that is not as it was reckoned again."""
    compared, found = 0, []
    for name, due in frames:
        compared += due.height
        keys = [case if key == "case_id" else key for key in KEYS[name]]
        found.append(unlike(tables.folder / tables.file_of(name), due, keys))
    return compared, first_of(one for one in found if one)


def _with_persons(stays: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """Stays with person_id: no result holds persons, but readmissions say who came back."""
    known = persons_of_readmissions(seen)
    persons = stays.select("case_id").join(known, on="case_id", how="left", maintain_order="left")
    return stays.hstack([persons["person_id"]])


REPEATED: list[tuple[str, Callable[[RepeatedStays], Compared]]] = [
    ("points_again", lambda again: first_unlike(again.tables, again.points())),
    ("lines_again", lambda again: first_unlike(again.tables, again.lines())),
    ("bookings_again", lambda again: first_unlike(again.tables, again.bookings())),
]
