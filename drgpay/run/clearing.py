"""The annual clearing: the months' runs, final filings and the assessment -> what is still due.

Of stays (drgpay.run.stay_year), visits (drgpay.run.visit_year) or both.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from drgpay.base.language import Language, Words, listed
from drgpay.base.progress import Clock
from drgpay.base.words import Sentences
from drgpay.records.folder import refuse_overwriting
from drgpay.results.part import VISITS
from drgpay.results.run_folder import RunFolder
from drgpay.run.basis import basis_of_clearing, outpatient_basis_of_year
from drgpay.run.input_files import InputFiles, noted, records_of
from drgpay.run.output_group import rights_of_output
from drgpay.run.pipeline import Finished, Opened, SettlePart, settle_and_write
from drgpay.run.stay_year import OpenedYear, open_stays_of_year, settle_stays_of_year
from drgpay.run.stops import Accepted, accepted_before
from drgpay.run.visit_year import OpenedVisitYear, open_visits_of_year, settle_visits_of_year
from drgpay.run.year_job import AnyYearJob, YearJob
from drgpay.run.year_months import MONTHS, YearMonths, keeps_accounts, months_of_year, unapproved

_ERRORS = Sentences("errors/run")


def run_clearing(
    job: AnyYearJob,
    language: Language = "zh",
    run_id: str | None = None,
    accept_policy_change: bool = False,
    output: Path | None = None,
    accept: Sequence[Accepted] = (),
) -> Finished:
    """Clear a year and leave its folder `<output>/<run id>` (docs/files.md describes the files).

    `output` is by default that of the year file, where the months lie. Nothing of the months is
    written again. accept: what stops the clearing and is taken on, beside what the months' runs took
    on. Raises RunStoppedError for findings that nobody accepts, DrgpayError for every mistake in the
    inputs.
    """
    clock = Clock()
    opened = _opened(job, language, accept_policy_change, output or job.output, accept)
    clock.lap("load")
    return settle_and_write(opened, clock, language, run_id)


def _opened(
    job: AnyYearJob,
    language: Language,
    accept_policy_change: bool,
    output: Path,
    accept: Sequence[Accepted],
) -> Opened:
    rights, read = rights_of_output(job), noted(job)
    refuse_overwriting(output, records_of(job))
    months = months_of_year(job)
    stays = visits = None
    if isinstance(job, YearJob):
        stays = open_stays_of_year(job, months, language, accept_policy_change, read)
    if job.outpatient and months.visits:
        visits = open_visits_of_year(job, job.outpatient, months.visits, accept_policy_change)
    basis = _basis(job, months, stays, visits, language, accept_policy_change, read)
    parts: list[SettlePart] = []
    if stays:
        parts.append(partial(settle_stays_of_year, stays))
    if visits:
        parts.append(partial(settle_visits_of_year, visits))
    uncleared = stays and not visits and any(VISITS in run.parts for run in _runs_of(stays))
    return Opened(
        job.path,
        output,
        rights,
        basis,
        parts,
        [*accept, *_accepted_in(stays, visits)],
        read,
        {"months": MONTHS},
        remarks=tuple(_remarks(months, bool(uncleared))),
        fetched=job.snapshots.told() if job.snapshots else {},
    )


def _remarks(months: YearMonths, uncleared_visits: bool) -> Iterator[Words]:
    """What is to be said of the months: runs that nobody approved, visits that are not cleared."""
    if runs := unapproved(months):
        names = listed(run.run_id for run in runs[:_NAMED])
        if len(runs) > _NAMED:
            names = _ERRORS.words("and_more", names=names)
        yield _ERRORS.words("unapproved", count=len(runs), names=names)
    if uncleared_visits:
        yield _ERRORS.words("uncleared_visits")


_NAMED = 3  # runs, in a sentence


def _basis(
    job: AnyYearJob,
    months: YearMonths,
    stays: OpenedYear | None,
    visits: OpenedVisitYear | None,
    language: Language,
    accept_policy_change: bool,
    read: InputFiles,
) -> dict[str, Any]:
    """Everything that the results of the clearing depend on."""
    if stays:
        basis = dict(stays.basis)
    else:
        assert visits is not None  # a year file clears something
        loaded = visits.rules.loaded
        basis = basis_of_clearing(
            job, months.runs, None, None, loaded, language, accept_policy_change, read
        )
    if job.outpatient and visits:
        accounts = keeps_accounts(job.outpatient, visits.months)
        scheme = visits.rules.scheme
        basis["outpatient"] = outpatient_basis_of_year(job.outpatient, scheme, accounts, read)
    return basis


def _runs_of(year: OpenedYear | OpenedVisitYear) -> Iterator[RunFolder]:
    """The runs that a part clears."""
    return (run for month in year.months for run in month.runs)


def _accepted_in(*parts: OpenedYear | OpenedVisitYear | None) -> Iterator[Accepted]:
    """What the runs of the months took on."""
    for part in parts:
        for run in _runs_of(part) if part else ():
            yield from accepted_before(run.manifest)
