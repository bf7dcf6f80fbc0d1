"""Frames in memory as a dataset, so that every stage reads them as it reads files."""

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.base.working_folder import working_folder
from drgpay.policy.model import Policy
from drgpay.records.columns import ITEM_COLUMNS, STAY_COLUMNS, VISIT_COLUMNS, Kind
from drgpay.records.dataset import (
    Dataset,
    RecordsInput,
    dataset_of,
    open_dataset,
    translate_clinical_codes,
)
from drgpay.records.meaning.rules import PLAIN_READING, Reading
from drgpay.records.source import OwnNames
from drgpay.records.visits.tables import VisitRecords, visit_records

_ERRORS = Sentences("errors/api")

Stays = str | Path | pl.DataFrame | pl.LazyFrame
"""Stays: a path (Parquet or CSV: a file, folder or partitioned dataset), a frame or a lazy frame.

The columns are those of docs/files.md, "The stays table".
"""

_BATCH_ROWS = 262_144

Table = str | Path | pl.DataFrame | pl.LazyFrame
"""A table that is read as a file: its path, or a frame."""


def open_stays(
    stays: Stays,
    code_system: str,
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
    policy: Policy | None = None,
) -> Dataset:
    """Stays as the stages read them.

    Of a lazy frame the known columns are collected. mapping and encoding are for files. policy: says
    how times and diagnoses are read. Raises
    DrgpayError for what `open_dataset` refuses, a mapping given with a frame, and a lazy frame that
    cannot be collected.
    """
    if isinstance(stays, str | Path):
        given = RecordsInput(Path(stays), mapping, encoding, clinical_codes)
        return given.open(code_system, reading_of(policy))
    if mapping or encoding:
        raise DrgpayError(*_ERRORS("mapping_with_frame"))
    dataset = _dataset_of(stays, "stays", STAY_COLUMNS, reading_of(policy))
    return translate_clinical_codes(dataset, code_system) if clinical_codes else dataset


def reading_of(policy: Policy | None) -> Reading:
    """How a policy reads values; without one they are read plainly."""
    return Reading.of(policy.records) if policy else PLAIN_READING


def open_visits(
    visits: Stays,
    items: Stays,
    visits_mapping: str | None = None,
    items_mapping: str | None = None,
    encoding: str | None = None,
    *,
    policy: Policy,
) -> VisitRecords:
    """Visits and their service lines as the stages read them, values as the policy says.

    Of lazy frames the known columns are collected. mappings and encoding are for files. Raises
    DrgpayError as `visit_records` does, and as `open_stays` for frames.
    """
    tables, reading = [], reading_of(policy)
    for table, called, kinds, mapping in (
        (visits, "visits", VISIT_COLUMNS, visits_mapping),
        (items, "visit_items", ITEM_COLUMNS, items_mapping),
    ):
        if isinstance(table, str | Path):
            tables.append(open_dataset(Path(table), mapping, encoding, kinds, reading=reading))
        elif mapping:
            raise DrgpayError(*_ERRORS("mappings_with_frames"))
        else:
            tables.append(_dataset_of(table, called, kinds, reading))
    return visit_records(*tables)


def _dataset_of(
    table: pl.DataFrame | pl.LazyFrame, called: str, kinds: Mapping[str, Kind], reading: Reading
) -> Dataset:
    frame = _collected(table, called, kinds) if isinstance(table, pl.LazyFrame) else table
    known = [name for name in frame.columns if name in kinds]
    plain = frame.select(known).with_columns((cs.categorical() | cs.enum()).cast(pl.String))
    path = Path(str(_frame_of(called)))
    return dataset_of(FrameSource(plain, path), dict(kinds), reading)


def source_name(table: Table, called: str) -> str:
    """What a catalogue keeps of where its records came from: of a frame the same in both languages."""
    return Path(table).name if isinstance(table, str | Path) else _frame_of(called).en


def _frame_of(called: str) -> Words:
    """Stands in messages where the path of a file would."""
    return _ERRORS.words("frame_of", table=_ERRORS.words(called))


def _collected(table: pl.LazyFrame, called: str, columns: Container[str] | None) -> pl.DataFrame:
    """All columns of a query, or those among `columns`."""
    try:
        names = table.collect_schema().names()
        return table.select(one for one in names if columns is None or one in columns).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        detail = str(error).splitlines()[0]
        facts = {"table": _ERRORS.words(called), "detail": detail}
        raise DrgpayError(*_ERRORS("uncollected", **facts)) from None


@contextmanager
def as_file(table: Table, called: str) -> Iterator[Path]:
    """The path of a table; a frame is put in a file meanwhile, so that it is checked as one.

    called: the key of its words; in messages of the block it stands as `the frame of <table>`.
    """
    words = _frame_of(called)
    if isinstance(table, str | Path):
        yield Path(table)
        return
    frame = _collected(table, called, None) if isinstance(table, pl.LazyFrame) else table
    with working_folder() as place:
        path = place / f"{called}.parquet"
        try:
            frame.write_parquet(path)
        except pl.exceptions.PolarsError as error:
            detail = str(error).splitlines()[0].rstrip()
            raise DrgpayError(*_ERRORS("no_table", frame=words, detail=detail)) from None
        try:
            yield path
        except DrgpayError as error:
            zh, en = (
                told.replace(str(path), name)
                for told, name in zip(error.problem_words, words, strict=True)
            )
            raise DrgpayError(Words(zh, en), error.remedy_words) from None


@dataclass(frozen=True)
class FrameSource(OwnNames):
    """A frame in the place of a file (records/source.py); `path` is what messages call it."""

    frame: pl.DataFrame
    path: Path

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

    def in_folder_too(self, column: str) -> str | None:
        """None: a frame lies in no folder."""
        return None

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
