"""A whole project folder out of a centre's own files: mapping, policy, hospitals, catalogue, jobs.

What is not known is a gap that a run refuses by its place; what somebody edited is left as it is.
"""

import io
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.gaps import gaps_in
from drgpay.base.language import Language, Words
from drgpay.base.period import Period
from drgpay.base.progress import ProgressBar, no_progress
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences, Wording
from drgpay.grouper.scheme import scheme_in_force
from drgpay.policy.load import load_policy
from drgpay.records.columns import STAY_COLUMNS, VISIT_COLUMNS
from drgpay.records.dataset import RecordsInput
from drgpay.records.folder import files_of
from drgpay.records.hospitals import read_hospitals
from drgpay.records.visits.tables import VisitInput
from drgpay.run.calibration import import_catalogue, make_catalogue
from drgpay.run.visit_calibration import make_visit_catalogue
from drgpay.start.checked import Checked, checked_month
from drgpay.start.folder import ProjectFolder
from drgpay.start.found import Person, Recognition
from drgpay.start.given import open_given
from drgpay.start.hospital_table import (
    HEADINGS,
    HospitalTable,
    hospitals_of_stays,
    listed_hospitals,
)
from drgpay.start.job_file import (
    HOSPITALS,
    ITEMS_MAPPING,
    MAPPING,
    POLICY,
    VISIT_SCHEME,
    VISITS_MAPPING,
    JobFile,
)
from drgpay.start.mapping_file import mapping_text
from drgpay.start.months import (
    Months,
    months_by_headings,
    months_of,
    months_of_lines,
    rows_of_month,
)
from drgpay.start.policy_file import CORE, account_budget, policy_text
from drgpay.start.policy_file import VISITS as VISIT_POLICY
from drgpay.start.readme import readme_text
from drgpay.start.recognise import recognise
from drgpay.start.weights import WeightsPlan, weights_plan

WORDS = Wording("start")
_ERRORS = Sentences("errors/start")
_FIRST_YEAR, _LAST_YEAR = 2000, 2199

CATALOGUE = "catalogue"
VISIT_CATALOGUE = "visit_catalogue"
HISTORIES = {
    "history": ("stays", "history_mapping.toml"),
    "visit_history": ("visits", "visit_history_mapping.toml"),
    "item_history": ("visit_items", "item_history_mapping.toml"),
}
"""Records of past months: their table and the file of their mapping."""


@dataclass(frozen=True)
class Wishes:
    """What a project is made of; everything but the folder may be left out.

    history, visit_history, item_history: records of past months, a file or a folder. all_mean: yuan
    that weight 1 costs, for published weights.
    """

    folder: Path
    stays: Path | None = None
    history: Path | None = None
    visits: Path | None = None
    items: Path | None = None
    visit_history: Path | None = None
    item_history: Path | None = None
    hospitals: Path | None = None
    weights: Path | None = None
    region: str | None = None
    year: int | None = None
    scheme: str | None = None
    all_mean: Decimal | None = None


class LeftGap(NamedTuple):
    """A gap of the folder: file, line from 1, what is missing."""

    file: str
    line: int
    what: str


@dataclass(repr=False)
class Started(Shown):
    """A project folder as it was left. gaps: what is still to be filled in, and where."""

    folder: ProjectFolder
    scheme: str
    recognised: dict[str, Recognition] = field(default_factory=dict)
    weights: WeightsPlan | None = None
    months: dict[str, int] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)
    gaps: list[LeftGap] = field(default_factory=list)
    remarks: list[Words] = field(default_factory=list)
    checked: Checked | None = None

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "folder", self.folder.path
        yield "scheme", self.scheme
        yield "months", self.months
        yield "gaps", self.gaps
        yield "remarks", self.remarks


def start_project(
    wishes: Wishes,
    person: Person,
    language: Language,
    progress: ProgressBar = no_progress,
    today: date | None = None,
) -> Started:
    """Make or renew the folder; raises DrgpayError for a file that cannot be read."""
    return _Start(wishes, person, language, progress, today or date.today()).started()


