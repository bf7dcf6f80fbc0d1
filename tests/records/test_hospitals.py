"""The table of hospitals, and what is said when it is wrong."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.hospitals import read_hospitals

_ONE = {"hospital_id": ["1"], "name": ["甲"], "level": ["3A"]}


def test_csv_and_parquet_read_the_same(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"hospital_id": ["02", "01"], "name": ["乙", "甲"], "level": ["1", "3A"], "more": [1, 2]}
    )
    frame.write_csv(tmp_path / "h.csv")
    frame.write_parquet(tmp_path / "h.parquet")
    from_csv = read_hospitals(tmp_path / "h.csv")
    assert from_csv.equals(read_hospitals(tmp_path / "h.parquet"))
    assert from_csv["hospital_id"].to_list() == ["01", "02"]
    assert from_csv["county"].null_count() == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hospital_id,name\n1,甲\n", "lacks the column level"),
        ("hospital_id,name,level\n1,,3A\n", "row 2 has no name"),
        ("hospital_id,name,level\n1,甲,3A\n1,乙,3A\n", "hospital_id 1 is listed twice"),
        ("", "has no header line"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "h.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"h\.csv") as caught:
        read_hospitals(path)
    assert words in str(caught.value)
    with pytest.raises(DrgpayError, match="there is no file"):
        read_hospitals(tmp_path / "none.csv")


@pytest.mark.parametrize("hospital", ["H" * 300, "院" * 100, "/" * 100])
def test_an_id_too_long_for_a_file_is_refused_when_it_is_read(
    tmp_path: Path, hospital: str
) -> None:
    path = tmp_path / "h.csv"
    path.write_text(f"hospital_id,name,level\n{hospital},甲,3A\n", encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"h\.csv: the hospital_id .* is too long") as raised:
        read_hospitals(path)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    "cells",
    [
        pa.array([["a"]]),
        pa.array([{"code": "A"}]),
        pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())),
        pa.array([5], pa.duration("us")),
    ],
)
def test_what_cannot_be_written_as_a_text_is_refused(tmp_path: Path, cells: pa.Array) -> None:
    path = tmp_path / "h.parquet"
    pq.write_table(pa.table({**_ONE, "county": cells}), path)
    with pytest.raises(DrgpayError, match=r"h\.parquet: the column county is .*; write text"):
        read_hospitals(path)


def test_decimals_of_any_size_are_written_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "h.parquet"
    score = pa.array([Decimal("92.50")], pa.decimal256(60, 2))
    pq.write_table(pa.table({**_ONE, "assessment": score}), path)
    assert read_hospitals(path)["assessment"].to_list() == ["92.50"]
