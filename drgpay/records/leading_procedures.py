"""A first procedure that takes no part in grouping before one that does: no rule sees the other as
the principal one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.records.arrays import numbers_of
from drgpay.records.meaning.lists import as_lists, ends_of, rows_of

if TYPE_CHECKING:
    import polars as pl

LEADING_WITHOUT_PART = "leading_without_part"
"""The column of stays with such a procedure, which it names."""


def leading_without_part(batch: pa.RecordBatch, no_part: Collection[str]) -> pl.Series:
    """The first procedure of each stay that has one of `no_part` before another; else null."""
    import polars as pl

    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, batch.num_rows)
    ends, flat = ends_of(as_lists(batch.column("procedures")))
    if not no_part or not len(flat):
        return nothing
    codes = flat if pa.types.is_dictionary(flat.type) else flat.dictionary_encode()
    words = pc.cast(codes.dictionary, pa.large_string())
    without = np.append([word in no_part for word in words.to_pylist()], [False])
    numbers = numbers_of(codes.indices, null=-1)
    takes_part = (numbers >= 0) & ~without[numbers]
    with_part = np.zeros(batch.num_rows, dtype=np.bool_)
    with_part[rows_of(ends, np.flatnonzero(takes_part))] = True
    rows = np.flatnonzero(with_part)  # these have a procedure, so there is a first one
    rows = rows[without[numbers[ends[rows]]]]
    named = words.take(pa.array(numbers[ends[rows]]))
    return nothing.scatter(rows, pl.Series(named, dtype=pl.String)) if len(rows) else nothing
