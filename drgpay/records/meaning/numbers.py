"""Numbers and yes or no."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.records.arrays import numbers_array, numbers_of
from drgpay.records.meaning.faults import Faults, Unread, shown
from drgpay.records.meaning.texts import Texts, folded

# [0-9]: \d also is a digit of another script, which no arithmetic knows.
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"
_TRUE = ("1", "true", "t", "yes", "y", "是")
_FALSE = ("0", "false", "f", "no", "n", "否")
_NO_NUMBER = "nan"


def number_type(type_: pa.DataType) -> pa.DataType:
    """The type that a column of numbers is read as: integers and floats keep theirs."""
    plain = pa.types.is_integer(type_) or (
        pa.types.is_floating(type_) and not pa.types.is_float16(type_)
    )
    return type_ if plain else pa.float64()


def plain_numbers(values: pa.Array) -> tuple[pa.Array, list[Faults]]:
    """Numbers of any type as integers or floats; NaN is nothing, what is endless a fault."""
    type_ = values.type
    if pa.types.is_integer(type_):
        return values, []
    if not pa.types.is_floating(type_) or pa.types.is_float16(type_):
        values = pc.cast(values, pa.float64(), safe=False)
    floats = numbers_of(values, null=0)
    if bool(np.isfinite(floats).all()):
        return values, []
    endless = np.flatnonzero(np.isinf(floats))
    missing = ~np.isfinite(floats)
    if values.null_count:
        missing |= values.is_null().to_numpy(zero_copy_only=False)
    faults = [Faults(Unread.NOT_A_NUMBER, endless, [shown(floats[row]) for row in endless])]
    return (
        numbers_array(np.where(missing, 0, floats).astype(floats.dtype), missing),
        faults if len(endless) else [],
    )


def numbers_of_texts(texts: Texts) -> tuple[pa.Array, list[Faults]]:
    """Texts as float64; digits are 0 to 9, also written full-width."""
    import polars as pl

    words = folded(texts.words)
    words = words.set((words.str.to_lowercase() == _NO_NUMBER).fill_null(False), None)
    plain = words.str.contains(_NUMBER).fill_null(False)
    numbers = words.set(~plain, None).cast(pl.Float64)
    numbers = numbers.set(numbers.is_infinite().fill_null(False), None)
    faults = texts.faults(Unread.NOT_A_NUMBER, words.is_not_null() & numbers.is_null())
    return texts.spread(numbers), faults


def plain_flags(values: pa.Array) -> tuple[pa.Array, list[Faults]]:
    """Booleans; whole numbers are yes for 1 and no for 0."""
    import polars as pl

    if pa.types.is_boolean(values.type):
        return values, []
    numbers = numbers_of(pc.cast(values, pa.float64(), safe=False), null=np.nan)
    given = ~np.isnan(numbers)
    known = (numbers == 0) | (numbers == 1)
    wrong = np.flatnonzero(given & ~known)
    said = [shown(values[int(row)].as_py()) for row in wrong]
    faults = [Faults(Unread.NOT_A_FLAG, wrong, said)]
    flags = pl.Series(numbers == 1).set(pl.Series(~known), None)
    return flags.to_arrow(), faults if len(wrong) else []


def flags_of_texts(texts: Texts) -> tuple[pa.Array, list[Faults]]:
    """Texts as booleans; capitals do not matter."""
    import polars as pl

    truth = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    words = folded(texts.words)
    flags = words.str.to_lowercase().replace_strict(truth, default=None, return_dtype=pl.Boolean)
    return texts.spread(flags), texts.faults(
        Unread.NOT_A_FLAG, words.is_not_null() & flags.is_null()
    )
