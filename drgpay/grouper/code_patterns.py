"""Codes by what they begin with, in the sets of schemes of kind apg.

Nobody lists every item and drug code of a country. In these schemes a code in sets.csv that ends in
`*` is a pattern: it stands for every code that begins so. (In a scheme of kind drg such a code is
itself: ICD-10 has codes that end in `*`.)
"""

from bisect import bisect_left
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.records.arrays import strings_array
from drgpay.records.codes import CodeIndex, Ints, Unnumbered

_ANY = "*"
# How a pattern is numbered: its beginning and a character that no code has.
_REST = "\0"
_LAST = "\U0010ffff"  # sorts behind every other character


def is_pattern(code: str) -> bool:
    """Whether a code of a set stands for all codes that begin with it."""
    return code.endswith(_ANY)


def holds_code(codes: AbstractSet[str], code: str) -> bool:
    """Whether a set, listed as codes and patterns, holds a code. The definition."""
    if not code:
        return False
    beginnings = (f"{code[:end]}{_ANY}" for end in range(len(code) + 1))
    return (code in codes and not is_pattern(code)) or any(one in codes for one in beginnings)


class PatternIndex(CodeIndex):
    """Numbers listed codes and patterns; a code that is not listed has the number of a pattern.

    Such a code is in all sets one of whose patterns it begins with. These are the sets of its
    longest pattern: every other one that matches is a beginning of that.
    """

    def __init__(self, listed: Iterable[str], plain: Iterable[str] = ()) -> None:
        """`listed` are codes and patterns of sets, `plain` codes that are never patterns."""
        numbered = {f"{code[:-1]}{_REST}" if is_pattern(code) else code for code in listed}
        super().__init__(numbered | set(plain))

    def encode(self, values: pa.Array, unnumbered: Unnumbered | None = None) -> Ints:
        """The number of each string, as CodeIndex.encode does."""
        if not self._patterns:
            return super().encode(values, unnumbered)
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        words = self._represented(values.dictionary)
        return super().encode(pa.DictionaryArray.from_arrays(values.indices, words), unnumbered)

    def members(self, listed: Iterable[str]) -> NDArray[np.bool_]:
        """Which numbers, (size,), are in a set that is listed as codes and patterns."""
        mask = np.zeros(self.size, dtype=np.bool_)
        for code in listed:
            if is_pattern(code):
                begin = code[:-1]
                mask[bisect_left(self.codes, begin) : bisect_left(self.codes, begin + _LAST)] = True
            elif code in self.number_of:
                mask[self.number_of[code]] = True
        return mask

    @cached_property
    def _patterns(self) -> list[tuple[int, pa.Array]]:
        """The beginnings by their length in characters, the longest first."""
        of_length: dict[int, list[str]] = {}
        for code in self.codes:
            if code.endswith(_REST):
                of_length.setdefault(len(code) - 1, []).append(code[:-1])
        return [(length, strings_array(of_length[length])) for length in sorted(of_length)[::-1]]

    @cached_property
    def _listed(self) -> pa.Array:
        return strings_array(self.codes)

    def _represented(self, words: pa.Array) -> pa.Array:
        """Each word, or where no set lists it the longest pattern that it begins with."""
        import pyarrow.compute as pc

        words = pc.fill_null(words.cast(pa.string()), "")
        settled = pc.or_(pc.is_in(words, self._listed), pc.equal(words, ""))
        for length, beginnings in self._patterns:
            if pc.all(settled).as_py():
                break
            begin = pc.utf8_slice_codeunits(words, 0, length)
            fits = pc.and_not(pc.is_in(begin, beginnings), settled)
            pattern = pc.binary_join_element_wise(begin, _REST, "")
            words, settled = pc.if_else(fits, pattern, words), pc.or_(settled, fits)
        return words
