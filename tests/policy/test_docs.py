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
from drgpay.points.catalogue import COEFFICIENT_SCHEMA, GROUP_SCHEMA, CatalogueInfo
from drgpay.policy.model import Findings, Policy
from drgpay.records.checks import FINDING_COLUMNS
from drgpay.records.columns import STAY_COLUMNS
from drgpay.records.hospitals import OPTIONAL, REQUIRED
from drgpay.report.month import cases_table, statements_table, values_table
from drgpay.run.job import Inputs, JobFile
from drgpay.settle.month import Settled

DOCS = Path(__file__).resolve().parents[2] / "docs"

_CASE: dict[str, str | int | bool] = {
    "case_id": "1",
    "hospital_id": "H",
    "name": "H",
    "level": "2A",
    "account": "employee",
    "out_of_area": False,
    "payment": "points",
    "status": "grouped",
    "mdc": "MDCA",
    "adrg": "AA1",
    "drg": "AA19",
    "severity": "none",
    "case_class": "normal",
    "formula": "",
    "adjustment": "",
    "readmission_case_id": "",
}
_NUMBERS = [
    "adjustment_factor",
    "base_points",
    "budget_fen",
    "carried_fen",
    "case_fund_fen",
    "cases",
    "coefficient",
    "cost_ratio",
    "from_home_funds_fen",
    "fund_amount_fen",
    "fund_fen",
    "home_fund_bill_fen",
    "length_of_stay",
    "mean_fen",
    "reference_mean_fen",
    "high_ratio",
    "other_fen",
    "patient_fen",
    "point_value",
    "points",
    "points_before",
    "prepayment_fen",
    "remainder_fen",
    "standard_fen",
    "total_fen",
]


def _output_columns() -> dict[str, list[str]]:
    """The columns of each file of a run, from the functions that make its frames."""
    frame = pl.DataFrame({**_CASE, **dict.fromkeys(_NUMBERS, 1)})
    settled = Settled(frame, frame.drop("name", "level"), frame)
    return {
        "cases.parquet": cases_table(settled).columns,
        "statements.parquet": statements_table(settled, frame).columns,
        "values.parquet": values_table(settled, 4).columns,
    }


def _in_file(schema: dict[str, pl.DataType]) -> list[str]:
    return [re.sub("_fen$", "_yuan", column) for column in schema]


DOCUMENTED = {
    **_output_columns(),
    "stays": list(STAY_COLUMNS),
    "hospitals": [*REQUIRED, *OPTIONAL],
    "The job file": [
        *sorted(set(JobFile.model_fields) - {"inputs"}),
        *(f"inputs.{key}" for key in Inputs.model_fields),
    ],
    "catalogue.json": list(CatalogueInfo.model_fields),
    "groups.csv": _in_file(GROUP_SCHEMA),
    "coefficients.csv": _in_file(COEFFICIENT_SCHEMA),
    "quarantine.parquet": list(FINDING_COLUMNS),
    "The checks": list(Findings.model_fields),
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


def _section(name: str) -> str:
    """The part of files.md under the heading that holds a name, up to the next heading."""
    parts = re.split(r"^(#+ .*)$", _text("files.md"), flags=re.MULTILINE)
    headings = [number for number in range(1, len(parts), 2) if name in parts[number]]
    assert len(headings) == 1, f"headings of files.md with {name}: {len(headings)}"
    return parts[headings[0] + 1]


def test_the_model_is_walked_to_the_end() -> None:
    paths = set(_key_paths(Policy))
    assert {
        "calibration.trim.factor",
        "points.bed_days.yuan_per_day",
        "budget.months.weights",
        "budget.annual_yuan",
    } <= paths


def test_policy_md_explains_every_key_of_the_model() -> None:
    missing = [path for path in _key_paths(Policy) if f"| `{path}` |" not in _text("policy.md")]
    assert not missing


def test_policy_md_has_no_key_that_the_model_lacks() -> None:
    rows = re.findall(r"^\| `([a-z_]+(?:\.[a-z_]+)+)` \|", _text("policy.md"), re.MULTILINE)
    assert sorted(rows) == sorted(set(_key_paths(Policy)))


@pytest.mark.parametrize("section", DOCUMENTED)
def test_files_md_explains_every_column(section: str) -> None:
    text = _section(section)
    missing = [column for column in DOCUMENTED[section] if f"| `{column}` |" not in text]
    assert not missing
