"""The evidence of a run: what went in, with what it was settled, and what came out.

manifest.json of a run is its basis (`basis_of_run`, `basis_of_clearing`) with

    run              the run id
    basis_sha256     over the basis; the run id ends in its first ten digits, unless named by hand
    id_given         whether somebody named the run by hand: its id then proves nothing of the basis
    counts           rows: read, valid, quarantined, warnings ...
    outputs          file (in subfolders `statements/H01.xlsx`) -> {"bytes": ..., "sha256": ...}
    seconds          by step; the only part that differs when a run is repeated
    rights           of its files and folders, and whether the file system keeps them

All keys but these, and accepted_by, are the basis, so the run id can be recomputed from the manifest.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from drgpay import __version__
from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER, Rights, give_all, has_file, rights_shown
from drgpay.base.plain_json import plain_json
from drgpay.grouper.scheme import Scheme, load_scheme
from drgpay.points.catalogue import catalogue_hash
from drgpay.policy.load import LoadedPolicy, load_policy
from drgpay.records.dataset import Dataset, RecordsInput
from drgpay.records.source import partition_of
from drgpay.records.visits.tables import VisitRecords, open_visits
from drgpay.run.input_files import InputFiles, file_hash
from drgpay.run.job import AnyJob, FilingPaths, Job, OutpatientJob, PreviousRun, VisitsJob
from drgpay.run.run_ids import checked_id
from drgpay.run.year_job import AnyYearJob, MonthRuns, OutpatientYear, YearJob

MANIFEST = "manifest.json"
SHARE = "have its owner share it: output.group of the job says with whom"
"""The remedy for a run that somebody else may read only."""
PROGRAM = f"drgpay {__version__}"

_RUN_ID_DIGITS = 10
_BESIDE_BASIS = ("run", "basis_sha256", "counts", "outputs", "seconds")
_RIGHTS = "rights"  # older manifests have none
_ACCEPTED_BY = "accepted_by"  # nor this: who took on what stops runs
ID_GIVEN = "id_given"  # nor this
_NEWER_BESIDE_BASIS = (ID_GIVEN, _RIGHTS, _ACCEPTED_BY)
CHANGING = ("seconds", _RIGHTS, _ACCEPTED_BY)
"""What of a manifest differs when a run is repeated: in no evidence."""


def basis_of_run(
    job: Job,
    dataset: Dataset,
    scheme: Scheme,
    loaded: LoadedPolicy,
    language: str,
    read: InputFiles | None = None,
) -> dict[str, Any]:
    """Everything that the results of a month depend on, by content; file names without folders.

    read: the files as they were hashed before they were read; by default they are hashed now.
    Raises DrgpayError if `job.corrects` is no folder of a run.
    """
    read = read or InputFiles()
    return {
        "kind": "month",
        "program": PROGRAM,
        "period": str(job.period),
        "language": language,
        **_rules(scheme, job.catalogue, loaded, read),
        "inputs": {
            **_records(dataset, job.stays, read),
            "hospitals": _file(job.hospitals, read),
            **_filings(job.filings, read),
            **_previous(job.previous, scheme.info.code_system, read),
        },
        "corrects": evidence_of_run(job.corrects) if job.corrects else None,
    }


def basis_of_job(job: AnyJob, language: str) -> dict[str, Any]:
    """The basis of a run of a job, from what its files are now.

    Raises DrgpayError for mistakes in the job's scheme, policy and records.
    """
    loaded = load_policy(job.policy)
    if isinstance(job, Job):
        scheme = load_scheme(job.scheme)
        basis = basis_of_run(job, job.stays.open(scheme.info.code_system), scheme, loaded, language)
    else:
        basis = basis_of_visits_job(job, loaded, language)
    if job.outpatient:
        records = open_visits(job.outpatient.records)
        scheme = load_scheme(job.outpatient.scheme)
        basis["outpatient"] = outpatient_basis(job.outpatient, records, scheme)
    return basis


def basis_of_visits_job(
    job: VisitsJob, loaded: LoadedPolicy, language: str, read: InputFiles | None = None
) -> dict[str, Any]:
    """The basis of a run of visits alone, but for `outpatient_basis`; read as in `basis_of_run`.

    Raises DrgpayError if `job.corrects` is no folder of a run.
    """
    read = read or InputFiles()
    return {
        "kind": "visits",
        "program": PROGRAM,
        "period": str(job.period),
        "language": language,
        "policy": _policy(loaded, read),
        "inputs": {"hospitals": _file(job.hospitals, read), **_previous(job.previous, "", read)},
        "corrects": evidence_of_run(job.corrects) if job.corrects else None,
    }


def outpatient_basis(
    job: OutpatientJob, records: VisitRecords, scheme: Scheme, read: InputFiles | None = None
) -> dict[str, Any]:
    """Everything that the results of visits depend on beside policy, hospitals and period.

    read: as in `basis_of_run`.
    """
    read = read or InputFiles()
    return {
        "scheme": {"id": scheme.info.id, "sha256": scheme.content_hash},
        "catalogue": {"name": job.catalogue.name, "sha256": catalogue_hash(job.catalogue)},
        "visits": records_files(records.visits, read),
        "items": records_files(records.items, read),
        "visits_mapping": records_mapping(records.visits, read),
        "items_mapping": records_mapping(records.items, read),
        "encoding": job.records.encoding,
        "enrolment": _file(job.enrolment, read) if job.enrolment else None,
    }


def basis_of_clearing(
    job: AnyYearJob,
    months: Sequence[MonthRuns],
    persons: Dataset | None,
    scheme: Scheme | None,
    loaded: LoadedPolicy,
    language: str,
    accepted_policy_change: bool,
    read: InputFiles | None = None,
) -> dict[str, Any]:
    """Everything that the results of a year's clearing depend on, by content; of visits all but
    `outpatient_basis_of_year`.

    `months` are the runs that are cleared, `persons` the stays that tell whose cases are whose,
    `scheme` that of stays. Raises DrgpayError if one of the runs is none.
    """
    read = read or InputFiles()
    return {
        "kind": "clearing",
        "program": PROGRAM,
        "period": str(job.year),
        "language": language,
        **(
            _rules(scheme, job.catalogue, loaded, read)
            if isinstance(job, YearJob) and scheme
            else {"policy": _policy(loaded, read)}
        ),
        "inputs": {
            **(
                _records(persons, job.persons, read)
                if isinstance(job, YearJob) and persons and job.persons
                else {}
            ),
            "months": [
                {"period": month.period, "runs": [evidence_of_run(run) for run in month.runs]}
                for month in months
            ],
            "hospitals": _file(job.hospitals, read),
            **(_filings(job.filings, read) if isinstance(job, YearJob) else {}),
            **(
                _previous(job.previous, scheme.info.code_system, read)
                if isinstance(job, YearJob) and scheme
                else {}
            ),
            **({"assessment": _file(job.assessment, read)} if job.assessment else {}),
        },
        "switches": {
            "readmissions_across_months": persons is not None,
            "accept_policy_change": accepted_policy_change,
        },
    }


def outpatient_basis_of_year(
    job: OutpatientYear, scheme: Scheme, has_accounts: bool, read: InputFiles | None = None
) -> dict[str, Any]:
    """What the clearing of visits depends on beside policy, hospitals and months.

    has_accounts: whether capitation accounts are kept, by the year's enrolment or the months'.
    """
    return {
        "scheme": {"id": scheme.info.id, "sha256": scheme.content_hash},
        "catalogue": {"name": job.catalogue.name, "sha256": catalogue_hash(job.catalogue)},
        "enrolment": _file(job.enrolment, read or InputFiles()) if job.enrolment else None,
        "capitation": has_accounts,
    }


def _rules(
    scheme: Scheme, catalogue: Path, loaded: LoadedPolicy, read: InputFiles
) -> dict[str, Any]:
    return {
        "scheme": {"id": scheme.info.id, "sha256": scheme.content_hash},
        # They take no part in grouping, so they are not in the hash of the scheme.
        "exempt_groups": sorted(scheme.exempt),
        "catalogue": {"name": catalogue.name, "sha256": catalogue_hash(catalogue)},
        "policy": _policy(loaded, read),
    }


def _policy(loaded: LoadedPolicy, read: InputFiles) -> dict[str, Any]:
    return {
        "id": loaded.policy.policy.id,
        "sha256": read.sha256(loaded.path),
        "parameters": loaded.policy.model_dump(mode="json"),
        "unverified": sorted(
            path for path, about in loaded.provenance.items() if not about.verified
        ),
    }


def records_files(dataset: Dataset, read: InputFiles) -> list[dict[str, Any]]:
    """The files of records by their content, in whatever order they lie in their folder."""
    found = []
    for file in dataset.files:
        below = dataset.path.is_dir()
        folder = partition_of(file.path, dataset.path) if below else {}
        found.append(
            {
                "file": file.path.relative_to(dataset.path).as_posix() if below else file.path.name,
                "rows": file.rows,
                "sha256": read.sha256(file.path),
                **({"folder": folder} if folder else {}),
            }
        )
    return sorted(found, key=lambda one: (one["sha256"], sorted(one.get("folder", {}).items())))


def records_mapping(dataset: Dataset, read: InputFiles) -> dict[str, str] | None:
    """The mapping that records are read through, by its content."""
    return _file(dataset.mapping.path, read) if dataset.mapping else None


def _records(dataset: Dataset, opened_with: RecordsInput, read: InputFiles) -> dict[str, Any]:
    return {
        "stays": records_files(dataset, read),
        "mapping": records_mapping(dataset, read),
        "encoding": opened_with.encoding,
        "clinical_codes": opened_with.clinical_codes,
    }


def _filings(filings: FilingPaths, read: InputFiles) -> dict[str, Any]:
    return {name: _file(path, read) for name, path in filings.given().items()}


def _previous(
    named: Sequence[PreviousRun], code_system: str, read: InputFiles
) -> dict[str, list[dict[str, Any]]]:
    """The runs that paid before, the oldest first, with the stays that they were settled from."""
    found = []
    for one in named:
        about = {"period": read_manifest(one.run)["period"], **evidence_of_run(one.run)}
        if one.stays:
            dataset = one.stays.open(code_system)
            about["stays"] = records_files(dataset, read)
            about["mapping"] = records_mapping(dataset, read)
        if one.k:
            about["k"] = {account: str(k) for account, k in sorted(one.k.items())}
        found.append(about)
    return {"previous": sorted(found, key=lambda about: about["period"])} if found else {}


def _file(path: Path, read: InputFiles) -> dict[str, str]:
    if not path.is_file():
        raise DrgpayError(f"there is no file {path}", "correct the path in the job file")
    return {"file": path.name, "sha256": read.sha256(path)}


def content_of(basis: Any) -> Any:
    """A basis, or a part of one, without the names of files: what they hold is what counts."""
    if isinstance(basis, Mapping):
        return {key: content_of(value) for key, value in basis.items() if key != "file"}
    return [content_of(one) for one in basis] if isinstance(basis, list) else basis


def basis_hash(basis: Mapping[str, Any]) -> str:
    """The sha256 over the content of a basis."""
    text = json.dumps(content_of(basis), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def identity_of(basis: Mapping[str, Any], run_id: str | None) -> str:
    """What a run is called: as somebody said, or by its basis. Raises DrgpayError for no good name."""
    return checked_id(run_id) if run_id else run_id_of(basis)


def run_id_of(basis: Mapping[str, Any]) -> str:
    """The same inputs, parameters and program give the same id: 2026-10-1f2e3d4c5b."""
    return f"{basis['period']}-{basis_hash(basis)[:_RUN_ID_DIGITS]}"


def output_files(folder: Path) -> dict[str, Path]:
    """Every result file of a run, by its name from the folder, in the order of the names."""
    paths = (path for path in folder.rglob("*") if not path.is_dir())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: named[name] for name in sorted(named) if name != MANIFEST}


def output_hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every result file of a run, by its name from the folder."""
    return {name: file_hash(path) for name, path in output_files(folder).items()}


