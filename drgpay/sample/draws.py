"""Vectorised draws from many distributions at once, and lists of codes built from parts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Choices:
    """Several distributions, each over a run of neighbouring items; drawn with one search.

    `steps` is the cumulative share of an item within its distribution plus the number of that
    distribution, so that it rises over all items.
    """

    steps: Floats
    starts: Ints

    @staticmethod
    def of(shares: Floats, sizes: Ints) -> "Choices":
        """Distributions over runs of items of these sizes; shares need not add up to one."""
        starts = np.concatenate(([0], np.cumsum(sizes)))
        total = np.concatenate(([0.0], np.cumsum(shares)))
        low, high = np.repeat(total[starts[:-1]], sizes), np.repeat(total[starts[1:]], sizes)
        number = np.repeat(np.arange(len(sizes)), sizes)
        return Choices(number + (total[1:] - low) / (high - low), starts)

    def draw(self, which: Ints, rng: np.random.Generator) -> Ints:
        """For each entry of `which` an item of that distribution."""
        found = np.searchsorted(self.steps, which + rng.random(len(which)), side="right")
        return np.minimum(found, self.starts[which + 1] - 1)  # against rounding at the upper end


def zipf_shares(items: int, exponent: float = 1.0, offset: float = 2.0) -> Floats:
    """Shares that fall with the rank."""
    shares = np.power(np.arange(items, dtype=np.float64) + offset, -exponent)
    total: Floats = shares / shares.sum()
    return total


def whole_numbers(low: Ints, high: Ints, rng: np.random.Generator) -> Ints:
    """Whole numbers, both ends included."""
    return low + np.floor(rng.random(len(low)) * (high - low + 1)).astype(np.int64)


@dataclass(frozen=True)
class CodeLists:
    """A list of code numbers per row: row i has flat[offsets[i]:offsets[i + 1]]."""

    offsets: Ints
    flat: Ints

    @staticmethod
    def of(lists: Sequence[Sequence[int]]) -> "CodeLists":
        """Plain lists as arrays."""
        sizes = [len(codes) for codes in lists]
        flat = [code for codes in lists for code in codes]
        return CodeLists(
            np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))), np.array(flat, np.int64)
        )

    @property
    def sizes(self) -> Ints:
        """How many codes each row has."""
        return np.diff(self.offsets)

    def take(self, rows: Ints) -> "CodeLists":
        """The lists of some rows."""
        sizes = self.sizes[rows]
        offsets = np.concatenate(([0], np.cumsum(sizes)))
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][rows] - offsets[:-1], sizes)
        return CodeLists(offsets, self.flat[places])


def lists_of_rows(rows: Ints, codes: Ints, count: int) -> CodeLists:
    """Codes that belong to ascending row numbers as one list per row."""
    return CodeLists(np.searchsorted(rows, np.arange(count + 1)), codes)


def joined(parts: Sequence[CodeLists]) -> CodeLists:
    """Row by row the codes of every part, one part after the other."""
    sizes = np.sum([part.sizes for part in parts], axis=0)
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    flat = np.empty(offsets[-1], np.int64)
    places = offsets[:-1].copy()
    for part in parts:
        target = np.arange(len(part.flat)) + np.repeat(places - part.offsets[:-1], part.sizes)
        flat[target] = part.flat
        places += part.sizes
    return CodeLists(offsets, flat)
