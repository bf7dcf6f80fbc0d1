"""Columns of codes as integers: each distinct string is looked up once, not once per row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.records.arrays import numbers_of
from drgpay.records.word_places import WordPlaces

Ints = NDArray[Any]  # numbers of codes
Offsets = NDArray[Any]  # int32 or int64
Unnumbered = Callable[[pa.DictionaryArray, Ints], None]
"""Is told texts of which some have no number, and the places of those in their dictionary."""


class CodeIndex:
    """Numbers the codes of one kind; two more numbers stand for unknown and for missing."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = sorted(codes)
        self.unknown = len(self.codes)
        self.missing = len(self.codes) + 1
        self.size = len(self.codes) + 2

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of each code."""
        return {code: number for number, code in enumerate(self.codes)}

    @cached_property
    def _places(self) -> WordPlaces | None:
        try:
            return WordPlaces(self.codes)
        except ValueError:  # a scheme may have codes that it cannot hold
            return None

    def encode(self, values: pa.Array, unnumbered: Unnumbered | None = None) -> Ints:
        """The number of each string; null and the empty string count as missing.

        unnumbered: is called if there are strings without a number; null and the empty one have one.
        """
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        numbers = self._of_words(values.dictionary)
        if unnumbered is not None:
            places = np.flatnonzero(numbers == self.unknown)
            if len(places):
                unnumbered(values, places)
        return np.take(numbers, numbers_of(values.indices, null=len(numbers) - 1))

    def unknown_in(self, values: pa.Array) -> NDArray[np.bool_]:
        """Which strings have no number; null and the empty string are missing, not unknown."""
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        unknown = self._of_words(values.dictionary) == self.unknown
        if not unknown.any():
            return np.zeros(len(values), dtype=np.bool_)
        return np.take(unknown, numbers_of(values.indices, null=len(unknown) - 1))

    def _of_words(self, dictionary: pa.Array) -> Ints:
        """The number of each word, then that of a missing one."""
        import pyarrow.compute as pc  # not needed to load a compiled scheme

        words = pc.cast(dictionary, pa.string())
        numbers = np.empty(len(words) + 1, dtype=np.int32)
        if self._places is None or words.null_count:
            known = self.number_of
            numbers[:-1] = [known.get(word, self.unknown) for word in words.to_pylist()]
        else:
            numbers[:-1] = self._places.of(words, self.unknown)
        numbers[-1] = self.missing
        for position in pc.indices_nonzero(pc.equal(words, "")).to_pylist():
            numbers[position] = self.missing
        return numbers


@dataclass(frozen=True)
class CodeLists:
    """A list of codes per stay: stay i has flat[offsets[i]:offsets[i + 1]]."""

    offsets: Offsets
    flat: Ints

    @staticmethod
    def encode(
        index: CodeIndex, values: pa.Array, unnumbered: Unnumbered | None = None
    ) -> "CodeLists":
        """Translate an Arrow list column; a null list is an empty one.

        unnumbered: as of CodeIndex.encode, of the items one behind the other.
        """
        if not (pa.types.is_list(values.type) or pa.types.is_large_list(values.type)):
            values = values.cast(pa.large_list(values.type.value_type))
        if values.null_count:  # a null list may cover values in Arrow's layout
            import pyarrow.compute as pc

            values = pc.if_else(pc.is_valid(values), values, pa.scalar([], values.type))
        offsets = numbers_of(values.offsets)
        flat = values.values.slice(offsets[0], offsets[-1] - offsets[0])
        return CodeLists(offsets - offsets[0], index.encode(flat, unnumbered))

    @cached_property
    def lengths(self) -> Offsets:
        """How many codes each stay has."""
        return np.diff(self.offsets)

    @cached_property
    def _stay_of_each(self) -> Ints:
        # The stays that have codes, each marked where its codes begin: a third of np.repeat's time.
        stays = np.flatnonzero(self.lengths)
        steps = np.zeros(len(self.flat), dtype=np.int32)
        steps[self.offsets[stays]] = np.diff(stays, prepend=0)
        return np.cumsum(steps, dtype=np.int32)

    def stays_of(self, positions: NDArray[np.int64]) -> Ints:
        """The stay to which each flat position belongs."""
        return np.take(self._stay_of_each, positions)

    def nth(self, n: int, missing: int) -> Ints:
        """The n-th code of each stay (from 0), or `missing`."""
        codes = np.append(self.flat, self.flat.dtype.type(missing))
        return np.take(codes, np.where(self.lengths > n, self.offsets[:-1] + n, len(self.flat)))

    def take(self, stays: NDArray[np.int64]) -> "CodeLists":
        """The lists of some stays."""
        lengths = self.lengths[stays]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        starts = np.repeat(self.offsets[:-1][stays] - offsets[:-1], lengths)
        return CodeLists(offsets, self.flat[starts + np.arange(offsets[-1])])
