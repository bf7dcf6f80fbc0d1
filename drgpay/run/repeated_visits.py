"""The outpatient tables of a run once more, from its entries and visits (see drgpay.run.repeated).

Service lines are in no result, so what became an entry, and what of it is packaged, is taken as the
entries have it; prices, points, sums, lines, accounts and bookings follow.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.period import Period
from drgpay.policy.outpatient import Outpatient
from drgpay.results.clearing import groups_of_year, visit_clearing_tables, year_visits_table
from drgpay.results.columns import read_back
from drgpay.results.month import statements_table, values_table
from drgpay.results.stored import StoredVisits
from drgpay.results.visit_files import ENROLMENT, ENTRIES, with_paid_cost
from drgpay.results.visits import (
    ENTRY_COLUMNS,
    CapitationTables,
    capitation_tables,
    groups_table,
    visits_table,
)
from drgpay.run.clearing import (
    budgets_of_year,
    cases_of_months,
    ledger_of_year,
    statements_of_year,
)
from drgpay.run.comparison import Compared, not_due
from drgpay.run.kept_rules import catalogue_kept, policy_kept
from drgpay.run.repeated import (
    Frames,
    booked_again,
    booking_tables,
    first_unlike,
    hospitals_of,
    months_again,
    scores_of,
)
from drgpay.run.visit_balances import VisitRunTables
from drgpay.run.visit_clearing import VISIT_COLUMNS
from drgpay.run.visit_rules import outpatient_of
from drgpay.run.year_months import PaidMonths
from drgpay.settle.capitation import CapitationAccounts, capitation_accounts
from drgpay.settle.clearing import clear_year
from drgpay.settle.lines import NO_ADJUSTMENTS, levels_of
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled
from drgpay.visits.calibrate import base_points_of
from drgpay.visits.points import VisitPoints, visit_points
from drgpay.visits.sums import entry_sums, leading_entries, together

_CODED = ["class", "family", "apg", "reason"]
_EARNED = ["class", "family", "apg", "entries", "case_class", "formula", "points"]
"""What of a visit follows from its entries."""


class RepeatedVisits:
    """The visits of a month, reckoned again. Everything is made when it is asked for, once."""

    def __init__(self, tables: VisitRunTables) -> None:
        self.tables = tables
        self.folder, self.manifest = tables.folder, tables.manifest
        whole = policy_kept(self.folder, self.manifest)
        self.policy, self.rules = whole.for_outpatient(), outpatient_of(whole)
        self.run = StoredVisits(self.folder, dict(self.manifest))

    rules: Outpatient

    @cached_property
    def hospitals(self) -> pl.DataFrame:
        """hospital_id, name and level of the providers with a line."""
        return hospitals_of(self.tables)

    @cached_property
    def _priced(self) -> tuple[pl.DataFrame, pl.DataFrame, Words | None]:
        """The visits as their entries make them, the entries in sums, and the first wrong entry."""
        catalogue = catalogue_kept(self.folder, "visit_catalogue", self.manifest["outpatient"])
        visits = _in_order(self.run.cases())
        levels = levels_of(self.hospitals)
        level = pl.col("hospital_id").cast(pl.String).replace_strict(levels, default=None)
        visits = visits.with_columns(level=level).rename({"case_id": "visit_id"})
        base, mean = base_points_of(catalogue), catalogue.all_mean_fen
        earned, sums, found, done = [], [], None, 0
        for entries, last in self._entries():
            end = visits.height if last is None else _place_after(visits["visit_id"], last)
            mine, done = visits[done:end], end
            priced = visit_points(
                entries.drop("coefficient"),
                mine.drop(_EARNED),
                catalogue.coefficients,
                self.rules,
                mean,
            )
            found = found or _other_entry(entries, priced, base)
            earned.append(_earned(priced.visits, entries))
            sums.append(entry_sums(priced.entries, mean))
        due = visits.drop(_EARNED).join(
            pl.concat(earned), on="visit_id", how="left", maintain_order="left"
        )
        return due.rename({"visit_id": "case_id"}), together(sums), found

    def _entries(self) -> Iterator[tuple[pl.DataFrame, str | None]]:
        """The entries of some visits, in scaled integers, with the last of these; at the end none,
        for the visits after all others: refunds may leave them no line.
        """
        columns = [column.name for column in ENTRY_COLUMNS]
        none = with_paid_cost(pl.read_parquet(self.folder / ENTRIES, n_rows=0, glob=False))
        for part in chain(self.tables.entries(columns), [none]):
            coded = pl.col(_CODED).cast(pl.String).cast(pl.Categorical)
            entries = read_back(part, ENTRY_COLUMNS).with_columns(coded)
            if entries.height or part is none:
                yield entries, entries["visit_id"][-1] if entries.height else None

    @property
    def wrong_entry(self) -> Words | None:
        """The first entry that is not priced as the catalogue and its visit say."""
        return self._priced[2]

    @cached_property
    def settled(self) -> Settled:
        """The month settled with the points of the entries."""
        return settle_month(
            self._priced[0],
            NO_ADJUSTMENTS,
            self.policy,
            Period.parse(self.run.period),
            levels=levels_of(self.hospitals),
        )

    def points(self) -> Frames:
        """The visits, and their entries in sums."""
        yield "cases", visits_table(self.settled.cases)
        yield "groups", groups_table(self._priced[1])

    def lines(self) -> Frames:
        """The tables of lines, pools and accounts of contractors."""
        places = self.policy.settlement.value_places
        yield "statements", statements_table(self.settled, self.hospitals, places)
        yield "values", values_table(self.settled, places)
        yield from _accounts(self._capitation())

    def _capitation(self) -> CapitationTables | None:
        enrolment = self.run.enrolment()
        if enrolment is None:
            return None
        settled = self.settled
        accounts = capitation_accounts(
            settled.cases,
            settled.lines,
            settled.pools,
            enrolment,
            self.policy,
            Period.parse(self.run.period),
        )
        return self._named(accounts)

    def _named(self, accounts: CapitationAccounts) -> CapitationTables:
        """With the names of contractors; of one without a line that which its account has."""
        said = self.tables.read("capitation", ["contractor_id", "name"]).unique()
        others = said.rename({"contractor_id": "hospital_id"}).join(
            self.hospitals, on="hospital_id", how="anti"
        )
        names = pl.concat([self.hospitals.select("hospital_id", "name"), others])
        return capitation_tables(accounts, names)

    def bookings(self) -> Frames:
        """The ledger, and of a correction the differences."""
        yield from booking_tables(booked_again(self.tables, self.settled, StoredVisits), "visit_id")


class RepeatedVisitYear(RepeatedVisits):
    """The visits of a clearing, reckoned again from the runs of its months."""

    wrong_entry = None

    @cached_property
    def months(self) -> list[PaidMonths]:
        """The runs of the months; raises CannotCheckError if one is not found."""
        return months_again(self.tables, StoredVisits)

    @cached_property
    def cleared(self) -> Settled:
        """The year cleared with the points of the months."""
        months = statements_of_year(self.months)
        return clear_year(
            cases_of_months(self.months, VISIT_COLUMNS, "visit").sort("case_id"),
            NO_ADJUSTMENTS,
            months.drop("period"),
            budgets_of_year(self.months, self.policy),
            scores_of(self.tables, self.policy),
            self.policy,
            int(self.manifest["period"]),
            levels=levels_of(self.hospitals),
        )

    @cached_property
    def _again(self) -> Any:
        year, cleared = int(self.manifest["period"]), self.cleared
        last = [month.last for month in self.months]
        return visit_clearing_tables(
            cleared,
            ledger_of_year(year, self.months, cleared),
            self.run.run_id,
            year,
            self.policy,
            self.hospitals,
            year_visits_table(cleared.cases),
            groups_of_year(run.groups() for run in last if isinstance(run, StoredVisits)),
            pl.DataFrame(),
            self._capitation(),
        )

    def _capitation(self) -> CapitationTables | None:
        if f"{ENROLMENT}.parquet" not in self.manifest["outputs"]:
            return None
        cleared, enrolment = self.cleared, self.tables.read(ENROLMENT)
        accounts = capitation_accounts(
            cleared.cases, cleared.lines, cleared.pools, enrolment, self.policy, None
        )
        return self._named(accounts)

    def points(self) -> Frames:
        """The visits, and their entries in sums."""
        yield "cases", self._again.visits
        yield "groups", self._again.groups

    def lines(self) -> Frames:
        """The tables of lines, pools, the assessment and accounts of contractors."""
        yield "statements", self._again.statements
        yield "pools", self._again.pools
        yield "assessment", self._again.assessment
        yield from _accounts(self._again.capitation)

    def bookings(self) -> Frames:
        """The ledger."""
        yield "ledger", self._again.ledger


def _place_after(ids: pl.Series, last: str) -> int:
    return int(ids.search_sorted(last, side="right"))


def _in_order(visits: pl.DataFrame) -> pl.DataFrame:
    ids = visits["case_id"]
    wrong = visits.filter(ids.shift().is_not_null() & (ids <= ids.shift()))
    if wrong.height:
        raise DrgpayError(
            f"visits.parquet has {wrong['case_id'][0]} twice, or out of order",
            "restore it from a copy",
        )
    return visits


def _accounts(tables: CapitationTables | None) -> Iterator[tuple[str, pl.DataFrame]]:
    if tables:
        yield "capitation", tables.accounts
        yield "capitation_apart", tables.apart
        yield "capitation_tie_out", tables.tie_out


def _earned(visits: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """visit_id and _EARNED of some visits."""
    leading = leading_entries(entries)
    return visits.join(leading, on="visit_id", how="left", maintain_order="left").select(
        "visit_id",
        *(pl.col(name).cast(pl.String) for name in ("class", "family", "apg")),
        pl.col("entries").fill_null(0),
        "case_class",
        "formula",
        "points",
    )


def _other_entry(entries: pl.DataFrame, priced: VisitPoints, base: pl.DataFrame) -> Words | None:
    """The first entry with another base, coefficient, provider or account than is due."""
    owners = priced.visits.select(
        "visit_id",
        *(pl.col(name).cast(pl.String).alias(f"due:{name}") for name in ("hospital_id", "account")),
    )
    bases = base.select(
        pl.col("apg").cast(pl.String), pl.col("base_points").alias("due:base_points")
    )
    due = (
        entries.select(
            "visit_id",
            pl.col("apg", "hospital_id", "account").cast(pl.String),
            "base_points",
            "coefficient",
        )
        .with_columns(priced.entries["coefficient"].alias("due:coefficient"))
        .join(owners, on="visit_id", how="left", maintain_order="left")
        .join(bases, on="apg", how="left", maintain_order="left")
    )
    for name in ("hospital_id", "account", "base_points", "coefficient"):
        wrong = due.filter(pl.col(name).ne_missing(pl.col(f"due:{name}")))
        if wrong.height:
            row = wrong.row(0, named=True)
            place = f"entries {row['visit_id']} {row['apg']}: {name}"
            return not_due(place, row[name], row[f"due:{name}"], wrong.height - 1)
    return None


def visit_points_again(again: RepeatedVisits) -> Compared:
    """Entries, visits and sums of entries."""
    compared, found = first_unlike(again.tables, again.points(), "visit_id")
    return compared, again.wrong_entry or found


VISIT_REPEATED: list[tuple[str, Callable[[RepeatedVisits], Compared]]] = [
    ("visit_points_again", visit_points_again),
    ("visit_lines_again", lambda again: first_unlike(again.tables, again.lines(), "visit_id")),
    (
        "visit_bookings_again",
        lambda again: first_unlike(again.tables, again.bookings(), "visit_id"),
    ),
]
