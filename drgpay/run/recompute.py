"""`drgpay verify --recompute`: run the job of a run again from its inputs, and compare every file.

Nothing is entered in the database and nothing is left: the repeated run lies in a folder for its
owner alone, beside the folder of the runs where that can be written, and goes with the comparison.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.language import Words
from drgpay.base.working_folder import working_folder
from drgpay.results.manifest import basis_in, leaves, output_files, read_manifest
from drgpay.results.run_tables import CannotCheckError
from drgpay.results.visit_files import VISIT_FILES
from drgpay.run.clearing import run_clearing
from drgpay.run.comparison import WORDS, not_due, unlike
from drgpay.run.job import load_any_job
from drgpay.run.month_end import ProgressBar, run_month
from drgpay.run.rendered import unlike_book
from drgpay.run.repeated import KEYS
from drgpay.run.stops import Accepted, RunStoppedError, accepted_before
from drgpay.run.year_job import load_any_year_job

_OF_VISITS = {file: table for table, file in VISIT_FILES.items()}


def recomputed(
    folder: Path, manifest: Mapping[str, Any], job: Path, progress: ProgressBar
) -> tuple[int, list[Words]]:
    """How many files were compared, and every file that differs from the repeated run.

    What the run took on is taken on again, by whom it was. Raises DrgpayError where the job cannot be
    run.
    """
    with _beside(folder) as work:
        try:
            again = _run(manifest, job, work, progress)
        except RunStoppedError as error:
            return 0, [WORDS.words("finding.job_stops", error=error)]
        return _compare(folder, again)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder to run in on the file system of the runs, but not among them."""
    near = folder.resolve().parent.parent
    fits = os.access(near, os.W_OK) and near.stat().st_dev == folder.stat().st_dev
    with working_folder(near if fits else None) as work:
        yield work


def _run(manifest: Mapping[str, Any], job: Path, output: Path, progress: ProgressBar) -> Path:
    run_id, language = manifest["run"], manifest["language"]
    accept = _accepted(manifest)
    if manifest["kind"] == "clearing":
        year = replace(load_any_year_job(job), output_group=None)
        changed = manifest["switches"]["accept_policy_change"]
        return run_clearing(year, language, run_id, changed, output, accept).folder
    month = replace(load_any_job(job), output=output, output_group=None, accepted=())
    return run_month(month, language, progress, run_id, accept=accept).folder


def _accepted(manifest: Mapping[str, Any]) -> list[Accepted]:
    """What the run took on, by the people who did."""
    people = {(one["code"], one["about"]): one for one in manifest.get("accepted_by", ())}
    return [
        replace(one, by=about["by"], note=about["note"]) if about else one
        for one in accepted_before(manifest)
        for about in [people.get((one.code, one.subject)) or people.get((one.code, None))]
    ]


def _compare(folder: Path, again: Path) -> tuple[int, list[Words]]:
    said, due = output_files(folder), output_files(again)
    # Tables first: a workbook differs because of them.
    names = sorted({*said, *due}, key=lambda name: (not name.endswith(".parquet"), name))
    findings = list(_manifests(read_manifest(folder), read_manifest(again)))
    for name in names:
        if name not in due:
            findings.append(WORDS.words("finding.extra", name=name))
        elif name not in said:
            findings.append(WORDS.words("finding.missing", name=name))
        elif file_hash(said[name]) != file_hash(due[name]):
            findings.append(_unlike(name, said[name], due[name]))
    return len(names), findings


def _manifests(said: Mapping[str, Any], due: Mapping[str, Any]) -> Iterator[Words]:
    """What of a manifest differs that does not change with every run: basis and counts."""
    parts = [({**basis_in(one), "counts": one["counts"]}) for one in (said, due)]
    was, now = (dict(leaves(part)) for part in parts)
    for name in dict.fromkeys([*was, *now]):
        if was.get(name) != now.get(name):
            yield not_due(f"manifest {name}", was.get(name), now.get(name))


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
        reason = str(error).splitlines()[0]
        return WORDS.words("finding.cannot_be_read", name=name, reason=reason)
    return WORDS.words("finding.differs", name=name)


def _keys(path: Path) -> list[str]:
    """What names a row of a table: its key, else all of its first columns."""
    written = list(pl.read_parquet_schema(path))
    keys = KEYS.get(_OF_VISITS.get(path.stem, path.stem), written[:2])
    return [key for key in keys if key in written] or written[:2]
