"""Where rows come from, in the words of who made the file: its name, its row, its column."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from drgpay.records.places import Places

ROW = "row_of_input"
"""A column that rows keep while they are checked: which of all rows of their table they are, from 0."""

ORIGIN_SCHEMA: dict[str, pl.DataType] = {
    "source_file": pl.String(),
    "source_row": pl.Int64(),
    "source_column": pl.String(),
}


class OriginFile(NamedTuple):
    """One file of a table. called: what it calls columns that have another name here."""

    name: str
    rows: int
    places: Places
    called: Mapping[str, str]


class Origin:
    """The files of a table in their order; without any, nothing is known of where rows stand."""

    def __init__(self, files: Sequence[OriginFile] = ()) -> None:
        self._files = files
        self._ends = np.cumsum([file.rows for file in files], dtype=np.int64)

    @property
    def called(self) -> Mapping[str, str]:
        """What the first file calls the columns that have another name here."""
        return self._files[0].called if self._files else {}

    def of(self, rows: pl.Series, columns: pl.Series) -> pl.DataFrame:
        """ORIGIN_SCHEMA of some rows, by their ROW, and of a column of each."""
        names = np.full(len(rows), None, dtype=object)
        numbers = np.zeros(len(rows), dtype=np.int64)
        called = columns.cast(pl.String)
        places = rows.cast(pl.Int64).to_numpy()
        of_file = np.searchsorted(self._ends, places, side="right")
        for number in np.unique(of_file).tolist() if self._files else ():
            file, here = self._files[number], of_file == number
            names[here] = file.name
            first = int(self._ends[number]) - file.rows
            numbers[here] = file.places.rows(places[here] - first)
            if file.called:
                called = called.zip_with(~pl.Series(here), called.replace({**file.called}))
        known = pl.lit(bool(self._files))
        return pl.DataFrame(
            {"source_file": names, "source_row": numbers, "source_column": called}, ORIGIN_SCHEMA
        ).with_columns(pl.when(known).then("source_row"), pl.when(known).then("source_column"))


NOWHERE = Origin()
"""Of rows that come from no file."""
