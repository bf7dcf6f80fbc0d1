"""Numbers and flags mean the same in every type and every way in."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.records.meaning.ways import Cell, good, of_array, text_everywhere, through

INTEGERS = (
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
)
FLOATS = (pa.float16(), pa.float32(), pa.float64())
DECIMALS = (
    pa.decimal32(9, 2), pa.decimal64(18, 3), pa.decimal128(38, 0), pa.decimal256(60, 4),
)  # fmt: skip


def no_number(said: str) -> Cell:
    return Cell(None, (("bad_type", "not_a_number", said),))


def no_flag(said: str) -> Cell:
    return Cell(None, (("bad_type", "not_a_flag", said),))


@pytest.mark.parametrize("type_", [*INTEGERS, *FLOATS, *DECIMALS], ids=str)
def test_a_number_of_any_type(type_: pa.DataType, tmp_path: Path) -> None:
    cells = [Decimal(35), None, Decimal(0)] if pa.types.is_decimal(type_) else [35, None, 0]
    for way, found in through(tmp_path, "age", pa.array(cells, type_)):
        assert found == good(35.0, None, 0.0), way


def test_numbers_in_text(tmp_path: Path) -> None:
    texts = ["35", "３５", " 35　", "35.", "+35", "0035", None, "", " ", "NaN", "nan", ".5", "-1"]
    wrong = ["x", "٣٥", "1e3", "1_0", "३५", "1 0", "35岁", "--1", "Infinity", "0x10", "¾", "1,000"]
    expected = good(*[35.0] * 6, *[None] * 5, 0.5, -1.0) + [no_number(text) for text in wrong]
    ways = 0
    for way, found in text_everywhere(tmp_path, "age", [*texts, *wrong]):
        assert found == expected, way
        ways += 1
    assert ways > 40


@pytest.mark.parametrize("type_", FLOATS, ids=str)
def test_nan_is_nothing_and_what_is_endless_a_fault(type_: pa.DataType, tmp_path: Path) -> None:
    array = pa.array([float("nan"), float("inf"), None, float("-inf"), 2.0]).cast(type_)
    expected = [Cell(None), no_number("inf"), Cell(None), no_number("-inf"), Cell(2.0)]
    for way, found in through(tmp_path, "age_days", array):
        assert found == expected, way


@pytest.mark.parametrize("value", [2**62, 2**63 - 1, -(2**63)])
def test_the_largest_whole_numbers_are_numbers(value: int, tmp_path: Path) -> None:
    for way, found in through(tmp_path, "age_days", pa.array([value, 1], pa.int64())):
        assert found == good(float(value), 1.0), way


def test_a_number_with_more_digits_than_any_float(tmp_path: Path) -> None:
    for way, found in text_everywhere(tmp_path, "age", ["9" * 400, "9" * 300]):
        assert found[0] == no_number("9" * 60 + "…"), way
        assert found[1] == Cell(1e300), way


FLAGS: list[tuple[pa.DataType, list[Any]]] = [
    (pa.bool_(), [True, False, None]),
    (pa.int8(), [1, 0, None]),
    (pa.uint64(), [1, 0, None]),
]


@pytest.mark.parametrize(("type_", "cells"), FLAGS, ids=lambda given: str(given))
def test_a_flag_of_any_type(type_: pa.DataType, cells: list[Any], tmp_path: Path) -> None:
    for way, found in through(tmp_path, "complete", pa.array(cells, type_)):
        assert found == good(True, False, None), way


def test_flags_that_are_none(tmp_path: Path) -> None:
    for way, found in through(tmp_path, "complete", pa.array([2, -1, 1, 2**62], pa.int64())):
        assert found == [no_flag("2"), no_flag("-1"), Cell(True), no_flag(str(2**62))], way


def test_flags_in_text(tmp_path: Path) -> None:
    yes, no = ["1", "１", "true", "TRUE", "t", "Yes", "y", "是", " 是 "], ["0", "False", "n", "否"]
    expected = [*good(*[True] * len(yes), *[False] * len(no), None), no_flag("perhaps")]
    for way, found in text_everywhere(tmp_path, "complete", [*yes, *no, None, "perhaps"]):
        assert found == expected, way


def test_a_sliced_column_is_read_from_its_own_rows() -> None:
    for type_ in (pa.int64(), pa.float64()):
        array = pa.array([1, None, 3, 4], type_).slice(1, 2)
        assert of_array("age", array) == good(None, 3.0)
    assert of_array("age", pa.array(["1", "x", "3"]).slice(1)) == [no_number("x"), Cell(3.0)]
    assert of_array("complete", pa.array([1, 5, 0]).slice(1)) == [no_flag("5"), Cell(False)]
