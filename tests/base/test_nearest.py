"""What was meant by a name that does not exist."""

import pytest

from drgpay.base.nearest import nearest_name

LEVELS = ["0", "1", "2A", "2B", "3A", "3B"]


@pytest.mark.parametrize(
    ("name", "meant"), [("三A", "3A"), ("３ａ", "3A"), ("2a", "2A"), ("甲", None), ("", None)]
)
def test_a_name_is_compared_whatever_its_case_its_width_and_its_numerals(
    name: str, meant: str | None
) -> None:
    assert nearest_name(name, LEVELS) == meant
