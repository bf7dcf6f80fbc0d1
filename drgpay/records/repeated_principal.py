"""A principal diagnosis that stands among the other diagnoses too: it would be its own complication."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.arrays import numbers_of
from drgpay.records.meaning.lists import as_lists, ends_of, rows_of, without_missing

if TYPE_CHECKING:
    import polars as pl

REPEATED_PRINCIPAL = "principal_repeated"
"""The column of stays that have one."""


def repeated_principal(batch: pa.RecordBatch) -> pl.Series:
    """Which stays have their principal diagnosis among the others; batch: as pieces give it."""
    import polars as pl

    ends, repeated = _places(batch.column("principal_diagnosis"), batch.column("other_diagnoses"))
    marks = np.zeros(batch.num_rows, dtype=np.bool_)
    marks[rows_of(ends, np.flatnonzero(repeated))] = True
    return pl.Series(marks)


def without_repeated(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int, int]:
    """The batch without them; how many stays had one, and the first of them."""
    others = batch.column("other_diagnoses")
    ends, repeated = _places(batch.column("principal_diagnosis"), others)
    if not repeated.any():
        return batch, 0, 0
    _, flat = ends_of(as_lists(others))
    kept = pc.if_else(pa.array(~repeated), flat, pa.scalar(None, flat.type))
    stays = np.unique(rows_of(ends, np.flatnonzero(repeated)))
    place = batch.schema.get_field_index("other_diagnoses")
    lists = without_missing(ends, kept)
    return batch.set_column(place, "other_diagnoses", lists), len(stays), int(stays[0])


def _places(principal: pa.Array, others: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where the lists begin, and which of their items are the principal diagnosis of the stay."""
    ends, flat = ends_of(as_lists(others))
    if not len(flat):
        return ends, np.zeros(0, dtype=np.bool_)
    codes = flat if pa.types.is_dictionary(flat.type) else flat.dictionary_encode()
    mains = principal if pa.types.is_dictionary(principal.type) else principal.dictionary_encode()
    words = pc.cast(codes.dictionary, pa.large_string())
    # The number that each principal diagnosis has among the others: -1 where it is none of them.
    number = numbers_of(pc.index_in(pc.cast(mains.dictionary, pa.large_string()), words), null=-1)
    of_stay = np.append(number, -1)[numbers_of(mains.indices, null=-1)]
    items = numbers_of(codes.indices, null=-2)
    return ends, items == np.repeat(of_stay, np.diff(ends))
