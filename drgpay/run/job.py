"""The job file: what a run reads, with what it settles, and where it leaves its folder."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from drgpay.errors import DrgpayError
from drgpay.grouper.scheme import shipped_schemes
from drgpay.policy.load import shipped_policies, validation_sentence
from drgpay.records.dataset import RecordsInput
from drgpay.records.mapping.load import shipped_mappings
from drgpay.records.period import Period


class Inputs(BaseModel):
    """[inputs]: the records of the run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stays: str
    hospitals: str
    mapping: str | None = None
    encoding: str | None = None
    clinical_codes: bool = False


class JobFile(BaseModel):
    """The keys of a job file; relative paths start at the job file's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: str
    scheme: str
    catalogue: str
    policy: str
    output: str
    inputs: Inputs

    @field_validator("period")
    @classmethod
    def _is_month(cls, period: str) -> str:
        try:
            return str(Period.parse(period))
        except DrgpayError as error:
            raise ValueError(error.remedy) from None


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


def load_job(path: Path) -> Job:
    """Read a job file; raises DrgpayError with the path of every wrong key."""
    if not path.is_file():
        raise DrgpayError(f"there is no job file {path}", "correct the path")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DrgpayError(f"{path} is not valid TOML: {error}", "correct that line") from None
    try:
        file = JobFile.model_validate(raw)
    except ValidationError as error:
        raise DrgpayError(
            f"{path}: {validation_sentence(error, raw)}",
            "correct these keys; docs/files.md lists them",
        ) from None
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
            _beside(here, inputs.mapping),
            inputs.encoding,
            inputs.clinical_codes,
        ),
        hospitals=here / inputs.hospitals,
    )


def _beside(here: Path, mapping: str | None) -> str | None:
    """A preset by its name, another mapping by its path from the job file."""
    if mapping is None or mapping in shipped_mappings():
        return mapping
    return str(here / mapping)
