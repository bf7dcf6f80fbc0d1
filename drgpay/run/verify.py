"""`drgpay verify`: recompute hashes, balances, tables and workbooks of a run from its folder."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from polars.exceptions import PolarsError

from drgpay.approval.record import record_of
from drgpay.approval.replay import fault_of_record
from drgpay.approval.state import history_of, now_in, said_state
from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.language import Words
from drgpay.base.progress import ProgressBar, no_progress
from drgpay.base.shown import Shown
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import load_scheme
from drgpay.points.catalogue import catalogue_hash
from drgpay.policy.load import load_policy
from drgpay.results.data_package import data_package
from drgpay.results.forgotten import decisions
from drgpay.results.forgotten import record_of as record_of_forgotten
from drgpay.results.manifest import (
    ID_GIVEN,
    MONTHS,
    PACKAGE,
    PROGRAM,
    Manifest,
    basis_hash,
    content_of,
    leaves,
    output_files,
    run_id_of,
)
from drgpay.results.part import STAYS
from drgpay.results.run_folder import PaidPart, RunFolder
from drgpay.results.run_tables import CannotCheckError, RunTables
from drgpay.run.balances import balance_checks, groups_belong
from drgpay.run.basis import basis_of_clearing, basis_of_job, outpatient_basis_of_year
from drgpay.run.comparison import (
    NO_FINDING,
    WORDS,
    Check,
    Compared,
    Status,
    Trial,
    and_more,
    said_of,
    title_of,
    tried,
)
from drgpay.run.job import load_any_job
from drgpay.run.kept_rules import catalogue_of, scheme_kept
from drgpay.run.recompute import recomputed
from drgpay.run.rendered import Schemes, report_as_due, report_of, workbooks_as_due
from drgpay.run.repeated import REPEATED, RepeatedStays
from drgpay.run.repeated_visits import VISIT_REPEATED, RepeatedVisits
from drgpay.run.rules import fitted
from drgpay.run.year_job import YearJob, load_any_year_job
from drgpay.run.year_months import keeps_accounts, months_of_year

_ERRORS = Sentences("errors/run")

_Make = Callable[[], Check]
_Part = TypeVar("_Part")


@dataclass(frozen=True, repr=False)
class Verified(Shown):
    """What was checked of a run.

    evidence: the sha256 over its manifest without the seconds, to be compared with a number that
    was written down, or with that of a repeated run.
    """

    folder: Path
    run_id: str
    kind: str
    evidence: str
    checks: list[Check]

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "run_id", self.run_id
        yield "status", self.status
        yield "checks", self.checks
        yield "evidence", self.evidence

    @property
    def status(self) -> Status:
        """wrong if anything is; unknown if something could not be checked; else right.

        forgotten: what is there is right, what is not was removed by decision.
        """
        statuses = {check.status for check in self.checks}
        for status in _WORST_FIRST:
            if status in statuses:
                return status
        return "right"


_WORST_FIRST: tuple[Status, ...] = ("wrong", "unknown", "forgotten")


def verify_run(
    folder: Path,
    job: Path | None = None,
    progress: ProgressBar = no_progress,
    recompute: bool = False,
) -> Verified:
    """Check a run of a month or a clearing; with its job (or year) file also what went in.

    recompute: run the job again and compare every file. Raises DrgpayError if the folder holds no
    manifest that can be read, and for a recomputation without a job.
    """
    if recompute and not job:
        raise DrgpayError(*_ERRORS("no_job"))
    run = RunFolder.at(folder)
    made = _checks(run, job)
    checks = []
    with progress("verifying", len(made)) as advance:
        while made:  # what only the checks before have read is let go
            checks.append(made.pop(0)())
            advance(1)
    if recompute and job:
        checks.append(_recomputed(run, job, progress))
    manifest = run.manifest
    return Verified(folder, manifest.run_id, manifest.kind, manifest.evidence, checks)


def _checks(run: RunFolder, job: Path | None) -> list[_Make]:
    beside = _places_of_runs(run, job)

    def parts() -> list[RunTables]:
        """Read anew by each kind of check: a month of cases is gigabytes."""
        return [RunTables(run.folder, run.manifest, part, beside) for part in run.parts]

    trials = [
        *(_kept_catalogue(run.of(part)) for part in run.parts),
        *(trial for tables in parts() for trial in balance_checks(tables)),
        *_by_this_program(run, (trial for tables in parts() for trial in _repeated(tables))),
        *([_groups(run.of(STAYS), job)] if STAYS in run.parts else []),
        *_by_this_program(run, [_workbooks(run, parts(), job)]),
        *_report(run),
    ]
    return [
        partial(_basis, run.manifest),
        partial(_identity, run),
        partial(_outputs, run),
        *([partial(_inputs, run.manifest, job)] if job else []),
        *([partial(_forgotten, run)] if run.manifest.forgotten else []),
        *([partial(_record, run)] if record_of(run.folder).exists() else []),
        *(partial(_tried_as_far, run, trial) for trial in trials),
    ]


def _tried_as_far(run: RunFolder, trial: Trial) -> Check:
    """Make a check; of a run that was forgotten, what cannot be checked lacks the rows that went.

    That nothing else is missing is what the check of the files says.
    """
    check = tried(trial)
    if check.status in ("unknown", "forgotten") and run.manifest.forgotten:
        return replace(check, status="forgotten", finding=WORDS.words("finding.forgotten"))
    return check


def _forgotten(run: RunFolder) -> Check:
    """What is missing by decision is what the record beside the run says."""
    title, gone = title_of("forgotten"), run.manifest.forgotten
    try:
        made = decisions(run.folder)
    except DrgpayError as error:
        return Check("forgotten", title, "wrong", 0, said_of(error))
    if not made:
        found = WORDS.words("finding.no_decision", name=record_of_forgotten(run.folder).name)
        return Check("forgotten", title, "unknown", 0, found)
    decided = {name: sha256 for one in made for name, sha256 in one.files.items()}
    listed = {name: about["sha256"] for name, about in run.manifest.outputs.items()}
    is_of_run = all(one.evidence == run.manifest.evidence for one in made)
    if not is_of_run or gone != decided.keys() or not decided.items() <= listed.items():
        return Check("forgotten", title, "wrong", len(gone), WORDS.words("finding.other_decision"))
    beside = {name for one in made for name in one.beside}
    place = run.folder.resolve().parent
    there = [name for name in sorted(beside) if (place / name).exists()]
    if there:
        found = WORDS.words("finding.still_there", name=there[0])
        return Check("forgotten", title, "wrong", len(gone), and_more(found, len(there) - 1))
    last, count = made[-1], len(gone) + len(beside)
    said = WORDS.words("finding.decided", by=last.by, at=last.at[:10], count=count)
    return Check("forgotten", title, "forgotten", count, said)


def _recomputed(run: RunFolder, job: Path, progress: ProgressBar) -> Check:
    """Every file against that of the job run again; each that differs is named."""
    title = title_of("recompute")
    try:
        compared, findings = recomputed(run, job, progress)
    except (DrgpayError, OSError) as error:
        return Check("recompute", title, "unknown", 0, said_of(error))
    status: Status = "wrong" if findings else "right"
    return Check("recompute", title, status, compared, Words("\n", "\n").between(findings))


def _kept_catalogue(run: PaidPart) -> Trial:
    """The copy of the catalogue in the run is what the run was given."""
    place = catalogue_of(run)
    given = partial(_as_given, place, run.about.catalogue["sha256"])
    return Trial(place.name, title_of("catalogue"), given)


def _as_given(catalogue: Path, sha256: str) -> Compared:
    if catalogue_hash(catalogue) != sha256:
        # One that a person edited, or an older program made, is written anew in other bytes.
        raise CannotCheckError(WORDS.words("finding.other_catalogue", name=catalogue.name))
    return 1, None


def _repeated(tables: RunTables) -> Iterator[Trial]:
    """What follows from the facts that the run keeps, reckoned again; once for all checks of a part."""
    if tables.part == STAYS:
        again = cache(partial(RepeatedStays, tables))
        for key, compare in REPEATED:
            yield Trial(key, title_of(key), partial(_of_made, again, compare), "wrong")
    else:
        again_visits = cache(partial(RepeatedVisits, tables))
        for key, compare_visits in VISIT_REPEATED:
            made = partial(_of_made, again_visits, compare_visits)
            yield Trial(key, title_of(key), made, "wrong")


def _of_made(make: Callable[[], _Part], compare: Callable[[_Part], Compared]) -> Compared:
    return compare(make())


def _groups(stays: PaidPart, job: Path | None) -> Trial:
    title = title_of("groups")

    def compare() -> Compared:
        return groups_belong(stays, scheme_kept(stays, _schemes(stays, job).stays).scheme)

    return Trial("groups", title, compare)


def _by_this_program(run: RunFolder, trials: Iterable[Trial]) -> Iterator[Trial]:
    """Trials that make again what a program wrote: another version may have meant the difference."""
    program = run.manifest.program
    for trial in trials:
        yield (
            trial
            if program == PROGRAM
            else replace(trial, compare=_of_another_program(trial, program))
        )


def _of_another_program(trial: Trial, program: str) -> Callable[[], Compared]:
    def compare() -> Compared:
        compared, found = trial.compare()
        if not found:
            return compared, None
        said = WORDS.words("finding.other_program", program=program, now=PROGRAM, found=found)
        raise CannotCheckError(said)

    return compare


def _workbooks(run: RunFolder, parts: Sequence[RunTables], job: Path | None) -> Trial:
    title = title_of("workbooks")
    return Trial("workbooks", title, lambda: workbooks_as_due(run, parts, _schemes(run, job)))


def _report(run: RunFolder) -> list[Trial]:
    """The report beside a run, if there is one; it is no part of the evidence."""
    folder = run.folder
    if not report_of(folder).is_file():
        return []
    title = title_of("report")
    return [Trial("report", title, partial(report_as_due, folder))]


def _schemes(run: RunFolder, job: Path | None) -> Schemes:
    if job is None:
        return Schemes()
    named = load_any_year_job(job) if run.manifest.is_clearing else load_any_job(job)
    outpatient = named.outpatient
    return Schemes(getattr(named, "scheme", None), outpatient.scheme if outpatient else None)


def _basis(manifest: Manifest) -> Check:
    title = title_of("basis")
    if basis_hash(manifest.basis) == manifest.at("basis_sha256"):
        return Check("basis", title, "right", 1)
    return Check("basis", title, "wrong", 1, WORDS.words("finding.other_basis"))


def _identity(run: RunFolder) -> Check:
    """The folder has the run's id; the id is made of the basis, unless it was named by hand."""
    title = title_of("run_id")
    run_id, made = run.run_id, run_id_of(run.manifest.basis)
    if run.folder.resolve().name != run_id:
        found = WORDS.words("finding.other_folder", folder=run.folder.resolve().name, run=run_id)
        return Check("run_id", title, "wrong", 1, found)
    given = run.manifest.content.get(ID_GIVEN, None if run_id != made else False)
    if given is None:
        found = WORDS.words("finding.perhaps_other_id", made=made)
        return Check("run_id", title, "unknown", 1, found)
    if given != (run_id != made):
        found = WORDS.words("finding.other_id", made=made)
        return Check("run_id", title, "wrong", 1, found)
    if given:
        return Check("run_id", title, "right", 1, WORDS.words("finding.id_given"))
    return Check("run_id", title, "right", 1)