def write_manifest(
    folder: Path,
    run_id: str,
    basis: Mapping[str, Any],
    counts: Mapping[str, int],
    seconds: Mapping[str, float],
    rights: Rights = OWNER,
    accepted_by: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write manifest.json over all files that lie in the folder by now, which get their rights."""
    kept = give_all(folder, rights)
    manifest = {
        "run": run_id,
        "basis_sha256": basis_hash(basis),
        ID_GIVEN: run_id != run_id_of(basis),
        **basis,
        "counts": counts,
        "outputs": {
            name: {"bytes": path.stat().st_size, "sha256": file_hash(path)}
            for name, path in output_files(folder).items()
        },
        "seconds": {step: round(spent, 3) for step, spent in seconds.items()},
        _RIGHTS: rights_shown(rights, kept),
        **({_ACCEPTED_BY: list(accepted_by)} if accepted_by else {}),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run; raises DrgpayError if the folder holds none that can be read."""
    path = folder / MANIFEST
    if not has_file(path, SHARE):
        raise DrgpayError(f"{folder} is no folder of a run: it has no {MANIFEST}", "name a run")
    try:
        manifest = plain_json(path.read_bytes())
    except (ValueError, OSError) as error:
        raise DrgpayError(f"{path} is damaged: {error}", _RESTORE) from None
    keys = (*_BESIDE_BASIS, "kind", "period")
    missing = [key for key in keys if key not in manifest] if isinstance(manifest, dict) else keys
    if missing:
        raise DrgpayError(
            f"{path} lacks {missing[0]}: another version of drgpay wrote it, or it was changed",
            _RESTORE,
        )
    outputs = manifest["outputs"]
    if not isinstance(outputs, dict) or not all(
        isinstance(about, dict) and "sha256" in about for about in outputs.values()
    ):
        raise DrgpayError(f"{path}: outputs does not list files with their sha256", _RESTORE)
    return manifest


_RESTORE = "restore it from a copy, or run the job again"


def basis_in(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The basis that a manifest holds."""
    return {
        key: manifest[key] for key in manifest if key not in (*_BESIDE_BASIS, *_NEWER_BESIDE_BASIS)
    }


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every single value with its path: ("inputs.stays.0.sha256", "...")."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{name}.{number}")
    elif value is not None:
        yield name, str(value)


def evidence_of(folder: Path) -> str:
    """The sha256 over a manifest without its seconds, rights and who accepted: the same for a repeated run.

    Through the hashes that the manifest holds it stands for everything that went in and came out.
    Raises DrgpayError if there is no manifest.
    """
    manifest = read_manifest(folder)
    return basis_hash({key: manifest[key] for key in manifest if key not in CHANGING})


def evidence_of_run(folder: Path) -> dict[str, str]:
    """A run as an input of another: its id and its evidence."""
    return {"run": read_manifest(folder)["run"], "evidence": evidence_of(folder)}
