"""Which codes of a stay no code table knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.base.shipped import shipped_folder
from drgpay.records.codes import CodeIndex
from drgpay.records.meaning.lists import as_lists, ends_of, rows_of

UNKNOWN_COLUMNS = ("unknown_principal", "unknown_other", "unknown_procedure")
LEADING_UNKNOWN = "leading_unknown"
"""Whether no table knows the principal diagnosis or the first procedure: they decide the group."""


@dataclass(frozen=True)
class KnownCodes:
    """The codes of a code system, and any that a scheme uses beside them.

    None where the program has no table of the system: then nothing can be called unknown.
    """

    diagnoses: CodeIndex | None
    procedures: CodeIndex | None

    @staticmethod
    def of(system: str, diagnoses: Iterable[str], procedures: Iterable[str]) -> "KnownCodes":
        """The tables of a code system together with further codes."""
        return KnownCodes(
            _known(system, "diagnoses", diagnoses), _known(system, "procedures", procedures)
        )

    def unknown_in(self, batch: pa.RecordBatch) -> pl.DataFrame:
        """Per stay and column of codes its first unknown code, or null: UNKNOWN_COLUMNS; and
        LEADING_UNKNOWN.
        """
        principal = _first_unknown(self.diagnoses, batch.column("principal_diagnosis"))
        other, _ = _first_unknown_listed(self.diagnoses, batch.column("other_diagnoses"))
        procedures, leading = _first_unknown_listed(self.procedures, batch.column("procedures"))
        columns = dict(zip(UNKNOWN_COLUMNS, (principal, other, procedures), strict=True))
        return pl.DataFrame({**columns, LEADING_UNKNOWN: principal.is_not_null() | leading})


def code_table(system: str, kind: str) -> pl.DataFrame | None:
    """The table `diagnoses` or `procedures` of a code system (code, name), if it is shipped."""
    path = shipped_folder("grouping_schemes") / "codes" / system / f"{kind}.csv"
    return pl.read_csv(path, infer_schema=False, glob=False) if path.is_file() else None


@cache  # tens of thousands of codes, which every month of a year and of a batch asks for
def codes_in(system: str, kind: str) -> frozenset[str] | None:
    """The codes of such a table, if it is shipped."""
    table = code_table(system, kind)
    return None if table is None else frozenset(table["code"].to_list())


def _known(system: str, kind: str, further: Iterable[str]) -> CodeIndex | None:
    codes = codes_in(system, kind)
    return None if codes is None else _index(codes, frozenset(further) - codes)


@cache
def _index(codes: frozenset[str], further: frozenset[str]) -> CodeIndex:
    return CodeIndex(codes | further)


def _first_unknown(index: CodeIndex | None, values: pa.Array) -> pl.Series:
    if index is None:
        return _spread(len(values), _NO_ROWS, values.slice(0, 0))
    rows = np.flatnonzero(index.unknown_in(values))
    return _spread(len(values), rows, values.take(pa.array(rows)))


def _first_unknown_listed(index: CodeIndex | None, values: pa.Array) -> tuple[pl.Series, pl.Series]:
    """The first unknown code of each list, and whether it is the first of all."""
    leading = pl.Series([False]).new_from_index(0, len(values))
    if index is None:
        return _spread(len(values), _NO_ROWS, values.slice(0, 0)), leading
    ends, flat = ends_of(as_lists(values))
    positions = np.flatnonzero(index.unknown_in(flat))
    stays, first = np.unique(rows_of(ends, positions), return_index=True)
    at_once = stays[positions[first] == ends[stays]]
    if len(at_once):
        leading = leading.scatter(at_once, True)
    return _spread(len(values), stays, flat.take(pa.array(positions[first]))), leading


_NO_ROWS = np.empty(0, dtype=np.int64)


def _spread(length: int, rows: NDArray[Any], found: pa.Array) -> pl.Series:
    spread = pl.Series([None], dtype=pl.String).new_from_index(0, length)
    if not len(rows):
        return spread
    return spread.scatter(rows, pl.Series(found.cast(pa.large_string()), dtype=pl.String))
