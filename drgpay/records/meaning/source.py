"""A file whose columns are read in their meaning: the last step of every way in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.records.columns import Kind
from drgpay.records.meaning.column import Column, read_column, type_of_kind
from drgpay.records.meaning.faults import FAULTS, Faults, Unread, packed, shown
from drgpay.records.meaning.rules import Reading
from drgpay.records.meaning.texts import trimmed_bounds
from drgpay.records.parquet_source import ParquetPiece
from drgpay.records.reading_report import Finding, Problem, ReadingReport
from drgpay.records.repeated_principal import without_repeated
from drgpay.records.source import WrappedPiece, WrappedSource


@dataclass(frozen=True)
class PlainSource(WrappedSource):
    """A file with its known columns in their kinds; others pass through untouched.

    Beside its columns a piece gives FAULTS when it is asked for it.
    """

    kinds: dict[str, Kind]
    reading: Reading
    report: ReadingReport
    number: int

    def type_of(self, column: str) -> pa.DataType | None:
        """The Arrow type of a column, None if the file cannot give it; that of the file if it is
        none that the column could have.
        """
        given = self.base.type_of(column)
        kind = self.kinds.get(column)
        readable = given is not None and kind is not None and kind.admits(given)
        return type_of_kind(kind, given) if readable and kind else given

    def pieces(self) -> list[PlainPiece]:
        """The pieces of the file."""
        pieces = [PlainPiece(*numbered, self) for numbered in self.numbered_pieces()]
        self.report.expect(self.number, len(pieces))
        return pieces


@dataclass(frozen=True)
class PlainPiece(WrappedPiece):
    """A piece of a file, read in its meaning."""

    file: PlainSource

    def text_bounds(self, column: str) -> tuple[str, str] | None:
        """Texts between which those of a column lie as they are read, save missing ones; None where
        that is not known without reading them.
        """
        stored = self.base.text_bounds(column) if isinstance(self.base, ParquetPiece) else None
        return None if stored is None else trimmed_bounds(*stored)

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Some columns in their kinds, `coded` ones with dictionary-coded strings.

        What cannot be read is null, a fault, and counted in the report of the dataset. Raises
        DrgpayError if the file is damaged, and after the last piece of a dataset for times that are
        shifted (`shifted_dates`).
        """
        wanted = list(dict.fromkeys(columns))
        coded = set(coded)
        asked = [name for name in wanted if name != FAULTS]
        row = self.first_row
        for batch in self.base.batches(asked, coded):
            yield self._read(batch, row, coded, with_faults=FAULTS in wanted)
            row += batch.num_rows
        self.file.report.piece_read(
            self.file.number, self.first_row, self.file.path, self.file.reading.naive_time
        )

    def _read(
        self, batch: pa.RecordBatch, row: int, coded: set[str], with_faults: bool
    ) -> pa.RecordBatch:
        file = self.file
        arrays: list[pa.Array] = []
        faults: list[tuple[str, Faults]] = []
        findings: list[Finding] = []
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            kind = file.kinds.get(name)
            if kind is None or not kind.admits(values.type):
                arrays.append(values)
                continue
            read = read_column(name, values, kind, file.reading, name in coded)
            found = read.faults + self._unlike_folder(name, kind, read)
            arrays.append(read.values)
            faults += [(name, one) for one in found]
            findings += read.findings
            findings += [
                Finding(name, one.problem, len(one.rows), one.values[0], int(one.rows[0]))
                for one in found
            ]
            if read.clock is not None:
                file.report.add_clock(name, read.clock)
        names = list(batch.schema.names)
        made = pa.RecordBatch.from_arrays(arrays, names=names)
        if file.reading.drop_repeated_principal and {*names} >= _BOTH:
            made, rows, first = without_repeated(made)
            if rows:
                problem = Problem.PRINCIPAL_DROPPED
                findings.append(Finding("other_diagnoses", problem, rows, "", first))
        located = [one._replace(row=file.places.row(row + one.row)) for one in findings]
        file.report.add(file.number, file.name, row, located)
        if with_faults:
            made = made.append_column(FAULTS, packed(faults, batch.num_rows))
        return made

    def _unlike_folder(self, name: str, kind: Kind, read: Column) -> list[Faults]:
        """Where a column has another value than the folder that is named after it."""
        folder = self.file.base.in_folder_too(name)
        if folder is None or kind is Kind.TEXTS:
            return []
        import polars as pl

        said = read_column(name, pa.array([folder]), kind, self.file.reading).values
        values = pl.Series(read.values if not _is_coded(read) else pc.cast(read.values, _TEXT))
        value = pl.Series(said)[0]
        differs = values.is_not_null() if value is None else (values != value).fill_null(True)
        rows = np.flatnonzero(differs.to_numpy())
        said_there = [shown(values[int(row)]) for row in rows]
        return [Faults(Unread.UNLIKE_FOLDER, rows, said_there)] if len(rows) else []


_BOTH = {"principal_diagnosis", "other_diagnoses"}
_TEXT = pa.large_string()


def _is_coded(read: Column) -> bool:
    return bool(pa.types.is_dictionary(read.values.type))
