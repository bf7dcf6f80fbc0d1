"""The outpatient part of a month-end run: visits -> entries -> points -> settlement -> accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.records.findings import commonest
from drgpay.records.meaning.rules import Reading
from drgpay.records.visits.checks import VISIT, VisitRules
from drgpay.records.visits.tables import VisitRecords, open_visits
from drgpay.results.case_records import CASE_RECORDS, VISIT_RECORDS
from drgpay.results.month import refused_table
from drgpay.results.part import VISITS
from drgpay.results.results import Results, capitation_frames
from drgpay.results.run_folder import PaidPart, book
from drgpay.results.visit_files import ENTRIES, entries_of_visits
from drgpay.results.visits import example_visits, groups_table
from drgpay.run.job import AnyJob, OutpatientJob
from drgpay.run.pipeline import Running, SettledPart
from drgpay.run.previous import PreviousPaid, values_before
from drgpay.run.results import results_of
from drgpay.run.rules import VisitPaymentRules, load_visit_rules, naming_policy, period_of_job
from drgpay.run.stay_month import month_stops
from drgpay.run.stops import by_hospital
from drgpay.run.visit_grouping import GroupedVisits, VisitFiles, group_all_visits
from drgpay.settle.capitation import capitation_accounts
from drgpay.settle.lines import NO_ADJUSTMENTS, levels_of
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled
from drgpay.visits.points import visit_cases
from drgpay.visits.stream import VisitPricing

_ERRORS = Sentences("errors/run")

LINE_QUARANTINE = "line_quarantine.parquet"
LINE_WARNINGS = "line_warnings.parquet"
VISIT_RECORDS_FILE = f"{VISIT_RECORDS}.parquet"


@dataclass(frozen=True)
class VisitMonth:
    """The visits of a month, with what they are settled by.

    paid: the runs with visits that the month corrects, the oldest first.
    """

    records: VisitRecords
    rules: VisitPaymentRules
    period: Period
    paid: Sequence[PaidPart] = ()


def visit_pricing(month: VisitMonth) -> VisitPricing:
    """By what the visits of a month are grouped and priced."""
    rules = month.rules
    catalogue = rules.catalogue
    return VisitPricing(rules.compiled, rules.outpatient, catalogue, catalogue.coefficients)


def visit_checks(month: VisitMonth) -> VisitRules:
    """Against what the visits of a month are checked."""
    rules = month.rules
    return VisitRules(rules.policy, rules.hospitals, month.period.days, rules.enrolment)


def grouped_visits(month: VisitMonth, running: Running) -> GroupedVisits:
    """Check, group and price the visits of a run; entries, records and the findings of lines are
    written.

    Raises DrgpayError for every mistake in the records, and if no visit is valid.
    """
    pricing, checks = visit_pricing(month), visit_checks(month)
    run, language = running.folder, running.language

    def group(folder: Path) -> GroupedVisits:
        names = (ENTRIES, LINE_QUARANTINE, LINE_WARNINGS, VISIT_RECORDS_FILE)
        files = VisitFiles(*(folder / name for name in names))
        # Unsorted visits are spilled beside the run: there is room for its results, too.
        place, threads = run.outputs.parent, running.threads
        with running.progress("grouping visits", month.records.rows) as advance:
            return group_all_visits(
                month.records, checks, pricing, files, place, threads, advance, language
            )

    grouped = run.stage_with_files("visits", group, GroupedVisits)
    if not grouped.visits.height:
        visits = month.records.visits
        found = {"period": month.period, "commonest": commonest(grouped.quarantine, VISIT)}
        error = DrgpayError(*_ERRORS("no_valid_visit", path=visits.path, rows=visits.rows, **found))
        read = (visits, month.records.items)
        error.further = "\n".join(line for one in read for line in one.reading_lines(language))
        raise error
    return grouped


def settle_visits(month: VisitMonth, grouped: GroupedVisits) -> Settled:
    """Settle the visits by the outpatient sections of the policy."""
    cases = visit_cases(grouped.visits)
    rules = month.rules
    with naming_policy(rules.loaded):
        return settle_month(
            cases,
            NO_ADJUSTMENTS,
            rules.policy,
            month.period,
            levels=levels_of(rules.hospitals),
        )


def open_visits_of_job(
    job: AnyJob, outpatient: OutpatientJob, paid: Sequence[PaidPart] = ()
) -> VisitMonth:
    """Read what the visits of a job are settled by; raises DrgpayError for every mistake in it.

    paid: the runs that the job corrects, the oldest first.
    """
    rules = load_visit_rules(
        outpatient, job.policy, job.hospitals, job.period.year, period_of_job()
    )
    records = open_visits(outpatient.records, Reading.of(rules.policy.records))
    return VisitMonth(records, rules, job.period, paid)


def settle_visits_of_job(
    month: VisitMonth,
    opened: Sequence[PreviousPaid],
    basis: Mapping[str, Any],
    running: Running,
) -> SettledPart:
    """Group, check, price and pay the visits of a job, and charge them to contractors.

    opened: the runs that paid before. basis: what the visits of the run depend on.
    """
    rules, clock, period = month.rules, running.clock, month.period
    grouped = grouped_visits(month, running)
    clock.lap("read and group visits")
    settled = settle_visits(month, grouped)
    clock.lap("settle visits")
    before = values_before(opened, VISITS, basis)
    stops = month_stops(
        rules,
        by_hospital([grouped.visits]),
        grouped.refused,
        grouped.unknown,
        settled,
        period,
        before,
    )

    def results(run_id: str) -> Results:
        frames = {
            "groups": groups_table(grouped.sums),
            "quarantine": grouped.quarantine,
            "warnings": grouped.warnings,
            **accounts_of_visits(rules, settled, rules.enrolment, period),
        }
        booked = book(period, settled, month.paid)
        counts = counts_shown(vars(grouped.counted), grouped.warnings.height)
        made = results_of(run_id, str(period), rules, settled, booked, counts, frames)
        examples = example_visits(made.cases)
        beside = {
            "refused": refused_table(grouped.refused, rules.hospitals),
            "examples": entries_of_visits(examples, running.folder.outputs),
            "findings": grouped.findings,
            **_records_shown(running.folder.outputs, running.case_sheets),
        }
        return replace(made, beside=beside)

    return SettledPart(rules, stops, visit_counts(grouped), results)


def _records_shown(outputs: Path, case_sheets: bool) -> dict[str, pl.DataFrame]:
    """The records of all visits, which only sheets of cases show: there are as many as visits."""
    if not case_sheets:
        return {}
    return {CASE_RECORDS: pl.read_parquet(outputs / VISIT_RECORDS_FILE, glob=False)}


def counts_shown(counted: Mapping[str, int], warnings: int) -> dict[str, int]:
    """The counts that reports say. counted: VisitCounts, by name."""
    of_visits = {name.removeprefix("visits_"): count for name, count in counted.items()}
    return {**of_visits, "warnings": warnings}


def visit_counts(grouped: GroupedVisits) -> dict[str, int]:
    """The counts of the manifest."""
    return {
        **vars(grouped.counted),
        "entries": grouped.entries,
        "visit_warnings": grouped.warnings.height,
        "line_warnings": grouped.found("lines", "warning"),
    }


def accounts_of_visits(
    rules: VisitPaymentRules,
    settled: Settled,
    enrolment: pl.DataFrame | None,
    period: Period | None,
) -> dict[str, pl.DataFrame]:
    """The accounts of contractors, which tie to the budget to the fen; none without an enrolment.

    period: the month; None of a whole year.
    """
    if enrolment is None:
        return {}
    accounts = capitation_accounts(
        settled.cases, settled.lines, settled.pools, enrolment, rules.policy, period
    )
    return capitation_frames(accounts, rules.hospitals, enrolment)
