"""The files that a run reads: hashed before they are read, and looked at again when it ends."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.words import Sentences
from drgpay.grouper.scheme_files import scheme_folder
from drgpay.policy.load import policy_path
from drgpay.records.dataset import RecordsInput
from drgpay.records.folder import files_of
from drgpay.records.mapping.load import mapping_path
from drgpay.records.mapping.opening import side_files
from drgpay.records.mapping.table_mapping import table_mapping_path
from drgpay.run.job import AnyJob, Job, OutpatientJob
from drgpay.run.year_job import AnyYearJob, YearJob

_ERRORS = Sentences("errors/run")

_SETTLED_SECONDS = 5
"""A file written so long before it was hashed shows by its times whether it was written since."""


@dataclass(frozen=True)
class _Seen:
    sha256: str
    state: tuple[int, ...]
    settled: bool


@dataclass
class InputFiles:
    """Files by the hash that they had when they were first asked for."""

    _seen: dict[Path, _Seen] = field(default_factory=dict)

    def sha256(self, path: Path) -> str:
        """The sha256 of a file as it was at the first call; raises OSError if it cannot be read."""
        if path not in self._seen:
            before = _state(path)
            age = time.time_ns() - max(before[-2:])
            seen = _Seen(file_hash(path), before, age > _SETTLED_SECONDS * 10**9)
            self._seen[path] = seen
        return self._seen[path].sha256

    def note(self, paths: Iterable[Path]) -> None:
        """Hash files that are about to be read; what is not there is for others to name."""
        for path in paths:
            if path.is_file():
                self.sha256(path)

    def refuse_changed(self) -> None:
        """Raise DrgpayError if a file is not what was hashed: it may have been read as either."""
        for path, seen in self._seen.items():
            try:
                same = (seen.settled and _state(path) == seen.state) or (
                    file_hash(path) == seen.sha256
                )
            except OSError:
                same = False
            if not same:
                raise DrgpayError(*_ERRORS("changed_meanwhile", path=path))


def _state(path: Path) -> tuple[int, ...]:
    """What the file system notes of a file: the last two are when it was written and changed."""
    about = path.stat()
    return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


def noted(job: AnyJob | AnyYearJob) -> InputFiles:
    """The files that a job or a year file names, hashed now."""
    inputs = InputFiles()
    named = [*files_named(job)]
    inputs.note(named)
    inputs.note(mapping for path in named if (mapping := table_mapping_path(path)))
    return inputs


def files_named(job: AnyJob | AnyYearJob) -> Iterator[Path]:
    """The files that a job or a year file names, whether they are there or not.

    Raises DrgpayError for records and schemes that cannot be looked for.
    """
    yield policy_path(job.policy)
    yield job.hospitals
    if isinstance(job, Job | YearJob):
        yield from _in_folder(scheme_folder(job.scheme))
        yield from _in_folder(job.catalogue)
        yield from job.filings.given().values()
        for stays in _stays_of(job):
            yield from _records(stays.path, stays.mapping, stays.ignore)
            if stays.groups:
                yield stays.groups.path
    outpatient = job.outpatient
    if outpatient:
        yield from _in_folder(scheme_folder(outpatient.scheme))
        yield from _in_folder(outpatient.catalogue)
        if outpatient.enrolment:
            yield outpatient.enrolment
    if isinstance(outpatient, OutpatientJob):
        given = outpatient.records
        yield from _records(given.visits, given.visits_mapping, given.ignore)
        yield from _records(given.items, given.items_mapping, given.ignore)


def records_of(job: AnyJob | AnyYearJob) -> list[Path]:
    """The files and folders of records that a job or a year file names."""
    paths = [stays.path for stays in _stays_of(job)] if isinstance(job, Job | YearJob) else []
    if isinstance(job.outpatient, OutpatientJob):
        paths += [job.outpatient.records.visits, job.outpatient.records.items]
    return paths


def _stays_of(job: Job | YearJob) -> list[RecordsInput]:
    """The records of stays that are read: its own, and those of runs that paid before."""
    own = job.stays if isinstance(job, Job) else job.persons
    named = [own, *(one.stays for one in job.previous)]
    return [stays for stays in named if stays]


def _in_folder(folder: Path) -> Iterator[Path]:
    return folder.rglob("*")


def _records(path: Path, mapping: str | None, ignore: tuple[str, ...]) -> Iterator[Path]:
    files = files_of(path, ignore).files
    yield from files
    if mapping:
        yield mapping_path(mapping)
        yield from (one for file in files for one in side_files(file, mapping))
