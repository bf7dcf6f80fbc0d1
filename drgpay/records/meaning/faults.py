"""Values that cannot be read: where they stand, under which code of the checks, and what they say.

A row carries its faults in one column of text, FAULTS, null where there are none: each fault is its
code, its column, its problem and the value, as `packed` writes them. Text, so that the column can be
coded, spilled and sorted like any other.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.base.language import Words
from drgpay.base.words import Wording
from drgpay.records.arrays import numbers_array, numbers_of, strings_array

FAULTS = "faults_of_reading"
"""The column that a piece adds when it is asked for it."""

_SHOWN = 60
_BETWEEN_FIELDS, _BETWEEN_FAULTS = "\x1f", "\x1e"


class Unread(StrEnum):
    """Why a value is not what its column should hold."""

    NOT_A_NUMBER = "not_a_number"
    NOT_AN_AMOUNT = "not_an_amount"
    AMOUNT_TOO_LONG = "amount_too_long"
    NOT_A_DATE = "not_a_date"
    DATE_OUT_OF_RANGE = "date_out_of_range"
    NOT_A_FLAG = "not_a_flag"
    NOT_TEXT = "not_text"
    TEXT_TOO_LONG = "text_too_long"
    JOINED_CODES = "joined_codes"
    UNLIKE_FOLDER = "unlike_folder"
    ERROR_CELL = "error_cell"

    @property
    def code(self) -> str:
        """The code of the checks that it is reported under."""
        return _CODES.get(self, "bad_type")

    @property
    def words(self) -> Words:
        """What is wrong."""
        return Wording("records").words(f"unread.{self.value}")


_CODES = {
    Unread.AMOUNT_TOO_LONG: "implausible_amount",
    Unread.DATE_OUT_OF_RANGE: "bad_value",
    Unread.TEXT_TOO_LONG: "bad_value",
    Unread.JOINED_CODES: "joined_codes",
    Unread.UNLIKE_FOLDER: "bad_value",
    Unread.ERROR_CELL: "bad_value",
}


class Faults(NamedTuple):
    """Values of one column with one problem: their rows, rising, and what they say."""

    problem: Unread
    rows: NDArray[np.int64]
    values: list[str]


@dataclass(frozen=True)
class Fault:
    """One value that could not be read."""

    code: str
    column: str
    problem: Unread
    value: str


def shown(value: object) -> str:
    r"""A value as it stands in a message: short, on one line, without the signs used here.

    A blank that looks like a plain space is written out, as `\xa0` (the one that does not break).
    """
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
    whole = len(text) <= _SHOWN
    text = "".join(" " if char in _UNSHOWN else _seen(char) for char in text[:_SHOWN])
    return text if whole else f"{text}…"


def _seen(char: str) -> str:
    if char in " \u3000" or not char.isspace():
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


_UNSHOWN = {_BETWEEN_FIELDS, _BETWEEN_FAULTS, "\n", "\r", "\t", "\0"}


def packed(found: Iterable[tuple[str, Faults]], length: int) -> pa.Array:
    """The column FAULTS of a batch of `length` rows, dictionary-coded; (column, faults of it)."""
    texts: dict[int, list[str]] = {}
    for column, faults in found:
        problem = faults.problem
        for row, value in zip(faults.rows.tolist(), faults.values, strict=True):
            fields = (problem.code, column, problem.value, value)
            texts.setdefault(row, []).append(_BETWEEN_FIELDS.join(fields))
    numbers = np.zeros(length, dtype=np.int32)
    none = np.ones(length, dtype=np.bool_)
    words: dict[str, int] = {}
    for row, parts in texts.items():
        numbers[row] = words.setdefault(_BETWEEN_FAULTS.join(parts), len(words))
        none[row] = False
    return pa.DictionaryArray.from_arrays(numbers_array(numbers, none), strings_array([*words]))


def unpacked(text: str) -> Iterator[Fault]:
    """The faults of a row, in the order of the columns."""
    for part in text.split(_BETWEEN_FAULTS):
        code, column, problem, value = part.split(_BETWEEN_FIELDS)
        yield Fault(code, column, Unread(problem), value)


def without_faults_of(faults: pa.Array, columns: Collection[str]) -> pa.Array:
    """The column FAULTS, as `packed` makes it, without the faults of some columns."""
    words = [
        _BETWEEN_FAULTS.join(
            fault
            for fault in text.split(_BETWEEN_FAULTS)
            if fault.split(_BETWEEN_FIELDS)[1] not in columns
        )
        for text in faults.dictionary.to_pylist()
    ]
    of_row = numbers_of(faults.indices, null=-1)
    none = np.array([not word for word in words] + [True])[of_row]
    numbers = np.where(none, 0, of_row).astype(np.int32)
    return pa.DictionaryArray.from_arrays(numbers_array(numbers, none), strings_array(words))
