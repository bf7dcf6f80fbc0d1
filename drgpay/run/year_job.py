"""The year file: which months a clearing closes, with what, and where it leaves its folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from drgpay.base.errors import DrgpayError, UnfitError
from drgpay.base.language import alike, listed
from drgpay.base.toml_reader import read_toml
from drgpay.base.words import Sentences
from drgpay.databases.settings import DatabaseFile
from drgpay.databases.source import FetchFile, InputEntry
from drgpay.policy.fields import Month
from drgpay.publish.settings import PublishFile
from drgpay.records.dataset import RecordsInput
from drgpay.run.fetched import Snapshots, wanted_of
from drgpay.run.job import (
    FilingPaths,
    FormerRules,
    OutputEntry,
    PreviousFile,
    PreviousRun,
    beside,
    filing_paths,
    former_rules,
    policy_beside,
    previous_run,
    read_job_file,
    scheme_beside,
    wanted_before,
)

_ERRORS = Sentences("errors/run")


class YearInputs(BaseModel):
    """[inputs]: what the clearing reads beside the runs of the months."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hospitals: InputEntry
    stays: InputEntry | None = None
    mapping: str | None = None
    encoding: str | None = None
    ignore: tuple[str, ...] | None = None
    reviews: InputEntry | None = None
    deductions: InputEntry | None = None
    technologies: InputEntry | None = None
    assessment: InputEntry | None = None


class YearOutpatientFile(BaseModel):
    """[outpatient]: the visits of the months are cleared too, or alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scheme: str
    catalogue: str
    enrolment: InputEntry | None = None


class MonthOfYear(BaseModel):
    """[[months]]: the run that was paid and the runs that corrected it, in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Month
    run: Annotated[str, StringConstraints(min_length=1)]
    corrections: tuple[str, ...] = ()


class MonthsFile(BaseModel):
    """[[months]], or months = "approved": those of the output folder that are approved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listed: tuple[MonthOfYear, ...] = ()
    approved: bool = False


def _as_table(given: Any) -> Any:
    if given == "approved":
        return {"approved": True}
    if not isinstance(given, list | tuple):
        raise UnfitError(_ERRORS.words("no_months"))
    return {"listed": given}


MonthsEntry = Annotated[
    MonthsFile,
    BeforeValidator(_as_table, json_schema_input_type=list[MonthOfYear] | Literal["approved"]),
]


class YearFile(BaseModel):
    """The keys of a year file; relative paths start at the file's folder.

    scheme, catalogue and readmissions_across_months are those of stays: a year of visits alone has
    none of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: Annotated[int, Field(ge=2000, le=2100)]
    scheme: str | None = None
    catalogue: str | None = None
    former_scheme: str | None = None
    former_catalogue: str | None = None
    policy: str
    output: OutputEntry
    publish: PublishFile | None = None
    readmissions_across_months: bool | None = None
    months: MonthsEntry = Field(default_factory=MonthsFile)
    previous: PreviousFile | None = None
    inputs: YearInputs
    outpatient: YearOutpatientFile | None = None
    databases: dict[str, DatabaseFile] = Field(default_factory=dict)
    fetch: FetchFile = FetchFile()


@dataclass(frozen=True)
class MonthRuns:
    """The run that a month was paid with, then its corrections in order."""

    period: str
    runs: tuple[Path, ...]


@dataclass(frozen=True)
class OutpatientYear:
    """By what the visits of the months were settled.

    enrolment: the final one; without it that of the months holds.
    """

    scheme: str
    catalogue: Path
    enrolment: Path | None = None


@dataclass(frozen=True)
class YearJob:
    """A year file with stays, its paths resolved; with outpatient the visits are cleared too.

    Without `months` they are looked for in `output`: with approved_alone only those that are
    approved. previous: the clearing of the year before, or none.
    """

    path: Path
    year: int
    scheme: str
    catalogue: Path
    policy: str
    output: Path
    hospitals: Path
    persons: RecordsInput | None
    months: tuple[MonthRuns, ...]
    filings: FilingPaths
    assessment: Path | None
    outpatient: OutpatientYear | None = None
    output_group: str | None = None
    previous: tuple[PreviousRun, ...] = ()
    approved_alone: bool = False
    former: FormerRules | None = None
    snapshots: Snapshots | None = None


@dataclass(frozen=True)
class VisitsYearJob:
    """A year file that clears visits alone; `months` and approved_alone as in YearJob."""

    path: Path
    year: int
    policy: str
    output: Path
    hospitals: Path
    months: tuple[MonthRuns, ...]
    assessment: Path | None
    outpatient: OutpatientYear
    output_group: str | None = None
    approved_alone: bool = False
    snapshots: Snapshots | None = None


AnyYearJob = YearJob | VisitsYearJob


