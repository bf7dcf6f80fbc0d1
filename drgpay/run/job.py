"""The job file: what a run reads, with what it settles, and where it leaves its folder."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from drgpay.errors import DrgpayError
from drgpay.grouper.scheme import shipped_schemes
from drgpay.policy.load import shipped_policies, validation_sentence
from drgpay.records.dataset import RecordsInput
from drgpay.records.mapping.load import shipped_mappings
from drgpay.records.period import Period

JobModel = TypeVar("JobModel", bound=BaseModel)


class Inputs(BaseModel):
    """[inputs]: the records of the run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stays: str
    hospitals: str
    mapping: str | None = None
    encoding: str | None = None
    clinical_codes: bool = False
    reviews: str | None = None
    deductions: str | None = None
    technologies: str | None = None


class JobFile(BaseModel):
    """The keys of a job file; relative paths start at the job file's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: str
    scheme: str
    catalogue: str
    policy: str
    output: str
    corrects: str | None = None
    inputs: Inputs

    @field_validator("period")
    @classmethod
    def _is_month(cls, period: str) -> str:
        try:
            return str(Period.parse(period))
        except DrgpayError as error:
            raise ValueError(error.remedy) from None


@dataclass(frozen=True)
class FilingPaths:
    """Where the filings of a period lie; what is not given is empty."""

    reviews: Path | None = None
    deductions: Path | None = None
    technologies: Path | None = None

    def given(self) -> dict[str, Path]:
        """Those that are given, by what they hold."""
        paths = {
            "reviews": self.reviews,
            "deductions": self.deductions,
            "technologies": self.technologies,
        }
        return {name: path for name, path in paths.items() if path}


@dataclass(frozen=True)
class Job:
    """A job with its paths resolved."""

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


def load_job(path: Path) -> Job:
    """Read a job file; raises DrgpayError with the path of every wrong key."""
    file = read_job_file(path, JobFile)
    here, inputs = path.parent, file.inputs
    return Job(
        path=path,
        period=Period.parse(file.period),
        scheme=file.scheme if file.scheme in shipped_schemes() else str(here / file.scheme),
        catalogue=here / file.catalogue,
        policy=file.policy if file.policy in shipped_policies() else str(here / file.policy),
        output=here / file.output,
        stays=RecordsInput(
            here / inputs.stays,
            beside(here, inputs.mapping),
            inputs.encoding,
            inputs.clinical_codes,
        ),
        hospitals=here / inputs.hospitals,
        filings=filing_paths(here, inputs.reviews, inputs.deductions, inputs.technologies),
        corrects=here / file.corrects if file.corrects else None,
    )


def read_job_file(path: Path, model: type[JobModel]) -> JobModel:
    """Read a TOML file into its model; raises DrgpayError with the path of every wrong key."""
    if not path.is_file():
        raise DrgpayError(f"there is no job file {path}", "correct the path")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DrgpayError(f"{path} is not valid TOML: {error}", "correct that line") from None
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise DrgpayError(
            f"{path}: {validation_sentence(error, raw)}",
            "correct these keys; docs/files.md lists them",
        ) from None


def filing_paths(
    here: Path, reviews: str | None, deductions: str | None, technologies: str | None
) -> FilingPaths:
    """The files of filings, from the folder of the job file."""
    return FilingPaths(
        *(here / name if name else None for name in (reviews, deductions, technologies))
    )


def beside(here: Path, mapping: str | None) -> str | None:
    """A preset by its name, another mapping by its path from the job file."""
    if mapping is None or mapping in shipped_mappings():
        return mapping
    return str(here / mapping)
