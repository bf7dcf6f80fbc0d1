"""Stays as they were read become one frame: money in fen, defaults filled in."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.records.columns import STAY_COLUMNS
from drgpay.records.meaning.column import type_of_kind
from drgpay.records.meaning.faults import FAULTS
from drgpay.records.stays import DEFAULTS, REQUIRED, fen_of, plain_stays

ROW: dict[str, Any] = {
    "case_id": "1",
    "hospital_id": "H1",
    "person_id": "P1",
    "account": "employee",
    "admission_date": date(2026, 10, 1),
    "discharge_date": date(2026, 10, 2),
    "settlement_date": date(2026, 10, 2),
    "sex": 1,
    "age": 50,
    "principal_diagnosis": "A00.000",
    "length_of_stay": 1,
    "total_cost": Decimal("10.00"),
    "fund_cost": Decimal("6.00"),
    "patient_cost": Decimal("4.00"),
    "other_cost": Decimal("0.00"),
}


def plain(column: str, values: list[Any], type_: pa.DataType | None = None) -> pl.DataFrame:
    """Standard rows as they are read, with one column replaced."""
    columns = {}
    for name in dict.fromkeys([*REQUIRED, column]):
        kind = STAY_COLUMNS.get(name)
        read = None if kind is None else type_of_kind(kind, pa.int64())
        cells = values if name == column else [ROW[name]] * len(values)
        columns[name] = pa.array(cells, type_ if name == column and type_ else read)
    return plain_stays(pa.RecordBatch.from_pydict(columns))


@given(st.lists(st.integers(-(10**18) + 1, 10**18 - 1), min_size=1))
def test_any_amount_becomes_fen(fens: list[int]) -> None:
    amounts = [Decimal(fen).scaleb(-2) for fen in fens]
    frame = plain("total_cost", amounts)
    assert frame["total_fen"].to_list() == fens
    assert frame.schema["total_fen"] == pl.Int64


def test_a_missing_amount_stays_missing() -> None:
    frame = plain("total_cost", [None, Decimal("0.07")])
    assert frame["total_fen"].to_list() == [None, 7]
    assert fen_of(pl.Series([None, None])).to_list() == [None, None]


def test_defaults() -> None:
    row = plain("account", [None]).row(0, named=True)
    assert row["account"] is None
    assert {name: row[name] for name in DEFAULTS} == DEFAULTS
    flags = plain("complete", [None, False, True])["complete"]
    assert flags.to_list() == [None, False, True]  # a policy may say what None means


@pytest.mark.parametrize(
    ("stated", "days"),
    [
        (4.0, 4),
        (0.0, 0),
        (-1.0, -1),
        (1.5, None),
        (None, None),
        (1e6, 1_000_000),
        (9e18, None),  # a number that no whole one of 64 bits is
        (1e300, None),
    ],
)
def test_days_are_whole_or_only_stated(stated: float | None, days: int | None) -> None:
    frame = plain("length_of_stay", [stated], pa.float64())
    assert frame["length_of_stay"].to_list() == [days]
    assert frame["stated_days"].to_list() == [stated]
    assert frame.schema["length_of_stay"] == pl.Int64


def test_the_largest_whole_numbers_are_days_stated() -> None:
    frame = plain("length_of_stay", [2**62, 3], pa.int64())
    assert frame["length_of_stay"].to_list() == [None, 3]
    assert frame["stated_days"].to_list() == [float(2**62), 3.0]


def test_faults_are_carried_along() -> None:
    assert plain("account", ["employee"])[FAULTS].to_list() == [None]
    said = "bad_type\x1fsex\x1fnot_a_number\x1fx"
    frame = plain(FAULTS, [said, None], pa.string())
    assert frame[FAULTS].to_list() == [said, None]
    assert frame.schema[FAULTS] == pl.Categorical
