"""Cells of a table of weights: exact numbers, and other signs that are refused."""

from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from tests.points.weights_made import groups, made


@pytest.mark.parametrize(
    ("cell", "points"),
    [
        ("２．５", 250_0000),
        (" 2.5\u3000", 250_0000),
        ('"1,234.5"', 123450_0000),
        ("１，０００", 100000_0000),
        ("250%", 250_0000),
        ("+2.5", 250_0000),
        (".5", 50_0000),
        ("2.", 200_0000),
        ("0.123456789", 12_3457),
    ],
)
def test_numbers_as_tables_write_them(cell: str, points: int, tmp_path: Path) -> None:
    assert groups(made(tmp_path, f"drg,weight\nBB11,{cell}\n"))[0][1] == points


@pytest.mark.parametrize("cell", ["¥2", "2元", "1e3", "2..5", "1,23", "2/3", "２x", "∞", "٣", "-"])
def test_other_signs_are_named_with_line_and_column(cell: str, tmp_path: Path) -> None:
    if cell == "-":
        assert made(tmp_path, "drg,weight\nBB11,-\nBB21,1\n").skipped.rows() == [
            (2, "BB11", "no_weight", "-")
        ]
        return
    with pytest.raises(DrgpayError) as told:
        made(tmp_path, f'drg,weight\nBB11,"{cell}"\n')
    assert f"weights.csv, line 2: weight of BB11 is '{cell}', not a number above 0" in str(
        told.value
    )
    with pytest.raises(DrgpayError, match="price of BB11 is '105%'"):
        made(tmp_path, "drg,price\nBB11,105%\n")
