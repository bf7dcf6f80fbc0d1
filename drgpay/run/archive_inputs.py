"""What runs were settled from, for their archive: found by its sha256, or told to be left out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.grouper.scheme import content_hash, scheme_folder, shipped_schemes
from drgpay.policy.load import policy_path, shipped_policies
from drgpay.results.run_folder import RunFolder
from drgpay.run.input_files import files_named
from drgpay.run.job import AnyJob, load_any_job
from drgpay.run.year_job import AnyYearJob, is_year_file, load_any_year_job
from drgpay.tables.inputs import input_tables


@dataclass(frozen=True)
class Input:
    """A file or folder that a run was settled from.

    what: its key in the manifest, as `inputs.stays`. of_persons: whether its rows are about persons.
    place: where it lies now; None where no job says so, or what lies there is another one.
    """

    run: str
    what: str
    name: str
    sha256: str
    of_persons: bool
    place: Path | None


def load_named(path: Path) -> AnyJob | AnyYearJob:
    """A job or a year file; raises DrgpayError for one that cannot be read."""
    return load_any_year_job(path) if is_year_file(path) else load_any_job(path)


def inputs_of(runs: Sequence[RunFolder], jobs: Sequence[AnyJob | AnyYearJob]) -> list[Input]:
    """Everything that runs were settled from, looked for where their jobs have it.

    What comes with the program, schemes and policies, is found without a job.
    """
    named = {file_hash(path): path for path in _files(jobs)}
    schemes = {content_hash(folder): folder for folder in _schemes(jobs)}
    found: list[Input] = []
    for run in runs:
        content = run.manifest.content
        about = content["policy"]
        place = named.get(about["sha256"])
        found.append(Input(run.run_id, "policy", about["id"], about["sha256"], False, place))
        for part in run.parts:
            scheme = run.manifest.of(part).scheme
            found.append(
                Input(
                    *(run.run_id, "scheme", scheme["id"], scheme["sha256"], False),
                    schemes.get(scheme["sha256"]),
                )
            )
        for key in ("inputs", "outpatient"):
            for what, file in _file_facts(content.get(key), key):
                name, sha256 = file["file"], file["sha256"]
                persons = _of_persons(what)
                found.append(Input(run.run_id, what, name, sha256, persons, named.get(sha256)))
    return found


def _files(jobs: Sequence[AnyJob | AnyYearJob]) -> Iterator[Path]:
    """The files that jobs name, and the shipped policies; what is not there any more is passed over."""
    yield from (policy_path(name) for name in shipped_policies())
    for job in jobs:
        with suppress(DrgpayError, OSError):
            yield from (path for path in files_named(job) if path.is_file())
        assessment = getattr(job, "assessment", None)
        if assessment is not None and assessment.is_file():
            yield assessment


def _schemes(jobs: Sequence[AnyJob | AnyYearJob]) -> Iterator[Path]:
    for name in shipped_schemes():
        yield scheme_folder(name)
    for job in jobs:
        for part in (job, job.outpatient):
            named: str | None = getattr(part, "scheme", None)
            if named is not None:
                with suppress(DrgpayError):
                    yield scheme_folder(named)


def _file_facts(value: Any, key: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Everything in a part of a manifest that is a file with its sha256, by its key."""
    if isinstance(value, Mapping):
        if {"file", "sha256"} <= value.keys():
            yield key, value
            return
        for name, inner in value.items():
            yield from _file_facts(inner, f"{key}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _file_facts(inner, key)


def _of_persons(what: str) -> bool:
    """Whether an input is about persons: as its table is declared; what has none may be."""
    name = what.rpartition(".")[2]
    if name in _OF_NOBODY:
        return False
    table = input_tables().get(name)
    return table is None or table.people


_OF_NOBODY = frozenset({"mapping", "visits_mapping", "items_mapping", "assessment"})
