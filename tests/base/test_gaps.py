"""A gap is known in both languages, and no reader of TOML lets one through."""

from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.gaps import Gap, gap, gaps_in, is_gap, lacking
from drgpay.base.language import alike
from drgpay.base.toml_reader import read_toml


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_gap_is_known_again(language: str) -> None:
    text = gap("the budget", language)  # type: ignore[arg-type]
    assert is_gap(text)
    assert lacking(text) == "the budget"
    assert not is_gap("the budget")
    assert not is_gap("待")


def test_gaps_of_a_text_have_their_lines() -> None:
    text = '# 待填：no\na = { b = "待填：one", c = "TO FILL IN: two" }\nh,待填：three,\n'
    assert list(gaps_in(text)) == [Gap(2, "one"), Gap(2, "two"), Gap(3, "three")]


def test_toml_with_gaps_is_refused_by_the_first(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('x = 1\n[budget]\na = "待填：预算"\nb = "待填：后面"\n', encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"policy\.toml, line 3: budget\.a is still .*预算"):
        read_toml(path, alike("policy"))
