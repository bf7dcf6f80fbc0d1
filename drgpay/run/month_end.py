"""The month-end run: records -> groups -> points -> settlement -> a folder of results.

Stays (drgpay.run.stay_month), visits (drgpay.run.visit_month) or both.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.progress import Clock, ProgressBar, no_progress
from drgpay.base.words import Sentences
from drgpay.records.folder import refuse_overwriting
from drgpay.records.meaning.rules import Reading
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.results.run_folder import PaidPart, RunFolder, chain_of, open_month
from drgpay.run.basis import basis_of_run, basis_of_visits_job, outpatient_basis
from drgpay.run.input_files import InputFiles, noted, records_of
from drgpay.run.job import AnyJob, Job
from drgpay.run.output_group import rights_of_output
from drgpay.run.pipeline import Finished, Opened, SettlePart, settle_and_write
from drgpay.run.previous import PreviousPaid, open_months_before
from drgpay.run.stay_month import OpenedStays, open_stays, settle_stays_of_job
from drgpay.run.stops import Accepted, accepted_before
from drgpay.run.visit_month import VisitMonth, open_visits_of_job, settle_visits_of_job

_ERRORS = Sentences("errors/run")


def run_month(
    job: AnyJob,
    language: Language = "zh",
    progress: ProgressBar = no_progress,
    run_id: str | None = None,
    threads: int | None = None,
    accept: Sequence[Accepted] = (),
) -> Finished:
    """Run a job and leave its folder `output/<run id>` (docs/files.md describes the files).

    It settles stays, visits or both. The folder appears only when everything in it is written.
    accept: what stops runs and is taken on, beside what the job and the corrected runs say. Raises
    RunStoppedError for findings that nobody accepts, DrgpayError for every mistake in the inputs, and
    when another run has the id.
    """
    clock = Clock()
    opened = _opened(job, language, accept)
    clock.lap("load")
    return settle_and_write(opened, clock, language, run_id, progress, threads)


def _opened(job: AnyJob, language: Language, accept: Sequence[Accepted]) -> Opened:
    rights, read = rights_of_output(job), noted(job)
    refuse_overwriting(job.output, records_of(job))
    paid = _paid_runs(job)
    taken_on = (one for corrected in paid for one in accepted_before(corrected.manifest))
    accepted = [*accept, *job.accepted, *taken_on]
    stays = visits = None
    if isinstance(job, Job):
        stays = open_stays(job, _corrected(job, STAYS, paid))
    if job.outpatient:
        visits = open_visits_of_job(job, job.outpatient, _corrected(job, VISITS, paid))
    before = _opened_before(job, stays, visits, read)
    basis = _basis(job, stays, visits, language, read)
    parts: list[SettlePart] = []
    datasets = []
    if stays:
        parts.append(partial(settle_stays_of_job, stays, before, basis))
        datasets.append(stays.dataset)
    if visits:
        parts.append(partial(settle_visits_of_job, visits, before, basis["outpatient"]))
        datasets += [visits.records.visits, visits.records.items]
    return Opened(
        job.path,
        job.output,
        rights,
        basis,
        parts,
        accepted,
        read,
        datasets=tuple(datasets),
        fetched=job.snapshots.told() if job.snapshots else {},
    )


def _opened_before(
    job: AnyJob, stays: OpenedStays | None, visits: VisitMonth | None, read: InputFiles
) -> tuple[PreviousPaid, ...]:
    settled = stays or visits
    assert settled is not None  # a job settles something
    compiled = stays.rules.compiled if stays else None
    reading = Reading.of(settled.rules.policy.records)
    return open_months_before(job.path, job.previous, job.period, reading, compiled, read)


def _basis(
    job: AnyJob,
    stays: OpenedStays | None,
    visits: VisitMonth | None,
    language: Language,
    read: InputFiles,
) -> dict[str, Any]:
    """Everything that the results of the run depend on."""
    if isinstance(job, Job):
        assert stays is not None
        scheme, loaded = stays.rules.scheme, stays.rules.loaded
        basis = basis_of_run(job, stays.dataset, scheme, loaded, language, read)
    else:
        assert visits is not None
        basis = basis_of_visits_job(job, visits.rules.loaded, language, read)
    if job.outpatient and visits:
        basis["outpatient"] = outpatient_basis(
            job.outpatient, visits.records, visits.rules.scheme, read
        )
    return basis


def _paid_runs(job: AnyJob) -> list[RunFolder]:
    """The paid run that a job corrects and the corrections before it, the oldest first."""
    if job.corrects is None:
        return []
    paid = open_month(job.corrects)
    if paid.period != str(job.period):
        periods = {"paid": paid.period, "period": job.period}
        raise DrgpayError(*_ERRORS("corrects_other_month", path=job.path, **periods))
    return chain_of(paid)


def _corrected(job: AnyJob, part: Part, paid: Sequence[RunFolder]) -> Sequence[PaidPart]:
    """The runs that settled the stays, or the visits, which a correction settles again.

    What a job does not settle stays as it was paid; what nobody has paid cannot be corrected.
    """
    with_part = [run.of(part) for run in paid if part in run.parts]
    if paid and not with_part:
        corrected = {"folder": paid[-1].folder, "part": part.said}
        raise DrgpayError(*_ERRORS("corrects_no_part", path=job.path, **corrected))
    return with_part
