"""Amounts are whole fen in every type and every way in, or a fault that says what was written."""

import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.records.meaning.ways import Cell, good, of_array, text_everywhere, through

MOST = Decimal(10**18 - 1).scaleb(-2)


def no_amount(said: str) -> Cell:
    return Cell(None, (("bad_type", "not_an_amount", said),))


def too_long(said: str) -> Cell:
    return Cell(None, (("implausible_amount", "amount_too_long", said),))


@pytest.mark.parametrize(
    ("type_", "value", "amount"),
    [
        (pa.decimal128(18, 2), Decimal("12.34"), "12.34"),
        (pa.decimal32(9, 2), Decimal("12.34"), "12.34"),
        (pa.decimal64(18, 4), Decimal("12.3400"), "12.34"),
        (pa.decimal128(10, 1), Decimal("12.3"), "12.30"),
        (pa.decimal128(38, 0), Decimal("12"), "12.00"),
        (pa.decimal128(38, 10), Decimal("-0.05"), "-0.05"),
        (pa.decimal256(76, 20), Decimal("12.34"), "12.34"),
        (pa.int8(), 12, "12.00"),
        (pa.int64(), -12, "-12.00"),
        (pa.uint64(), 12, "12.00"),
        (pa.float32(), 12.5, "12.50"),
        (pa.float64(), 12.34, "12.34"),
        (pa.float64(), 0.07, "0.07"),
        (pa.float64(), 69.29, "69.29"),
        (pa.float64(), -0.0, "0.00"),
    ],
    ids=str,
)
def test_an_amount_of_any_type(
    type_: pa.DataType, value: float | Decimal, amount: str, tmp_path: Path
) -> None:
    for way, found in through(tmp_path, "total_cost", pa.array([value, None], type_)):
        assert found == good(Decimal(amount), None), way


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        (pa.decimal128(18, 3), Decimal("12.345"), no_amount("12.345")),
        (pa.decimal256(60, 30), Decimal("1E-30"), no_amount("1E-30")),
        (pa.float64(), 12.345, no_amount("12.345")),
        (pa.float32(), 12.345, no_amount("12.345000267028809")),
        (pa.float64(), 0.005, no_amount("0.005")),
        (pa.float64(), float("inf"), no_amount("inf")),
        (pa.float64(), float("-inf"), no_amount("-inf")),
        (pa.float64(), float("nan"), Cell(None)),
        (pa.float64(), 9e16, too_long("9e+16")),
        (pa.float64(), -1e300, too_long("-1e+300")),
        (pa.float64(), 1.7e308, too_long("1.7e+308")),
        (pa.int64(), 9 * 10**16, too_long("90000000000000000")),
        (pa.int64(), 2**63 - 1, too_long(str(2**63 - 1))),
        (pa.int64(), -(2**63), too_long(str(-(2**63)))),
        (pa.uint64(), 2**64 - 1, too_long(str(2**64 - 1))),
        (pa.decimal128(38, 0), Decimal(34 * 10**35), too_long(str(34 * 10**35))),
        (pa.decimal256(76, 0), Decimal(10**70), too_long("1" + "0" * 59 + "…")),
        (pa.decimal128(20, 2), MOST + Decimal("0.01"), too_long("10000000000000000.00")),
    ],
    ids=str,
)
def test_what_is_no_amount(
    type_: pa.DataType, value: float | Decimal, expected: Cell, tmp_path: Path
) -> None:
    for way, found in through(tmp_path, "total_cost", pa.array([value, None, 1], type_)):
        assert found == [expected, Cell(None), Cell(Decimal(1))], way


def test_the_largest_amount(tmp_path: Path) -> None:
    for type_ in (pa.decimal128(18, 2), pa.decimal128(38, 2), pa.decimal256(60, 5)):
        for way, found in through(tmp_path, "total_cost", pa.array([MOST, -MOST], type_)):
            assert found == good(MOST, -MOST), way
    for way, found in text_everywhere(tmp_path, "total_cost", [str(MOST), str(-MOST)]):
        assert found == good(MOST, -MOST), way


