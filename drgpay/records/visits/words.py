"""Repeated texts as numbers while they are sorted and spilled."""

from threading import Lock

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.arrays import numbers_of

NOTHING = 0
"""The number of a missing text."""


class Words:
    """Numbers texts in the order in which they are met; threads may share it.

    A number means nothing but its text: whatever is written or ordered goes back to texts.
    """

    def __init__(self) -> None:
        self._numbers: dict[str | None, int] = {None: NOTHING, "": NOTHING}
        self._words: list[str | None] = [None]
        self._lock = Lock()

    def numbers_of(self, values: pa.Array) -> NDArray[np.uint32]:
        """The number of each text; null and the empty text are NOTHING."""
        if not pa.types.is_dictionary(values.type):
            values = pc.cast(values, pa.large_string()).dictionary_encode()
        met = values.dictionary.to_pylist()
        table = np.zeros(len(met) + 1, dtype=np.uint32)
        with self._lock:
            for place, word in enumerate(met):
                number = self._numbers.get(word)
                if number is None:
                    number = self._numbers[word] = len(self._words)
                    self._words.append(word)
                table[place] = number
        return np.take(table, numbers_of(values.indices, null=len(met)))

    def texts(self) -> pl.Series:
        """The text of each number met so far; that of NOTHING is null."""
        with self._lock:
            return pl.Series(list(self._words), dtype=pl.String)
