"""What a run keeps of the record of a stay beside what it is paid by: codes, department, kinds of cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.records.arrays import numbers_array
from drgpay.records.columns import CODE_COLUMNS
from drgpay.records.meaning.lists import as_lists, ends_of

if TYPE_CHECKING:
    import polars as pl

BETWEEN_CODES = "|"
"""What stands between the codes of a stay that are kept as one text."""

_LISTS = ("other_diagnoses", "procedures")
_AMOUNTS = {"drug_cost": "drug_fen", "material_cost": "material_fen", "exam_cost": "exam_fen"}
RECORD_COLUMNS = ("department", *_LISTS, *_AMOUNTS)
"""Columns of a stays table that nothing is paid by and that statements show; each may be absent."""

KEPT_COLUMNS = ("department", *_LISTS, *_AMOUNTS.values())
"""What `kept_of_record` makes of them."""

PAID_COLUMNS = (
    *("case_id", "hospital_id", "admission_date", "discharge_date", "settlement_date"),
    "principal_diagnosis",
)
"""What is kept beside KEPT_COLUMNS, as the stay is paid by it."""

CODED = tuple(name for name in CODE_COLUMNS if name in RECORD_COLUMNS)


def kept_of_record(batch: pa.RecordBatch, coded: bool = False) -> pl.DataFrame:
    """A batch of stays with KEPT_COLUMNS: texts, lists of codes as one text (null without a code),
    amounts in fen (Int64); null where the batch has no such column. coded: department categorical.
    """
    import polars as pl

    from drgpay.records.stays import fen_of

    given = {name: batch.column(name) for name in batch.schema.names if name in RECORD_COLUMNS}
    made = []
    for name, kept in zip(RECORD_COLUMNS, KEPT_COLUMNS, strict=True):
        values = given.get(name)
        if values is None:
            type_ = pl.Int64 if name in _AMOUNTS else pl.String
            made.append(pl.repeat(None, batch.num_rows, dtype=type_, eager=True).alias(kept))
        elif name in _AMOUNTS:
            made.append(fen_of(pl.Series(values)).alias(kept))
        elif name in _LISTS:
            made.append(pl.Series(joined(values)).cast(pl.String).alias(kept))
        else:
            made.append(pl.Series(values).cast(pl.String).alias(kept))
    types = {"department": pl.Categorical} if coded else {}
    return pl.DataFrame(made).with_columns(
        *(pl.col(name).cast(to) for name, to in types.items()),
        *(pl.when(pl.col(name) != "").then(name) for name in _LISTS),
    )


def joined(lists: pa.Array) -> pa.Array:
    """Lists of codes, each as one text with BETWEEN_CODES; "" without a code."""
    ends, flat = ends_of(as_lists(lists))
    words = flat.dictionary_decode() if pa.types.is_dictionary(flat.type) else flat
    of_batch = pa.ListArray.from_arrays(
        numbers_array(ends.astype(np.int32)), words.cast(pa.string())
    )
    return pc.binary_join(of_batch, BETWEEN_CODES)
