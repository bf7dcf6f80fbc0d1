"""The month-end run: records -> groups -> points -> settlement -> a folder of results."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
from drgpay.grouper.scheme import Scheme
from drgpay.language import Language
from drgpay.points.cases import points_of_stays
from drgpay.points.catalogue import load_catalogue
from drgpay.policy.load import LoadedPolicy, load_policy
from drgpay.records.checks import CheckedStays, check_stays
from drgpay.records.dataset import Dataset
from drgpay.records.hospitals import read_hospitals
from drgpay.records.writing import write_frame
from drgpay.report.month import (
    MonthTables,
    RunFacts,
    cases_table,
    statements_table,
    values_table,
)
from drgpay.report.summary_xlsx import write_summary
from drgpay.run.job import Job
from drgpay.run.manifest import basis_of_run, output_hashes, run_id_of, write_manifest
from drgpay.run.staging import staged_folder
from drgpay.settle.month import settle_month

ProgressBar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class FinishedRun:
    """Where a run lies, what it says, and whether it lay there before with the same bytes.

    `dataset` counts what its mapping converted.
    """

    folder: Path
    tables: MonthTables
    repeated: bool
    dataset: Dataset


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
    clock = _Clock()
    compiled = load_compiled(job.scheme)
    scheme = compiled.scheme
    loaded = load_policy(job.policy)
    policy = loaded.policy
    _refuse_other_year(loaded, job)
    _refuse_unknown_groups(loaded, scheme)
    catalogue = load_catalogue(job.catalogue, scheme)
    hospitals = read_hospitals(job.hospitals)
    dataset = job.stays.open(scheme.info.code_system)
    basis = basis_of_run(job, dataset, scheme, loaded, language)
    identity = _checked_id(run_id) if run_id else run_id_of(basis)
    clock.lap("load")

    with progress("grouping", dataset.rows) as advance:
        stays = read_grouped_stays(dataset, compiled, advance, threads)
    clock.lap("read and group")
    checked = check_stays(
        stays,
        policy,
        hospitals,
        job.period.days,
        sex_of_diagnosis(compiled),
        str(job.stays.path),
        language,
    )
    _refuse_empty(checked, dataset, job)
    del stays
    clock.lap("check")
    cases = points_of_stays(checked.valid, catalogue, policy.points)
    clock.lap("points")
    settled = settle_month(cases, policy, job.period)
    clock.lap("settle")

    counts = {
        "read": dataset.rows,
        "valid": checked.valid.height,
        "quarantined": checked.quarantine.height,
        "warnings": checked.warnings.height,
    }
    facts = RunFacts(
        run_id=identity,
        period=str(job.period),
        region=policy.policy.region,
        policy=f"{policy.policy.name}（{policy.policy.id}）",
        scheme=f"{scheme.info.name}（{scheme.info.id}）",
        catalogue=catalogue.info.id,
        method=policy.settlement.method,
        value_places=policy.settlement.value_places,
        **counts,
    )
    tables = MonthTables(
        facts,
        cases_table(settled),
        statements_table(settled, hospitals),
        values_table(settled, policy.settlement.value_places),
        checked.quarantine,
        checked.warnings,
    )
    folder = job.output / identity
    repeated = folder.exists()
    with staged_folder(folder, _refuse_other_results) as staged:
        _write_tables(tables, staged)
        write_summary(tables, staged / "summary.xlsx", language)
        clock.lap("write")
        write_manifest(staged, identity, basis, counts, clock.seconds)
    return FinishedRun(folder, tables, repeated, dataset)


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = now - self._last
        self._last = now


def _checked_id(run_id: str) -> str:
    """A run id names a folder directly below the output folder."""
    if not re.fullmatch(r"\w[\w.-]*", run_id):
        raise DrgpayError(
            f"the run id {run_id!r} cannot name a folder", "use letters, digits, '-', '_' and '.'"
        )
    return run_id


def _refuse_other_year(loaded: LoadedPolicy, job: Job) -> None:
    year = loaded.policy.policy.year
    if year != job.period.year:
        raise DrgpayError(
            f"the policy {loaded.path} is for {year}, the job's period is {job.period}",
            "name the policy of that year or correct policy.year",
        )


def _refuse_unknown_groups(loaded: LoadedPolicy, scheme: Scheme) -> None:
    known = {drg.code for mdc in scheme.mdcs for adrg in mdc.adrgs for drg in adrg.drgs}
    for key, groups in {
        "calibration.coefficients.groups_without": (
            loaded.policy.calibration.coefficients.groups_without
        ),
        "points.readmission.exempt_groups": loaded.policy.points.readmission.exempt_groups,
    }.items():
        unknown = [group for group in groups if group not in known]
        if unknown:
            raise DrgpayError(
                f"{loaded.path}: {key} names {unknown[0]}, which {scheme.info.id} does not have",
                "correct the group",
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


def _write_tables(tables: MonthTables, folder: Path) -> None:
    for name in ("cases", "statements", "values", "quarantine", "warnings"):
        frame: pl.DataFrame = getattr(tables, name)
        write_frame(frame, folder / f"{name}.parquet")


def _refuse_other_results(folder: Path, staged: Path) -> None:
    if output_hashes(folder) != output_hashes(staged):
        raise DrgpayError(
            f"the run {folder} exists and holds other results",
            "give this run another id with --run-id, or move the old folder away",
        )
