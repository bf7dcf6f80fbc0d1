"""Values as TOML: what is read back is what was given."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.simulate.scenario import text_of_values


def test_what_is_read_back_is_what_was_given() -> None:
    values: dict[str, Any] = {
        "plain": 'text "quoted"\n',
        "a.dotted key": {"below.it": {"deep": [1, 2.5, Decimal("0.10")]}, "": True},
        "rows": [{"x": 1, "rows": [{"y": date(2026, 10, 1)}]}, {}],
    }
    text = text_of_values({**values, "none": None, "inside": {"none": None}, "path": Path("a/b")})
    read = tomllib.loads(text, parse_float=Decimal)
    assert read == {**values, "inside": {}, "path": "a/b"} | {
        "a.dotted key": {"below.it": {"deep": [1, Decimal("2.5"), Decimal("0.10")]}, "": True}
    }


def test_other_values_have_no_words() -> None:
    for wrong in (object(), b"x", {1}, 1j):
        with pytest.raises(DrgpayError):
            text_of_values({"x": [{"y": wrong}]})
    with pytest.raises(DrgpayError, match="int as a key"):
        text_of_values({"x": {5: 1}})
