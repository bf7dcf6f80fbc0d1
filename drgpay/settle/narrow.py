"""What settlement asks of the cases of a period: sums by kind, and two narrow columns.

A year of a province is tens of millions of cases. They pass bucket by bucket (ranges of case_id, one
behind the other); what is kept of them are sums and twelve bytes a case, so that lines are priced and
shared over the whole period at once, whatever the number of buckets (docs/decisions/0043).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from drgpay.base.exact import wide
from drgpay.tables.schemas import calculated_schema

KIND = ["hospital_id", "account", "out_of_area", "case_class"]
"""What tells how a case is paid, and on which line."""

AMOUNTS = ["total_fen", "fund_fen", "patient_fen", "other_fen"]

STAYS = "stays"
"""Of cases that are sums of several: how many each row stands for."""

_SUMMED = ["points", *AMOUNTS]


class CaseOrder(Protocol):
    """The order of all cases of a period, which is that of case_id."""

    def places(self, ids: pl.Series) -> pl.DataFrame:
        """Of each id its `place` among the cases (Int64), or of one that is no case (`absent`) that
        of the first case after it.
        """


@dataclass(frozen=True)
class OrderOfIds:
    """The order of cases whose ids are all there. ids: sorted."""

    ids: pl.Series

    def places(self, ids: pl.Series) -> pl.DataFrame:
        """As CaseOrder says."""
        return pl.DataFrame(
            {
                "place": self.ids.search_sorted(ids, side="left").cast(pl.Int64),
                "absent": ~ids.is_in(self.ids.implode()),
            }
        )


@dataclass(frozen=True)
class OrderOfBuckets:
    """The order of cases in buckets that are ranges of case_id, one behind the other.

    firsts: the first id of each. starts: its place. ids: gives the ids of one, sorted.
    """

    firsts: Sequence[str]
    starts: Sequence[int]
    ids: Callable[[int], pl.Series]

    def places(self, ids: pl.Series) -> pl.DataFrame:
        """As CaseOrder says."""
        firsts = pl.Series("first", self.firsts, pl.String)
        bucket = firsts.search_sorted(ids, side="right").cast(pl.Int64) - 1
        place = np.zeros(len(ids), np.int64)
        absent = np.ones(len(ids), np.bool_)
        for number in bucket.filter(bucket >= 0).unique().sort():
            mine = np.flatnonzero((bucket == number).to_numpy())
            inside = OrderOfIds(self.ids(number)).places(ids[mine])
            place[mine] = inside["place"].to_numpy() + self.starts[number]
            absent[mine] = inside["absent"].to_numpy()
        return pl.DataFrame({"place": place, "absent": absent})


@dataclass(frozen=True)
class NarrowCases:
    """The cases of a period as settlement takes them.

    kinds: a row a kind of case: KIND, cases, points and AMOUNTS: their sums. kind: of each case the row
    of its kind (int32), points: what it earned (int64 1/10,000), both in the order of case_id. order:
    that order. totals: of points and AMOUNTS the sum of their absolute values.
    """

    kinds: pl.DataFrame
    kind: np.ndarray
    points: np.ndarray
    order: CaseOrder
    totals: Mapping[str, int]

    @classmethod
    def of(cls, cases: pl.DataFrame) -> "NarrowCases":
        """Of cases in one frame, sorted by case_id: case_id, KIND, points, AMOUNTS; where a row stands
        for several also STAYS.
        """
        growing = GrowingCases()
        growing.add(cases)
        return growing.finished(OrderOfIds(cases["case_id"]))

    def rows_of(self, lines: pl.DataFrame, by: list[str]) -> np.ndarray:
        """Of each kind the row of `lines` that agrees with it in the columns `by`, else -1.

        kinds must have these columns.
        """
        numbered = lines.select(
            *(pl.col(name).cast(self.kinds.schema[name]) for name in by),
            row=pl.int_range(pl.len(), dtype=pl.Int32),
        )
        rows = self.kinds.select(by).join(numbered, on=by, how="left", maintain_order="left")
        return rows["row"].fill_null(-1).to_numpy()


class GrowingCases:
    """NarrowCases while their buckets come in, one behind the other."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self._sums: list[pl.DataFrame] = []
        self._kind: list[np.ndarray] = []
        self._points: list[np.ndarray] = []
        self._totals = dict.fromkeys(_SUMMED, 0)

    def add(self, cases: pl.DataFrame) -> None:
        """The next cases: sorted by case_id; KIND, points, AMOUNTS."""
        stays = pl.col(STAYS) if STAYS in cases.columns else pl.lit(1, pl.Int64)
        keyed = cases.select(
            *(pl.col(name).cast(dtype) for name, dtype in _KEYS.items()),
            pl.col(_SUMMED).cast(pl.Int64),
            stays.alias("cases"),
        )
        groups = (
            keyed.with_row_index("row")
            .group_by(KIND)
            .agg(pl.col("cases", *_SUMMED).sum(), pl.col("row"))
        )
        texts = groups.select(pl.col(name).cast(dtype) for name, dtype in _TEXTS.items()).rows()
        numbers = [self._numbers.setdefault(key, len(self._numbers)) for key in texts]
        numbered = pl.Series("kind", numbers, pl.Int32)
        kind = np.empty(cases.height, np.int32)
        kind[groups["row"].explode().to_numpy()] = np.repeat(
            numbered.to_numpy(), groups["row"].list.len().to_numpy()
        )
        self._kind.append(kind)
        self._points.append(cases["points"].to_numpy())
        self._sums.append(groups.select(numbered, "cases", *_SUMMED))
        absolute = cases.select(wide(name).abs().sum().alias(name) for name in _SUMMED)
        for name, total in absolute.row(0, named=True).items():
            self._totals[name] += total or 0

    def finished(self, order: CaseOrder) -> NarrowCases:
        """All of them."""
        sums = (
            pl.concat([_NO_SUMS, *self._sums])
            .group_by("kind")
            .agg(pl.col("cases", *_SUMMED).sum())
            .sort("kind")
        )
        keys = pl.DataFrame(list(self._numbers), schema=_TEXTS, orient="row")
        return NarrowCases(
            keys.hstack(sums.drop("kind")),
            np.concatenate([np.empty(0, np.int32), *self._kind]),
            np.concatenate([np.empty(0, np.int64), *self._points]),
            order,
            self._totals,
        )


_TEXTS: dict[str, pl.DataType] = {name: calculated_schema("cases")[name] for name in KIND}
_KEYS = {name: pl.Categorical() if dtype == pl.String else dtype for name, dtype in _TEXTS.items()}
_NO_SUMS = pl.DataFrame(schema={"kind": pl.Int32, **dict.fromkeys(["cases", *_SUMMED], pl.Int64)})
