"""Amounts in the unit of a chart."""

from decimal import Decimal

import pytest

from drgpay.base.language import Language
from drgpay.show.money_scale import money_scale


@pytest.mark.parametrize(
    ("largest", "language", "unit", "text"),
    [
        ("1234567890.12", "zh", "unit_yi", "+12.35"),
        ("691829.83", "zh", "unit_wan", "+69.18"),
        ("10337.11", "zh", "unit_yuan", "+10,337.11"),
        ("0.01", "zh", "unit_yuan", "+0.01"),
        ("12345678.9", "en", "unit_million", "+12.35"),
        ("10337.11", "en", "unit_thousand", "+10.34"),
    ],
)
def test_the_unit_fits_the_largest(largest: str, language: Language, unit: str, text: str) -> None:
    amounts = [Decimal("-0.00"), Decimal(largest)]
    for every in (amounts, [-amount for amount in amounts]):
        scale = money_scale(every, language)
        assert scale.unit == unit
        assert scale.text(Decimal(largest), signed=True) == text
        assert scale.text(-Decimal(largest)) == text.replace("+", "−")
        assert scale.number(Decimal(largest)) == pytest.approx(float(largest) / scale.yuan)


def test_nothing_has_no_sign() -> None:
    scale = money_scale([Decimal("1000000")], "zh")
    assert scale.text(Decimal("-0.01"), signed=True) == "0.00"
    assert scale.text(Decimal("0.00"), signed=True) == "0.00"
    assert money_scale([], "zh").unit == "unit_yuan"
