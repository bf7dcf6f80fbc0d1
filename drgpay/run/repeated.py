"""The tables of a run once more, from the facts that its own folder keeps, by the same calculation.

The balances (drgpay.run.balances) are written apart from settlement and compare figures with each
other; here every column that follows from others is reckoned again and compared whole: classes,
formulas and their words, adjustments with reasons and evidence, lines, values, bookings. What is
taken as given: the records as the run keeps them, filings, hospitals, catalogue and policy.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

import polars as pl

from drgpay.base.period import Period
from drgpay.points.cases import EarnedPoints, points_of_stays, returns_of
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA, EARLIER_STAYS
from drgpay.policy.model import Policy
from drgpay.records.filings import Filings
from drgpay.results.columns import columns_of, written
from drgpay.results.part import STAYS
from drgpay.results.results import booking_frames, case_frames, line_frames
from drgpay.results.run_folder import book, filings_kept, returns_elsewhere
from drgpay.results.run_tables import CannotCheckError, RunTables
from drgpay.results.tables import FORMER_GROUPS
from drgpay.run.comparison import WORDS, Compared, first_of, unlike
from drgpay.run.former_scheme import (
    former_catalogue_of,
    with_former_groups,
    with_groups_of_months,
)
from drgpay.run.kept_rules import catalogue_kept, policy_kept
from drgpay.run.paid_year import (
    adjustments_of_year,
    budgets_of_year,
    cases_of_months,
    ledger_of_year,
    persons_of_readmissions,
    statements_of_year,
)
from drgpay.run.stay_year import STAY_COLUMNS
from drgpay.run.year_months import PaidMonths
from drgpay.settle.booking import Booked
from drgpay.settle.clearing import clear_year
from drgpay.settle.lines import LINE, levels_of
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled
from drgpay.visits.sums import SUM_KEYS

Frames = Mapping[str, pl.DataFrame]

KEYS: dict[str, list[str]] = {
    "cases": ["case_id"],
    FORMER_GROUPS: ["case_id"],
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


class Repeated(ABC):
    """A part of a month or a year, reckoned again. Everything is made when it is asked for, once."""

    def __init__(self, tables: RunTables) -> None:
        self.tables: RunTables = tables
        whole = policy_kept(tables)
        self.policy: Policy = whole if tables.part == STAYS else whole.for_outpatient()

    @property
    def is_year(self) -> bool:
        """Whether it is a clearing, reckoned again from the runs of its months."""
        return self.tables.manifest.is_clearing

    @cached_property
    def hospitals(self) -> pl.DataFrame:
        """hospital_id, name and level of the hospitals with a line."""
        return hospitals_of(self.tables)

    @cached_property
    def months(self) -> list[PaidMonths]:
        """Of a clearing the runs of the months; raises CannotCheckError if one is not found."""
        return months_again(self.tables)

    @abstractmethod
    def cases(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Cases with their points, and adjustments, as a settlement takes them."""

    @cached_property
    def settled(self) -> Settled:
        """The month settled, or the year cleared, with these points."""
        (cases, adjustments), levels = self.cases(), levels_of(self.hospitals)
        lines, policy = self.tables.statements, self.policy
        if not self.is_year:
            period = Period.parse(self.tables.period)
            return settle_month(cases, adjustments, policy, period, payments_of(lines), levels)
        months = statements_of_year(self.months)
        return clear_year(
            cases,
            adjustments,
            months.drop("period"),
            budgets_of_year(self.months, policy),
            scores_of(self.tables, policy),
            policy,
            int(self.tables.period),
            payments_of(lines, months),
            levels,
        )

    def points(self) -> Frames:
        """The tables of points."""
        return {**case_frames(self.tables.part, self.settled), **self.further()}

    def further(self) -> Frames:
        """Tables of points beside those that every part has."""
        return {}

    def lines(self) -> Frames:
        """The tables of lines and pools, and of a year the assessment."""
        return line_frames(self.settled, self.policy, self.hospitals)

    def bookings(self) -> Frames:
        """The ledger, and of a correction the differences."""
        if self.is_year:
            year = int(self.tables.period)
            booked = Booked(ledger_of_year(year, self.months, self.settled))
        else:
            period = Period.parse(self.tables.period)
            booked = book(period, self.settled, self.tables.earlier)
        return booking_frames(self.tables.part, booked.ledger, booked.differences)


