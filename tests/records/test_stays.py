"""Money becomes fen exactly, or is called what it is not."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.records.stays import REQUIRED, plain_stays

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


def plain(column: str, values: list[Any], type_: pa.DataType) -> pl.DataFrame:
    """Standard rows with one column replaced."""
    columns = {name: pa.array([ROW[name]] * len(values)) for name in REQUIRED}
    columns[column] = pa.array(values, type_)
    return plain_stays(pa.RecordBatch.from_pydict(columns))


def total(values: list[Any], type_: pa.DataType) -> tuple[list[int | None], list[str | None]]:
    frame = plain("total_cost", values, type_)
    return frame["total_fen"].to_list(), frame["bad_type"].to_list()


@pytest.mark.parametrize(
    ("value", "type_", "fen"),
    [
        (Decimal("12.34"), pa.decimal128(18, 2), 1234),
        (Decimal("12.3"), pa.decimal128(10, 1), 1230),
        (Decimal("12"), pa.decimal128(10, 0), 1200),
        (Decimal("12.3400"), pa.decimal128(18, 4), 1234),
        (Decimal("-0.05"), pa.decimal128(18, 2), -5),
        (12, pa.int32(), 1200),
        (12.34, pa.float64(), 1234),
        (0.07, pa.float64(), 7),
        (None, pa.decimal128(18, 2), None),
    ],
)
def test_money_becomes_fen(value: Any, type_: pa.DataType, fen: int | None) -> None:
    assert total([value], type_) == ([fen], [None])


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (Decimal("12.345"), pa.decimal128(18, 3)),
        (12.345, pa.float64()),
        (0.1 + 0.2, pa.float64()),  # 0.30000000000000004 is nobody's amount
        (float("nan"), pa.float64()),
        (float("inf"), pa.float64()),
    ],
)
def test_a_part_of_a_fen_is_a_bad_type(value: Any, type_: pa.DataType) -> None:
    assert total([value], type_) == ([None], ["total_cost"])


@given(st.lists(st.integers(-(10**13), 10**13), min_size=1))
def test_any_amount_comes_back_from_decimals_and_doubles(fens: list[int]) -> None:
    decimals = [Decimal(fen).scaleb(-2) for fen in fens]
    assert total(decimals, pa.decimal128(18, 2))[0] == fens
    assert total([float(amount) for amount in decimals], pa.float64())[0] == fens


def test_defaults_and_empty_strings() -> None:
    frame = plain("account", [""], pa.string())
    row = frame.row(0, named=True)
    assert row["account"] is None
    assert (row["out_of_area"], row["payment_unit"], row["complete"]) == (False, "drg", True)
    assert row["age_days"] is None


def test_days_and_dates() -> None:
    assert plain("length_of_stay", [1.5], pa.float64())["bad_type"].to_list() == ["length_of_stay"]
    moment = datetime(2026, 10, 1, 23, 59)
    frame = plain("admission_date", [moment], pa.timestamp("us"))
    assert frame["admission_date"].to_list() == [date(2026, 10, 1)]
