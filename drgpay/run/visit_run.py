"""The outpatient part of a month-end run: visits -> entries -> points -> settlement -> accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.period import Period
from drgpay.records.findings import commonest
from drgpay.records.visits.checks import VISIT, VisitRules
from drgpay.records.visits.tables import VisitRecords
from drgpay.results.month import difference_tables, refused_table
from drgpay.results.run_folder import PaidPart, book
from drgpay.results.visit_files import ENROLMENT, ENTRIES, entries_of_visits
from drgpay.results.visits import (
    CapitationTables,
    VisitTables,
    capitation_tables,
    example_visits,
    groups_table,
    visit_ledger_table,
    visit_statements_table,
    visit_values_table,
    visits_table,
)
from drgpay.run.facts import run_facts
from drgpay.run.stages import RunFolder
from drgpay.run.visit_grouping import GroupedVisits, Progress, VisitFiles, group_all_visits
from drgpay.run.visit_rules import VisitPaymentRules
from drgpay.settle.capitation import capitation_accounts
from drgpay.settle.lines import NO_ADJUSTMENTS, levels_of
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled
from drgpay.visits.points import visit_cases
from drgpay.visits.stream import VisitPricing

LINE_QUARANTINE = "line_quarantine.parquet"
LINE_WARNINGS = "line_warnings.parquet"


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


def grouped_visits(
    month: VisitMonth,
    run: RunFolder,
    language: Language,
    progress: Progress,
    threads: int | None,
) -> GroupedVisits:
    """Check, group and price the visits of a run; ENTRIES and the findings of lines are written.

    Raises DrgpayError for every mistake in the records, and if no visit is valid.
    """
    pricing, checks = visit_pricing(month), visit_checks(month)

    def group(folder: Path) -> GroupedVisits:
        files = VisitFiles(folder / ENTRIES, folder / LINE_QUARANTINE, folder / LINE_WARNINGS)
        # Unsorted visits are spilled beside the run: there is room for its results, too.
        return group_all_visits(
            month.records, checks, pricing, files, run.outputs.parent, threads, progress, language
        )

    grouped = run.stage_with_files("visits", group, GroupedVisits)
    if not grouped.visits.height:
        error = DrgpayError(
            f"{month.records.visits.path}: none of {month.records.visits.rows} visits is valid for "
            f"{month.period}{commonest(grouped.quarantine, VISIT)}",
            "correct the records or the period of the job",
        )
        read = (month.records.visits, month.records.items)
        error.further = "\n".join(line for one in read for line in one.reading_lines(language))
        raise error
    return grouped


def settle_visits(month: VisitMonth, grouped: GroupedVisits) -> Settled:
    """Settle the visits by the outpatient sections of the policy."""
    cases = visit_cases(grouped.visits)
    rules = month.rules
    return settle_month(
        cases,
        NO_ADJUSTMENTS,
        rules.policy,
        month.period,
        levels=levels_of(rules.hospitals),
    )


def visit_tables(
    month: VisitMonth, grouped: GroupedVisits, settled: Settled, run: RunFolder, run_id: str
) -> VisitTables:
    """The outpatient tables of a run; the capitation accounts tie to the budget to the fen."""
    rules, counted = month.rules, grouped.counted
    policy = rules.policy
    visits = visits_table(settled.cases)
    booked = book(month.period, settled, month.paid)
    facts = run_facts(
        run_id,
        str(month.period),
        rules,
        read=counted.visits_read,
        valid=counted.visits_valid,
        quarantined=counted.visits_quarantined,
        warnings=grouped.warnings.height,
    )
    return VisitTables(
        facts=facts,
        counts=counted,
        visits=visits,
        groups=groups_table(grouped.sums),
        examples=entries_of_visits(example_visits(visits), run.outputs),
        statements=visit_statements_table(settled, rules.hospitals, policy.settlement.value_places),
        values=visit_values_table(settled, policy.settlement.value_places),
        ledger=visit_ledger_table(booked.ledger),
        capitation=capitation_of(month, settled),
        quarantine=grouped.quarantine,
        warnings=grouped.warnings,
        findings=grouped.findings,
        differences=(
            difference_tables(booked.differences, "visit_id") if booked.differences else None
        ),
        refused=refused_table(grouped.refused, rules.hospitals),
    )


def visit_counts(grouped: GroupedVisits) -> dict[str, int]:
    """The counts of the manifest."""
    return {
        **vars(grouped.counted),
        "entries": grouped.entries,
        "visit_warnings": grouped.warnings.height,
        "line_warnings": grouped.found("lines", "warning"),
    }


def visit_frames(
    tables: VisitTables, enrolment: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """The Parquet files of the outpatient part, beside those that its stage wrote.

    enrolment: with the accounts of `tables.capitation`.
    """
    frames = {
        "visits": tables.visits,
        "visit_groups": tables.groups,
        "visit_statements": tables.statements,
        "visit_values": tables.values,
        "visit_ledger": tables.ledger,
        "visit_quarantine": tables.quarantine,
        "visit_warnings": tables.warnings,
    }
    if tables.differences:
        frames["visit_differences"] = tables.differences.cases
        frames["visit_difference_statements"] = tables.differences.statements
    if tables.capitation and enrolment is not None:
        frames |= capitation_frames(tables.capitation, enrolment)
    return frames


def capitation_frames(
    capitation: CapitationTables, enrolment: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The Parquet files of the accounts of contractors, of a month or a year.

    enrolment: ENROLMENT_SCHEMA, as it was read.
    """
    return {
        "capitation": capitation.accounts,
        "capitation_apart": capitation.apart,
        "capitation_tie_out": capitation.tie_out,
        ENROLMENT: enrolment,
    }


def capitation_of(month: VisitMonth, settled: Settled) -> CapitationTables | None:
    """The accounts of contractors; None without an enrolment."""
    rules = month.rules
    if rules.enrolment is None:
        return None
    accounts = capitation_accounts(
        settled.cases,
        settled.lines,
        settled.pools,
        rules.enrolment,
        rules.policy,
        month.period,
    )
    return capitation_tables(accounts, rules.hospitals)
