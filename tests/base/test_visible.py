"""What is written out of a text before it is shown."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.visible import visible, visible_json
from tests.hostile_texts import MARKUP, OBEYED, SURROGATE, TEXTS


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\x00b\x7f\x9b", r"a\x00b\x7f\x9b"),
        ("\u202egnp", r"\u202egnp"),
        ("\u200f\u061c\u2066", r"\u200f\u061c\u2066"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        (SURROGATE, r"half\ud800pair"),
        ("one\ntwo\r\tthree", r"one\ntwo\r\tthree"),
        ("\ufffe\U0001ffff\ufdd0", r"\ufffe\U0001ffff\ufdd0"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_is_not_shown_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    # The last ones: of private use and newer than Python's tables, as rare names of persons have.
    ["第一医院", "a\u3000b\xa0c", "é ñ 😀", "[/]", *MARKUP, "\ue000\U000f0000", "\U0003347f"],
)
def test_what_is_shown_stays(text: str) -> None:
    assert visible(text) == text


def test_lines_stay_where_they_are_wanted() -> None:
    assert visible("a\nb\x1bc", lines=True) == "a\nb\\x1bc"


@given(st.text(st.characters()))
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(sign) for sign in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert visible(shown) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "ascii"])
def test_json_says_the_same(encoding: str) -> None:
    texts = [*TEXTS, SURROGATE, "\U000e0041", "医院😀é"]
    shown = visible_json(json.dumps(texts, ensure_ascii=False, indent=2), encoding)
    assert json.loads(shown) == texts
    shown.encode(encoding)
    assert visible(shown, lines=True) == shown
    assert len(OBEYED) > 10
