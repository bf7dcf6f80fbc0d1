"""Rows below headings that are no rows of a table, found in whole columns of texts."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.layout import is_no_row, note_marks, total_marks

FIRST_COLUMNS = 6
"""Columns among which sums and notes are looked for."""


def other_rows(columns: Sequence[pa.Array]) -> NDArray[np.int64]:
    """The rows that are sums or notes. columns: of texts, the first of the table."""
    looked_at = columns[:FIRST_COLUMNS]
    pattern = "|".join(re.escape(mark) for mark in (*total_marks(), *note_marks()))
    found = np.zeros(len(looked_at[0]), dtype=np.bool_)
    for column in looked_at:
        marked = pc.fill_null(pc.match_substring_regex(column, pattern), False)
        found |= marked.to_numpy(zero_copy_only=False)
    suspects = np.flatnonzero(found)
    if not len(suspects):
        return suspects
    cells = [column.take(pa.array(suspects)).to_pylist() for column in looked_at]
    kept = [is_no_row([cell or "" for cell in row]) for row in zip(*cells, strict=True)]
    return suspects[np.array(kept, dtype=np.bool_)]


def blank_rows(columns: Sequence[pa.Array]) -> NDArray[np.bool_]:
    """Which rows have no value in any column of texts."""
    blank = np.ones(len(columns[0]) if columns else 0, dtype=np.bool_)
    for column in columns:
        if not blank.any():
            break
        blank &= column.is_null().to_numpy(zero_copy_only=False)
    return blank
