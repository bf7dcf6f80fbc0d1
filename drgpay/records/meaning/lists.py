"""Lists of codes: written as lists, or as one text with something between the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.arrays import numbers_array, numbers_of
from drgpay.records.meaning.codes import SEPARATORS

if TYPE_CHECKING:
    import polars as pl

_BETWEEN = "|"
# A separator with blanks around it, or blanks alone.
_ANY_SEPARATOR = rf"\s*[{SEPARATORS}]\s*|\s+"
_JSON_LIST = r'^\[\s*(?:(?:"[^"\\]*"|null)(?:\s*,\s*(?:"[^"\\]*"|null))*)?\s*\]$'
_OF_JSON = r'[\[\]"]|\bnull\b'


def split(words: pl.Series, delimiter: str | None) -> pl.Series:
    """Trimmed texts as lists of texts; a JSON list is read as one.

    delimiter: what stands between codes; None takes any of SEPARATORS, blanks and line breaks.
    """
    import polars as pl

    word = pl.col("word")
    as_written = word.str.split(delimiter) if delimiter else _split_anywhere(word)
    of_json = word.str.replace_all(_OF_JSON, "").str.strip_chars().replace("", None)
    json = word.str.contains(_JSON_LIST)
    split_words = pl.when(json).then(of_json.str.split(",")).otherwise(as_written)
    return pl.DataFrame({"word": words}).select(split_words).to_series()


def _split_anywhere(word: pl.Expr) -> pl.Expr:
    return word.str.replace_all(_ANY_SEPARATOR, _BETWEEN).str.split(_BETWEEN)


def as_lists(values: pa.Array) -> pa.Array:
    """Any column of lists as lists or large lists."""
    type_ = values.type
    if pa.types.is_null(type_):
        return values.cast(pa.large_list(pa.large_string()))
    if pa.types.is_list_view(type_) or pa.types.is_large_list_view(type_):
        # Not with a cast: that of pyarrow 26 gives wrong lists after a null one.
        lengths = numbers_of(pc.list_value_length(values), null=0)
        ends = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
        return pa.LargeListArray.from_arrays(numbers_array(ends), values.flatten())
    if not (pa.types.is_list(type_) or pa.types.is_large_list(type_)):
        return values.cast(pa.large_list(type_.value_type))
    return values


def ends_of(values: pa.Array) -> tuple[NDArray[np.int64], pa.Array]:
    """Where each list begins in the flat values, with the end of the last, and those values."""
    if values.null_count:  # a null list may cover values in Arrow's layout
        flat = values.flatten()
        lengths = numbers_of(pc.list_value_length(values), null=0)
        return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))), flat
    offsets = numbers_of(values.offsets).astype(np.int64, copy=False)
    flat = values.values.slice(offsets[0], offsets[-1] - offsets[0])
    return offsets - offsets[0], flat


def without_missing(ends: NDArray[np.int64], flat: pa.Array) -> pa.Array:
    """Large lists of the flat values that there are: what is missing leaves its place to the next."""
    if flat.null_count:
        there = flat.is_valid().to_numpy(zero_copy_only=False)
        ends = np.concatenate(([0], np.cumsum(there, dtype=np.int64)))[ends]
        flat = flat.drop_null()
    return pa.LargeListArray.from_arrays(numbers_array(ends), flat)


def rows_of(ends: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The list that each flat place belongs to."""
    return np.searchsorted(ends, places, side="right") - 1
