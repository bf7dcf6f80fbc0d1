"""How parts of a group compare: cases, mean cost, variation, variance explained, stability."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from drgpay.adjust.stays import GroupedStays, Numbers, Rows
from drgpay.base.exact import FEN_PLACES, half_up, unscaled

JUDGED_CASES = 10
"""A hospital or year is judged by the parts in which it has so many cases."""


@dataclass(frozen=True)
class PartMeasures:
    """cases; mean_cost in yuan; cv: sample standard deviation / mean, None for one case."""

    cases: int
    mean_cost: Decimal
    cv: float | None


@dataclass(frozen=True)
class Held:
    """In how many of the judged hospitals or years the order of the parts by cost holds."""

    held: int
    judged: int

    @property
    def share(self) -> float | None:
        """held / judged; None where nothing could be judged."""
        return self.held / self.judged if self.judged else None


@dataclass(frozen=True)
class WholeScheme:
    """Sums of squares about the mean over all stays: of cost in yuan and of log cost."""

    mean: float
    cost_squares: float
    log_squares: float
    r2: float


def measured(stays: GroupedStays, rows: Rows) -> PartMeasures:
    """The measures of some stays."""
    fen = stays.fen[rows]
    mean = unscaled(half_up(Fraction(int(fen.sum()), len(fen))), FEN_PLACES)
    spread = float(np.std(fen / 100, ddof=1)) if len(fen) > 1 else None
    return PartMeasures(len(fen), mean, None if spread is None else spread / float(mean or 1))


def whole_scheme(stays: GroupedStays, log_cost: Numbers, groups: Sequence[Rows]) -> WholeScheme:
    """The variance of all stays, and what share of that of cost the groups explain."""
    yuan = stays.fen / 100
    mean = float(yuan.mean())
    squares = float(((yuan - mean) ** 2).sum())
    log_squares = float(((log_cost - log_cost.mean()) ** 2).sum())
    made = sum(between(yuan, [rows], mean) for rows in groups)
    return WholeScheme(mean, squares, log_squares, made / squares if squares > 0 else 0.0)


def between(values: Numbers, parts: Sequence[Rows], mean: float) -> float:
    """The sum of squares of the means of parts about a mean, each as often as it has stays."""
    return sum(len(rows) * (float(values[rows].mean()) - mean) ** 2 for rows in parts)


def within(values: Numbers) -> float:
    """The sum of squares about the mean."""
    return float(((values - values.mean()) ** 2).sum())


def order_held(log_cost: Numbers, parts: Sequence[Rows], unit: NDArray[np.int32]) -> Held:
    """Whether the parts, by mean log cost, have the same order within each hospital or year.

    `unit`: the hospital or year of every stay. One is judged if two parts have JUDGED_CASES of it.
    """
    means = [float(log_cost[rows].mean()) for rows in parts]
    order = sorted(range(len(parts)), key=means.__getitem__)
    units = int(unit.max()) + 1
    cases = np.stack([np.bincount(unit[parts[part]], minlength=units) for part in order])
    sums = np.stack(
        [np.bincount(unit[parts[p]], weights=log_cost[parts[p]], minlength=units) for p in order]
    )
    enough = cases >= JUDGED_CASES
    judged = np.flatnonzero(enough.sum(axis=0) >= 2)
    held = 0
    for one in judged:
        own = sums[enough[:, one], one] / cases[enough[:, one], one]
        held += bool((np.diff(own) > 0).all())
    return Held(held, len(judged))
