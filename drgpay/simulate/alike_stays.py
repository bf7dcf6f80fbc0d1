"""Stays in which points see no difference but their cost and length: priced once, counted and summed.

The catalogue says the same of all stays of a group, hospital, level, account, unit and so on: a cell.
In a cell the class hangs on two bounds of the cost alone (points/classes.py), so a cell in the order of
cost falls into at most three stretches of one class. A stretch whose formula reads neither cost nor
length of stay earns its number of stays times what one of them earns, rounded as a run rounds it; only
stays of the other formulas are evaluated one by one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from drgpay.base.exact import divide_half_up
from drgpay.points.age_factors import age_columns
from drgpay.points.catalogue import Catalogue
from drgpay.points.formulas import PointFormula, class_formulas
from drgpay.points.prices import BOUND_COLUMNS
from drgpay.points.pricing import by_formula, classed, with_ages, with_prices
from drgpay.policy.points import Points
from drgpay.settle.narrow import AMOUNTS
from drgpay.simulate.small_month import KEYS

_FACTS = (
    *("drg", "hospital_id", "level", "account", "out_of_area"),
    *("status", "payment_unit", "bed_day_class", "complete"),
)
"""What prices, class and formula read of a stay beside its age, its cost and its length."""

_OF_STAY = ("total_fen", "length_of_stay")
"""What a formula reads of the single stay."""

_Wholes = NDArray[np.int64]
_LEAST, _MOST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


class UnpricedError(Exception):
    """A stay that no formula prices: the whole computation says which one, and what to do."""


@dataclass(frozen=True)
class AlikeStays:
    """Stays by cells, each in the order of cost.

    cells: _FACTS, total_fen, length_of_stay, age and age_days of the cheapest stay of each; case_id
    numbers them. stays: place (the row in the stays given), cell (the row in cells), length_of_stay
    and AMOUNTS, sorted by cell and total_fen.
    """

    cells: pl.DataFrame
    stays: pl.DataFrame

    @classmethod
    def of(cls, stays: pl.DataFrame, points: Points) -> "AlikeStays":
        """Of valid stays as `points_of_stays` takes them; points: for their factors by age alone."""
        aged = with_ages(stays.select(pl.exclude("case_id", "person_id")), points)
        facts = aged.select(*_FACTS, **age_columns(points))
        keys = facts.unique(maintain_order=True).with_row_index("cell")
        cell = facts.join(
            keys, on=facts.columns, how="left", nulls_equal=True, maintain_order="left"
        )["cell"]
        ordered = (
            stays.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("place"), "length_of_stay")
            .hstack([cell, *stays.select(AMOUNTS)])
            .sort("cell", "total_fen")
        )
        cheapest = ordered["place"].gather(_starts(ordered["cell"]))
        cells = aged.select(*_FACTS, *_OF_STAY, "age", "age_days")[cheapest].with_columns(
            case_id=pl.int_range(pl.len()).cast(pl.String).str.zfill(9)
        )
        return cls(cells, ordered)

    def places_of(self, groups: Collection[str]) -> pl.Series:
        """The rows in the stays given of the stays of some DRGs."""
        mine = self.cells["drg"].is_in(list(groups)).fill_null(value=False)
        return self.stays["place"].filter(mine.gather(self.stays["cell"]))

    def before_adjustments(self, catalogue: Catalogue, points: Points) -> pl.DataFrame:
        """KEYS, stays (how many), points (before any adjustment) and AMOUNTS: sums over all stays.

        Raises UnpricedError.
        """
        priced = with_prices(self.cells, catalogue, points)
        stretches = self._stretches(priced)
        cheapest = {name: self._values[name][stretches.starts] for name in _OF_STAY}
        rows = priced[stretches.cells].with_columns(
            pl.Series(name, values) for name, values in cheapest.items()
        )
        classes = classed(rows, points)
        earned = np.zeros(classes.height, np.int64)
        for part, formula in by_formula(classes, class_formulas(catalogue, points), _refuse):
            places = part["row"].to_numpy()
            earned[places] = self._earned(part, formula, stretches.at(places))
        sums = {name: stretches.sums(self._running[name]) for name in AMOUNTS}
        return (
            classes.select(KEYS)
            .with_columns(
                pl.Series(name, values)
                for name, values in {"stays": stretches.counts, "points": earned, **sums}.items()
            )
            .group_by(KEYS)
            .agg(pl.col("stays", "points", *AMOUNTS).sum())
        )

    def _stretches(self, priced: pl.DataFrame) -> "_Stretches":
        """The cells cut at their bounds; priced: the cells with BOUND_COLUMNS."""
        low, high = (priced[name] for name in BOUND_COLUMNS)
        starts, ends = self._starts, self._ends
        costs = self._values["total_fen"]
        up_to = _first_above(costs, starts, ends, low.fill_null(_LEAST).to_numpy())
        # Of whole fen: from the first above one fen less.
        below = high.fill_null(_MOST).to_numpy() - 1
        from_ = _first_above(costs, starts, ends, below)
        cuts = np.stack([starts, np.minimum(up_to, from_), np.maximum(up_to, from_), ends], axis=1)
        cells, parts = np.nonzero(cuts[:, :-1] < cuts[:, 1:])
        return _Stretches(cells, cuts[cells, parts], cuts[cells, parts + 1])

    def _earned(self, part: pl.DataFrame, formula: PointFormula, mine: "_Stretches") -> _Wholes:
        """The points of stretches of one formula, each stay rounded by itself."""
        read = {*formula.numerator.meta.root_names(), *formula.denominator.meta.root_names()}
        if not read & {*_OF_STAY}:
            return _points(part, formula) * mine.counts
        stays = mine.places()
        single = part.select(pl.exclude(_OF_STAY))[np.repeat(np.arange(part.height), mine.counts)]
        points = _points(
            single.with_columns(pl.Series(name, self._values[name][stays]) for name in _OF_STAY),
            formula,
        )
        return _sums_of(points, mine.counts)

    @cached_property
    def _values(self) -> dict[str, _Wholes]:
        return {name: self.stays[name].to_numpy() for name in _OF_STAY}

    @cached_property
    def _running(self) -> dict[str, _Wholes]:
        """Of each of AMOUNTS what the stays before a row come to."""
        return {name: _running(self.stays[name].to_numpy()) for name in AMOUNTS}

    @cached_property
    def _starts(self) -> _Wholes:
        return _starts(self.stays["cell"])

    @cached_property
    def _ends(self) -> _Wholes:
        return np.append(self._starts[1:], self.stays.height)


@dataclass(frozen=True)
class _Stretches:
    """Stays of a cell of one class: the rows from starts up to ends, without it."""

    cells: _Wholes
    starts: _Wholes
    ends: _Wholes

    @property
    def counts(self) -> _Wholes:
        return self.ends - self.starts

    def at(self, places: _Wholes) -> "_Stretches":
        return _Stretches(self.cells[places], self.starts[places], self.ends[places])

    def sums(self, running: _Wholes) -> _Wholes:
        return running[self.ends] - running[self.starts]

    def places(self) -> _Wholes:
        """The rows of all of them, one stretch behind the other."""
        counts = self.counts
        before = np.cumsum(counts) - counts
        return np.arange(counts.sum()) + np.repeat(self.starts - before, counts)


def _starts(cell: pl.Series) -> _Wholes:
    """The first row of each cell, of rows in the order of cells."""
    changed = np.diff(cell.to_numpy(), prepend=np.uint32(_NO_CELL))
    return np.flatnonzero(changed)


_NO_CELL = np.iinfo(np.uint32).max


def _running(values: _Wholes) -> _Wholes:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(values)])


def _sums_of(values: _Wholes, counts: _Wholes) -> _Wholes:
    """The sums of as many values as each count says, one behind the other."""
    running = _running(values)
    ends = np.cumsum(counts)
    return running[ends] - running[ends - counts]


def _first_above(values: _Wholes, starts: _Wholes, ends: _Wholes, bounds: _Wholes) -> _Wholes:
    """In each of some rising stretches of values the first row above its bound, else its end."""
    low, high = starts.copy(), ends.copy()
    while (open_ := np.flatnonzero(low < high)).size:
        middle = (low[open_] + high[open_]) // 2
        above = values[middle] > bounds[open_]
        high[open_[above]] = middle[above]
        low[open_[~above]] = middle[~above] + 1
    return low


def _points(cases: pl.DataFrame, formula: PointFormula) -> _Wholes:
    rounded = divide_half_up(formula.numerator, formula.denominator).cast(pl.Int64)
    points = cases.select(
        pl.lit(None, pl.Int64).alias("points") if not cases.height else rounded.alias("points")
    )["points"]
    if points.null_count():
        raise UnpricedError
    return points.to_numpy()


def _refuse(_cases: pl.DataFrame) -> None:
    raise UnpricedError
