"""Grouping again only what an overlay can move."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pyarrow as pa

from drgpay.grouper.batch import RESULT_COLUMNS, group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.records.columns import CODE_COLUMNS
from drgpay.records.dataset import Dataset, Piece
from drgpay.records.in_order import in_order

Progress = Callable[[int], None]


def regrouped(
    dataset: Dataset,
    before: pl.DataFrame,
    compiled: CompiledScheme,
    touched: frozenset[str],
    threads: int | None = None,
) -> pl.DataFrame:
    """Grouped stays under a changed scheme.

    before: all stays of the dataset in its order, as `read_grouped_stays` gives them. Stays of
    the MDCs `touched`, and invalid ones, are read and grouped again; the others keep their group.
    """
    again = before.select(
        pl.col("mdc").is_in(sorted(touched))
        | (pl.col("status") == "invalid")
        | pl.col("mdc").is_null()
    ).to_series()
    mask = again.fill_null(True).to_numpy()
    pieces = dataset.pieces()
    first = dict(
        zip(map(id, pieces), np.cumsum([0, *(piece.rows for piece in pieces)]), strict=False)
    )
    codes = ["principal_diagnosis", "other_diagnoses", "procedures"]
    columns = list(dict.fromkeys([*codes, *compiled.columns]))
    coded = [column for column in CODE_COLUMNS if column in columns]

    def grouped(piece: Piece) -> list[pl.DataFrame]:
        frames, place = [], int(first[id(piece)])
        if not mask[place : place + piece.rows].any():
            return []
        for batch in piece.batches(columns, coded):
            wanted = mask[place : place + batch.num_rows]
            place += batch.num_rows
            if wanted.any():
                groups = group_batch(compiled, batch.filter(pa.array(wanted)))
                frames.append(pl.DataFrame(pa.table(groups)).cast(pl.String))
        return frames

    parts = list(in_order(grouped, pieces, threads))
    if not parts:
        return before
    found = pl.concat(parts, rechunk=True)
    places = pl.Series(np.flatnonzero(mask))
    return before.with_columns(
        before[column].clone().scatter(places, found[column]) for column in RESULT_COLUMNS
    )