def is_year_file(path: Path) -> bool:
    """Whether a file is a year file; one that cannot be read is none, as whoever reads it says."""
    try:
        return "year" in read_toml(path, alike(path.name))
    except DrgpayError:
        return False


def load_year_job(path: Path) -> YearJob:
    """Read the file of a year with stays.

    Raises DrgpayError with the path of every wrong key, and for a year of visits alone.
    """
    job = load_any_year_job(path)
    if isinstance(job, VisitsYearJob):
        raise DrgpayError(*_ERRORS("year_of_visits", path=path))
    return job


def load_any_year_job(path: Path) -> AnyYearJob:
    """Read any year file.

    Raises DrgpayError with the path of every wrong key, and for inputs of databases that are not
    fetched.
    """
    file = read_job_file(path, YearFile)
    here, inputs = path.parent, file.inputs
    snapshots = snapshots_of_year(path, file)
    snapshots.refuse_unfetched()
    at = snapshots.at
    outpatient = _outpatient(here, file.outpatient, snapshots) if file.outpatient else None
    policy = policy_beside(here, file.policy)
    approved_alone = file.months.approved
    months = tuple(
        MonthRuns(month.period, tuple(here / run for run in (month.run, *month.corrections)))
        for month in file.months.listed
    )
    assessment = at("assessment", inputs.assessment) if inputs.assessment else None
    if outpatient and file.scheme is None:
        _refuse_keys_of_stays(path, file)
        return VisitsYearJob(
            path=path,
            year=file.year,
            policy=policy,
            output=here / file.output.folder,
            output_group=file.output.group,
            hospitals=at("hospitals", inputs.hospitals),
            months=months,
            approved_alone=approved_alone,
            assessment=assessment,
            outpatient=outpatient,
            snapshots=snapshots,
        )
    if file.scheme is None or file.catalogue is None or file.readmissions_across_months is None:
        missing = next(key for key in _OF_STAYS if getattr(file, key) is None)
        due = {"key": missing, "keys": listed(_OF_STAYS)}
        raise DrgpayError(*_ERRORS("no_key_of_stays", path=path, **due))
    if file.readmissions_across_months and not inputs.stays:
        raise DrgpayError(*_ERRORS("no_persons", path=path))
    persons = (
        RecordsInput(
            at("stays", inputs.stays),
            beside(here, inputs.mapping),
            inputs.encoding,
            ignore=inputs.ignore or (),
        )
        if inputs.stays and file.readmissions_across_months
        else None
    )
    if file.previous and not persons:
        raise DrgpayError(*_ERRORS("no_returns", path=path))
    return YearJob(
        path=path,
        year=file.year,
        scheme=scheme_beside(here, file.scheme),
        catalogue=here / file.catalogue,
        policy=policy,
        output=here / file.output.folder,
        output_group=file.output.group,
        hospitals=at("hospitals", inputs.hospitals),
        persons=persons,
        months=months,
        approved_alone=approved_alone,
        filings=filing_paths(snapshots, inputs.reviews, inputs.deductions, inputs.technologies),
        assessment=assessment,
        outpatient=outpatient,
        previous=(previous_run(path, file.previous, file.scheme, persons, snapshots),)
        if file.previous
        else (),
        former=former_rules(path, file.former_scheme, file.former_catalogue),
        snapshots=snapshots,
    )


def snapshots_of_year(path: Path, file: YearFile) -> Snapshots:
    """What a year file reads from databases, and where its snapshots lie."""
    inputs, previous = file.inputs, file.previous
    wanted = [*wanted_of(dict(inputs), "inputs", ("stays",) if inputs.mapping else ())]
    if previous:
        mapped = bool(previous.mapping if previous.mapping is not None else inputs.mapping)
        wanted += wanted_before(previous, "previous", 1, mapped)
    if file.outpatient:
        wanted += wanted_of(dict(file.outpatient), "outpatient")
    return Snapshots(path, file.fetch, tuple(wanted))


_OF_FORMER = ("former_scheme", "former_catalogue")
_OF_STAYS = ("scheme", "catalogue", "readmissions_across_months")


def _outpatient(here: Path, file: YearOutpatientFile, snapshots: Snapshots) -> OutpatientYear:
    return OutpatientYear(
        scheme=scheme_beside(here, file.scheme),
        catalogue=here / file.catalogue,
        enrolment=snapshots.at("enrolment", file.enrolment) if file.enrolment else None,
    )


def _refuse_keys_of_stays(path: Path, file: YearFile) -> None:
    """A year of visits alone must not name what would not be read."""
    given = {
        **{name: getattr(file, name) for name in (*_OF_STAYS, *_OF_FORMER, "previous")},
        **{
            f"inputs.{name}": value
            for name, value in file.inputs.model_dump(exclude={"hospitals", "assessment"}).items()
        },
    }
    for name, value in given.items():
        if value is not None:
            raise DrgpayError(*_ERRORS("key_without_scheme", path=path, key=name))
