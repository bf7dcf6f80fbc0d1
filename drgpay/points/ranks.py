"""Costs in order within each group: medians and quantiles as exact fractions."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import polars as pl


@dataclass(frozen=True)
class CostRanks:
    """The costs of each group from the smallest to the largest, one group behind the other.

    `groups` are sorted; group g has costs[starts[g] : starts[g] + counts[g]], in fen.
    """

    groups: list[str]
    starts: list[int]
    counts: list[int]
    costs: np.ndarray

    @classmethod
    def of(cls, cases: pl.DataFrame) -> "CostRanks":
        """From cases with drg and total_fen, in any order."""
        ordered = cases.select("drg", "total_fen").sort("drg", "total_fen")
        counts = ordered.group_by("drg", maintain_order=True).len("n")["n"]
        starts = counts.cum_sum() - counts
        groups = ordered["drg"].unique(maintain_order=True).to_list()
        return cls(groups, starts.to_list(), counts.to_list(), ordered["total_fen"].to_numpy())

    def quantiles(self, share: Fraction) -> list[Fraction]:
        """The cost at a share (0 to 1) of the way from the first to the last rank, by group, in fen.

        Between two ranks it is interpolated linearly. 1/2 is the median.
        """
        found = []
        for start, count in zip(self.starts, self.counts, strict=True):
            place = share * (count - 1)
            below = place.numerator // place.denominator
            low = int(self.costs[start + below])
            high = int(self.costs[start + min(below + 1, count - 1)])
            found.append(low + (place - below) * (high - low))
        return found
