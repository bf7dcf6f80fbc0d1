"""The stays of a month, from checked ones to money, and what stops it: the same for runs and in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.grouper.checked_month import CheckedMonth, MonthToCheck
from drgpay.grouper.grouped_stays import carrying_groups
from drgpay.points.cases import EarnedPoints
from drgpay.records.checks import STAY
from drgpay.records.dataset import Dataset
from drgpay.records.filings import Filings, check_payments, payable_filings, read_filings
from drgpay.records.findings import commonest
from drgpay.records.meaning.rules import Reading
from drgpay.records.official_groups import OfficialGroups
from drgpay.report.point_notes import (
    phase_in_notes,
    point_notes,
    stay_rules_table,
)
from drgpay.results.case_records import CASE_RECORDS
from drgpay.results.filing_files import filing_frames
from drgpay.results.month import refused_table
from drgpay.results.part import STAYS
from drgpay.results.results import Results
from drgpay.results.run_folder import COMPARED, PaidPart, book
from drgpay.run.checked_stage import checked_month
from drgpay.run.earned_period import EarnedPeriod, earned_in_buckets
from drgpay.run.former_scheme import former_frames, former_of
from drgpay.run.job import Job
from drgpay.run.official_month import NO_GROUPS, month_groups
from drgpay.run.pipeline import Running, SettledPart
from drgpay.run.previous import (
    Before,
    PreviousPaid,
    notes_on_earlier,
    refuse_k_in_phase_in,
    values_before,
)
from drgpay.run.results import records_path, results_of, write_cases, write_records
from drgpay.run.rules import (
    AnyRules,
    StayRules,
    load_stay_rules,
    naming_policy,
    period_of_job,
)
from drgpay.run.stops import (
    Stop,
    budget_of_pool,
    kinds_by_hospital,
    level_stops,
    record_stops,
    settled_stops,
)
from drgpay.settle.lines import levels_of
from drgpay.settle.month import pay_month
from drgpay.settle.settled import Settled
from drgpay.settle.walk import PaidCases

_ERRORS = Sentences("errors/run")


@dataclass(frozen=True)
class StayMonth:
    """The stays of a month settled; filings: those of its valid stays, warnings: with those of filings."""

    filings: Filings
    warnings: pl.DataFrame
    earned: EarnedPeriod
    paid: PaidCases

    def in_frames(self) -> tuple[EarnedPoints, Settled]:
        """The same with all cases in memory; once, since buckets are let go."""
        settled = replace(self.paid.settled, cases=pl.concat(self.earned.paid(self.paid)))
        cases = settled.cases.drop("payment", "standard_fen", "case_fund_fen")
        return EarnedPoints(cases, self.earned.adjustments, self.earned.former), settled


def settle_stays(
    checked: CheckedMonth,
    filings: Filings,
    rules: StayRules,
    opened: Sequence[PreviousPaid],
    period: Period,
    dataset: Dataset,
    output: Path,
    language: Language,
    work: Path | None = None,
    lap: Callable[[str], object] = lambda _step: None,
) -> StayMonth:
    """Price and pay checked stays.

    opened: the runs that paid before. dataset: the records of the stays. output: where runs lie, for
    messages. work: a private folder for what does not fit in memory; None: all stays there. Raises
    DrgpayError if no stay is valid, and for filings of unknown cases.
    """
    _refuse_empty(checked, dataset, period, language)
    payable, warnings = payable_filings(filings, checked.quarantine, checked.warnings, language)
    refuse_k_in_phase_in(rules, opened)
    before = Before.of(opened)
    earned = earned_in_buckets(
        checked.valid.buckets(), payable, rules, before, str(period), dataset, output, work
    )
    lap("points")
    with naming_policy(rules.loaded):
        paid = pay_month(
            earned.narrow,
            earned.adjustments,
            rules.policy,
            period,
            payable.payments,
            levels_of(rules.hospitals),
        )
    return StayMonth(payable, warnings, earned, paid)


def month_stops(
    rules: AnyRules,
    valid: pl.DataFrame,
    refused: pl.DataFrame,
    unknown: pl.DataFrame,
    settled: Settled,
    period: Period,
    before: Mapping[str, Decimal] | None,
) -> list[Stop]:
    """What stops the stays, or the visits, of a month.

    valid: of `by_hospital`, or of `kinds_by_hospital`. before: the values of the month before, if they can be compared.
    """
    policy, table = rules.policy, rules.table
    correct = budget_of_pool(policy, rules.loaded.path, period)
    return [
        *record_stops(policy.records, valid, refused, unknown, table),
        *level_stops(policy.records, valid, rules.levels, rules.catalogue.levels, table),
        *settled_stops(settled.lines, settled.pools, policy.settlement, period, before, correct),
    ]


@dataclass(frozen=True)
class OpenedStays:
    """The stays of a job, opened, with what they are paid by.

    paid: the runs with stays that the job corrects, the oldest first. official: the groups of an
    official grouper, if the job names them.
    """

    job: Job
    rules: StayRules
    filings: Filings
    paid: Sequence[PaidPart]
    dataset: Dataset
    official: OfficialGroups | None = None


def open_stays(job: Job, paid: Sequence[PaidPart]) -> OpenedStays:
    """Read what the stays of a job are settled by; raises DrgpayError for every mistake in it.

    paid: the runs that the job corrects, the oldest first.
    """
    rules = load_stay_rules(job, job.policy, job.hospitals, job.period.year, period_of_job())
    reading = Reading.of(rules.policy.records)
    filings = read_filings(*job.filings, reading=reading)
    check_payments(filings, rules.hospitals["hospital_id"], rules.policy.records.accounts)
    former_of(rules, [str(job.period)])
    dataset = job.stays.open(rules.scheme.info.code_system, reading)
    if job.grouped:
        dataset = carrying_groups(dataset, rules.compiled, reading)
    official = job.stays.groups.open() if job.stays.groups else None
    return OpenedStays(job, rules, filings, paid, dataset, official)


def settle_stays_of_job(
    stays: OpenedStays,
    opened: Sequence[PreviousPaid],
    basis: Mapping[str, Any],
    running: Running,
) -> SettledPart:
    """Group, check, price and pay the stays of a job.

    opened: the runs that paid before. basis: what the run depends on.
    """
    job, rules, dataset, language = stays.job, stays.rules, stays.dataset, running.language
    clock = running.clock

    former = former_of(rules, [str(job.period)])
    checked = checked_month(
        running,
        MonthToCheck(
            dataset,
            rules.compiled,
            rules.policy,
            rules.hospitals,
            job.period.days,
            str(job.stays.path),
            language,
            stays.official,
            former.compiled if former else None,
        ),
    )
    clock.lap("check")
    outputs = running.folder.outputs
    month = settle_stays(
        checked,
        stays.filings,
        rules,
        opened,
        job.period,
        dataset,
        job.output,
        language,
        running.folder.work,
        clock.lap,
    )
    settled, earned = month.paid.settled, month.earned
    clock.lap("settle")
    asked = _Asked(COMPARED if stays.paid else (), with_all=stays.official is not None)

    @cache
    def write() -> Path:
        """The file of cases, once; only when nothing stops the run, or where what stops it asks for them."""
        written = write_cases(rules.part, False, asked.noting(earned.paid(month.paid)), outputs)
        clock.lap("write cases")
        return written

    groups = NO_GROUPS
    if stays.official:
        write()
        groups = month_groups(
            stays.official,
            checked.valid.narrow(*checked.valid.schema),
            checked.official,
            asked.frame(),
            rules,
            dataset,
            language,
        )
        clock.lap("official groups")
    before = values_before(opened, STAYS, basis)
    counts = {
        "read": dataset.rows,
        "valid": checked.valid.rows,
        "quarantined": checked.quarantine.height,
        "warnings": month.warnings.height,
    }
    ruled = stay_rules_table(checked.ruled)
    frames = {
        "quarantine": checked.quarantine,
        "warnings": month.warnings,
        **({} if ruled is None else {"stay_rules": ruled}),
        **filing_frames(month.filings),
        **groups.frames,
        **former_frames(earned.former, rules),
    }
    notes = (
        *groups.notes,
        *phase_in_notes(earned.adjustments, earned.alone, rules.policy.points, language),
        *notes_on_earlier(opened, basis, before is not None, language),
        *point_notes(rules.loaded, rules.catalogue.info, month.filings.deductions, language),
    )
    refused = {"refused": refused_table(checked.refused, rules.hospitals)}

    def results(run_id: str) -> Results:
        files = {
            "cases": write(),
            CASE_RECORDS: records_path(outputs),
        }
        booked = book(job.period, replace(settled, cases=asked.frame()), stays.paid)
        return results_of(
            run_id, str(job.period), rules, settled, booked, counts, frames, refused, notes, files
        )

    stops = month_stops(
        rules,
        kinds_by_hospital(earned.narrow.kinds),
        checked.refused,
        checked.unknown,
        settled,
        job.period,
        before,
    )
    return SettledPart(
        rules,
        [*stops, *groups.stops],
        counts,
        results,
        lambda: write_records(checked.records.buckets(), outputs),
    )


class _Asked:
    """What booking and official groups ask of the cases, noted while they pass."""

    def __init__(self, columns: Sequence[str], *, with_all: bool) -> None:
        self._columns, self._with_all = columns, with_all
        self._parts: list[pl.DataFrame] = []

    def noting(self, buckets: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The same buckets."""
        for cases in buckets:
            if self._with_all or self._columns:
                self._parts.append(cases if self._with_all else cases.select(self._columns))
            yield cases

    def frame(self) -> pl.DataFrame:
        """What was noted; nothing where nobody asks."""
        return pl.concat(self._parts) if self._parts else pl.DataFrame()


def _refuse_empty(
    checked: CheckedMonth, dataset: Dataset, period: Period, language: Language
) -> None:
    if checked.valid.rows:
        return
    found = {"period": period, "commonest": commonest(checked.quarantine, STAY)}
    error = DrgpayError(*_ERRORS("no_valid_stay", path=dataset.path, rows=dataset.rows, **found))
    # How the columns were read is often why.
    error.further = "\n".join(dataset.reading_lines(language))
    raise error