class RepeatedStays(Repeated):
    """The stays of a month or a year, reckoned again from what the records say of them."""

    def cases(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Stays with their points, and all adjustments."""
        return self.earned.cases, self.adjustments

    @cached_property
    def earned(self) -> EarnedPoints:
        """Class, points and adjustments of the cases, from what the records say of them."""
        stays, points = self._with_level(self._stays()), self.policy.points
        ids = stays["case_id"].implode()
        # Deductions of earlier stays are in the rows on these, which are taken as they are kept.
        mine = self.filings.deductions.filter(pl.col("case_id").is_in(ids))
        exempt = self.tables.manifest.at("exempt_groups")
        filings = replace(self.filings, deductions=mine)
        elsewhere = returns_elsewhere(self.tables.scaled("adjustments"))
        return points_of_stays(
            stays,
            catalogue_kept(self.tables),
            points,
            filings,
            exempt=exempt,
            returns=returns_of(stays, points, filings, exempt, elsewhere),
            former=former_catalogue_of(self.tables),
        )

    def further(self) -> Frames:
        """What stays would have earned under the scheme before, of a phase-in."""
        if not self.tables.has(FORMER_GROUPS):
            return {}
        return {FORMER_GROUPS: written(self.earned.former, columns_of(FORMER_GROUPS))}

    def _stays(self) -> pl.DataFrame:
        """The stays with person_id.

        Whose cases are whose, the readmissions say that the records showed, or those of the months.
        """
        seen = self.tables.scaled("adjustments").filter(pl.col("return_in").is_null())
        if not self.is_year:
            stays = with_former_groups(self.tables, self.tables.scaled("cases", STAY_COLUMNS))
            return _with_persons(stays, seen)
        if not self.tables.manifest.at("switches", "readmissions_across_months"):
            seen = adjustments_of_year(self.months)
        stays = cases_of_months(self.months, STAY_COLUMNS, "stay")
        before = with_groups_of_months([month.last for month in self.months], stays)
        return _with_persons(before, seen)

    def _with_level(self, stays: pl.DataFrame) -> pl.DataFrame:
        """A level is that of the hospital: one in a case alone is found by what follows."""
        levels = levels_of(self.hospitals)
        level = pl.col("hospital_id").cast(pl.String).replace_strict(levels, default=None)
        return stays.with_columns(level=level.cast(stays.schema["level"]))

    @property
    def filings(self) -> Filings:
        """The filings of cases that the run keeps."""
        if "reviews.parquet" not in self.tables.manifest.outputs:
            raise CannotCheckError(WORDS.words("finding.no_filings"))
        return filings_kept(self.tables)

    @property
    def adjustments(self) -> pl.DataFrame:
        """The adjustments that follow, with the rows on stays of earlier months as they are kept:
        those stays, and what they earned, are in the runs that paid them.
        """
        kept = self.tables.scaled("adjustments").filter(pl.col("kind").is_in(EARLIER_STAYS))
        made = self.earned.adjustments
        if not kept.height:
            return made
        columns = [pl.col(name).cast(dtype) for name, dtype in ADJUSTMENT_SCHEMA.items()]
        return pl.concat([made, kept.select(columns)]).sort("case_id", "step")


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
    return tables.frame("assessment", ["hospital_id", "score"]).with_columns(score=score)


def months_again(tables: RunTables) -> list[PaidMonths]:
    """The runs of the months of a clearing."""
    return [PaidMonths(tuple(month)) for month in tables.months]


def first_unlike(tables: RunTables, frames: Frames) -> Compared:
    """The rows of some tables, and the first that is not as it was reckoned again."""
    compared, found = 0, []
    for name, due in frames.items():
        compared += due.height
        keys = [tables.part.id_column if key == "case_id" else key for key in KEYS[name]]
        found.append(unlike(tables.file(name), due, keys))
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
