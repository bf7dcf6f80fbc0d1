"""CSV files in UTF-8, UTF-16 or a Chinese encoding, cut into blocks of whole records, read as text."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.records.encodings import encoding_of, mark_of, units_of, width_of
from drgpay.records.layout import LOOKED_AT, Layout, layout_of, note_marks, total_marks
from drgpay.records.other_rows import blank_rows, other_rows
from drgpay.records.places import Places, left_out_of
from drgpay.records.source import OwnNames, with_partition

_ERRORS = Sentences("errors/records")

BLOCK_BYTES = 8 * 1024 * 1024
_HEADER_BYTES = 1024 * 1024
_QUOTE, _LINE_FEED, _RETURN = 34, 10, 13
_NOTES_WITHIN = 4096  # characters at the end of a file


@dataclass(frozen=True)
class Block:
    """Whole records: the bytes from start to end; `first_row` counts from 0.

    left_out: the records of the block, from 0, that are no rows of the table.
    """

    start: int
    end: int
    first_row: int
    rows: int
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True)
class CsvSource(OwnNames):
    """One CSV file with a header line; every column is text, an empty cell is null.

    below: the rows below the headings, as a spreadsheet counts records; sums: rows of it left
    out as sums or notes, from 0.
    """

    path: Path
    partition: dict[str, str]
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    blocks: tuple[Block, ...]
    below: Places = field(default_factory=Places)
    sums: tuple[int, ...] = ()

    @property
    def places(self) -> Places:
        """The rows, as a spreadsheet counts records."""
        return self.below

    @property
    def left_out(self) -> list[Words]:
        """What is said of titles, sums and notes."""
        return left_out_of(self.name, self.below, self.sums)

    @property
    def rows(self) -> int:
        """How many records follow the header."""
        return sum(block.rows for block in self.blocks)

    @property
    def column_names(self) -> list[str]:
        """The columns of the header, then those of the partition."""
        return list(dict.fromkeys([*self.header, *self.partition]))

    def type_of(self, column: str) -> pa.DataType | None:
        """Text, or None if the file has no column of that name."""
        return pa.string() if column in self.header or column in self.partition else None

    def described(self, column: str) -> str:
        """The column itself."""
        return column

    def in_folder_too(self, column: str) -> str | None:
        """The value that a folder names for a column of the header."""
        return self.partition.get(column) if column in self.header else None

    def pieces(self) -> list["CsvPiece"]:
        """The blocks."""
        return [CsvPiece(self, block) for block in self.blocks]


@dataclass(frozen=True)
class CsvPiece:
    """One block of one file."""

    file: CsvSource
    block: Block

    @property
    def rows(self) -> int:
        """How many records the block has."""
        return self.block.rows

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Read some columns as strings. Raises DrgpayError if a record has too many or few cells."""
        wanted = list(columns)
        stored = [column for column in wanted if column in self.file.header]
        table = _parse(self.file, self.block, stored or [self.file.header[0]])
        if table.num_rows != self.block.rows + len(self.block.left_out):
            row = self.file.places.row(self.block.first_row)
            raise DrgpayError(*_ERRORS("inseparable_records", path=self.file.path, row=row))
        if self.block.left_out:
            table = table.filter(pa.array(_all_but(self.block.left_out, table.num_rows)))
        for batch in table.combine_chunks().to_batches():
            yield with_partition(batch, self.file.partition, wanted)


