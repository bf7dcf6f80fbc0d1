"""Where the rows of a table stand in their file, as people count them there, from 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from drgpay.base.language import Words, listed
from drgpay.base.words import Wording

_RECORDS = Wording("records")


@dataclass(frozen=True)
class Places:
    """headings: first and last row of the headings in the file, from 0; None where there are none.

    left_out: rows below the headings, from 0 and rising, that are none of the table.
    """

    headings: tuple[int, int] | None = (0, 0)
    left_out: tuple[int, ...] = ()

    @cached_property
    def _gaps(self) -> NDArray[np.int64]:
        """The first row of the table behind each row that is left out."""
        out = np.array(self.left_out, dtype=np.int64)
        return out - np.arange(len(out))

    def rows(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of the table, from 0, as the file counts them, from 1."""
        return rows + np.searchsorted(self._gaps, rows, side="right") + self.raw_row(0)

    def raw_of(self, row: int) -> int:
        """A row of the table, from 0, among all below the headings, from 0."""
        return row + int(np.searchsorted(self._gaps, row, side="right"))

    def raw_row(self, raw: int) -> int:
        """A row below the headings, from 0, as the file counts it, from 1."""
        return raw + 1 + (self.headings[1] + 1 if self.headings else 0)

    def row(self, row: int) -> int:
        """A row of the table, from 0, as the file counts it, from 1."""
        return self.raw_row(self.raw_of(row))


def rows_of(places: Places, count: int) -> NDArray[np.uint32]:
    """The first rows of a table as the file counts them."""
    return places.rows(np.arange(count, dtype=np.int64)).astype(np.uint32)


NO_HEADINGS = Places(None)
"""Of a file whose columns have their names elsewhere, as Parquet."""


_NAMED = 5


def left_out_of(name: str, places: Places, sums: Sequence[int]) -> list[Words]:
    """What is said of titles above headings and of sums and notes below them, from 0."""
    said: list[Words] = []
    if places.headings and places.headings[1]:
        first, last = (row + 1 for row in places.headings)
        key = "report.headings_in_row" if first == last else "report.headings_in_rows"
        said.append(_RECORDS.words(key, file=name, row=last, first=first, last=last))
    if sums:
        rows = [str(places.raw_row(row)) for row in sums[:_NAMED]]
        named = listed([*rows, *["…"] * (len(sums) > _NAMED)])
        key = "report.sum_left_out" if len(sums) == 1 else "report.sums_left_out"
        said.append(_RECORDS.words(key, file=name, count=len(sums), rows=named))
    return said
