"""The cases of the months of a year as one row of cases in the order of case_id, piece by piece.

Each month's cases.parquet is sorted by case_id, so that twelve files are merged as they are read: of
each no more is held than the rows that lie beyond what the others have reached.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.dataset import Dataset
from drgpay.records.persons import persons_of_ranges
from drgpay.records.shelves import Shelves
from drgpay.records.writing import ROW_GROUP_ROWS
from drgpay.results.run_folder import PaidPart
from drgpay.run.year_months import PaidMonths

_ERRORS = Sentences("errors/run")

_MOST_ROWS = 250_000
"""Of a bucket; no result depends on it."""

_PIECES_OF_PERSONS = 2
"""How many pieces of cases a range of persons is about as long as."""


def cases_in_order(
    months: Sequence[PaidMonths], columns: Sequence[str], what: Literal["stay", "visit"]
) -> Iterator[pl.DataFrame]:
    """Columns of the cases of all months in buckets that are ranges of case_id, rising.

    Raises DrgpayError for a case that two months have paid.
    """
    waiting = [_Month(month.last, columns) for month in months]
    while waiting := [month for month in waiting if not month.is_done]:
        end = _reached(waiting)
        parts = [month.until(end) for month in waiting if month.is_open]
        together = pl.concat(parts).sort("case_id")
        same = together["case_id"][1:] == together["case_id"][:-1]
        if same.any():
            twice = together["case_id"][1:].filter(same)[0]
            raise DrgpayError(*_ERRORS(f"{what}_paid_twice", case_id=twice))
        for start in range(0, together.height, _MOST_ROWS):
            bucket = together.slice(start, _MOST_ROWS)
            yield bucket.with_columns(pl.col(pl.Categorical).cast(pl.String))


@dataclass
class _Month:
    """The cases of a month while they are read: held are some rows that nobody has taken."""

    run: PaidPart
    columns: Sequence[str]
    rows: int = 0
    read: int = 0
    first: str = ""
    """The first id that nobody has taken."""
    held: pl.DataFrame | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.rows = self.run.rows("cases")
        self._find_first()

    def _find_first(self) -> None:
        if self.read < self.rows:
            first = self.run.scaled_rows("cases", ["case_id"], self.read, 1)
            self.first = first["case_id"][0]

    @property
    def is_open(self) -> bool:
        """Whether it holds rows."""
        return self.held is not None

    @property
    def is_done(self) -> bool:
        """Whether all its rows were taken."""
        return self.held is None and self.read == self.rows

    @property
    def end(self) -> str | None:
        """The last id that it holds if it has more behind, None if it holds all of its rows."""
        return self.held["case_id"][-1] if self.held is not None and self.read < self.rows else None

    def open(self) -> None:
        """Hold its next rows."""
        found = self.run.scaled_rows("cases", self.columns, self.read, ROW_GROUP_ROWS)
        ids = found["case_id"]
        if not ids.is_sorted() or ids[0] < self.first:
            raise DrgpayError(*_ERRORS("cases_out_of_order", folder=self.run.folder))
        self.read += found.height
        texts = [name for name, dtype in found.schema.items() if dtype == pl.String]
        coded = [name for name in texts if name != "case_id"]
        self.held = found.with_columns(pl.col(coded).cast(pl.Categorical))

    def until(self, end: str | None) -> pl.DataFrame:
        """Its rows up to an id; None: all that it holds."""
        assert self.held is not None
        count = self.held.height
        if end is not None:
            count = int(self.held["case_id"].search_sorted(end, side="right"))
        taken, rest = self.held.head(count), self.held.slice(count)
        if rest.height:
            self.held, self.first = rest, rest["case_id"][0]
        else:
            self.held = None
            self._find_first()
        return taken


def _reached(months: Sequence[_Month]) -> str | None:
    """Open the months that are needed for the next ids; up to which id all of them are there."""
    while True:
        ends = [month.end for month in months if month.end is not None]
        end = min(ends) if ends else None
        closed = [month for month in months if not month.is_open]
        following = min(closed, key=lambda month: month.first) if closed else None
        anything = len(closed) < len(months)
        if following is None or (anything and end is not None and following.first > end):
            return end
        following.open()


def with_persons(
    buckets: Iterator[pl.DataFrame],
    months: Sequence[PaidMonths],
    persons: Dataset,
    shelves: Shelves,
) -> Iterator[pl.DataFrame]:
    """Buckets of cases with person_id out of the records; null where they have none.

    Raises DrgpayError for a case of two persons.
    """
    ranges = persons_of_ranges(persons, _boundaries(months), shelves)
    held, bound = next(ranges)
    for bucket in buckets:
        last = bucket["case_id"][-1]
        while bound is not None and bound <= last:
            more, bound = next(ranges)
            held = pl.concat([held, more])
        mine = bucket.select("case_id").join(held, on="case_id", how="left", maintain_order="left")
        held = held.filter(pl.col("case_id") > last)
        yield bucket.hstack([mine["person_id"]])


def _boundaries(months: Sequence[PaidMonths]) -> list[str]:
    """Ids that cut the cases of a year into ranges of a size to be held at once."""
    lows = sorted(
        month.last.scaled_rows("cases", ["case_id"], start, 1)["case_id"][0]
        for month in months
        for start in range(0, month.last.rows("cases"), ROW_GROUP_ROWS)
    )
    return sorted(set(islice(lows, _PIECES_OF_PERSONS, None, _PIECES_OF_PERSONS)))
