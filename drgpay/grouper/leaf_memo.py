"""Leaves that were found before, by the facts of the stay."""

from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]

LARGEST_KEY = (1 << 48) - 2
LARGEST_LEAF = (1 << 16) - 2
_SLOT_BITS = 20  # 8 MB; a national scheme meets some 50,000 different facts
_NOBODY = np.uint64((1 << 64) - 1)
_SPREAD = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)[
    None
]  # 2 ** 64 / golden ratio: near keys lie far apart


class LeafMemo:
    """A table of facts and their leaves, for any number of threads.

    An entry is one word, key and leaf, so that a reader never meets half of one. Each key has two
    slots, and the last key takes the second: what is forgotten is found anew by the rules, the same.
    """

    def __init__(self) -> None:
        self._entries = np.full(1 << _SLOT_BITS, _NOBODY)
        self._numbers_of_words: dict[tuple[int, ...], int] = {}
        self._lock = Lock()

    def find(self, keys: Keys) -> NDArray[np.int32]:
        """The leaf of each key, -1 where it is not known; 0 <= key <= LARGEST_KEY."""
        leaves = self._look(keys, _slots(keys))
        elsewhere = np.flatnonzero(leaves < 0)
        leaves[elsewhere] = self._look(keys[elsewhere], _other_slots(keys[elsewhere]))
        return leaves

    def _look(self, keys: Keys, slots: NDArray[np.int64]) -> NDArray[np.int32]:
        entries = np.take(self._entries, slots)
        leaves = entries.astype(np.uint16).astype(np.int32)
        leaves[(entries >> np.uint64(16)) != keys.view(np.uint64)] = -1
        return leaves

    def keep(self, keys: Keys, leaves: NDArray[Any]) -> None:
        """Remember leaves, each 0 <= leaf <= LARGEST_LEAF."""
        entries = keys.view(np.uint64) << np.uint64(16) | leaves.astype(np.uint64)
        with self._lock:
            free = self._entries[_slots(keys)] == _NOBODY
            self._entries[_other_slots(keys[~free])] = entries[~free]
            self._entries[_slots(keys[free])] = entries[free]

    def number_words(self, words: NDArray[np.uint64]) -> NDArray[np.int64]:
        """A number from 1 on for each row of words (rows, words), the same at any time."""
        known = self._numbers_of_words
        with self._lock:
            numbers = [known.setdefault(tuple(row), len(known) + 1) for row in words.tolist()]
        return np.array(numbers, dtype=np.int64)


def kinds(keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Equal keys are of one kind: (one row of each kind, the kind of each row).

    Rows write themselves into the slot of their key and read who is there; those that find another
    key try again with other slots. Sorting takes three times as long.
    """
    rows = len(keys)
    bits = max(rows, 2).bit_length() + 1
    one_of_kind = np.empty(rows, dtype=np.int64)
    todo, spread = np.arange(rows), _SPREAD
    while len(todo):
        mine = keys[todo]
        slots = (mine.view(np.uint64) * spread) >> np.uint64(64 - bits)
        table = np.empty(1 << bits, dtype=np.int64)
        table[slots] = todo
        there = table[slots]
        same = keys[there] == mine
        one_of_kind[todo[same]] = there[same]
        todo, spread = todo[~same], spread * _SPREAD
    examples = np.flatnonzero(one_of_kind == np.arange(rows))
    number = np.empty(rows, dtype=np.int64)
    number[examples] = np.arange(len(examples))
    return examples, number[one_of_kind]


def _slots(keys: Keys) -> NDArray[np.int64]:
    return ((keys.view(np.uint64) * _SPREAD) >> np.uint64(64 - _SLOT_BITS)).view(np.int64)


def _other_slots(keys: Keys) -> NDArray[np.int64]:
    return _slots((keys.view(np.uint64) * _SPREAD).view(np.int64))
