"""Where words stand among known ones, found for all words of a batch at once.

A word is three whole numbers of its bytes and one of its length. Known words lie sorted by a number
mixed of these; what is found is compared whole, so that no two words are ever taken for one another.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.records.arrays import bytes_of, strings_array

_WIDTH = 24  # bytes; the codes of all schemes are shorter
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
_SHIFT = np.uint64(29)


class WordPlaces:
    """The places of known words, each 1 to 24 bytes of UTF-8 and all different."""

    def __init__(self, known: list[str]) -> None:
        """Raises ValueError for words of which some are empty, longer or too much alike."""
        parts, lengths = _parts(strings_array(known))
        mixed = _mixed(parts, lengths)
        self._order = np.argsort(mixed, kind="stable")
        self._mixed = mixed[self._order]
        self._parts, self._lengths = parts[self._order], lengths[self._order]
        if len(known) and (lengths.min() == 0 or lengths.max() > _WIDTH):
            raise ValueError(known)
        if bool((self._mixed[1:] == self._mixed[:-1]).any()):
            raise ValueError(known)

    def of(self, words: pa.Array, other: int) -> NDArray[np.int64]:
        """The place of each word (strings, none of them null), `other` for one that is not known."""
        if not len(self._order):
            return np.full(len(words), other, dtype=np.int64)
        parts, lengths = _parts(words)
        near = np.searchsorted(self._mixed, _mixed(parts, lengths))
        near[near == len(self._order)] = 0
        same = (self._parts[near] == parts).all(axis=1) & (self._lengths[near] == lengths)
        return np.where(same, self._order[near], other)


def _parts(words: pa.Array) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The first bytes of each word as numbers, zero behind its end, and its length."""
    begins, content = bytes_of(words)
    lengths = np.diff(begins).astype(np.int64)
    first, last = int(begins[0]), int(begins[-1])
    within = np.zeros(last - first + _WIDTH, dtype=np.uint8)
    within[: last - first] = content[first:last]
    windows = np.lib.stride_tricks.sliding_window_view(within, _WIDTH)
    parts = windows[begins[:-1] - first].view("<u8").astype(np.uint64, copy=False)
    return parts & _KEPT[np.minimum(lengths, _WIDTH)], lengths


def _kept() -> NDArray[np.uint64]:
    """Of each length, the bits of a word's numbers that belong to it."""
    whole = np.arange(_WIDTH) < np.arange(_WIDTH + 1)[:, None]
    bytes_ = np.where(whole, np.uint8(0xFF), np.uint8(0))
    return bytes_.view("<u8").astype(np.uint64, copy=False)


_KEPT = _kept()


def _mixed(parts: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    mixed = lengths.view(np.uint64).copy()
    for part, factor in zip(parts.T, _MIX, strict=True):
        mixed ^= part
        mixed *= factor
        mixed ^= mixed >> _SHIFT
    return mixed
