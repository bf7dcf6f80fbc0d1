"""Sort numbers of groups."""

import pytest

from drgpay.grouper.sorts import sort_of


@pytest.mark.parametrize(("text", "number"), [("1", 1), (" 12 ", 12), ("-3", -3), ("0" * 9, 0)])
def test_whole_numbers(text: str, number: int) -> None:
    assert sort_of(text) == number


@pytest.mark.parametrize(
    "text", ["", "x", "1_0", "1.5", "1e3", "inf", "nan", "１２", "9" * 10, "9" * 5000, "1 2"]
)
def test_everything_else(text: str) -> None:
    assert sort_of(text) is None
