"""The outpatient tables of a run once more, from its entries and visits (see drgpay.run.repeated).

Service lines are in no result, so what became an entry, and what of it is packaged, is taken as the
entries have it; prices, points, sums, lines, accounts and bookings follow.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.policy.outpatient import Outpatient
from drgpay.results.columns import read_back
from drgpay.results.results import capitation_frames
from drgpay.results.run_tables import RunTables
from drgpay.results.visit_files import ENROLMENT
from drgpay.results.visits import ENTRY_COLUMNS, groups_table
from drgpay.results.year import groups_of_year
from drgpay.run.comparison import Compared, not_due
from drgpay.run.kept_rules import catalogue_kept, policy_kept
from drgpay.run.paid_year import cases_of_months
from drgpay.run.repeated import Frames, Repeated, first_unlike
from drgpay.run.rules import outpatient_of
from drgpay.run.visit_balances import entries_by_visit
from drgpay.run.visit_year import VISIT_COLUMNS
from drgpay.settle.capitation import capitation_accounts
from drgpay.settle.lines import NO_ADJUSTMENTS, levels_of
from drgpay.visits.calibrate import base_points_of
from drgpay.visits.points import VisitPoints, visit_points
from drgpay.visits.sums import entry_sums, leading_entries, together

_ERRORS = Sentences("errors/run")

_CODED = ["class", "family", "apg", "reason"]
_EARNED = ["class", "family", "apg", "entries", "case_class", "formula", "points"]
"""What of a visit follows from its entries."""


class RepeatedVisits(Repeated):
    """The visits of a month or a year, reckoned again: of a month from their entries."""

    def __init__(self, tables: RunTables) -> None:
        super().__init__(tables)
        self.rules: Outpatient = outpatient_of(policy_kept(tables))

    def cases(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Visits with their points; nobody adjusts them."""
        if self.is_year:
            visits = cases_of_months(self.months, VISIT_COLUMNS, "visit").sort("case_id")
        else:
            visits = self._priced[0]
        return visits, NO_ADJUSTMENTS

    @cached_property
    def _priced(self) -> tuple[pl.DataFrame, pl.DataFrame, Words | None]:
        """The visits as their entries make them, the entries in sums, and the first wrong entry."""
        catalogue = catalogue_kept(self.tables)
        visits = _in_order(self.tables.scaled("cases"))
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
        none = pl.read_parquet(self.tables.file("entries"), n_rows=0, glob=False)
        for part in chain(entries_by_visit(self.tables, columns), [none]):
            coded = pl.col(_CODED).cast(pl.String).cast(pl.Categorical)
            entries = read_back(part, ENTRY_COLUMNS).with_columns(coded)
            if entries.height or part is none:
                yield entries, entries["visit_id"][-1] if entries.height else None

    @property
    def wrong_entry(self) -> Words | None:
        """The first entry that is not priced as the catalogue and its visit say."""
        return None if self.is_year else self._priced[2]

    def points(self) -> Frames:
        """The visits, and their entries in sums."""
        groups = (
            groups_of_year(month.last.scaled("groups") for month in self.months)
            if self.is_year
            else groups_table(self._priced[1])
        )
        return {**super().points(), "groups": groups}

    def lines(self) -> Frames:
        """The tables of lines and pools, of a year the assessment, and accounts of contractors."""
        return {**super().lines(), **self._accounts()}

    def _accounts(self) -> Frames:
        """With the names of contractors; of one without a line that which its account has."""
        enrolment, settled = self.tables.enrolment(), self.settled
        if enrolment is None:
            return {}
        period = None if self.is_year else Period.parse(self.tables.period)
        accounts = capitation_accounts(
            settled.cases, settled.lines, settled.pools, enrolment, self.policy, period
        )
        said = self.tables.frame("capitation", ["contractor_id", "name"]).unique()
        others = said.rename({"contractor_id": "hospital_id"}).join(
            self.hospitals, on="hospital_id", how="anti"
        )
        names = pl.concat([self.hospitals.select("hospital_id", "name"), others])
        made = capitation_frames(accounts, names, enrolment)
        return {name: frame for name, frame in made.items() if name != ENROLMENT}


def _place_after(ids: pl.Series, last: str) -> int:
    return int(ids.search_sorted(last, side="right"))


def _in_order(visits: pl.DataFrame) -> pl.DataFrame:
    ids = visits["case_id"]
    wrong = visits.filter(ids.shift().is_not_null() & (ids <= ids.shift()))
    if wrong.height:
        raise DrgpayError(*_ERRORS("visits_out_of_order", visit_id=wrong["case_id"][0]))
    return visits


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
    compared, found = first_unlike(again.tables, again.points())
    return compared, again.wrong_entry or found


VISIT_REPEATED: list[tuple[str, Callable[[RepeatedVisits], Compared]]] = [
    ("visit_points_again", visit_points_again),
    ("visit_lines_again", lambda again: first_unlike(again.tables, again.lines())),
    (
        "visit_bookings_again",
        lambda again: first_unlike(again.tables, again.bookings()),
    ),
]
