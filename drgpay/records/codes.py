"""Columns of codes as integers: each distinct string is looked up once, not once per row."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int32]


class CodeIndex:
    """Numbers the codes of one kind; two more numbers stand for unknown and for missing."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = sorted(codes)
        self.unknown = len(self.codes)
        self.missing = len(self.codes) + 1
        self.size = len(self.codes) + 2
        self._value_set = pa.array(self.codes, pa.large_string())

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of each code."""
        return {code: number for number, code in enumerate(self.codes)}

    def encode(self, values: pa.Array) -> Ints:
        """The number of each string; null and the empty string count as missing."""
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        words = pc.cast(values.dictionary, pa.large_string())
        found = pc.fill_null(pc.index_in(words, self._value_set), self.unknown)
        numbers = np.empty(len(words) + 1, dtype=np.int32)
        numbers[:-1] = found.to_numpy(zero_copy_only=False)
        numbers[-1] = self.missing
        for position in pc.indices_nonzero(pc.equal(words, "")).to_pylist():
            numbers[position] = self.missing
        indices = values.indices
        if indices.null_count:
            indices = pc.fill_null(indices, len(words))
        return np.take(numbers, indices.to_numpy(zero_copy_only=False))


@dataclass(frozen=True)
class CodeLists:
    """A list of codes per stay: stay i has flat[offsets[i]:offsets[i + 1]]."""

    offsets: NDArray[np.int64]
    flat: Ints

    @staticmethod
    def encode(index: CodeIndex, values: pa.Array) -> "CodeLists":
        """Translate an Arrow list column; a null list is an empty one."""
        if not pa.types.is_large_list(values.type):
            values = values.cast(pa.large_list(values.type.value_type))
        if values.null_count:  # a null list may cover values in Arrow's layout
            values = pc.if_else(pc.is_valid(values), values, pa.scalar([], values.type))
        offsets = values.offsets.to_numpy()
        flat = values.values.slice(offsets[0], offsets[-1] - offsets[0])
        return CodeLists(offsets - offsets[0], index.encode(flat))

    @staticmethod
    def empty(stays: int) -> "CodeLists":
        """No codes at all."""
        return CodeLists(np.zeros(stays + 1, dtype=np.int64), np.empty(0, dtype=np.int32))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many codes each stay has."""
        return np.diff(self.offsets)

    @cached_property
    def _stay_of_each(self) -> Ints:
        return np.repeat(np.arange(len(self.offsets) - 1, dtype=np.int32), self.lengths)

    def stays_of(self, positions: NDArray[np.int64]) -> Ints:
        """The stay to which each flat position belongs."""
        return self._stay_of_each[positions]

    def nth(self, n: int, missing: int) -> Ints:
        """The n-th code of each stay (from 0), or `missing`."""
        has = self.lengths > n
        codes = np.full(len(has), missing, dtype=np.int32)
        codes[has] = self.flat[self.offsets[:-1][has] + n]
        return codes

    def take(self, stays: NDArray[np.int64]) -> "CodeLists":
        """The lists of some stays."""
        lengths = self.lengths[stays]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        starts = np.repeat(self.offsets[:-1][stays] - offsets[:-1], lengths)
        return CodeLists(offsets, self.flat[starts + np.arange(offsets[-1])])