def test_amounts_in_text(tmp_path: Path) -> None:
    right = {
        "12.34": "12.34", "１２．３４": "12.34", " 12.3　": "12.30", "12": "12.00", "+12.": "12.00",
        ".5": "0.50", "-0.05": "-0.05", "1,234.50": "1234.50", "1,234,567": "1234567.00",
        "12.3400": "12.34", "000000000000000000000012": "12.00", "0": "0.00",
    }  # fmt: skip
    missing = ["", " ", "NaN", None]
    wrong = ["1e3", "12.345", "1,23", "12元", "-", ".", "¥12", "1.2.3", "٣", "12 34", "0.001"]
    long = ["10000000000000000", "9" * 100, "-10000000000000000.00"]
    part = "99999999999999999999.001"
    expected = (
        good(*map(Decimal, right.values()), *[None] * len(missing))
        + [no_amount(text) for text in [*wrong, part]]
        + [too_long(text if len(text) <= 60 else text[:60] + "…") for text in long]
    )
    for way, found in text_everywhere(
        tmp_path, "total_cost", [*right, *missing, *wrong, part, *long]
    ):
        assert found == expected, way


def test_no_random_amount_is_refused_as_a_float() -> None:
    """Doubles that stand for decimals, and the doubles beside them: sums of a data base are that."""
    chosen = random.Random(5)
    fens = [chosen.randrange(10 ** chosen.randrange(1, 14)) for _ in range(2000)]
    amounts = [Decimal(fen).scaleb(-2) for fen in fens]
    exact = pa.array(amounts, pa.decimal128(18, 2)).cast(pa.float64())
    plain = np.array([float(amount) for amount in amounts])
    for doubles in (
        exact,
        pa.array(plain),
        pa.array(np.nextafter(plain, np.inf)),
        pa.array(np.nextafter(plain, -np.inf)),
    ):
        assert of_array("total_cost", doubles) == good(*amounts)


def test_a_float_a_millionth_of_a_fen_away() -> None:
    near, far = 0.30 + 0.9e-8, 0.30 + 1.1e-8
    assert of_array("total_cost", pa.array([near, far, 0.1 + 0.2])) == [
        Cell(Decimal("0.30")), no_amount(repr(far)), Cell(Decimal("0.30")),
    ]  # fmt: skip


@given(
    st.integers(-(10**18) + 1, 10**18 - 1),
    st.sampled_from(["{}", " {} ", "{}0", "{}000"]),
)
def test_money_in_text_is_exact(fen: int, form: str) -> None:
    amount = Decimal(fen).scaleb(-2)
    texts = [form.format(amount), f"{amount:+}", f"{amount:,}"]
    assert of_array("total_cost", pa.array(texts)) == good(*[amount] * 3)
    part = str(Decimal(fen * 10 + 1).scaleb(-3))
    assert of_array("total_cost", pa.array([part])) == [no_amount(part)]


@given(st.lists(st.integers(-(10**13), 10**13), min_size=1))
def test_any_amount_comes_back_from_decimals_and_doubles(fens: list[int]) -> None:
    amounts = [Decimal(fen).scaleb(-2) for fen in fens]
    assert of_array("total_cost", pa.array(amounts, pa.decimal128(30, 2))) == good(*amounts)
    assert of_array("total_cost", pa.array([float(one) for one in amounts])) == good(*amounts)


def test_faults_are_those_of_their_rows_in_a_column_of_many_kinds() -> None:
    values = [Decimal("1.00"), Decimal("0.001"), None, Decimal(10**20), Decimal("0.002")]
    assert of_array("total_cost", pa.array(values, pa.decimal128(38, 3))) == [
        Cell(Decimal(1)), no_amount("0.001"), Cell(None), too_long("100000000000000000000.000"),
        no_amount("0.002"),
    ]  # fmt: skip
