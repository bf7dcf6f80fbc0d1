"""Frames in memory as a dataset, so that every stage reads them as it reads files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from drgpay.errors import DrgpayError
from drgpay.records.columns import STAY_COLUMNS
from drgpay.records.dataset import Dataset, RecordsInput, translate_clinical_codes

Stays = str | Path | pl.DataFrame | pl.LazyFrame
"""Stays: a path (Parquet or CSV: a file, folder or partitioned dataset), a frame or a lazy frame.

The columns are those of docs/files.md, "The stays table".
"""

FRAME = Path("the frame of stays")
"""Stands in messages where a path would."""

_BATCH_ROWS = 262_144


def open_stays(
    stays: Stays,
    code_system: str,
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
) -> Dataset:
    """Stays as the stages read them.

    Of a lazy frame the known columns are collected. mapping and encoding are for files. Raises
    DrgpayError for what `open_dataset` refuses, a mapping given with a frame, and a lazy frame that
    cannot be collected.
    """
    if isinstance(stays, str | Path):
        return RecordsInput(Path(stays), mapping, encoding, clinical_codes).open(code_system)
    if mapping or encoding:
        raise DrgpayError("mapping and encoding are for files", "rename the columns of the frame")
    frame = _collected(stays) if isinstance(stays, pl.LazyFrame) else stays
    known = [name for name in frame.columns if name in STAY_COLUMNS]
    plain = frame.select(known).with_columns((cs.categorical() | cs.enum()).cast(pl.String))
    dataset = Dataset(FRAME, (FrameSource(plain),))
    return translate_clinical_codes(dataset, code_system) if clinical_codes else dataset


def _collected(stays: pl.LazyFrame) -> pl.DataFrame:
    try:
        names = stays.collect_schema().names()
        return stays.select(name for name in names if name in STAY_COLUMNS).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        detail = str(error).splitlines()[0]
        raise DrgpayError(
            f"the lazy frame of stays cannot be collected ({detail})", "correct the query"
        ) from None


@dataclass(frozen=True)
class FrameSource:
    """A frame in the place of a file (records/source.py)."""

    frame: pl.DataFrame

    @property
    def path(self) -> Path:
        """What messages call it."""
        return FRAME

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.frame.height

    @property
    def column_names(self) -> list[str]:
        """The columns, in order."""
        return self.frame.columns

    @cached_property
    def _schema(self) -> pa.Schema:
        return _arrow(self.frame.clear()).schema

    def type_of(self, column: str) -> pa.DataType | None:
        """The Arrow type of a column, or None if there is none of that name."""
        return self._schema.field(column).type if column in self._schema.names else None

    def described(self, column: str) -> str:
        """The column itself."""
        return column

    def pieces(self) -> list["FramePiece"]:
        """Runs of rows."""
        starts = range(0, self.frame.height, _BATCH_ROWS)
        return [FramePiece(self.frame.slice(start, _BATCH_ROWS)) for start in starts]


@dataclass(frozen=True)
class FramePiece:
    """A run of rows of a frame."""

    frame: pl.DataFrame

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.frame.height

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Some columns, those that there are."""
        read = [name for name in dict.fromkeys(columns) if name in self.frame.columns]
        yield from _arrow(self.frame.select(read)).combine_chunks().to_batches()


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
