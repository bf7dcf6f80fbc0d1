"""A compiled scheme that is sent to other processes, and the grouping that they do with it.

It goes as the bytes that are kept on disk too (compiled_file.py), so that no process unpickles what it
was sent, and none compiles; each unpacks a scheme once.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import pyarrow as pa

from drgpay import __version__
from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import DRG_FORM
from drgpay.grouper.compiled_file import Form, compiled_in, file_of
from drgpay.grouper.given_groups import with_groups
from drgpay.grouper.plain import group_plain
from drgpay.records.arrays import in_groups
from drgpay.records.meaning.rules import Reading

_ERRORS = Sentences("errors/grouper")
_T = TypeVar("_T")
BATCH_ROWS = 1 << 16
"""How many rows are grouped at once: engines hand over fewer, and each call has its price."""


@dataclass(frozen=True, repr=False)
class SentScheme:
    """A compiled scheme as bytes. version: of the program that sent it."""

    content: bytes
    version: str = __version__

    @staticmethod
    def of(compiled: _T, form: Form[_T]) -> "SentScheme":
        """What is sent of a compiled scheme; form: DRG_FORM or APG_FORM, as it is kept on disk."""
        return SentScheme(zlib.compress(file_of(compiled, form)))

    def unpacked(self, form: Form[_T]) -> _T:
        """The scheme; raises DrgpayError where the receiving program is of another version."""
        if self.version != __version__:
            raise DrgpayError(*_ERRORS("other_program", here=__version__, there=self.version))
        found: _T = _unpacked(self.content, form)
        return found


@lru_cache(maxsize=4)
def _unpacked(content: bytes, form: Form[Any]) -> Any:
    found = compiled_in(zlib.decompress(content), form)
    if found is None:
        raise DrgpayError(*_ERRORS("damaged_scheme"))
    return found


@dataclass(frozen=True)
class SentGrouping:
    """`group_plain` over batches in another process: a function that can be sent there."""

    scheme: SentScheme
    keep: tuple[str, ...]
    reasons: bool

    @staticmethod
    def of(compiled: CompiledScheme, keep: tuple[str, ...], reasons: bool) -> "SentGrouping":
        """The grouping by a scheme."""
        return SentGrouping(SentScheme.of(compiled, DRG_FORM), keep, reasons)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Batches of any length in, those of `group_plain` out; of no rows comes nothing."""
        compiled = self.scheme.unpacked(DRG_FORM)
        for batch in gathered(batches, BATCH_ROWS):
            yield group_plain(compiled, batch, self.keep, self.reasons)


@dataclass(frozen=True)
class SentNarrowing:
    """`with_groups` over batches in another process: stays that carry their groups."""

    scheme: SentScheme
    reading: Reading

    @staticmethod
    def of(compiled: CompiledScheme, reading: Reading) -> "SentNarrowing":
        """The grouping by a scheme, values read as a policy says."""
        return SentNarrowing(SentScheme.of(compiled, DRG_FORM), reading)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Batches of any length in, those of `with_groups` out; of no rows comes nothing."""
        compiled = self.scheme.unpacked(DRG_FORM)
        for batch in gathered(batches, BATCH_ROWS):
            yield with_groups(compiled, batch, self.reading)


def gathered(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at least `rows` but for the last; empty ones are left out."""
    return map(together, in_groups(batches, rows))


def together(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Batches of one schema as one."""
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
