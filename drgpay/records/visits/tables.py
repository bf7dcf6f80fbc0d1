"""The two tables of visits, batch by batch in the form in which they are sorted and spilled."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.arrays import numbers_array
from drgpay.records.columns import ITEM_COLUMNS, VISIT_COLUMNS
from drgpay.records.dataset import Dataset, open_dataset
from drgpay.records.meaning.faults import FAULTS
from drgpay.records.meaning.lists import as_lists, ends_of
from drgpay.records.meaning.rules import PLAIN_READING, Reading
from drgpay.records.origin import ROW
from drgpay.records.source import Piece
from drgpay.records.stays import FEN_COLUMNS, fen_of
from drgpay.records.visits.words import Words

_ERRORS = Sentences("errors/records")

VISIT_VALUES = (
    "visit_id",
    "hospital_id",
    "person_id",
    "account",
    "visit_date",
    "visit_type",
    "principal_diagnosis",
    *FEN_COLUMNS,
)
"""Columns of which every valid visit has a value."""

LINE_VALUES = ("visit_id", "item_code", "item_kind", "amount")
"""Columns of which every valid line has a value."""

VISIT_WORDS = (
    "hospital_id",
    "account",
    "department",
    "visit_type",
    "principal_diagnosis",
    "contractor_id",
)
"""Texts of visits that repeat: numbers until the visits are in order."""

LINE_WORDS = ("item_code", "item_kind")

VISIT_FRAME: dict[str, pl.DataType] = {
    "visit_id": pl.String(),
    "person_id": pl.String(),
    **dict.fromkeys(VISIT_WORDS, pl.UInt32()),
    "other_diagnoses": pl.List(pl.UInt32()),
    "out_of_area": pl.Boolean(),
    "visit_date": pl.Date(),
    "sex": pl.Float64(),
    "age": pl.Float64(),
    **dict.fromkeys(FEN_COLUMNS.values(), pl.Int64()),
    FAULTS: pl.UInt32(),
    ROW: pl.UInt32(),
}
"""What `visit_frames` makes."""

LINE_FRAME: dict[str, pl.DataType] = {
    "visit_id": pl.String(),
    **dict.fromkeys(LINE_WORDS, pl.UInt32()),
    "quantity": pl.Float64(),
    "amount_fen": pl.Int64(),
    FAULTS: pl.UInt32(),
    ROW: pl.UInt32(),
}
"""What `line_frames` makes."""

_OPTIONAL = ("out_of_area", "sex", "age", "department", "other_diagnoses", "contractor_id")
_AMOUNTS = list(FEN_COLUMNS)


@dataclass(frozen=True)
class VisitInput:
    """Where visits and their lines lie: files, folders or partitioned datasets, Parquet or CSV.

    mappings as of `open_dataset`, one for each table; encoding: of CSV; ignore: of both folders.
    """

    visits: Path
    items: Path
    visits_mapping: str | None = None
    items_mapping: str | None = None
    encoding: str | None = None
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class VisitRecords:
    """Both tables, opened; `words` fills as they are read."""

    visits: Dataset
    items: Dataset
    words: Words = field(default_factory=Words, compare=False)

    @property
    def rows(self) -> int:
        """Visits and lines together."""
        return self.visits.rows + self.items.rows


def open_visits(given: VisitInput, reading: Reading = PLAIN_READING) -> VisitRecords:
    """Open both tables.

    Raises DrgpayError for missing or damaged files, missing columns and columns of a wrong type,
    and for a table of visits without a row.
    """
    visits, items = (
        open_dataset(path, mapping, given.encoding, kinds, given.ignore, reading)
        for path, mapping, kinds in (
            (given.visits, given.visits_mapping, VISIT_COLUMNS),
            (given.items, given.items_mapping, ITEM_COLUMNS),
        )
    )
    return visit_records(visits, items)


def visit_records(visits: Dataset, items: Dataset) -> VisitRecords:
    """Both tables, opened already; raises DrgpayError as `open_visits`."""
    visits.require(VISIT_VALUES, optional=_OPTIONAL)
    items.require(LINE_VALUES, optional=["quantity"])
    if not visits.rows:
        raise DrgpayError(*_ERRORS("no_visits", path=visits.path))
    return VisitRecords(visits, items)


def visit_frames(piece: Piece, words: Words, row: int = 0) -> Iterator[pl.DataFrame]:
    """The visits of a piece: visit_id ("" where missing), person_id, VISIT_WORDS and
    other_diagnoses as numbers of `words`, out_of_area, visit_date, sex, age (Float64), the costs
    in fen, FAULTS as numbers of `words`, and ROW. row: which of its table the first of the piece is.
    """
    coded = [*VISIT_WORDS, "other_diagnoses"]
    for batch in piece.batches([*VISIT_COLUMNS, FAULTS], coded):
        rows = batch.num_rows
        given = {name: batch.column(name) for name in batch.schema.names}
        fens = {name: fen_of(pl.Series(given[name])) for name in _AMOUNTS}
        columns = {
            "visit_id": _text(given["visit_id"]).fill_null(""),
            "person_id": _text(given["person_id"]),
            **{
                name: words.numbers_of(given[name]) if name in given else _no_words(rows)
                for name in VISIT_WORDS
            },
            "other_diagnoses": _lists(given.get("other_diagnoses"), rows, words),
            "out_of_area": _typed(given.get("out_of_area"), pl.Boolean(), rows).fill_null(False),
            "visit_date": _typed(given["visit_date"], pl.Date(), rows),
            "sex": _typed(given.get("sex"), pl.Float64(), rows),
            "age": _typed(given.get("age"), pl.Float64(), rows),
            **{FEN_COLUMNS[name]: fens[name] for name in _AMOUNTS},
            FAULTS: words.numbers_of(given[FAULTS]),
            ROW: np.arange(row, row + rows, dtype=np.uint32),
        }
        row += rows
        yield pl.DataFrame(columns, VISIT_FRAME)


def line_frames(piece: Piece, words: Words, row: int = 0) -> Iterator[pl.DataFrame]:
    """The lines of a piece: visit_id ("" where missing), LINE_WORDS as numbers of `words`,
    quantity (Float64, 1 where missing), amount_fen, FAULTS as numbers of `words`, and ROW. row: as
    for `visit_frames`.
    """
    for batch in piece.batches([*ITEM_COLUMNS, FAULTS], LINE_WORDS):
        rows = batch.num_rows
        given = batch.column("quantity") if "quantity" in batch.schema.names else None
        columns = {
            "visit_id": _text(batch.column("visit_id")).fill_null(""),
            **{name: words.numbers_of(batch.column(name)) for name in LINE_WORDS},
            "quantity": _typed(given, pl.Float64(), rows).fill_null(1.0),
            "amount_fen": fen_of(pl.Series(batch.column("amount"))),
            FAULTS: words.numbers_of(batch.column(FAULTS)),
            ROW: np.arange(row, row + rows, dtype=np.uint32),
        }
        row += rows
        yield pl.DataFrame(columns, LINE_FRAME)


def _text(values: pa.Array) -> pl.Series:
    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, pa.large_string())
    return pl.Series(values, dtype=pl.String)


def _typed(values: pa.Array | None, dtype: pl.DataType, rows: int) -> pl.Series:
    if values is None:
        return pl.Series([None], dtype=dtype).new_from_index(0, rows)
    return pl.Series(values).cast(dtype)


def _no_words(rows: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.zeros(rows, dtype=np.uint32)


def _lists(values: pa.Array | None, rows: int, words: Words) -> pl.Series:
    """Lists of texts as lists of numbers, without missing texts; a null list is an empty one."""
    type_ = pl.List(pl.UInt32())
    if values is None or pa.types.is_null(values.type):
        return pl.Series([[]], dtype=type_).new_from_index(0, rows)
    ends, items = ends_of(as_lists(values))
    flat = words.numbers_of(items)
    there = flat != 0
    ends = np.concatenate(([0], np.cumsum(there, dtype=np.int64)))[ends]
    return pl.Series(
        pa.LargeListArray.from_arrays(numbers_array(ends), numbers_array(flat[there])),
        dtype=type_,
    )
