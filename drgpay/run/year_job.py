"""The year file: which months a clearing closes, with what, and where it leaves its folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from drgpay.errors import DrgpayError
from drgpay.grouper.scheme import shipped_schemes
from drgpay.policy.fields import Month
from drgpay.policy.load import shipped_policies
from drgpay.records.dataset import RecordsInput
from drgpay.run.job import FilingPaths, beside, filing_paths, read_job_file


class YearInputs(BaseModel):
    """[inputs]: what the clearing reads beside the runs of the months."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hospitals: str
    stays: str | None = None
    mapping: str | None = None
    encoding: str | None = None
    reviews: str | None = None
    deductions: str | None = None
    technologies: str | None = None
    assessment: str | None = None


class MonthOfYear(BaseModel):
    """[[months]]: the run that was paid and the runs that corrected it, in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Month
    run: Annotated[str, StringConstraints(min_length=1)]
    corrections: tuple[str, ...] = ()


class YearFile(BaseModel):
    """The keys of a year file; relative paths start at the file's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: Annotated[int, Field(ge=2000, le=2100)]
    scheme: str
    catalogue: str
    policy: str
    output: str
    readmissions_across_months: bool
    months: tuple[MonthOfYear, ...] = ()
    inputs: YearInputs


@dataclass(frozen=True)
class MonthRuns:
    """The run that a month was paid with, then its corrections in order."""

    period: str
    runs: tuple[Path, ...]


@dataclass(frozen=True)
class YearJob:
    """A year file with its paths resolved. Without `months` they are looked for in `output`."""

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


def load_year_job(path: Path) -> YearJob:
    """Read a year file; raises DrgpayError with the path of every wrong key."""
    file = read_job_file(path, YearFile)
    here, inputs = path.parent, file.inputs
    if file.readmissions_across_months and not inputs.stays:
        raise DrgpayError(
            f"{path}: readmissions_across_months needs to know which cases are of one person",
            "add inputs.stays, the records of the year, or set it to false",
        )
    persons = (
        RecordsInput(here / inputs.stays, beside(here, inputs.mapping), inputs.encoding)
        if inputs.stays and file.readmissions_across_months
        else None
    )
    return YearJob(
        path=path,
        year=file.year,
        scheme=file.scheme if file.scheme in shipped_schemes() else str(here / file.scheme),
        catalogue=here / file.catalogue,
        policy=file.policy if file.policy in shipped_policies() else str(here / file.policy),
        output=here / file.output,
        hospitals=here / inputs.hospitals,
        persons=persons,
        months=tuple(
            MonthRuns(month.period, tuple(here / run for run in (month.run, *month.corrections)))
            for month in file.months
        ),
        filings=filing_paths(here, inputs.reviews, inputs.deductions, inputs.technologies),
        assessment=here / inputs.assessment if inputs.assessment else None,
    )