def _outputs(run: RunFolder) -> Check:
    """Every file of the manifest is there with its bytes, and no other but their description."""
    title = title_of("outputs")
    listed, found = run.manifest.outputs, output_files(run.folder)
    gone = run.manifest.forgotten
    findings = [
        *(
            WORDS.words("finding.missing", name=name)
            for name in listed
            if name not in found and name not in gone
        ),
        *(WORDS.words("finding.still_there", name=name) for name in found if name in gone),
        *(WORDS.words("finding.extra", name=name) for name in found if name not in listed),
    ]
    unread: list[Words] = []
    for name in sorted(set(listed) & set(found)):
        try:
            about = listed[name]
            size = found[name].stat().st_size
            if file_hash(found[name]) != about["sha256"] or size != about.get("bytes", size):
                findings.append(WORDS.words("finding.changed", name=name))
        except OSError as error:
            reason = reason_of(error)
            unread.append(WORDS.words("finding.cannot_be_read", name=name, reason=reason))
    if not findings and not unread and _describes_otherwise(run):
        findings.append(WORDS.words("finding.changed", name=PACKAGE))
    return _found("outputs", title, len(listed.keys() - gone), findings, unread)


def _describes_otherwise(run: RunFolder) -> bool:
    """Whether the data package is not what manifest and tables make; older runs have none."""
    path = run.folder / PACKAGE
    if run.manifest.program != PROGRAM or run.manifest.forgotten or not path.exists():
        return False
    try:
        return path.read_text("utf-8", errors="replace") != data_package(run.folder)
    except (DrgpayError, OSError, KeyError, PolarsError):
        return True


