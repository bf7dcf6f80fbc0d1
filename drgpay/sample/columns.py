"""Drawn numbers as columns of an Arrow table."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.columns import Kind
from drgpay.sample.draws import CodeLists, Ints
from drgpay.sample.plan import Month

MONEY = pa.decimal128(18, 2)
CODES = pa.list_(pa.string())
_EPOCH = date(1970, 1, 1)
_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.TEXTS: CODES,
    Kind.MONEY: MONEY,
    Kind.DATE: pa.date32(),
    Kind.FLAG: pa.bool_(),
}
# Numbers are as narrow as their column allows.
_NUMBER_TYPES = {
    "sex": pa.int8(),
    "age": pa.int16(),
    "age_days": pa.int16(),
    "weight_g": pa.int32(),
    "length_of_stay": pa.int16(),
    "discharge_type": pa.int8(),
    "quantity": pa.float64(),
}


def schema_of(columns: dict[str, Kind]) -> pa.Schema:
    """The columns of a table of docs/files.md as the sample writes them."""
    return pa.schema(
        (name, _NUMBER_TYPES[name] if kind is Kind.NUMBER else _TYPES[kind])
        for name, kind in columns.items()
    )


def words_column(words: pa.Array, numbers: Ints) -> pa.Array:
    """The word of each number; -1 is null."""
    missing = numbers < 0
    return pc.take(words, pa.array(numbers, mask=missing if missing.any() else None))


def numbers_column(name: str, values: Ints) -> pa.Array:
    """Whole numbers in the type of their column; negative ones are null."""
    missing = values < 0
    kind = _NUMBER_TYPES[name]
    narrow = values.astype(kind.to_pandas_dtype())
    return pa.array(narrow, kind, mask=missing if missing.any() else None)


def dates_column(month: Month, days: Ints) -> pa.Array:
    first = (month.first_day - _EPOCH).days
    return pa.array((days + first).astype(np.int32)).view(pa.date32())


def code_lists_column(words: pa.Array, lists: CodeLists) -> pa.Array:
    offsets = pa.array(lists.offsets.astype(np.int32))
    return pa.ListArray.from_arrays(offsets, words_column(words, lists.flat), type=CODES)


def money_column(fen: Ints) -> pa.Array:
    """Exact decimals: fen as 128-bit integers, the high half filled with the sign."""
    halves = np.stack([fen, fen >> 63], axis=1)
    return pa.Array.from_buffers(MONEY, len(fen), [None, pa.py_buffer(halves)])


def digits_column(numbers: NDArray[np.uint64], width: int) -> pa.Array:
    """Whole numbers as strings of a fixed width, with leading zeros."""
    characters = np.empty((len(numbers), width), np.uint8)
    rest = numbers
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, np.uint64(10))
        characters[:, place] = digit + np.uint64(ord("0"))
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * width
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(characters)]
    return pa.Array.from_buffers(pa.string(), len(numbers), buffers)
