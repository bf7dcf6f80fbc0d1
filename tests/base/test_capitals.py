"""Amounts in Chinese capitals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.capitals import capitals

_EXAMPLES = {
    "0": "零元整",
    "0.05": "伍分",
    "0.50": "伍角整",
    "0.55": "伍角伍分",
    "1": "壹元整",
    "10": "壹拾元整",
    "1.05": "壹元零伍分",
    "1409.50": "壹仟肆佰零玖元伍角整",
    "6007.14": "陆仟零柒元壹角肆分",
    "1680.32": "壹仟陆佰捌拾元叁角贰分",
    "16409.02": "壹万陆仟肆佰零玖元零贰分",
    "325.04": "叁佰贰拾伍元零肆分",
    "10000": "壹万元整",
    "10001": "壹万零壹元整",
    "100100": "壹拾万零壹佰元整",
    "107000.53": "壹拾万柒仟元伍角叁分",
    "110000": "壹拾壹万元整",
    "20000000": "贰仟万元整",
    "100000000": "壹亿元整",
    "100000001": "壹亿零壹元整",
    "100010000": "壹亿零壹万元整",
    "1000000000000": "壹万亿元整",
    "1000100000000": "壹万零壹亿元整",
    "1234567890123.45": "壹万贰仟叁佰肆拾伍亿陆仟柒佰捌拾玖万零壹佰贰拾叁元肆角伍分",
    "-5282.84": "负伍仟贰佰捌拾贰元捌角肆分",
}


@pytest.mark.parametrize(("amount", "said"), _EXAMPLES.items())
def test_amounts_are_said_as_on_bills(amount: str, said: str) -> None:
    assert capitals(Decimal(amount)) == said


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_what_is_said_means_the_amount(fen: int) -> None:
    assert _read(capitals(Decimal(fen).scaleb(-2))) == fen


@pytest.mark.parametrize("amount", ["0.005", "10000000000000000"])
def test_parts_of_a_fen_and_more_than_bills_have_are_refused(amount: str) -> None:
    with pytest.raises(ValueError):
        capitals(Decimal(amount))


def _read(said: str) -> int:
    """The fen that capitals mean, read sign by sign."""
    sign, said = (-1, said[1:]) if said[0] == "负" else (1, said)
    digits = {sign: number for number, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
    places = {"拾": 10, "佰": 100, "仟": 1_000}
    total = four = digit = fen = 0
    for letter in said:
        if letter in digits:
            digit = digits[letter]
        elif letter in places:
            four, digit = four + digit * places[letter], 0
        elif letter == "万":
            total, four, digit = total + (four + digit) * 10_000, 0, 0
        elif letter == "亿":
            total, four, digit = (total + four + digit) * 10**8, 0, 0
        elif letter == "元":
            fen, four, digit = (total + four + digit) * 100, 0, 0
        elif letter in "角分":
            fen, digit = fen + digit * (10 if letter == "角" else 1), 0
    return sign * fen
