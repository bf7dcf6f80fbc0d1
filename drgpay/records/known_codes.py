"""Which codes of a stay no code table knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.records.codes import CodeIndex, CodeLists
from drgpay.shipped import shipped_folder


@dataclass(frozen=True)
class KnownCodes:
    """The codes of a code system, and any that a scheme uses beside them."""

    diagnoses: CodeIndex
    procedures: CodeIndex

    @staticmethod
    def of(system: str, diagnoses: Iterable[str], procedures: Iterable[str]) -> "KnownCodes":
        """The tables of a code system together with further codes."""
        folder = shipped_folder("grouping_schemes") / "codes" / system
        return KnownCodes(
            CodeIndex({*_code_table(folder / "diagnoses.csv"), *diagnoses}),
            CodeIndex({*_code_table(folder / "procedures.csv"), *procedures}),
        )

    def unknown_in(self, batch: pa.RecordBatch) -> pl.DataFrame:
        """Per stay unknown_diagnosis and unknown_procedure: its first unknown code, or null."""
        principal = batch.column("principal_diagnosis")
        unknown = _where_single(self.diagnoses, principal)
        listed = _where_listed(self.diagnoses, batch.column("other_diagnoses"))
        procedures = _where_listed(self.procedures, batch.column("procedures"))
        return pl.DataFrame(
            {
                "unknown_diagnosis": unknown.fill_null(listed),
                "unknown_procedure": procedures,
            }
        )


def _code_table(path: Path) -> list[str]:
    return pl.read_csv(path, infer_schema=False)["code"].to_list() if path.is_file() else []


def _where_single(index: CodeIndex, values: pa.Array) -> pl.Series:
    rows = np.flatnonzero(index.encode(values) == index.unknown)
    return _spread(len(values), rows, values.take(pa.array(rows)))


def _where_listed(index: CodeIndex, values: pa.Array) -> pl.Series:
    lists = CodeLists.encode(index, values)
    positions = np.flatnonzero(lists.flat == index.unknown)
    stays, first = np.unique(lists.stays_of(positions), return_index=True)
    return _spread(len(values), stays, values.flatten().take(pa.array(positions[first])))


def _spread(length: int, rows: NDArray[np.int64], found: pa.Array) -> pl.Series:
    spread = pl.Series([None], dtype=pl.String).new_from_index(0, length)
    texts = pl.Series(found.cast(pa.large_string()), dtype=pl.String)
    return spread.scatter(rows, texts) if len(rows) else spread
