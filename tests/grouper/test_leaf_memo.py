"""The memo of leaves answers with what it was told, or not at all."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drgpay.grouper.leaf_memo import LARGEST_KEY, LeafMemo, kinds

KEYS = st.lists(st.one_of(st.integers(0, 9), st.integers(0, LARGEST_KEY)), max_size=60)


@given(KEYS, KEYS)
def test_what_it_was_told(kept: list[int], asked: list[int]) -> None:
    memo = LeafMemo()
    keys = np.array(sorted(set(kept)), dtype=np.int64)
    memo.keep(keys, keys % 65_535)
    found = memo.find(np.array([*asked, *kept], dtype=np.int64))
    for key, leaf in zip([*asked, *kept], found.tolist(), strict=True):
        assert leaf in ((-1, key % 65_535) if key in kept else (-1,))


def test_a_full_memo_forgets_but_never_errs() -> None:
    memo = LeafMemo()
    keys = np.random.default_rng(1).integers(0, LARGEST_KEY, 3_000_000)
    for some in np.array_split(keys, 6):
        memo.keep(some, some % 60_000)
    found = memo.find(keys)
    known = found >= 0
    assert known.mean() > 0.3
    assert (found[known] == keys[known] % 60_000).all()


@given(st.lists(st.one_of(st.integers(0, 5), st.integers(-(2**63), 2**63 - 1)), max_size=300))
def test_kinds(values: list[int]) -> None:
    keys = np.array(values, dtype=np.int64)
    examples, kind = kinds(keys)
    assert len(examples) == len(set(values))
    assert (keys[examples][kind] == keys).all()


def test_numbers_of_words_last() -> None:
    memo = LeafMemo()
    words = np.array([[1, 2], [2, 1], [1, 2]], dtype=np.uint64)
    first = memo.number_words(words)
    assert first[0] == first[2] != first[1]
    assert first.min() > 0  # 0 stands for no word at all
    assert memo.number_words(words[::-1]).tolist() == first[::-1].tolist()
