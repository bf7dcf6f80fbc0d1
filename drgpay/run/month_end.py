"""The month-end run: records -> groups -> points -> settlement -> a folder of results."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
from drgpay.language import Language
from drgpay.points.cases import points_of_stays
from drgpay.records.checks import CheckedStays, check_stays
from drgpay.records.dataset import Dataset
from drgpay.records.filings import (
    check_payments,
    read_filings,
    warnings_of_quarantined,
    without_quarantined,
)
from drgpay.report.month import (
    MonthTables,
    RunFacts,
    adjustments_table,
    cases_table,
    difference_tables,
    ledger_table,
    statements_table,
    values_table,
)
from drgpay.run.job import Job
from drgpay.run.manifest import basis_of_run, run_id_of, write_manifest
from drgpay.run.results import write_month
from drgpay.run.rules import PaymentRules, load_payment_rules
from drgpay.run.stages import run_folder
from drgpay.run.stored import StoredMonth, as_paid, chain_of, open_month
from drgpay.settle.differences import Differences, differences_of
from drgpay.settle.ledger import ledger_of_correction, ledger_of_month
from drgpay.settle.month import Settled, settle_month

ProgressBar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class FinishedRun:
    """Where a run lies, what it says, and whether it lay there before with the same bytes.

    `dataset` counts what its mapping converted; `reused` are the stages of an interrupted run.
    """

    folder: Path
    tables: MonthTables
    repeated: bool
    dataset: Dataset
    reused: tuple[str, ...]


@contextmanager
def no_progress(_title: str, _total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar for nobody."""
    yield lambda rows: None


def run_month(
    job: Job,
    language: Language = "zh",
    progress: ProgressBar = no_progress,
    run_id: str | None = None,
    threads: int | None = None,
) -> FinishedRun:
    """Run a job and leave its folder `output/<run id>` (docs/files.md describes the files).

    The folder appears only when everything in it is written. Raises DrgpayError for every mistake
    in the inputs, and when another run has the id.
    """
    clock = Clock()
    rules = load_payment_rules(
        job.scheme, job.policy, job.catalogue, job.hospitals, job.period.year, "the job's period"
    )
    filings = read_filings(job.filings.reviews, job.filings.deductions, job.filings.technologies)
    check_payments(filings, rules.hospitals["hospital_id"], rules.policy.records.accounts)
    paid = _paid_months(job)
    dataset = job.stays.open(rules.scheme.info.code_system)
    basis = basis_of_run(job, dataset, rules.scheme, rules.loaded, language)
    identity = checked_id(run_id) if run_id else run_id_of(basis)
    clock.lap("load")

    def read_and_check() -> CheckedStays:
        with progress("grouping", dataset.rows) as advance:
            stays = read_grouped_stays(dataset, rules.compiled, advance, threads)
        clock.lap("read and group")
        return _checked(stays, rules, job, language)

    with run_folder(job.output, identity, basis) as run:
        checked = run.stage("checked", read_and_check, CheckedStays)
        _refuse_empty(checked, dataset, job)
        clock.lap("check")
        filings, set_aside = without_quarantined(filings, checked.quarantine)
        warnings = pl.concat(
            [checked.warnings, warnings_of_quarantined(set_aside, checked.quarantine, language)]
        ).sort(pl.all())
        earned = points_of_stays(checked.valid, rules.catalogue, rules.policy.points, filings)
        clock.lap("points")
        settled = settle_month(
            earned.cases, earned.adjustments, rules.policy, job.period, filings.payments
        )
        if paid:
            booked = pl.concat([month.ledger() for month in paid])
            ledger = ledger_of_correction(job.period, booked, settled)
            differences = differences_of(as_paid(paid[-1]), settled)
        else:
            ledger, differences = ledger_of_month(job.period, settled), None
        clock.lap("settle")
        counts = {
            "read": dataset.rows,
            "valid": checked.valid.height,
            "quarantined": checked.quarantine.height,
            "warnings": warnings.height,
        }
        facts = _facts(identity, str(job.period), rules, counts)
        checked = replace(checked, warnings=warnings)
        tables = _tables(facts, settled, ledger, differences, checked, rules)
        write_month(tables, rules, filings, run.outputs, language)
        clock.lap("write")
        write_manifest(run.outputs, identity, basis, counts, clock.seconds)
    return FinishedRun(run.folder, tables, run.repeated, dataset, run.reused)


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


def checked_id(run_id: str) -> str:
    """A run id names a folder directly below the output folder."""
    if not re.fullmatch(r"\w[\w.-]*", run_id):
        raise DrgpayError(
            f"the run id {run_id!r} cannot name a folder", "use letters, digits, '-', '_' and '.'"
        )
    return run_id


def _paid_months(job: Job) -> list[StoredMonth]:
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


def _checked(
    stays: pl.DataFrame, rules: PaymentRules, job: Job, language: Language
) -> CheckedStays:
    return check_stays(
        stays,
        rules.policy,
        rules.hospitals,
        job.period.days,
        sex_of_diagnosis(rules.compiled),
        str(job.stays.path),
        language,
    )


def _refuse_empty(checked: CheckedStays, dataset: Dataset, job: Job) -> None:
    if checked.valid.height:
        return
    codes = checked.quarantine["code"].value_counts(sort=True)
    most = codes.row(0) if codes.height else ("nothing", 0)
    raise DrgpayError(
        f"{job.stays.path}: none of {dataset.rows} stays is valid for {job.period}; "
        f"the commonest finding is {most[0]} ({most[1]} stays)",
        "correct the records or the period of the job",
    )


def _facts(run_id: str, period: str, rules: PaymentRules, counts: dict[str, int]) -> RunFacts:
    policy, scheme = rules.policy, rules.scheme
    return RunFacts(
        run_id=run_id,
        period=period,
        region=policy.policy.region,
        policy=f"{policy.policy.name}（{policy.policy.id}）",
        scheme=f"{scheme.info.name}（{scheme.info.id}）",
        catalogue=rules.catalogue.info.id,
        method=policy.settlement.method,
        value_places=policy.settlement.value_places,
        **counts,
    )


def _tables(
    facts: RunFacts,
    settled: Settled,
    ledger: pl.DataFrame,
    differences: Differences | None,
    checked: CheckedStays,
    rules: PaymentRules,
) -> MonthTables:
    return MonthTables(
        facts,
        cases_table(settled.cases),
        adjustments_table(settled.adjustments),
        statements_table(settled, rules.hospitals),
        values_table(settled, rules.policy.settlement.value_places),
        ledger_table(ledger),
        checked.quarantine,
        checked.warnings,
        difference_tables(differences) if differences else None,
    )
