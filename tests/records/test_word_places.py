"""Places of words among known ones, beside a dictionary of Python."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.records.word_places import WordPlaces

_WORDS = st.lists(st.text(alphabet="A0.x\0\u5916", max_size=26), max_size=20)


@given(known=_WORDS, asked=_WORDS, before=st.integers(0, 3))
def test_words_are_found_whole(known: list[str], asked: list[str], before: int) -> None:
    codes = sorted({word for word in known if 0 < len(word.encode()) <= 24})
    place = {code: number for number, code in enumerate(codes)}
    words = [*asked, *codes]
    found = WordPlaces(codes).of(pa.array(words, pa.string())[before:], -1)
    assert found.tolist() == [place.get(word, -1) for word in words[before:]]


@pytest.mark.parametrize("known", [["A", ""], ["A" * 25]])
def test_words_that_do_not_fit_are_refused(known: list[str]) -> None:
    with pytest.raises(ValueError):
        WordPlaces(known)


def test_words_alike_but_for_their_end_are_different() -> None:
    places = WordPlaces(["A00", "A00.0", "A" * 24])
    asked = pa.array(["A00\0", "A00.0", "A" * 25, "A00", ""], pa.string())
    assert places.of(asked, 9).tolist() == [9, 1, 9, 0, 9]