def open_csv(
    path: Path, partition: dict[str, str], encoding: str | None, delimiter: str
) -> CsvSource:
    """Find the encoding, the headings and the blocks of a file.

    Without an `encoding`: what a mark says, UTF-8 if the file decodes as such, else GB18030. Titles
    above the headings are skipped, sums and notes below them left out (records/layout.py). Raises
    DrgpayError for an encoding that the file is not in, naming the byte and the line.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
        start, marked = mark_of(path, head, encoding)
        ends = _ends_in_head(path, head, start, marked)
        blocks = _blocks(path, ends[0], marked)
        # Of sums, and of rows without any cell as spreadsheets write them.
        signs = (*total_marks(), f"\n{delimiter}")
        spans = [(start, ends[0]), *((block.start, block.end) for block in blocks)]
        found, seen = encoding_of(path, spans, encoding, marked, signs)
        rows = _first_rows(path, head[start : ends[-1]].decode(found), delimiter)
        layout = layout_of(rows)
        if layout is None:
            raise DrgpayError(*_ERRORS("no_header", path=path))
        last = layout.headings[1]
        if last >= len(ends):
            raise DrgpayError(*_ERRORS("inseparable_records", path=path, row=1))
        if last:
            blocks, seen = _blocks(path, ends[last], marked), {*range(len(blocks) + 1)}
        header = _header(path, layout)
        source = CsvSource(path, partition, found, delimiter, header, tuple(blocks))
        return _located(source, layout, seen)
    except OSError as error:
        reason = reason_of(error)
        raise DrgpayError(*_ERRORS("unreadable", path=path, reason=reason)) from None


def first_rows(
    path: Path, encoding: str | None, delimiters: Iterable[str]
) -> tuple[str, str, list[list[str]]]:
    """The encoding, the one of some delimiters that makes most cells, and the first records.

    Raises DrgpayError as `open_csv`.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
        start, marked = mark_of(path, head, encoding)
        end = _ends_in_head(path, head, start, marked, most=None)[-1]
        found, _ = encoding_of(path, [(start, end)], encoding, marked, ())
    except OSError as error:
        reason = reason_of(error)
        raise DrgpayError(*_ERRORS("unreadable", path=path, reason=reason)) from None
    text = head[start:end].decode(found)
    read = {delimiter: _first_rows(path, text, delimiter) for delimiter in delimiters}
    best = max(read, key=lambda one: sorted(map(len, read[one][:LOOKED_AT]))[-_FEW:][0])
    return found, best, read[best]


_FEW = 3


def _ends_in_head(
    path: Path, head: bytes, start: int, marked: str | None, most: int | None = LOOKED_AT
) -> list[int]:
    """Where the first records end; line ends between quotation marks are none of theirs."""
    width = width_of(marked)
    ends, _ = _record_ends(units_of(head[start:], marked), inside=False)
    whole = len(head) < _HEADER_BYTES
    if not len(ends) and not whole:
        raise DrgpayError(*_ERRORS("no_line_end", path=path, bytes=_HEADER_BYTES))
    places = [start + (int(end) + 1) * width for end in ends[:most]]
    if whole and (most is None or len(places) < most) and [start, *places][-1] < len(head):
        places.append(len(head))
    return places or [len(head)]


def _first_rows(path: Path, text: str, delimiter: str) -> list[list[str]]:
    """The cells of records; a blank line is a row without any.

    What cannot be told apart below the first record is said when it is read.
    """
    if "\r" in text and "\n" not in text:
        raise DrgpayError(*_ERRORS("no_line_feeds", path=path))
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        if not rows:
            said = {"path": path, "said": error}
            raise DrgpayError(*_ERRORS("unreadable_header", **said)) from None
    return rows


def _record_ends(units: NDArray[Any], inside: bool) -> tuple[NDArray[np.int64], bool]:
    """Line feeds outside quotation marks, and whether the chunk ends inside them.

    Right in every encoding that is admitted: their longer characters hold neither unit.
    """
    ends = np.flatnonzero(units == _LINE_FEED)
    quotes = np.flatnonzero(units == _QUOTE)
    if inside or len(quotes):
        before = np.searchsorted(quotes, ends) + inside
        ends = ends[before % 2 == 0]
    return ends, bool((len(quotes) + inside) % 2)


