"""Texts: blanks around them are no part of them, and some texts are no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.arrays import bytes_of, numbers_array, numbers_of
from drgpay.records.meaning.faults import Faults, Unread, shown

if TYPE_CHECKING:
    import polars as pl

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
LONGEST_TEXT = 500
ERRORS = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"]
# Blanks of any kind, also those that no standard calls white space: of no width, and the mark of
# byte order, which spreadsheets leave in cells.
BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)

Rows = NDArray[np.int64]


class Texts(NamedTuple):
    """A column of texts by its distinct words: row i has words[rows[i]], or nothing.

    rows: -1 for nothing.
    """

    words: pl.Series
    rows: NDArray[np.int32]

    def where(self, marked: pl.Series) -> Rows:
        """The rows whose word is marked."""
        table = np.append(marked.fill_null(False).to_numpy(), False)
        return np.flatnonzero(table[self.rows])

    def counted(self, marked: pl.Series) -> tuple[int, int]:
        """How many rows have a marked word, and the first of them."""
        found = self.where(marked)
        return len(found), int(found[0]) if len(found) else 0

    def faults(self, problem: Unread, marked: pl.Series) -> list[Faults]:
        """The rows whose word is marked, with what they say."""
        import polars as pl

        found = self.where(marked)
        if not len(found):
            return []
        values = self.words.gather(pl.Series(self.rows[found]))
        return [Faults(problem, found, [shown(value) for value in values])]

    def spread(self, values: pl.Series) -> pa.Array:
        """A value for each word, as one for each row."""
        return pc.take(values.to_arrow(), _places(self.rows))

    def coded(self, words: pl.Series) -> pa.DictionaryArray:
        """Other words in the place of the words, dictionary-coded; a null word is nothing."""
        missing = self.rows < 0
        if words.null_count():
            missing |= np.append(words.is_null().to_numpy(), False)[self.rows]
        rows = np.where(missing, 0, self.rows) if missing.any() else self.rows
        return pa.DictionaryArray.from_arrays(
            numbers_array(rows, missing), words.fill_null("").to_arrow()
        )


def _places(rows: NDArray[np.int32]) -> pa.Array:
    missing = rows < 0
    return numbers_array(np.where(missing, 0, rows), missing)


def texts_of(values: pa.Array) -> tuple[Texts, list[Faults]]:
    """A column of texts by its distinct words, as they are written; faults are bytes of no text."""
    import polars as pl

    if not pa.types.is_dictionary(values.type):
        values, faults = decodable(values)
        values = values.dictionary_encode()
        words = values.dictionary
    else:
        words, faults = decodable(values.dictionary)
        if faults:
            faults = _faults_of_rows(values, faults)
    words = pl.Series(pc.cast(words, pa.large_string()), dtype=pl.String)
    rows = numbers_of(values.indices.cast(pa.int32()), null=-1)
    if words.null_count():
        rows = np.where(np.append(words.is_null().to_numpy(), True)[rows], np.int32(-1), rows)
        words = words.fill_null("")
    return Texts(words, rows), faults


def _faults_of_rows(values: pa.DictionaryArray, of_words: list[Faults]) -> list[Faults]:
    """Faults of the words of a dictionary as those of the rows that have them."""
    indices = numbers_of(values.indices.cast(pa.int32()), null=-1)
    found = []
    for faults in of_words:
        rows = np.flatnonzero(np.isin(indices, faults.rows))
        said = dict(zip(faults.rows.tolist(), faults.values, strict=True))
        found.append(Faults(faults.problem, rows, [said[place] for place in indices[rows]]))
    return [faults for faults in found if len(faults.rows)]


def decodable(values: pa.Array) -> tuple[pa.Array, list[Faults]]:
    """Strings of which all are UTF-8; others are nothing and a fault. Files do not promise it."""
    values = _as_strings(values)
    if pa.types.is_string_view(values.type):
        return (values.cast(pa.large_string()), []) if _is_valid(values) else _decoded(values)
    return (values, []) if _all_ascii(values) or _is_valid(values) else _decoded(values)


def _as_strings(values: pa.Array) -> pa.Array:
    """Any array of text or bytes as one of strings, unchecked."""
    type_ = values.type
    if pa.types.is_null(type_):
        return values.cast(pa.string())
    if pa.types.is_binary(type_):
        return values.view(pa.string())
    if pa.types.is_large_binary(type_):
        return values.view(pa.large_string())
    return values


def _is_valid(values: pa.Array) -> bool:
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


_NOTHING = np.empty(0, dtype=np.uint8)


def _all_ascii(values: pa.Array) -> bool:
    begins, content = bytes_of(values)
    within = content[int(begins[0]) : int(begins[-1])] if len(values) else _NOTHING
    return not len(within) or int(within.max()) < 0x80


def _decoded(values: pa.Array) -> tuple[pa.Array, list[Faults]]:
    """Each string on its own: only where some are no UTF-8."""
    import polars as pl

    binary = pa.large_binary() if pa.types.is_large_string(values.type) else pa.binary()
    if pa.types.is_string_view(values.type):
        binary = pa.binary_view()
    made: list[str | None] = []
    rows, said = [], []
    for row, content in enumerate(values.view(binary).to_pylist()):
        try:
            made.append(None if content is None else content.decode())
        except UnicodeDecodeError:
            made.append(None)
            rows.append(row)
            said.append(shown(content))
    faults = [Faults(Unread.NOT_TEXT, np.array(rows, dtype=np.int64), said)] if rows else []
    return pl.Series(made, dtype=pl.String).to_arrow(), faults


def needs_no_reading(values: pa.Array) -> bool:
    """Whether strings (UTF-8) are what they say at a glance: none empty or long, no blanks around.

    Bytes are looked at, not strings: a million of them take some milliseconds.
    """
    if len(values) == values.null_count:
        return True
    begins, content = bytes_of(values)
    lengths = np.diff(begins)
    begins = begins[:-1]
    if values.null_count:
        begins, lengths = begins[lengths > 0], lengths[lengths > 0]
        if len(lengths) != len(values) - values.null_count:
            return False
    if int(lengths.min()) == 0 or int(lengths.max()) > LONGEST_TEXT:
        return False
    first, last = content[begins], content[begins + lengths - 1]
    return not (_SUSPECT_FIRST[first].any() or _SUSPECT_LAST[last].any())


def _suspect(*bytes_: int) -> NDArray[np.bool_]:
    """A table of the bytes that a word may begin or end with if it is not what it says."""
    table = np.zeros(256, dtype=np.bool_)
    table[: ord(" ") + 1] = True
    table[[*bytes_]] = True
    return table


# The first bytes of blanks in UTF-8, of HIVE_NULL and of ERRORS. The last ones of blanks end other signs too.
_SUSPECT_FIRST = _suspect(*{blank.encode()[0] for blank in BLANKS}, ord(HIVE_NULL[0]), ord("#"))
_SUSPECT_LAST = _suspect(*range(0x80, 0x100))


def trimmed(words: pl.Series) -> pl.Series:
    """Words without blanks around; null for those that are no value then."""
    words = words.str.strip_chars(BLANKS)
    return words.set(words.is_in(["", HIVE_NULL]).fill_null(False), None)


def errors_of_spreadsheets(words: pl.Series) -> pl.Series:
    """Which words are what a spreadsheet shows for a formula that failed."""
    return words.is_in(ERRORS).fill_null(False)


def trimmed_bounds(low: str, high: str) -> tuple[str, str] | None:
    """Texts between which trimmed words lie if the words lie between low and high.

    None if a word between them may begin with a blank: without it the word lies anywhere.
    """
    if not low or any(low[0] <= blank <= high[0] for blank in BLANKS):
        return None
    # Without the blanks behind it a word is less than it was, and so may be than low.
    return low.rstrip(BLANKS), high


def too_long(words: pl.Series) -> pl.Series:
    """Which words are longer than any text of a record."""
    return words.str.len_bytes() > LONGEST_TEXT


_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_FULL_WIDTH_ANY = r"[\u{FF01}-\u{FF5E}\u{3000}]"


def folded(words: pl.Series) -> pl.Series:
    """Words with plain letters, digits and signs in the place of full-width ones."""
    wide = words.str.contains(_FULL_WIDTH_ANY).fill_null(False)
    if not wide.any():
        return words
    plain = [folded_word(word) for word in words.filter(wide)]
    return words.clone().scatter(wide.arg_true(), plain)  # in place


def folded_word(word: str) -> str:
    """A single word of `folded`."""
    return word.translate(_FULL_WIDTH)