class _Start:
    """The steps of a start, in their order."""

    def __init__(
        self,
        wishes: Wishes,
        person: Person,
        language: Language,
        progress: ProgressBar,
        today: date,
    ) -> None:
        if bool(wishes.visits) != bool(wishes.items):
            raise DrgpayError(*_ERRORS("visits_and_items"))
        year, mean = wishes.year, wishes.all_mean
        if year is not None and not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise DrgpayError(*_ERRORS("no_year", year=year))
        if mean is not None and not (mean.is_finite() and mean > 0):
            raise DrgpayError(*_ERRORS("no_mean", mean=mean))
        if bool(wishes.visit_history) != bool(wishes.item_history):
            raise DrgpayError(*_ERRORS("past_visits_and_items"))
        self._wishes, self._person, self._language = wishes, person, language
        self._progress, self._today = progress, today
        self._made = Started(ProjectFolder.open(wishes.folder), wishes.scheme or "")
        self._folder = self._made.folder
        self._months: Months | None = None
        self._visit_months: Months | None = None
        self._item_months: Months | None = None

    def started(self) -> Started:
        """Everything, one file after the other."""
        listed = self._recognised("hospitals", self._wishes.hospitals)
        ids = _ids(listed)
        stays = self._recognised("stays", self._wishes.stays, ids)
        visits = self._recognised("visits", self._wishes.visits, ids)
        items = self._recognised("visit_items", self._wishes.items)
        self._put_mapping(stays, MAPPING)
        self._put_mapping(visits, VISITS_MAPPING)
        self._put_mapping(items, ITEMS_MAPPING)
        self._read_months()
        table = self._hospital_table(listed, stays)
        self._put_hospitals(table)
        self._made.weights = self._weights_plan(table)
        self._made.scheme = self._scheme()
        catalogue = self._catalogue(table)
        self._put_policy()
        self._put_jobs(catalogue, self._visit_catalogue(table))
        self._put_calendar()
        self._check(stays, table)
        self._find_gaps()
        self._folder.put("README.md", readme_text(self._made, self._language))
        self._folder.keep()
        return self._made

    # Recognition.

    def _recognised(
        self, table: str, path: Path | None, ids: Sequence[str] = ()
    ) -> Recognition | None:
        if path is None:
            return None
        given = open_given(path, table)
        with self._progress(f"recognising {path.name}", 1) as advance:
            found = recognise(table, given, self._person, ids)
            advance(1)
        self._made.remarks += given.source.left_out
        self._made.recognised[table] = found
        return found

    def _put_mapping(self, found: Recognition | None, name: str) -> None:
        if found is None:
            return
        self._folder.put(name, mapping_text(found, self._language))

    def _read_months(self) -> None:
        recognised = self._made.recognised
        if stays := recognised.get("stays"):
            self._months = self._months_of(stays, MAPPING, "settlement_date")
        if visits := recognised.get("visits"):
            self._visit_months = self._months_of(visits, VISITS_MAPPING, "visit_date")
        items = recognised.get("visit_items")
        if visits and items and self._visit_months and len(self._visit_months.counts) > 1:
            self._item_months = months_of_lines(items, visits, self._visit_months)
        counts: Counter[str] = Counter()
        for months in (self._months, self._visit_months):
            counts.update(months.counts if months else {})
        self._made.months = dict(sorted(counts.items()))

    def _months_of(self, found: Recognition, mapping: str, column: str) -> Months | None:
        kinds = STAY_COLUMNS if found.table == "stays" else VISIT_COLUMNS
        try:
            return months_of(found.given.path, self._folder.path / mapping, column, kinds)
        except DrgpayError as error:
            heading = found.heading_of(column)
            if heading is None:
                self._remark(WORDS.words("remark.no_months", file=found.given.path.name, why=error))
                return None
            return months_by_headings(found, heading)

    # The small files.

    def _hospital_table(
        self, listed: Recognition | None, stays: Recognition | None
    ) -> HospitalTable | None:
        both = [months.hospitals for months in (self._months, self._visit_months) if months]
        ids = sorted({one for several in both for one in several})
        if listed:
            return listed_hospitals(listed, ids, self._person, self._language)
        found = stays or self._made.recognised.get("visits")
        if found and ids:
            return hospitals_of_stays(found, ids, self._person, self._language)
        return None

    def _put_hospitals(self, table: HospitalTable | None) -> None:
        if table is None:
            self._folder.put(HOSPITALS, ",".join(HEADINGS) + "\n")
            self._remark(WORDS.words("remark.no_hospitals"))
            return
        self._folder.put(HOSPITALS, table.text)
        self._made.remarks += table.remarks

    def _year(self) -> int:
        months = self._months or self._visit_months
        return self._wishes.year or (months and months.year) or self._today.year

    def _put_policy(self) -> None:
        accounts = load_policy(CORE).policy.records.accounts
        region = self._wishes.region or self._person.write(WORDS.words("ask.region"))
        with_visits = self._wishes.visits is not None
        with_stays = self._wishes.stays is not None or not with_visits
        budget = {}
        for account in accounts if with_stays else ():
            said = self._person.write(WORDS.words("ask.budget", what=account_budget(account)))
            if amount := _yuan(said):
                budget[account] = amount
        text = policy_text(
            region or WORDS.said("policy.region", self._language),
            self._year(),
            accounts,
            budget,
            self._months.bed_day_classes if self._months else (),
            with_stays,
            with_visits,
            self._language,
        )
        self._folder.put(POLICY, text)

    def _put_calendar(self) -> None:
        lines = ["month,first_day,last_day,records,job"]
        for month, count in self._made.months.items():
            first, last = Period.parse(month).days
            lines.append(f"{month},{first},{last},{count},{month}.toml")
        self._folder.put("calendar.csv", "\n".join(lines) + "\n")

    # The catalogue.

    def _scheme(self) -> str:
        if self._wishes.scheme:
            return self._wishes.scheme
        if self._made.weights:
            return self._made.weights.scheme
        months = list(self._made.months)
        day = Period.parse(months[-1]).days[0] if months else self._today
        return scheme_in_force(day)

    def _weights_plan(self, table: HospitalTable | None) -> WeightsPlan | None:
        path = self._wishes.weights
        if path is None:
            return None
        levels = table.levels if table else ()
        try:
            plan = weights_plan(path, self._wishes.scheme, levels, self._wishes.all_mean)
        except DrgpayError as error:
            self._remark(WORDS.words("remark.no_catalogue", file=path.name, why=error))
            return None
        if plan.all_mean is None and (
            amount := _yuan(self._person.write(WORDS.words("ask.all_mean")))
        ):
            plan = weights_plan(path, self._wishes.scheme, levels, amount)
        self._made.remarks += plan.remarks
        return plan

    def _catalogue(self, table: HospitalTable | None) -> str | None:
        """The name of the catalogue, None where it could not be made."""
        try:
            if self._wishes.history:
                return self._calibrated(table)
            return self._imported()
        except DrgpayError as error:
            source = self._wishes.history or self._wishes.weights
            name = source.name if source else CATALOGUE
            self._remark(WORDS.words("remark.no_catalogue", file=name, why=error))
            return None

    def _calibrated(self, table: HospitalTable | None) -> str | None:
        history = self._wishes.history
        if history is None or table is None:
            return None
        mapping = self._history_mapping("history", history, table.ids)
        made_of = {
            "history": _hash_of(history),
            "mapping": file_hash(self._folder.path / mapping),
            "hospitals": file_hash(self._folder.path / HOSPITALS),
            "scheme": self._made.scheme,
        }
        if self._folder.may_make(CATALOGUE, made_of):
            make_catalogue(
                RecordsInput(history, str(self._folder.path / mapping)),
                self._made.scheme,
                CORE,
                self._folder.path / HOSPITALS,
                self._folder.path / CATALOGUE,
                self._progress,
                self._language,
            )
            self._folder.made(CATALOGUE, made_of)
        return CATALOGUE

    def _history_mapping(self, kind: str, history: Path, ids: Sequence[str] = ()) -> str:
        """The mapping of past records: a file of its own, since their export may be another one."""
        first = history
        if history.is_dir():
            first = files_of(history).files[0]
        table, name = HISTORIES[kind]
        found = recognise(table, open_given(first, table), self._person, ids)
        self._made.recognised[kind] = found
        self._put_mapping(found, name)
        return name

    def _visit_catalogue(self, table: HospitalTable | None) -> str | None:
        """The name of the catalogue of visits, None where it could not be made."""
        visits, items = self._wishes.visit_history, self._wishes.item_history
        if visits is None or items is None or table is None:
            return None
        try:
            return self._calibrated_visits(visits, items, table)
        except DrgpayError as error:
            self._remark(WORDS.words("remark.no_catalogue", file=visits.name, why=error))
            return None

    def _calibrated_visits(self, visits: Path, items: Path, table: HospitalTable) -> str:
        mappings = [
            self._history_mapping("visit_history", visits, table.ids),
            self._history_mapping("item_history", items),
        ]
        made_of = {
            "visits": _hash_of(visits),
            "items": _hash_of(items),
            "mappings": " ".join(file_hash(self._folder.path / one) for one in mappings),
            "hospitals": file_hash(self._folder.path / HOSPITALS),
        }
        if self._folder.may_make(VISIT_CATALOGUE, made_of):
            paths = [str(self._folder.path / one) for one in mappings]
            given = VisitInput(visits, items, paths[0], paths[1])
            make_visit_catalogue(
                given,
                VISIT_SCHEME,
                self._rules(VISIT_POLICY),
                self._folder.path / HOSPITALS,
                self._folder.path / VISIT_CATALOGUE,
                progress=self._progress,
                language=self._language,
            )
            self._folder.made(VISIT_CATALOGUE, made_of)
        return VISIT_CATALOGUE

    def _rules(self, shipped: str) -> str:
        """The policy of the folder, or a shipped one while it has gaps, which are said already."""
        policy = self._folder.path / POLICY
        try:
            load_policy(policy)
        except DrgpayError:
            return shipped
        return str(policy)

    def _imported(self) -> str | None:
        plan = self._made.weights
        if plan is None or plan.all_mean is None:
            return None
        made_of = {
            "weights": file_hash(plan.path),
            "options": repr(plan.options),
            "all_mean": str(plan.all_mean),
            "scheme": plan.scheme,
        }
        if self._folder.may_make(CATALOGUE, made_of):
            out = self._folder.path / CATALOGUE
            import_catalogue(
                plan.path, plan.scheme, plan.all_mean, out, plan.options, self._language
            )
            self._folder.made(CATALOGUE, made_of)
        return CATALOGUE

    # Jobs.

    def _put_jobs(self, catalogue: str | None, visit_catalogue: str | None) -> None:
        stays, visits, items = map(self._made.recognised.get, ("stays", "visits", "visit_items"))
        months: list[str | None] = [*self._made.months] or [None]
        for month in months:
            job = JobFile(month, self._made.scheme, self._there(CATALOGUE, catalogue))
            if stays and self._has(self._months, month):
                job.stays = self._records(stays, self._months, month, "stays")
            if visits and items and self._has(self._visit_months, month):
                job.visits = self._records(visits, self._visit_months, month, "visits")
                job.items = self._records(items, self._item_months, month, "visit_items")
                job.visit_catalogue = self._there(VISIT_CATALOGUE, visit_catalogue)
            job.of_stays = bool(job.stays) or not job.visits
            name = f"{month or 'month'}.toml"
            self._folder.put(name, job.text(self._language))
            self._made.jobs.append(name)

    def _there(self, name: str, made: str | None) -> str | None:
        """A catalogue that was made, or that somebody put there."""
        return made or (name if (self._folder.path / name).is_dir() else None)

    @staticmethod
    def _has(months: Months | None, month: str | None) -> bool:
        return month is None or months is None or month in months.counts

    def _records(
        self, found: Recognition, months: Months | None, month: str | None, folder: str
    ) -> str:
        """The rows of a month: the file itself, or its rows of that month where it has several."""
        if months is None or month is None or len(months.counts) < 2:
            return self._relative(found.given.path)
        name = f"{folder}/{month}.parquet"
        content = io.BytesIO()
        rows_of_month(found, months, month).write_parquet(content)
        self._folder.put_bytes(name, content.getvalue())
        (self._folder.path / name).chmod(0o600)
        return name

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path.resolve(), self._folder.path.resolve())).as_posix()

    # The check.

    def _check(self, stays: Recognition | None, table: HospitalTable | None) -> None:
        if stays is None or self._months is None:
            return
        months = list(self._months.counts)
        period = Period.parse(months[0]).days if len(months) == 1 else None
        try:
            self._made.checked = checked_month(
                stays.given.path,
                self._folder.path / MAPPING,
                self._made.scheme,
                self._rules(CORE),
                self._hospitals(table),
                period,
                self._language,
                self._progress,
            )
        except DrgpayError as error:
            self._remark(WORDS.words("remark.no_check", why=error))

    def _hospitals(self, table: HospitalTable | None) -> pl.DataFrame:
        """The table as it lies in the folder; with gaps, as it was generated."""
        try:
            return read_hospitals(self._folder.path / HOSPITALS)
        except DrgpayError:
            if table is None:
                raise
            return pl.DataFrame(table.rows, schema=dict.fromkeys(HEADINGS, pl.String), orient="row")

    def _find_gaps(self) -> None:
        """What the files still lack, as they lie there now."""
        for name in sorted(self._folder.states):
            path = self._folder.path / name
            if path.suffix in (".toml", ".csv") and path.is_file():
                text = path.read_text(encoding="utf-8", errors="replace")
                self._made.gaps += [LeftGap(name, *one) for one in gaps_in(text)]

    def _remark(self, remark: Words) -> None:
        self._made.remarks.append(remark)


def _ids(listed: Recognition | None) -> tuple[str, ...]:
    heading = listed.heading_of("hospital_id") if listed else None
    if listed is None or heading is None:
        return ()
    return tuple(listed.given.column(heading).drop_nulls().unique().sort())


def _hash_of(path: Path) -> str:
    return " ".join(file_hash(one) for one in files_of(path).files)


def _yuan(said: str | None) -> Decimal | None:
    """An amount that somebody wrote, with separators or without; nothing for anything else."""
    if not said:
        return None
    try:
        amount = Decimal(said.replace(",", "").strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount > 0 else None
