"""Ids that are nobody's any more: nothing can be paid by them, and nobody can accept them.

A spreadsheet makes 3.39E+19 of a long id, or keeps its first 15 digits and writes zeros for the rest;
a system that has no person writes the same id for everybody. Ids of persons are in no message.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/records")

_SPREADSHEET = r"^[0-9](\.[0-9]+)?[Ee]\+[0-9]+$"
_LONG, _CUT = r"^[0-9]{16,}$", r"^[0-9]{15}0+$"
_LONG_FROM = 16  # digits, and so bytes
_LEAST_CUT = 20  # rows: fewer may end in zeros by chance
_MOST_SHARE = 0.01
_PLACES = 2**20  # counters of persons, by hash
_SHOWN = 3


@dataclass(frozen=True)
class Numbered:
    """Rows with an id of their own: what they are called, its column, the other columns of ids.

    name: the key of what they are called, in the section [rows] of the errors.

    most_of_one: more rows than any one person has in the time that records cover.
    """

    name: str
    id: str
    others: tuple[str, ...]
    most_of_one: int


STAYS = Numbered("stays", "case_id", ("hospital_id", "person_id"), 20)
VISITS = Numbered("visits", "visit_id", ("hospital_id", "person_id", "contractor_id"), 100)
"""Someone may be treated on every day of a month, at several places."""


@dataclass
class IdWatch:
    """Counts ids as rows come, in memory that does not grow with them; the order is of no account."""

    of: Numbered
    source: str
    at_once: bool = True
    """Whether ids that a spreadsheet wrote as numbers are refused by `see`, else by `refuse`."""
    _rows: int = 0
    _numbers: dict[str, "_AsNumbers"] = field(default_factory=dict)
    _long: Counter[str] = field(default_factory=Counter)
    _cut: Counter[str] = field(default_factory=Counter)
    _persons: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_PLACES, dtype=np.int64))

    def see(self, rows: pl.DataFrame) -> None:
        """Count some rows; raises DrgpayError for ids that a spreadsheet wrote as numbers."""
        for column in (self.of.id, *self.of.others):
            found = _as_numbers(rows, column, self.of.id)
            if found and self.at_once:
                raise _refusal(found, self.source)
            if found:
                before = self._numbers.get(column)
                self._numbers[column] = before.and_then(found) if before else found
        self._rows += rows.height
        for column in (self.of.id, "person_id"):
            long = rows[column].filter(rows[column].str.len_bytes() >= _LONG_FROM)
            long = long.filter(long.str.contains(_LONG))
            if len(long):
                self._long[column] += len(long)
                self._cut[column] += int(long.str.contains(_CUT).sum())
        self._persons += np.bincount(_places(rows["person_id"].drop_nulls()), minlength=_PLACES)

    def refuse(self, again: Callable[[], Iterable[pl.DataFrame]]) -> None:
        """Raise DrgpayError for ids that a spreadsheet wrote as numbers, if `see` did not, and for what
        all rows together show.

        again: the id and person_id of all rows once more; asked only where some person may have too
        many of them.
        """
        for column in (self.of.id, *self.of.others):
            if column in self._numbers:
                raise _refusal(self._numbers[column], self.source)
        for column, rows in sorted(self._cut.items()):
            if rows >= _LEAST_CUT and 2 * rows > self._long[column]:
                said = {"source": self.source, "count": rows, "all": self._long[column]}
                said |= {"rows": self._called(), "column": column}
                raise DrgpayError(*_ERRORS("cut_ids", **said))
        limit = max(self.of.most_of_one, int(_MOST_SHARE * self._rows))
        if int(self._persons.max()) > limit:
            self._refuse_one_person(again(), limit)

    def _refuse_one_person(self, frames: Iterable[pl.DataFrame], limit: int) -> None:
        many = np.flatnonzero(self._persons > limit)
        found = [
            frame.select(pl.col("person_id", self.of.id).cast(pl.String))
            .drop_nulls("person_id")
            .filter(pl.Series(np.isin(_places(frame["person_id"].drop_nulls()), many)))
            .group_by("person_id")
            .agg(pl.len(), pl.col(self.of.id).drop_nulls().sort().head(_SHOWN))
            for frame in frames
        ]
        most = (
            pl.concat(found)
            .group_by("person_id")
            .agg(pl.col("len").sum(), pl.col(self.of.id).explode().sort().head(_SHOWN))
            .filter(pl.col("len") > limit)
            .sort("len", self.of.id, descending=[True, False])
        )
        if most.height:
            said = {"source": self.source, "count": most["len"][0], "all": self._rows}
            said |= {"rows": self._called(), "column": self.of.id}
            raise DrgpayError(*_ERRORS("one_person", ids=listed(most[self.of.id][0]), **said))

    def _called(self) -> Words:
        return _ERRORS.words(f"rows.{self.of.name}")


def refuse_damaged_ids(stays: pl.DataFrame, source: str) -> None:
    """Raise DrgpayError for damaged ids of stays, or one person with more than any person has."""
    watch = IdWatch(STAYS, source)
    watch.see(stays)
    watch.refuse(lambda: [stays])


def refuse_spreadsheet_ids(rows: pl.DataFrame, column: str, named_by: str, source: str) -> None:
    """Raise DrgpayError for ids of a column in the form 3.3E+17.

    named_by: the column by which rows are told, such as their id or their number.
    """
    found = _as_numbers(rows, column, named_by)
    if found:
        raise _refusal(found, source)


@dataclass(frozen=True)
class _AsNumbers:
    """Ids of a column that a spreadsheet wrote as numbers: how many, the first, the first few rows."""

    column: str
    named_by: str
    count: int
    such: str
    rows: tuple[str, ...]

    def and_then(self, later: "_AsNumbers") -> "_AsNumbers":
        """Those of these rows and of later ones."""
        rows = tuple(dict.fromkeys((*self.rows, *later.rows)))[:_SHOWN]
        return replace(self, count=self.count + later.count, rows=rows)


def _as_numbers(rows: pl.DataFrame, column: str, named_by: str) -> _AsNumbers | None:
    texts = rows[column]
    if isinstance(texts.dtype, pl.Categorical):
        texts = texts.cast(pl.String)
    if not texts.str.contains("+", literal=True).any():
        return None
    marks = texts.str.contains(_SPREADSHEET).fill_null(False)
    names = rows[named_by].filter(marks).cast(pl.String)
    if not len(names):
        return None
    first = names.drop_nulls().unique(maintain_order=True).head(_SHOWN)
    return _AsNumbers(column, named_by, len(names), texts.filter(marks)[0], tuple(first))


def _refusal(found: _AsNumbers, source: str) -> DrgpayError:
    # The first digits of a person's id are not shown either.
    such = "" if found.column == "person_id" else _ERRORS.words("such_as", id=found.such)
    rows_told = "" if found.column == found.named_by else _places_of(found)
    said = {"source": source, "count": found.count, "column": found.column}
    return DrgpayError(*_ERRORS("numbered_ids", such=such, rows=rows_told, **said))


def _places_of(found: _AsNumbers) -> Words:
    """The first few rows, by the column that tells them."""
    places = listed(found.rows)
    if found.named_by == "row":
        return _ERRORS.words("in_rows", places=places)
    return _ERRORS.words("of_ids", column=found.named_by, places=places)


def _places(persons: pl.Series) -> NDArray[np.int64]:
    return (persons.cast(pl.String).hash(seed=0) % _PLACES).to_numpy().astype(np.int64)
