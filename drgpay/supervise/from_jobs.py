"""A supervision straight from jobs of months, or from their runs: no file of its own is written."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.toml_reader import read_toml
from drgpay.base.words import Sentences
from drgpay.records.dataset import RecordsInput
from drgpay.results.manifest import MANIFEST, read_manifest
from drgpay.run.job import Job, load_any_job
from drgpay.supervise.file import RunFile, RunInput, SuperviseFile, SuperviseJob, load_supervise
from drgpay.supervise.rulebook import rulebook_path

_ERRORS = Sentences("errors/supervise")


def open_supervise(given: Sequence[Path], lookback: Sequence[Path] = ()) -> SuperviseJob:
    """The file of a supervision, or jobs of months or their runs that are looked at.

    lookback: jobs or runs that are looked back on. Raises DrgpayError for a job without a run, or with
    several, for a run whose job is not found, and for jobs with two tables of hospitals.
    """
    if not given:
        raise DrgpayError(*_ERRORS("nothing_given"))
    first = given[0]
    if first.is_file() and "months" in read_toml(first, _ERRORS.words("supervise_file")):
        if len(given) > 1 or lookback:
            raise DrgpayError(*_ERRORS("file_alone", path=first))
        return load_supervise(first)
    jobs = [(_job_of(one), current) for one, current in _said(given, lookback)]
    tables = sorted({job.hospitals.resolve() for (job, _), _ in jobs})
    if len(tables) > 1:
        raise DrgpayError(*_ERRORS("two_hospital_tables", first=tables[0], second=tables[1]))
    runs = tuple(
        RunInput(run, current, job.stays, *_visits_of(job), job.scheme)
        for (job, run), current in jobs
    )
    newest = max((job for (job, _), current in jobs if current), key=lambda job: str(job.period))
    months = tuple(RunFile(run=str(run)) for (_, run), current in jobs if current)
    return SuperviseJob(
        path=newest.path,
        file=SuperviseFile(name=str(newest.period), hospitals=newest.hospitals.name, months=months),
        hospitals=newest.hospitals,
        rules=rulebook_path(None),
        runs=runs,
        tables={},
    )


def _visits_of(job: Job) -> tuple[RecordsInput | None, RecordsInput | None]:
    """The visits of a job and their lines, where it settles any."""
    if job.outpatient is None:
        return None, None
    of = job.outpatient.records
    return (
        RecordsInput(of.visits, of.visits_mapping, of.encoding, ignore=of.ignore),
        RecordsInput(of.items, of.items_mapping, of.encoding, ignore=of.ignore),
    )


def _said(given: Sequence[Path], lookback: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    yield from ((one, True) for one in given)
    yield from ((one, False) for one in lookback)


def _job_of(given: Path) -> tuple[Job, Path]:
    """A job with the run that it left, of one or of the other."""
    if not given.is_dir():
        job = _stays_job(given)
        return job, _run_of(job)
    manifest = read_manifest(given)
    around = sorted(
        {*given.resolve().parent.glob("*.toml"), *given.resolve().parents[1].glob("*.toml")}
    )
    for path in around:
        try:
            job = _stays_job(path)
        except DrgpayError:  # the file of something else
            continue
        here = job.output.resolve() == given.resolve().parent
        if here and str(job.period) == manifest.period:
            return job, given
    raise DrgpayError(*_ERRORS("run_without_job", run=given))


def _stays_job(path: Path) -> Job:
    job = load_any_job(path)
    if not isinstance(job, Job):
        raise DrgpayError(*_ERRORS("job_without_stays", path=path))
    return job


def _run_of(job: Job) -> Path:
    """The run of a job's month; where there are several, somebody has to say which one."""
    found = sorted(
        path.parent
        for path in job.output.glob(f"{job.period}-*/{MANIFEST}")
        if read_manifest(path.parent).kind == "month"
    )
    if len(found) == 1:
        return found[0]
    if not found:
        raise DrgpayError(*_ERRORS("job_without_run", path=job.path))
    raise DrgpayError(*_ERRORS("job_with_runs", path=job.path, count=len(found), run=found[0]))
