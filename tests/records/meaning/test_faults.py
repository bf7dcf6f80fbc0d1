"""What a row carries of values that could not be read."""

import numpy as np
import pytest

from drgpay.policy.records import Findings
from drgpay.records.meaning.faults import Faults, Unread, packed, shown, unpacked

NASTY = ["\x1f", "\x1e", "a\nb", "\0", "x" * 1000, "\u202e", "=1+1", "", "\x1b[31m"]


@pytest.mark.parametrize("value", NASTY)
def test_what_is_packed_comes_out_again(value: str) -> None:
    faults = Faults(Unread.NOT_A_NUMBER, np.array([1]), [shown(value)])
    other = Faults(Unread.JOINED_CODES, np.array([1, 2]), [shown(value), "a;b"])
    column = packed([("sex", faults), ("procedures", other)], 4).to_pylist()
    assert [text is not None for text in column] == [False, True, True, False]
    both = list(unpacked(column[1]))
    assert [(one.code, one.column, one.problem) for one in both] == [
        ("bad_type", "sex", Unread.NOT_A_NUMBER),
        ("joined_codes", "procedures", Unread.JOINED_CODES),
    ]
    assert both[0].value == both[1].value == shown(value)
    assert len(both[0].value) <= 61


def test_no_faults_are_nulls() -> None:
    assert packed([], 3).to_pylist() == [None] * 3
    assert packed([], 0).to_pylist() == []


def test_bytes_and_numbers_are_shown() -> None:
    assert shown(b"a\xff") == r"a\xff"
    assert shown(1.5) == "1.5"
    assert shown("a\x1fb\nc") == "a b c"
    assert shown("1\xa0234.00\u2009") == r"1\xa0234.00\u2009"
    assert shown("x" * 61) == "x" * 60 + "…"


def test_every_fault_has_a_code_that_policies_know_and_words() -> None:
    for problem in Unread:
        assert problem.code in Findings.model_fields
        assert problem.words.zh != problem.words.en
