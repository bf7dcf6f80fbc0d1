"""The job file: what a run reads, with what it settles, and where it leaves its folder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from drgpay.base.errors import DrgpayError, UnfitError
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.databases.settings import DatabaseFile
from drgpay.databases.source import DatabaseInput, FetchFile, InputEntry
from drgpay.grouper.scheme import shipped_schemes
from drgpay.policy.fields import MONTH_PATTERN, PositiveFactor
from drgpay.policy.load import read_keys, shipped_policies, validated
from drgpay.publish.settings import PublishFile
from drgpay.records.dataset import RecordsInput
from drgpay.records.mapping.load import shipped_mappings
from drgpay.records.official_groups import USUAL_RULE, GroupsInput, GroupsRule
from drgpay.records.visits.tables import VisitInput
from drgpay.run.fetched import Snapshots, Wanted, wanted_of
from drgpay.run.stops import Accepted, accepted_of

_ERRORS = Sentences("errors/run")

JobModel = TypeVar("JobModel", bound=BaseModel)


class PreviousFile(BaseModel):
    """[[inputs.previous]] of a job, [previous] of a year file: a run that paid before, and its stays.

    mapping, encoding and ignore are by default those of the inputs. scheme: where the run was grouped
    by another one; k: by account, where its points are on another scale.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: Annotated[str, StringConstraints(min_length=1)]
    stays: InputEntry | None = None
    mapping: str | None = None
    encoding: str | None = None
    ignore: tuple[str, ...] | None = None
    scheme: str | None = None
    k: dict[str, PositiveFactor] = Field(default_factory=dict)


class Inputs(BaseModel):
    """[inputs]: the records of the run; grouped: whether the stays carry their groups."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stays: InputEntry | None = None
    hospitals: InputEntry
    mapping: str | None = None
    encoding: str | None = None
    clinical_codes: bool = False
    ignore: tuple[str, ...] = ()
    reviews: InputEntry | None = None
    deductions: InputEntry | None = None
    technologies: InputEntry | None = None
    groups: InputEntry | None = None
    groups_rule: GroupsRule | None = None
    grouped: bool = False
    previous: tuple[PreviousFile, ...] = ()


class OutpatientFile(BaseModel):
    """[outpatient]: visits that the job settles too, or alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    visits: InputEntry
    items: InputEntry
    scheme: str
    catalogue: str
    enrolment: InputEntry | None = None
    visits_mapping: str | None = None
    items_mapping: str | None = None
    encoding: str | None = None
    ignore: tuple[str, ...] = ()


class OutputFile(BaseModel):
    """[output]: where results lie, and who may read them beside their owner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str
    group: Annotated[str, StringConstraints(min_length=1)] | None = None


class MonthOutputFile(OutputFile):
    """[output] of a month; cases: whether the workbooks of hospitals name all of their cases."""

    cases: bool = False


def _as_table(given: Any) -> Any:
    if isinstance(given, str):
        return {"folder": given}
    if not isinstance(given, dict):
        raise UnfitError(_ERRORS.words("no_output"))
    return given


OutputEntry = Annotated[
    OutputFile, BeforeValidator(_as_table, json_schema_input_type=str | OutputFile)
]
"""`output = "runs"`, or a table [output] with `folder` and `group`."""

MonthOutputEntry = Annotated[
    MonthOutputFile, BeforeValidator(_as_table, json_schema_input_type=str | MonthOutputFile)
]
"""The same of a month, also with `cases`."""


class AcceptedFile(BaseModel):
    """[[accepted]]: a finding that stops runs, taken on by somebody as it was printed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    hospital: str | None = None
    pool: str | None = None
    yuan: Decimal | None = None
    by: str
    note: str = ""

    def accepted(self) -> Accepted:
        """Raises DrgpayError for an unknown code, a wrong amount, and where nobody is named."""
        subject = self.hospital if self.pool is None else self.pool
        yuan = None if self.yuan is None else f"{self.yuan}"
        return accepted_of(self.code, subject, yuan, self.by, self.note)


