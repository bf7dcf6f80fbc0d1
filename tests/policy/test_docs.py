"""The documentation names every key of a policy and every column of a file."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import polars as pl
import pytest
from pydantic import BaseModel

from drgpay.grouper.batch import RESULT_COLUMNS
from drgpay.points.catalogue import (
    BED_DAY_SCHEMA,
    COEFFICIENT_SCHEMA,
    GROUP_SCHEMA,
    CatalogueInfo,
)
from drgpay.policy.model import Policy
from drgpay.policy.records import Findings
from drgpay.records import columns as records_columns
from drgpay.records.checks import FINDING_COLUMNS
from drgpay.records.columns import STAY_COLUMNS
from drgpay.records.filings import FILING_COLUMNS
from drgpay.records.hospitals import OPTIONAL, REQUIRED
from drgpay.records.visits.checks import LINE, REFUSED, VISIT
from drgpay.records.visits.enrolment import ENROLMENT_SCHEMA
from drgpay.run.job import Inputs, JobFile, OutpatientFile
from drgpay.run.year_job import MonthOfYear, YearFile, YearInputs, YearOutpatientFile
from drgpay.tables.declared import result_table

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _names(table: str) -> list[str]:
    return [field.name for field in result_table(table).fields]


def _in_catalogue(schema: dict[str, pl.DataType]) -> list[str]:
    return [re.sub("_fen$", "_yuan", column) for column in schema]


DOCUMENTED = {
    "cases.parquet": _names("cases"),
    "adjustments.parquet": _names("adjustments"),
    "statements.parquet": _names("statements"),
    "values.parquet": _names("values"),
    "ledger.parquet": _names("ledger"),
    "differences.parquet": _names("differences"),
    "pools.parquet": _names("pools"),
    "The statements of a clearing": _names("cleared_statements"),
    "assessment.parquet": _names("assessment"),
    "Reviews": list(FILING_COLUMNS["reviews"]),
    "Deductions": list(FILING_COLUMNS["deductions"]),
    "Technologies": list(FILING_COLUMNS["technologies"]),
    "stays": list(STAY_COLUMNS),
    "hospitals": [*REQUIRED, *OPTIONAL],
    "The job file": [
        *sorted(set(JobFile.model_fields) - {"inputs", "outpatient"}),
        *(f"inputs.{key}" for key in Inputs.model_fields),
        *(f"outpatient.{key}" for key in OutpatientFile.model_fields),
    ],
    "visits": list(records_columns.VISIT_COLUMNS),
    "service lines": list(records_columns.ITEM_COLUMNS),
    "enrolment": list(ENROLMENT_SCHEMA),
    "visits.parquet": _names("visits"),
    "entries.parquet": _names("entries"),
    "visit_groups.parquet": _names("visit_groups"),
    "capitation.parquet": _names("capitation"),
    "capitation_apart.parquet": _names("capitation_apart"),
    "capitation_tie_out.parquet": _names("capitation_tie_out"),
    "visit_quarantine.parquet": list(VISIT.finding_columns),
    "line_quarantine.parquet": [re.sub("_fen$", "", name) for name in LINE.finding_columns],
    "The year file": [
        *sorted(set(YearFile.model_fields) - {"inputs", "months", "outpatient"}),
        *(f"inputs.{key}" for key in YearInputs.model_fields),
        *(f"months.{key}" for key in MonthOfYear.model_fields),
        *(f"outpatient.{key}" for key in YearOutpatientFile.model_fields),
    ],
    "catalogue.json": list(CatalogueInfo.model_fields),
    "groups.csv": _in_catalogue(GROUP_SCHEMA),
    "coefficients.csv": _in_catalogue(COEFFICIENT_SCHEMA),
    "bed_days.csv": _in_catalogue(BED_DAY_SCHEMA),
    "quarantine.parquet": list(FINDING_COLUMNS),
    "The checks": [*Findings.model_fields, REFUSED],
    "drgpay group": list(RESULT_COLUMNS),
}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The sections that a field holds, directly, in a union or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Annotated, Union, UnionType, tuple):
        for part in get_args(annotation):
            if part is not NoneType:
                yield from _models(part)


def _key_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        sections = list(_models(field.annotation))
        if not sections:
            yield path
        for section in sections:
            yield from _key_paths(section, f"{path}.")


@cache
def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _section(name: str, page: str = "files.md") -> str:
    """The part of a page under the heading that holds a name, up to the next heading."""
    parts = re.split(r"^(#+ .*)$", _text(page), flags=re.MULTILINE)
    whole = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w.])")
    headings = [number for number in range(1, len(parts), 2) if whole.search(parts[number])]
    assert len(headings) == 1, f"headings of {page} with {name}: {len(headings)}"
    return parts[headings[0] + 1]


def test_the_model_is_walked_to_the_end() -> None:
    paths = set(_key_paths(Policy))
    assert {
        "calibration.trim.factor",
        "points.bed_days.yuan_per_day",
        "budget.months.weights",
        "budget.annual_yuan",
    } <= paths


@pytest.mark.parametrize("page", ["policy.md", "zh/policy.md"])
def test_policy_md_explains_every_key_of_the_model(page: str) -> None:
    missing = [path for path in _key_paths(Policy) if f"| `{path}` |" not in _text(page)]
    assert not missing


@pytest.mark.parametrize("page", ["policy.md", "zh/policy.md"])
def test_policy_md_has_no_key_that_the_model_lacks(page: str) -> None:
    rows = re.findall(r"^\| `([a-z_]+(?:\.[a-z_]+)+)` \|", _text(page), re.MULTILINE)
    assert sorted(rows) == sorted(set(_key_paths(Policy)))


@pytest.mark.parametrize("section", DOCUMENTED)
def test_files_md_explains_every_column(section: str) -> None:
    text = _section(section)
    missing = [column for column in DOCUMENTED[section] if f"| `{column}` |" not in text]
    assert not missing


@pytest.mark.parametrize(
    ("section", "heading"), [("The job file", "任务文件"), ("The year file", "年度文件")]
)
def test_files_md_in_chinese_explains_every_key(section: str, heading: str) -> None:
    text = _section(heading, "zh/files.md")
    assert [key for key in DOCUMENTED[section] if f"| `{key}` |" not in text] == []
