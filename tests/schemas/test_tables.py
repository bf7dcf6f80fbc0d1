"""The schemas of tables that offices hand in: a row is as its readers take it."""

import json
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from drgpay.base.errors import DrgpayError
from drgpay.schemas.tables import table_schema
from drgpay.tables.inputs import input_tables
from tests.records.meaning.ways import of_array
from tests.schemas.keep import ROOT

SAMPLE = ROOT / "sample_data"
INPUTS = {
    "stays": SAMPLE / "stays" / "2026-10.parquet",
    "visits": SAMPLE / "visits" / "2026-10.parquet",
    "items": SAMPLE / "visit_items" / "2026-10.parquet",
    "hospitals": SAMPLE / "hospitals.csv",
    "enrolment": SAMPLE / "enrolment.csv",
    "reviews": SAMPLE / "filings" / "2026-10" / "reviews.csv",
    "weights": ROOT / "drgpay" / "sample" / "chs-drg-2.0-example-weights.csv",
    "deductions": SAMPLE / "filings" / "2026-10" / "deductions.csv",
}


@cache
def validator(table: str) -> Any:
    return Draft202012Validator(json.loads(table_schema(table)))


def rows_of(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        return pl.read_csv(path, infer_schema=False).rows(named=True)
    rows = pl.read_parquet(path).head(100).rows(named=True)
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("table", input_tables())
def test_a_schema_is_one_of_draft_2020_12(table: str) -> None:
    Draft202012Validator.check_schema(json.loads(table_schema(table)))


@pytest.mark.parametrize(("table", "path"), INPUTS.items(), ids=INPUTS)
def test_the_inputs_of_the_sample_are_as_their_schemas_say(table: str, path: Path) -> None:
    rows = rows_of(path)
    assert rows
    for row in rows:
        assert [error.message for error in validator(table).iter_errors(row)] == []


@pytest.mark.parametrize(("table", "path"), INPUTS.items(), ids=INPUTS)
def test_a_row_without_what_it_needs_is_none(table: str, path: Path) -> None:
    row = rows_of(path)[0]
    needed = [name for name, one in input_tables()[table].columns.items() if one.required]
    assert needed
    for name in needed:
        left = {key: value for key, value in row.items() if key != name}
        assert not validator(table).is_valid(left), name
        for nothing in (None, "", " \u3000"):
            assert not validator(table).is_valid(row | {name: nothing}), (name, nothing)


TEXTS = {
    "age": ("45", " 45 ", "45.0", "４５", ".5", "+7", "NaN", "old", "4 5", "1e3", "四", "0x1"),
    "total_cost": ("1,234.50", "1234.5", "-3", "12,34", "1,234", "￥5", "5元", "", "1.000", "."),
    "admission_date": (
        *("2026-10-01", "2026/10/1", "2026.10.1", "20261001", "2026年10月1日"),
        *("2026-10-01 08:30:00", "2026-10-01T08:30:00.123Z", "2026-10-01 08:30+08:00"),
        *("01.10.2026", "2026-10", "10/1/2026", "1850-01-01", "2026-10-1x", "yesterday"),
    ),
    "out_of_area": ("1", "0", "TRUE", "No", "是", "否", " y ", "2", "maybe", "oui"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_where_the_schema_admits_it(name: str) -> None:
    cell = Draft202012Validator(json.loads(table_schema("stays"))["properties"][name])
    for text in TEXTS[name]:
        [found] = of_array(name, pa.array([text]))
        assert cell.is_valid(text) == (bool(text) and not found.faults), (text, found)


def test_another_table_is_refused() -> None:
    with pytest.raises(DrgpayError, match="staays"):
        table_schema("staays")