def _blocks(path: Path, start: int, marked: str | None) -> list[Block]:
    """Cut everything after the header at record ends, about every BLOCK_BYTES."""
    width = width_of(marked)
    blocks: list[Block] = []
    place = block_start = line_start = start
    rows, first_row, inside, last_unit = 0, 0, False, -1
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(BLOCK_BYTES + BLOCK_BYTES % width):
            units = units_of(chunk, marked)
            ends, inside = _record_ends(units, inside)
            if len(ends):
                before = np.where(ends > 0, units[ends - 1], last_unit)
                begins = np.concatenate(([(line_start - place) // width], ends[:-1] + 1))
                # Empty lines are no records.
                rows += int(np.count_nonzero(ends - begins > (before == _RETURN)))
                line_start = place + (int(ends[-1]) + 1) * width
                blocks.append(Block(block_start, line_start, first_row, rows))
                block_start, first_row, rows = line_start, first_row + rows, 0
            place += len(chunk)
            last_unit = int(units[-1]) if len(units) else -1
    if line_start < place:  # the last record has no line end
        blocks.append(Block(block_start, place, first_row, 1))
    return [block for block in blocks if block.rows]


def _located(source: CsvSource, layout: Layout, seen: set[int]) -> CsvSource:
    """The file without rows that are none of its table, and where the others stand.

    seen: the spans with a sign of such rows; span 0 is what stands above the blocks.
    """
    blocks: list[Block] = []
    out: list[int] = []
    sums: list[int] = []
    raw = 0
    for number, block in enumerate(source.blocks, start=1):
        is_last = number == len(source.blocks)
        left_out: tuple[int, ...] = ()
        others: tuple[int, ...] = ()
        if number in seen or (is_last and _has_notes(source, block)):
            left_out, others = _other_rows(source, block)
        rows = block.rows - len(left_out)
        first = blocks[-1].first_row + blocks[-1].rows if blocks else 0
        blocks.append(Block(block.start, block.end, first, rows, left_out))
        out += [raw + row for row in left_out]
        sums += [raw + row for row in others]
        raw += block.rows
    places = Places(layout.headings, tuple(out))
    kept = tuple(block for block in blocks if block.rows)
    return replace(source, blocks=kept, below=places, sums=tuple(sums))


def _has_notes(source: CsvSource, block: Block) -> bool:
    tail = _text_of_block(source, block)[-_NOTES_WITHIN:]
    return any(mark in tail for mark in note_marks())


def _other_rows(source: CsvSource, block: Block) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The records of a block that are none of the table, and those that are sums or notes."""
    header = [*source.header]
    table = _parse(source, block, header)
    columns = [table.column(name).combine_chunks() for name in header]
    others = other_rows(columns).tolist()
    blank = np.flatnonzero(blank_rows(columns)).tolist()
    return tuple(sorted({*others, *blank})), tuple(others)


def _all_but(rows: tuple[int, ...], count: int) -> NDArray[np.bool_]:
    kept = np.ones(count, dtype=np.bool_)
    kept[[*rows]] = False
    return kept


def _header(path: Path, layout: Layout) -> tuple[str, ...]:
    names = [name or f"column {number}" for number, name in enumerate(layout.names, start=1)]
    for name in names:
        if names.count(name) > 1:
            raise DrgpayError(*_ERRORS("column_twice", path=path, column=name))
    return tuple(names)


def _text_of_block(source: CsvSource, block: Block) -> str:
    with source.path.open("rb") as file:
        file.seek(block.start)
        return file.read(block.end - block.start).decode(source.encoding)


def _parse(source: CsvSource, block: Block, columns: list[str]) -> pa.Table:
    with source.path.open("rb") as file:
        file.seek(block.start)
        data = file.read(block.end - block.start)
    if source.encoding != "utf-8":
        data = data.decode(source.encoding).encode("utf-8")
    try:
        return pa_csv.read_csv(
            pa.BufferReader(data),
            pa_csv.ReadOptions(
                use_threads=False, block_size=len(data) + 1, column_names=list(source.header)
            ),
            pa_csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=columns,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _bad_record(source, block, str(error)) from None


_CELLS = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


def _bad_record(source: CsvSource, block: Block, message: str) -> DrgpayError:
    cells = _CELLS.search(message)
    if not cells:
        said = message.splitlines()[0]
        row = source.places.row(block.first_row)
        return DrgpayError(*_ERRORS("no_csv", path=source.path, row=row, said=said))
    row = source.places.raw_row(source.places.raw_of(block.first_row) + int(cells[1]) - 1)
    counts = {"cells": cells[3], "expected": cells[2]}
    return DrgpayError(*_ERRORS("cells_differ", path=source.path, row=row, **counts))
