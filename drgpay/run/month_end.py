"""The month-end run: records -> groups -> points -> settlement -> a folder of results.

Stays, visits (drgpay.run.visit_run) or both.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.shown import Shown
from drgpay.grouper.grouped_stays import check_grouped, read_grouped_stays
from drgpay.records.checks import CheckedStays
from drgpay.records.dataset import Dataset
from drgpay.records.filings import (
    Filings,
    check_payments,
    read_filings,
)
from drgpay.records.folder import refuse_overwriting
from drgpay.records.meaning.rules import Reading
from drgpay.records.visits.tables import open_visits
from drgpay.report.point_notes import point_notes, stay_rules_table
from drgpay.results.manifest import identity_of, write_manifest
from drgpay.results.month import (
    MonthTables,
    RunFacts,
    adjustments_table,
    cases_table,
    difference_tables,
    ledger_table,
    refused_table,
    statements_table,
    values_table,
)
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.results.run_folder import PaidPart, book, chain_of, open_month
from drgpay.results.run_folder import RunFolder as PaidRun
from drgpay.results.visits import VisitTables
from drgpay.run.acceptance import take_on
from drgpay.run.basis import basis_of_run, basis_of_visits_job, outpatient_basis
from drgpay.run.facts import run_facts
from drgpay.run.input_files import InputFiles, noted, records_of
from drgpay.run.job import AnyJob, Job, OutpatientJob, VisitsJob
from drgpay.run.output_group import rights_of_output
from drgpay.run.previous import (
    PreviousPaid,
    notes_on_earlier,
    open_months_before,
    values_before,
)
from drgpay.run.results import PaidStays, PaidVisits, write_month
from drgpay.run.rules import PaymentRules, load_payment_rules
from drgpay.run.stages import RunFolder, job_named, run_folder
from drgpay.run.stay_month import month_stops, settle_stays
from drgpay.run.stops import (
    Accepted,
    Stop,
    accepted_before,
    accepted_by,
)
from drgpay.run.visit_grouping import GroupedVisits
from drgpay.run.visit_rules import load_visit_rules
from drgpay.run.visit_run import (
    VisitMonth,
    grouped_visits,
    settle_visits,
    visit_counts,
    visit_tables,
)
from drgpay.settle.booking import Booked
from drgpay.settle.settled import Settled

ProgressBar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, repr=False)
class FinishedRun(Shown):
    """Where a run lies, what it says, and whether it lay there before with the same bytes.

    tables: those of stays, visits: those of visits; None for a job without them. `datasets` count
    what their mappings converted; `reused` are the stages of an interrupted run.
    """

    folder: Path
    tables: MonthTables | None
    visits: VisitTables | None
    repeated: bool
    datasets: tuple[Dataset, ...]
    reused: tuple[str, ...]


@contextmanager
def _no_bar(_title: str, _total: int) -> Iterator[Callable[[int], None]]:
    yield lambda rows: None


no_progress: ProgressBar = _no_bar
"""A progress bar for nobody."""


def run_month(
    job: AnyJob,
    language: Language = "zh",
    progress: ProgressBar = no_progress,
    run_id: str | None = None,
    threads: int | None = None,
    accept: Sequence[Accepted] = (),
) -> FinishedRun:
    """Run a job and leave its folder `output/<run id>` (docs/files.md describes the files).

    It settles stays, visits or both. The folder appears only when everything in it is written.
    accept: what stops runs and is taken on, beside what the job and the corrected runs say. Raises
    RunStoppedError for findings that nobody accepts, DrgpayError for every mistake in the inputs, and
    when another run has the id.
    """
    clock = Clock()
    rights = rights_of_output(job)
    read = noted(job)
    refuse_overwriting(job.output, records_of(job))
    paid = _paid_runs(job)
    taken_on = (one for corrected in paid for one in accepted_before(corrected.manifest))
    accepted = [*accept, *job.accepted, *taken_on]
    stays = _opened_stays(job, paid) if isinstance(job, Job) else None
    visits = _opened_visits(job, job.outpatient, paid) if job.outpatient else None
    before = _opened_before(job, stays, visits, read)
    basis = _basis(job, stays, visits, language, read)
    clock.lap("load")
    with run_folder(
        job.output, identity_of(basis, run_id), basis, rights, job_named(job.path, language)
    ) as run:
        counts: dict[str, int] = {}
        paid_stays = paid_visits = None
        of_stays = (
            _settle_stays(stays, before, basis, run, language, progress, threads, clock)
            if stays
            else None
        )
        of_visits = (
            _settle_visits(visits, before, basis, run, language, progress, threads, clock)
            if visits
            else None
        )
        stops = [*(of_stays.stops if of_stays else ()), *(of_visits.stops if of_visits else ())]
        needed = take_on(stops, accepted, run, basis, run_id)
        identity = run.folder.name
        if of_stays:
            paid_stays = _paid_stays(of_stays, identity)
            counts |= paid_stays.counts
        if of_visits:
            paid_visits = _paid_visits(of_visits, run, identity)
            counts |= paid_visits.counts
        read.refuse_changed()
        write_month(paid_stays, paid_visits, run.outputs, language)
        clock.lap("write")
        names = accepted_by(accepted, needed)
        write_manifest(run.outputs, identity, basis, counts, clock.seconds, rights, names)
    return FinishedRun(
        run.folder,
        paid_stays.tables if paid_stays else None,
        paid_visits.tables if paid_visits else None,
        run.repeated,
        (
            *((stays.dataset,) if stays else ()),
            *((visits.records.visits, visits.records.items) if visits else ()),
        ),
        run.reused,
    )


@dataclass(frozen=True)
class _Stays:
    """The stays of a job, opened, with what they are paid by.

    paid: the runs with stays that the job corrects, the oldest first.
    """

    job: Job
    rules: PaymentRules
    filings: Filings
    paid: Sequence[PaidPart]
    dataset: Dataset


def _opened_stays(job: Job, paid: Sequence[PaidRun]) -> _Stays:
    rules = load_payment_rules(
        job.scheme, job.policy, job.catalogue, job.hospitals, job.period.year, "the job's period"
    )
    reading = Reading.of(rules.policy.records)
    filings = read_filings(*job.filings, reading=reading)
    check_payments(filings, rules.hospitals["hospital_id"], rules.policy.records.accounts)
    corrected = _corrected(job, STAYS, paid)
    return _Stays(
        job, rules, filings, corrected, job.stays.open(rules.scheme.info.code_system, reading)
    )


def _opened_visits(job: AnyJob, outpatient: OutpatientJob, paid: Sequence[PaidRun]) -> VisitMonth:
    rules = load_visit_rules(
        outpatient, job.policy, job.hospitals, job.period.year, "the job's period"
    )
    corrected = _corrected(job, VISITS, paid)
    records = open_visits(outpatient.records, Reading.of(rules.policy.records))
    return VisitMonth(records, rules, job.period, corrected)


def _opened_before(
    job: AnyJob, stays: _Stays | None, visits: VisitMonth | None, read: InputFiles
) -> tuple[PreviousPaid, ...]:
    rules = stays.rules if stays else visits.rules if visits else None
    assert rules is not None  # a job settles something
    compiled = stays.rules.compiled if stays else None
    reading = Reading.of(rules.policy.records)
    return open_months_before(job.path, job.previous, job.period, reading, compiled, read)


def _basis(
    job: AnyJob,
    stays: _Stays | None,
    visits: VisitMonth | None,
    language: Language,
    read: InputFiles,
) -> dict[str, Any]:
    """Everything that the results of the run depend on."""
    if isinstance(job, Job) and stays:
        scheme, loaded = stays.rules.scheme, stays.rules.loaded
        basis = basis_of_run(job, stays.dataset, scheme, loaded, language, read)
    else:
        assert isinstance(job, VisitsJob) and visits
        basis = basis_of_visits_job(job, visits.rules.loaded, language, read)
    if job.outpatient and visits:
        basis["outpatient"] = outpatient_basis(
            job.outpatient, visits.records, visits.rules.scheme, read
        )
    return basis


@dataclass(frozen=True)
class _SettledStays:
    """The stays of a job, settled, and what stops the run; warnings with those of filings."""

    stays: _Stays
    checked: CheckedStays
    filings: Filings
    warnings: pl.DataFrame
    settled: Settled
    booked: Booked
    stops: list[Stop]
    notes: tuple[str, ...]
    language: Language


def _settle_stays(
    stays: _Stays,
    opened: Sequence[PreviousPaid],
    basis: Mapping[str, Any],
    run: RunFolder,
    language: Language,
    progress: ProgressBar,
    threads: int | None,
    clock: "Clock",
) -> _SettledStays:
    job, rules, dataset = stays.job, stays.rules, stays.dataset

    def read_and_check() -> CheckedStays:
        with progress("grouping", dataset.rows) as advance:
            found = read_grouped_stays(dataset, rules.compiled, advance, threads)
        clock.lap("read and group")
        return check_grouped(
            found,
            rules.compiled,
            rules.policy,
            rules.hospitals,
            job.period.days,
            str(job.stays.path),
            language,
        )

    checked = run.stage("checked", read_and_check, CheckedStays)
    clock.lap("check")
    month = settle_stays(
        checked,
        stays.filings,
        rules,
        opened,
        job.period,
        dataset,
        job.output,
        language,
        clock.lap,
    )
    settled = month.settled
    booked = book(job.period, settled, stays.paid)
    clock.lap("settle")
    before = values_before(opened, STAYS, basis)
    stops = month_stops(
        rules, checked.valid, checked.refused, checked.unknown, settled, job.period, before
    )
    return _SettledStays(
        stays,
        checked,
        month.filings,
        month.warnings,
        settled,
        booked,
        stops,
        notes_on_earlier(opened, basis, before is not None, language),
        language,
    )


def _paid_stays(of_stays: _SettledStays, identity: str) -> PaidStays:
    stays, checked, rules = of_stays.stays, of_stays.checked, of_stays.stays.rules
    counts = {
        "read": stays.dataset.rows,
        "valid": checked.valid.height,
        "quarantined": checked.quarantine.height,
        "warnings": of_stays.warnings.height,
    }
    facts = run_facts(identity, str(stays.job.period), rules, **counts)
    checked = replace(checked, warnings=of_stays.warnings)
    notes = point_notes(
        rules.loaded, rules.catalogue.info, of_stays.filings.deductions, of_stays.language
    )
    tables = replace(
        _tables(facts, of_stays.settled, of_stays.booked, checked, rules),
        notes=(*of_stays.notes, *notes),
    )
    return PaidStays(tables, rules, of_stays.filings, counts)


@dataclass(frozen=True)
class _SettledVisits:
    """The visits of a job, settled, and what stops the run."""

    month: VisitMonth
    grouped: GroupedVisits
    settled: Settled
    stops: list[Stop]


def _settle_visits(
    month: VisitMonth,
    opened: Sequence[PreviousPaid],
    basis: Mapping[str, Any],
    run: RunFolder,
    language: Language,
    progress: ProgressBar,
    threads: int | None,
    clock: "Clock",
) -> _SettledVisits:
    with progress("grouping visits", month.records.rows) as advance:
        grouped = grouped_visits(month, run, language, advance, threads)
    clock.lap("read and group visits")
    settled = settle_visits(month, grouped)
    clock.lap("settle visits")
    before = values_before(opened, VISITS, basis["outpatient"])
    stops = month_stops(
        month.rules, grouped.visits, grouped.refused, grouped.unknown, settled, month.period, before
    )
    return _SettledVisits(month, grouped, settled, stops)


def _paid_visits(of_visits: _SettledVisits, run: RunFolder, identity: str) -> PaidVisits:
    month, grouped = of_visits.month, of_visits.grouped
    tables = visit_tables(month, grouped, of_visits.settled, run, identity)
    return PaidVisits(tables, month.rules, visit_counts(grouped))


class Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        """Book the time since the last lap on a step."""
        now = time.perf_counter()
        self.seconds[step] = now - self._last
        self._last = now


def _paid_runs(job: AnyJob) -> list[PaidRun]:
    """The paid run that a job corrects and the corrections before it, the oldest first."""
    if job.corrects is None:
        return []
    paid = open_month(job.corrects)
    if paid.period != str(job.period):
        raise DrgpayError(
            f"{job.path}: corrects names a run of {paid.period}, the job's period is {job.period}",
            "name the run that the month was paid with",
        )
    return chain_of(paid)


def _corrected(job: AnyJob, part: Part, paid: Sequence[PaidRun]) -> Sequence[PaidPart]:
    """The runs that settled the stays, or the visits, which a correction settles again.

    What a job does not settle stays as it was paid; what nobody has paid cannot be corrected.
    """
    with_part = [run.of(part) for run in paid if part in run.parts]
    if paid and not with_part:
        raise DrgpayError(
            f"{job.path} corrects the {part.name} of {paid[-1].folder}, which settled none",
            f"settle the {part.name} by a job of their own, which corrects nothing",
        )
    return with_part


def _tables(
    facts: RunFacts,
    settled: Settled,
    booked: Booked,
    checked: CheckedStays,
    rules: PaymentRules,
) -> MonthTables:
    places = rules.policy.settlement.value_places
    return MonthTables(
        facts,
        cases_table(settled.cases),
        adjustments_table(settled.adjustments),
        statements_table(settled, rules.hospitals, places),
        values_table(settled, places),
        ledger_table(booked.ledger),
        checked.quarantine,
        checked.warnings,
        difference_tables(booked.differences) if booked.differences else None,
        refused_table(checked.refused, rules.hospitals),
        stay_rules_table(checked.ruled),
    )