class JobFile(BaseModel):
    """The keys of a job file; relative paths start at the job file's folder.

    scheme, catalogue and inputs.stays are those of stays: a job of visits alone has none of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Annotated[str, Field(json_schema_extra={"pattern": MONTH_PATTERN})]
    scheme: str | None = None
    catalogue: str | None = None
    former_scheme: str | None = None
    former_catalogue: str | None = None
    policy: str
    output: MonthOutputEntry
    corrects: str | None = None
    publish: PublishFile | None = None
    inputs: Inputs
    outpatient: OutpatientFile | None = None
    accepted: tuple[AcceptedFile, ...] = ()
    databases: dict[str, DatabaseFile] = Field(default_factory=dict)
    fetch: FetchFile = FetchFile()

    @field_validator("period")
    @classmethod
    def _is_month(cls, period: str) -> str:
        try:
            return str(Period.parse(period))
        except DrgpayError as error:
            raise UnfitError(error.remedy_words) from None


@dataclass(frozen=True)
class FilingPaths:
    """Where the filings of a period lie; what is not given is empty."""

    reviews: Path | None = None
    deductions: Path | None = None
    technologies: Path | None = None

    def __iter__(self) -> Iterator[Path | None]:
        """The paths in the order in which `read_filings` takes them."""
        return iter((self.reviews, self.deductions, self.technologies))

    def given(self) -> dict[str, Path]:
        """Those that are given, by what they hold."""
        paths = {
            "reviews": self.reviews,
            "deductions": self.deductions,
            "technologies": self.technologies,
        }
        return {name: path for name, path in paths.items() if path}


@dataclass(frozen=True)
class PreviousRun:
    """A run that paid before, with its stays where stays are settled, its paths resolved.

    scheme: that its stays were grouped by. k: by account, where it is given.
    """

    run: Path
    stays: RecordsInput | None
    scheme: str | None
    k: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class FormerRules:
    """The scheme and the catalogue before, of which a phase-in still pays a share."""

    scheme: str
    catalogue: Path


@dataclass(frozen=True)
class OutpatientJob:
    """The visits of a job, with what they are grouped and priced by."""

    records: VisitInput
    scheme: str
    catalogue: Path
    enrolment: Path | None = None


@dataclass(frozen=True)
class Job:
    """A job with stays, and visits if there are any, its paths resolved.

    grouped: the stays carry their groups (grouper/given_groups.py).
    """

    path: Path
    period: Period
    scheme: str
    catalogue: Path
    policy: str
    output: Path
    stays: RecordsInput
    hospitals: Path
    filings: FilingPaths = FilingPaths()
    corrects: Path | None = None
    outpatient: OutpatientJob | None = None
    output_group: str | None = None
    case_sheets: bool = False
    accepted: tuple[Accepted, ...] = ()
    previous: tuple[PreviousRun, ...] = ()
    former: FormerRules | None = None
    grouped: bool = False
    snapshots: Snapshots | None = None


@dataclass(frozen=True)
class VisitsJob:
    """A job that settles visits alone."""

    path: Path
    period: Period
    policy: str
    output: Path
    hospitals: Path
    outpatient: OutpatientJob
    corrects: Path | None = None
    output_group: str | None = None
    case_sheets: bool = False
    accepted: tuple[Accepted, ...] = ()
    previous: tuple[PreviousRun, ...] = ()
    snapshots: Snapshots | None = None


AnyJob = Job | VisitsJob


def load_job(path: Path) -> Job:
    """Read the file of a job with stays.

    Raises DrgpayError with the path of every wrong key, and for a job of visits alone.
    """
    job = load_any_job(path)
    if isinstance(job, VisitsJob):
        raise DrgpayError(*_ERRORS("job_of_visits", path=path))
    return job


def load_any_job(path: Path) -> AnyJob:
    """Read the file of any job.

    Raises DrgpayError with the path of every wrong key, and for inputs of databases that are not
    fetched.
    """
    file = read_job_file(path, JobFile)
    here, inputs = path.parent, file.inputs
    snapshots = snapshots_of_job(path, file)
    snapshots.refuse_unfetched()
    at = snapshots.at
    outpatient = _outpatient(here, file.outpatient, snapshots) if file.outpatient else None
    policy = policy_beside(here, file.policy)
    corrects = here / file.corrects if file.corrects else None
    accepted = tuple(one.accepted() for one in file.accepted)
    if outpatient and inputs.stays is None:
        _refuse_keys_of_stays(path, file)
        return VisitsJob(
            path=path,
            period=Period.parse(file.period),
            policy=policy,
            output=here / file.output.folder,
            output_group=file.output.group,
            case_sheets=file.output.cases,
            accepted=accepted,
            hospitals=at("hospitals", inputs.hospitals),
            outpatient=outpatient,
            corrects=corrects,
            previous=tuple(previous_run(path, one, None, None) for one in inputs.previous),
            snapshots=snapshots,
        )
    if inputs.stays is None or file.scheme is None or file.catalogue is None:
        rules = _ERRORS.words("scheme_or_catalogue")
        missing = "inputs.stays" if inputs.stays is None else rules
        raise DrgpayError(*_ERRORS("no_inputs", path=path, missing=missing))
    if inputs.grouped and (inputs.mapping is not None or inputs.clinical_codes):
        other = "mapping" if inputs.mapping is not None else "clinical_codes"
        raise DrgpayError(*_ERRORS("grouped_and_other", path=path, key=f"inputs.{other}"))
    groups = at("groups", inputs.groups) if inputs.groups else None
    stays = RecordsInput(
        at("stays", inputs.stays),
        beside(here, inputs.mapping),
        inputs.encoding,
        inputs.clinical_codes,
        inputs.ignore,
        groups_input(path, "inputs", groups, inputs.groups_rule),
    )
    return Job(
        path=path,
        period=Period.parse(file.period),
        scheme=scheme_beside(here, file.scheme),
        catalogue=here / file.catalogue,
        policy=policy,
        output=here / file.output.folder,
        output_group=file.output.group,
        case_sheets=file.output.cases,
        accepted=accepted,
        stays=stays,
        hospitals=at("hospitals", inputs.hospitals),
        filings=filing_paths(snapshots, inputs.reviews, inputs.deductions, inputs.technologies),
        corrects=corrects,
        outpatient=outpatient,
        previous=tuple(
            previous_run(path, one, file.scheme, stays, snapshots, number)
            for number, one in enumerate(inputs.previous, start=1)
        ),
        snapshots=snapshots,
        former=former_rules(path, file.former_scheme, file.former_catalogue),
        grouped=inputs.grouped,
    )


def snapshots_of_job(path: Path, file: JobFile) -> Snapshots:
    """What a job reads from databases, and where its snapshots lie."""
    inputs = file.inputs
    # Stays that carry their groups have columns beside those of the records.
    other_columns = ("stays",) if inputs.mapping or inputs.grouped else ()
    wanted = [*wanted_of(dict(inputs), "inputs", other_columns)]
    for number, one in enumerate(inputs.previous, start=1):
        mapped = bool(one.mapping if one.mapping is not None else inputs.mapping)
        wanted += wanted_before(one, f"inputs.previous.{number}", number, mapped)
    if file.outpatient:
        mappings = {
            "visits": file.outpatient.visits_mapping,
            "items": file.outpatient.items_mapping,
        }
        names = [key for key, mapping in mappings.items() if mapping]
        wanted += wanted_of(dict(file.outpatient), "outpatient", names)
    return Snapshots(path, file.fetch, tuple(wanted))


def wanted_before(file: PreviousFile, section: str, number: int, mapped: bool) -> Iterator[Wanted]:
    """The stays of a run that paid before, if they are read from a database."""
    if isinstance(file.stays, DatabaseInput):
        yield Wanted(f"{section}.stays", name_before(number), "stays", file.stays, mapped)


def name_before(number: int) -> str:
    """What the snapshot of the stays of a run that paid before is called."""
    return f"previous-{number}"


def former_rules(path: Path, scheme: str | None, catalogue: str | None) -> FormerRules | None:
    """The scheme and catalogue before, as a job or year file (`path`) names them.

    Raises DrgpayError for one without the other.
    """
    if scheme is None and catalogue is None:
        return None
    if scheme is None or catalogue is None:
        missing = "former_scheme" if scheme is None else "former_catalogue"
        given = "former_catalogue" if scheme is None else "former_scheme"
        raise DrgpayError(*_ERRORS("half_of_former", path=path, given=given, missing=missing))
    return FormerRules(scheme_beside(path.parent, scheme), path.parent / catalogue)


def previous_run(
    path: Path,
    file: PreviousFile,
    scheme: str | None,
    like: RecordsInput | None,
    snapshots: Snapshots | None = None,
    number: int = 1,
) -> PreviousRun:
    """A run that a job or year file (`path`) names as paid before.

    scheme: of the file's own stays, None where it settles visits alone. like: its records, for what
    those of the run do not say. snapshots: of the file, number: which of its runs it is. Raises
    DrgpayError for a run without its stays, or with stays that would not be read.
    """
    here = path.parent
    if scheme is None or like is None:
        if file.stays:
            raise DrgpayError(*_ERRORS("stays_before_of_visits", path=path, run=file.run))
        return PreviousRun(here / file.run, None, None)
    if file.stays is None:
        raise DrgpayError(*_ERRORS("run_before_without_stays", path=path, run=file.run))
    snapshots = snapshots or Snapshots(path, FetchFile())
    records = RecordsInput(
        snapshots.at(name_before(number), file.stays),
        like.mapping if file.mapping is None else beside(here, file.mapping),
        like.encoding if file.encoding is None else file.encoding,
        like.clinical_codes,
        like.ignore if file.ignore is None else file.ignore,
    )
    k = {account: Fraction(factor) for account, factor in file.k.items()}
    return PreviousRun(here / file.run, records, scheme_beside(here, file.scheme or scheme), k)


def previous_runs(
    values: Sequence[Mapping[str, Any]], scheme: str, like: RecordsInput
) -> tuple[PreviousRun, ...]:
    """Runs that paid before, by the keys of [[inputs.previous]]; paths start at the working folder.

    Raises DrgpayError for wrong keys, and as `previous_run`.
    """
    runs = []
    for number, given in enumerate(values, start=1):
        values_of = {
            key: str(value) if isinstance(value, Path) else value for key, value in given.items()
        }
        here = Path(f"previous {number}")
        file = validated(values_of, PreviousFile, here, _ERRORS.words("keys_listed"))
        runs.append(previous_run(here, file, scheme, like))
    return tuple(runs)


def groups_input(
    path: Path, section: str, groups: str | Path | None, rule: GroupsRule | None
) -> GroupsInput | None:
    """The official groups that a section of a job or scenario file (`path`) names, if any.

    Raises DrgpayError for a rule without groups.
    """
    if groups is None:
        if rule is not None:
            raise DrgpayError(*_ERRORS("rule_without_groups", path=path, key=section, rule=rule))
        return None
    return GroupsInput(path.parent / groups, rule or USUAL_RULE)


def _outpatient(here: Path, file: OutpatientFile, snapshots: Snapshots) -> OutpatientJob:
    return OutpatientJob(
        records=VisitInput(
            snapshots.at("visits", file.visits),
            snapshots.at("items", file.items),
            beside(here, file.visits_mapping),
            beside(here, file.items_mapping),
            file.encoding,
            file.ignore,
        ),
        scheme=scheme_beside(here, file.scheme),
        catalogue=here / file.catalogue,
        enrolment=snapshots.at("enrolment", file.enrolment) if file.enrolment else None,
    )


def _refuse_keys_of_stays(path: Path, file: JobFile) -> None:
    """A job of visits alone must not name what would not be read."""
    given = {
        "scheme": file.scheme,
        "catalogue": file.catalogue,
        "former_scheme": file.former_scheme,
        "former_catalogue": file.former_catalogue,
        **{
            f"inputs.{name}": value
            for name, value in file.inputs.model_dump(exclude={"hospitals"}).items()
        },
    }
    for name, value in given.items():
        if value:
            raise DrgpayError(*_ERRORS("key_without_stays", path=path, key=name))


def scheme_beside(here: Path, scheme: str) -> str:
    """A shipped scheme by its id, another by its folder from the job file."""
    return scheme if scheme in shipped_schemes() else str(here / scheme)


def policy_beside(here: Path, policy: str) -> str:
    """A shipped policy by its id, another by its file from the job file."""
    return policy if policy in shipped_policies() else str(here / policy)


def read_job_file(path: Path, model: type[JobModel]) -> JobModel:
    """Read a TOML file into its model; raises DrgpayError with the path of every wrong key."""
    return read_keys(path, model, _ERRORS.words("job_file"), _ERRORS.words("correct_keys"))


def filing_paths(
    snapshots: Snapshots,
    reviews: str | DatabaseInput | None,
    deductions: str | DatabaseInput | None,
    technologies: str | DatabaseInput | None,
) -> FilingPaths:
    """The files of filings, from the folder of the job file, or their snapshots."""
    given = {"reviews": reviews, "deductions": deductions, "technologies": technologies}
    return FilingPaths(*(snapshots.at(name, one) if one else None for name, one in given.items()))


def beside(here: Path, mapping: str | None) -> str | None:
    """A preset by its name, another mapping by its path from the job file."""
    if mapping is None or mapping in shipped_mappings():
        return mapping
    return str(here / mapping)
