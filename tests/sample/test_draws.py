"""Draws from many distributions and lists built from parts."""

import numpy as np

from drgpay.sample.draws import Choices, CodeLists, joined, lists_of_rows


def test_choices_follow_their_shares() -> None:
    choices = Choices.of(np.array([1.0, 3.0, 5.0, 0.0, 5.0]), np.array([2, 3]))
    which = np.repeat([0, 1], 50_000)
    drawn = choices.draw(which, np.random.default_rng(1))
    counts = np.bincount(drawn, minlength=5) / 50_000
    assert np.allclose(counts, [0.25, 0.75, 0.5, 0.0, 0.5], atol=0.01)
    assert set(drawn[:50_000]) == {0, 1}


def test_joined_keeps_the_order_of_parts_and_rows() -> None:
    first = CodeLists.of([[1, 2], [], [3]])
    second = lists_of_rows(np.array([1, 2, 2]), np.array([7, 8, 9]), 3)
    both = joined([first, second])
    assert both.offsets.tolist() == [0, 2, 3, 6]
    assert both.flat.tolist() == [1, 2, 7, 3, 8, 9]
    again = both.take(np.array([2, 0, 2]))
    assert again.offsets.tolist() == [0, 3, 5, 8]
    assert again.flat.tolist() == [3, 8, 9, 1, 2, 3, 8, 9]
