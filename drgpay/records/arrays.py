"""Between Arrow and numpy without `pa.array` and `to_numpy`.

Those import pandas wherever that is installed, which takes longer than grouping a million stays.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def in_groups(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[list[pa.RecordBatch]]:
    """Batches in groups of at least `rows` together but for the last; empty ones are left out."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        if batch.num_rows:
            waiting.append(batch)
            count += batch.num_rows
        if count >= rows:
            yield waiting
            waiting, count = [], 0
    if waiting:
        yield waiting


def numbers_array(values: NDArray[Any], null: NDArray[np.bool_] | None = None) -> pa.Array:
    """An array of the same numbers, not copied; null where `null` is true."""
    whole = np.ascontiguousarray(values)
    missing = 0 if null is None else int(np.count_nonzero(null))
    valid = (
        pa.py_buffer(np.packbits(~null, bitorder="little"))
        if null is not None and missing
        else None
    )
    type_ = pa.from_numpy_dtype(whole.dtype)
    return pa.Array.from_buffers(type_, len(whole), [valid, pa.py_buffer(whole)], missing)


def strings_array(words: list[str]) -> pa.Array:
    """An array of strings (Arrow's string, at most 2 GB), none of them null."""
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *(len(word) for word in encoded)], dtype=np.int64).astype(np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(words), buffers, 0)


def numbers_of(array: pa.Array, null: float = 0) -> NDArray[Any]:
    """The numbers of an array, `null` in place of nulls; without nulls not copied, not to be changed.

    array: of integers or floats.
    """
    if not array.null_count:
        return np.from_dlpack(array)
    valid, values = array.buffers()
    bits = np.unpackbits(np.frombuffer(valid, dtype=np.uint8), bitorder="little")
    there = bits[array.offset : array.offset + len(array)].view(np.bool_)
    whole = pa.Array.from_buffers(array.type, len(array), [None, values], 0, array.offset)
    return np.where(there, np.from_dlpack(whole), np.array(null, np.from_dlpack(whole).dtype))


def bytes_of(values: pa.Array) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Where each string begins, with the end of the last, and the bytes that they lie in.

    values: of Arrow's string or large string.
    """
    wide = pa.types.is_large_string(values.type)
    _, offsets, data = values.buffers()
    if offsets is None or not offsets.size:
        return np.zeros(len(values) + 1, dtype=np.int32), _NOTHING
    begins = np.frombuffer(offsets, dtype=np.int64 if wide else np.int32)
    content = np.frombuffer(data, dtype=np.uint8) if data is not None and data.size else _NOTHING
    return begins[values.offset : values.offset + len(values) + 1], content


_NOTHING = np.empty(0, dtype=np.uint8)
