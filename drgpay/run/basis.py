"""What the results of a run depend on, by content: the basis of its manifest and of its id."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import (
    Scheme,
    content_hash,
    load_scheme,
    load_scheme_info,
    scheme_folder,
)
from drgpay.points.catalogue import catalogue_hash
from drgpay.policy.load import LoadedPolicy, load_policy
from drgpay.records.dataset import Dataset, RecordsInput
from drgpay.records.mapping.table_mapping import table_mapping_path
from drgpay.records.official_groups import GroupsInput
from drgpay.records.source import partition_of
from drgpay.records.visits.tables import VisitRecords, open_visits
from drgpay.results.manifest import CASE_SHEETS, PROGRAM, read_manifest
from drgpay.run.input_files import InputFiles
from drgpay.run.job import (
    AnyJob,
    FilingPaths,
    FormerRules,
    Job,
    OutpatientJob,
    PreviousRun,
    VisitsJob,
)
from drgpay.run.rules import fitted
from drgpay.run.year_job import AnyYearJob, MonthRuns, OutpatientYear, YearJob

_ERRORS = Sentences("errors/run")


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
    Raises DrgpayError if `job.corrects` is not the folder of a run.
    """
    read = read or InputFiles()
    return {
        "kind": "month",
        "program": PROGRAM,
        "period": str(job.period),
        "language": language,
        **_rules(scheme, job.catalogue, loaded, read),
        **_former(job.former),
        "inputs": {
            **records_basis(dataset, job.stays, read),
            "hospitals": _file(job.hospitals, read),
            **_filings(job.filings, read),
            **_groups(job.stays.groups, read),
            **_previous(job.previous, scheme.info.code_system, read),
        },
        "corrects": read_manifest(job.corrects).reference if job.corrects else None,
        **_output(job),
    }


def _output(job: AnyJob) -> dict[str, bool]:
    """What a job says of its workbooks, where that is not the usual."""
    return {CASE_SHEETS: True} if job.case_sheets else {}


def basis_of_job(job: AnyJob, language: str) -> dict[str, Any]:
    """The basis of a run of a job, from what its files are now.

    Raises DrgpayError for mistakes in the job's scheme, policy and records.
    """
    loaded = load_policy(job.policy)
    if isinstance(job, Job):
        scheme = load_scheme(job.scheme)
        loaded = fitted(loaded, scheme)
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

    Raises DrgpayError if `job.corrects` is not the folder of a run.
    """
    read = read or InputFiles()
    return {
        "kind": "visits",
        "program": PROGRAM,
        "period": str(job.period),
        "language": language,
        "policy": _policy(loaded, read),
        "inputs": {"hospitals": _file(job.hospitals, read), **_previous(job.previous, "", read)},
        "corrects": read_manifest(job.corrects).reference if job.corrects else None,
        **_output(job),
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
            {**_rules(scheme, job.catalogue, loaded, read), **_former(job.former)}
            if isinstance(job, YearJob) and scheme
            else {"policy": _policy(loaded, read)}
        ),
        "inputs": {
            **(
                records_basis(persons, job.persons, read)
                if isinstance(job, YearJob) and persons and job.persons
                else {}
            ),
            "months": [
                {
                    "period": month.period,
                    "runs": [read_manifest(run).reference for run in month.runs],
                }
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


def _former(former: FormerRules | None) -> dict[str, Any]:
    """The scheme and the catalogue before, where a job names them."""
    if former is None:
        return {}
    folder, catalogue = scheme_folder(former.scheme), former.catalogue
    return {
        "former": {
            "scheme": {"id": load_scheme_info(folder).id, "sha256": content_hash(folder)},
            "catalogue": {"name": catalogue.name, "sha256": catalogue_hash(catalogue)},
        }
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
        beside = [_file(path, read) for path in file.beside]
        found.append(
            {
                "file": file.path.relative_to(dataset.path).as_posix() if below else file.path.name,
                "rows": file.rows,
                "sha256": read.sha256(file.path),
                **({"folder": folder} if folder else {}),
                **({"beside": beside} if beside else {}),
            }
        )
    return sorted(found, key=lambda one: (one["sha256"], sorted(one.get("folder", {}).items())))


def records_mapping(dataset: Dataset, read: InputFiles) -> dict[str, str] | None:
    """The mapping that records are read through, by its content."""
    return _file(dataset.mapping.path, read) if dataset.mapping else None


def records_basis(dataset: Dataset, opened_with: RecordsInput, read: InputFiles) -> dict[str, Any]:
    """Records by their content, and how they are read."""
    return {
        "stays": records_files(dataset, read),
        "mapping": records_mapping(dataset, read),
        "encoding": opened_with.encoding,
        "clinical_codes": opened_with.clinical_codes,
    }


def _filings(filings: FilingPaths, read: InputFiles) -> dict[str, Any]:
    return {name: _file(path, read) for name, path in filings.given().items()}


def _groups(groups: GroupsInput | None, read: InputFiles) -> dict[str, Any]:
    return {"groups": {**_file(groups.path, read), "rule": groups.rule}} if groups else {}


def _previous(
    named: Sequence[PreviousRun], code_system: str, read: InputFiles
) -> dict[str, list[dict[str, Any]]]:
    """The runs that paid before, the oldest first, with the stays that they were settled from."""
    found = []
    for one in named:
        manifest = read_manifest(one.run)
        about: dict[str, Any] = {"period": manifest.period, **manifest.reference}
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
        raise DrgpayError(*_ERRORS("no_file", path=path))
    about = {"file": path.name, "sha256": read.sha256(path)}
    mapping = table_mapping_path(path)
    return {**about, "mapping": read.sha256(mapping)} if mapping else about