def _inputs(manifest: Manifest, job: Path) -> Check:
    """The files that the job names now are those that the run read."""
    title = title_of("inputs")
    try:
        now = _basis_of_job(manifest, job)
    except (DrgpayError, OSError) as error:
        return Check("inputs", title, "unknown", 0, said_of(error))
    then, now = content_of(manifest.basis), content_of(now)
    # A newer program reads the same inputs; what it makes of them is not asked here.
    was, is_now = (
        dict(leaves({key: basis[key] for key in basis if key not in ("program", "accepted")}))
        for basis in (then, now)
    )
    absent = WORDS.words("finding.absent")
    findings = [
        WORDS.words(
            "finding.other_input",
            name=name,
            was=was.get(name, absent),
            now=is_now.get(name, absent),
        )
        for name in dict.fromkeys([*was, *is_now])
        if was.get(name) != is_now.get(name)
    ]
    return _found("inputs", title, len(was), findings, [])


def _record(run: RunFolder) -> Check:
    """The record of the run's steps, which is no part of its evidence."""
    title = title_of("record")
    try:
        history = history_of(run.folder)
        fault = fault_of_record(run.folder, run.manifest, history)
    except DrgpayError as error:
        return Check("record", title, "wrong", 0, error.sentence)
    if fault or not history.steps:
        return Check("record", title, "wrong" if fault else "right", 0, fault or NO_FINDING)
    state, sha256 = history.state(now_in(None)), history.steps[-1].sha256
    told = WORDS.words("finding.last_step", state=said_state(state), sha256=sha256)
    return Check("record", title, "right", len(history.steps), told)


