"""`drgpay verify --recompute`: run the job of a run again from its inputs, and compare every file.

Nothing is entered in the database and nothing is left: the repeated run lies in a folder for its
owner alone, beside the folder of the runs where that can be written, and goes with the comparison.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.language import Words
from drgpay.base.progress import ProgressBar
from drgpay.base.working_folder import working_folder
from drgpay.results.manifest import Manifest, leaves, output_files
from drgpay.results.part import VISITS
from drgpay.results.run_folder import RunFolder
from drgpay.results.run_tables import CannotCheckError
from drgpay.run.clearing import run_clearing
from drgpay.run.comparison import WORDS, first_line, not_due, unlike
from drgpay.run.job import Job, load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.rendered import unlike_book
from drgpay.run.repeated import KEYS
from drgpay.run.stops import Accepted, RunStoppedError, accepted_before
from drgpay.run.year_job import load_any_year_job

_OF_VISITS = {file: table for table, file in VISITS.files.items()}


def recomputed(run: RunFolder, job: Path, progress: ProgressBar) -> tuple[int, list[Words]]:
    """How many files were compared, and every file that differs from the repeated run.

    What the run took on is taken on again, by whom it was. Raises DrgpayError where the job cannot be
    run.
    """
    with _beside(run.folder) as work:
        try:
            again = _run(run.manifest, job, work, progress)
        except RunStoppedError as error:
            return 0, [WORDS.words("finding.job_stops", error=error.sentence)]
        return _compare(run, RunFolder.at(again))


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder to run in on the file system of the runs, but not among them."""
    near = folder.resolve().parent.parent
    fits = os.access(near, os.W_OK) and near.stat().st_dev == folder.stat().st_dev
    with working_folder(near if fits else None) as work:
        yield work


def _run(manifest: Manifest, job: Path, output: Path, progress: ProgressBar) -> Path:
    run_id, language = manifest.run_id, manifest.language
    accept = _accepted(manifest)
    if manifest.is_clearing:
        year = replace(load_any_year_job(job), output_group=None)
        changed = manifest.at("switches", "accept_policy_change")
        return run_clearing(year, language, run_id, changed, output, accept).folder
    month = replace(load_any_job(job), output=output, output_group=None, accepted=())
    if isinstance(month, Job):  # groups that its stays carry are made again, not taken
        month = replace(month, grouped=False)
    return run_month(month, language, progress, run_id, accept=accept).folder


def _accepted(manifest: Manifest) -> list[Accepted]:
    """What the run took on, by the people who did."""
    people = {(one["code"], one["about"]): one for one in manifest.accepted_by}
    return [
        replace(one, by=about["by"], note=about["note"]) if about else one
        for one in accepted_before(manifest)
        for about in [people.get((one.code, one.subject)) or people.get((one.code, None))]
    ]


def _compare(run: RunFolder, again: RunFolder) -> tuple[int, list[Words]]:
    said, due = output_files(run.folder), output_files(again.folder)
    # Tables first: a workbook differs because of them.
    names = sorted({*said, *due}, key=lambda name: (not name.endswith(".parquet"), name))
    findings = list(_manifests(run.manifest, again.manifest))
    for name in names:
        if name not in due:
            findings.append(WORDS.words("finding.extra", name=name))
        elif name not in said:
            findings.append(WORDS.words("finding.missing", name=name))
        elif file_hash(said[name]) != file_hash(due[name]):
            findings.append(_unlike(name, said[name], due[name]))
    return len(names), findings


def _manifests(said: Manifest, due: Manifest) -> Iterator[Words]:
    """What of a manifest differs that does not change with every run: basis and counts."""
    parts = [{**one.basis, "counts": one.counts} for one in (said, due)]
    was, now = (dict(leaves(part)) for part in parts)
    for name in dict.fromkeys([*was, *now]):
        if was.get(name) != now.get(name):
            yield not_due(
                WORDS.words("finding.in_manifest", key=name), was.get(name), now.get(name)
            )


def _unlike(name: str, path: Path, due: Path) -> Words:
    """Where two files of one name differ, as closely as it can be said."""
    try:
        if path.suffix == ".parquet":
            found = unlike(path, pl.read_parquet(due, glob=False), _keys(path))
            return found or WORDS.words("finding.other_bytes", name=name)
        if path.suffix == ".xlsx":
            return unlike_book(name, path, due)
    except CannotCheckError as error:
        return error.reason
    except (OSError, DrgpayError, pl.exceptions.PolarsError) as error:
        return WORDS.words("finding.cannot_be_read", name=name, reason=first_line(error))
    return WORDS.words("finding.differs", name=name)


def _keys(path: Path) -> list[str]:
    """What names a row of a table: its key, else all of its first columns."""
    written = pl.scan_parquet(path, glob=False).collect_schema().names()
    keys = KEYS.get(_OF_VISITS.get(path.stem, path.stem), written[:2])
    return [key for key in keys if key in written] or written[:2]