def _basis_of_job(manifest: Manifest, path: Path) -> dict[str, Any]:
    if manifest.kind in MONTHS:
        return basis_of_job(load_any_job(path), manifest.language)
    year = load_any_year_job(path)
    loaded, months = load_policy(year.policy), months_of_year(year)
    scheme = persons = None
    if isinstance(year, YearJob):
        scheme = load_scheme(year.scheme)
        loaded = fitted(loaded, scheme)
        persons = year.persons.open(scheme.info.code_system) if year.persons else None
    accepted = manifest.at("switches", "accept_policy_change")
    basis = basis_of_clearing(
        year, months.runs, persons, scheme, loaded, manifest.language, accepted
    )
    if year.outpatient and months.visits:
        visit_scheme = load_scheme(year.outpatient.scheme)
        has_accounts = keeps_accounts(year.outpatient, months.visits)
        basis["outpatient"] = outpatient_basis_of_year(year.outpatient, visit_scheme, has_accounts)
    return basis


def _places_of_runs(run: RunFolder, job: Path | None) -> list[Path]:
    """Where the runs are looked for that this one names: beside it, and where the job has them."""
    beside = [run.folder.resolve().parent]
    try:
        if job and run.manifest.is_clearing:
            year = load_any_year_job(job)
            listed = [folder.parent for month in year.months for folder in month.runs]
            return [*beside, year.output, *listed]
        if job:
            corrected = load_any_job(job).corrects
            return [*beside, corrected.parent] if corrected else beside
    except DrgpayError:  # the check of the inputs says so
        return beside
    return beside


def _found(
    key: str, title: Words, compared: int, findings: list[Words], unread: list[Words]
) -> Check:
    """The check with its first findings in one sentence; what could not be read comes last."""
    shown, more = [*findings, *unread][:_SHOWN], len(findings) + len(unread) - _SHOWN
    text = and_more(WORDS.words("finding.comma").between(shown), more)
    status: Status = "wrong" if findings else "unknown" if unread else "right"
    return Check(key, title, status, compared, text if shown else NO_FINDING)


_SHOWN = 3
