"""CSV files in UTF-8 or a Chinese encoding, cut into blocks of whole records and read as text."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from drgpay.base.errors import DrgpayError
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.records.source import with_partition

_ERRORS = Sentences("errors/records")

BLOCK_BYTES = 8 * 1024 * 1024
_HEADER_BYTES = 1024 * 1024
_QUOTE, _LINE_FEED, _RETURN = 34, 10, 13
_AUTOMATIC = ("utf-8", "gb18030")


@dataclass(frozen=True)
class Block:
    """Whole records: the bytes from start to end; `first_row` counts from 0."""

    start: int
    end: int
    first_row: int
    rows: int


@dataclass(frozen=True)
class CsvSource:
    """One CSV file with a header line; every column is text, an empty cell is null."""

    path: Path
    partition: dict[str, str]
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    blocks: tuple[Block, ...]

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
        if table.num_rows != self.block.rows:
            row = self.block.first_row
            raise DrgpayError(*_ERRORS("inseparable_records", path=self.file.path, row=row))
        for batch in table.combine_chunks().to_batches():
            yield with_partition(batch, self.file.partition, wanted)


def open_csv(
    path: Path, partition: dict[str, str], encoding: str | None, delimiter: str
) -> CsvSource:
    """Find the encoding, the header and the blocks of a file.

    Without an `encoding`: UTF-8 if the file starts with its mark or decodes as such, else GB18030.
    Raises DrgpayError for an encoding that the file is not in, naming the byte and the line.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
        start = _after_mark(path, head, encoding)
        header_end = start + _record_end(path, head[start:])
        blocks = _blocks(path, header_end)
        spans = [(start, header_end), *((block.start, block.end) for block in blocks)]
        found = _encoding_of(path, spans, encoding, marked=start > 0)
    except OSError as error:
        reason = reason_of(error)
        raise DrgpayError(*_ERRORS("unreadable", path=path, reason=reason)) from None
    header = _header(path, head[start:header_end].decode(found), delimiter)
    return CsvSource(path, partition, found, delimiter, header, tuple(blocks))


def text_of(path: Path, encoding: str | None) -> str:
    """The whole text of a small file, in the encoding that `open_csv` finds; line ends as they are.

    Raises DrgpayError as `open_csv` does.
    """
    try:
        content = path.read_bytes()
        start = _after_mark(path, content, encoding)
        found = _encoding_of(path, [(start, len(content))], encoding, marked=start > 0)
    except OSError as error:
        reason = reason_of(error)
        raise DrgpayError(*_ERRORS("unreadable", path=path, reason=reason)) from None
    return content[start:].decode(found)


def _after_mark(path: Path, head: bytes, encoding: str | None) -> int:
    """Where the text begins: behind the byte order mark of UTF-8, if there is one."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DrgpayError(*_ERRORS("utf_16", path=path))
    if not head.startswith(codecs.BOM_UTF8):
        return 0
    if encoding and _codec(encoding) != "utf-8":
        raise DrgpayError(*_ERRORS("marked_utf_8", path=path, encoding=encoding))
    return len(codecs.BOM_UTF8)


def _codec(encoding: str) -> str:
    try:
        codec = codecs.lookup(encoding).name.removesuffix("-sig")
        ascii_compatible = '",\n|;'.encode(codec) == b'",\n|;'
    except LookupError:
        ascii_compatible = False
    if not ascii_compatible:
        raise DrgpayError(*_ERRORS("unusable_encoding", encoding=encoding))
    return codec


def _encoding_of(
    path: Path, spans: list[tuple[int, int]], encoding: str | None, marked: bool
) -> str:
    if marked:
        candidates: tuple[str, ...] = ("utf-8",)
    else:
        candidates = (_codec(encoding),) if encoding else _AUTOMATIC
    for candidate in candidates:
        wrong = _first_undecodable(path, spans, candidate)
        if wrong is None:
            return candidate
    first, *_, last = (candidates[0], *candidates)
    line = 1 + _line_feeds_before(path, wrong or 0)
    said = {"path": path, "encoding": last.upper(), "byte": (wrong or 0) + 1, "line": line}
    if first == last:
        raise DrgpayError(*_ERRORS("other_encoding", **said))
    raise DrgpayError(*_ERRORS("neither_encoding", first=first.upper(), **said))


def _first_undecodable(path: Path, spans: list[tuple[int, int]], encoding: str) -> int | None:
    """The first byte, from 0, that the encoding does not allow. Spans end at whole characters."""
    with path.open("rb") as file:
        for start, end in spans:
            file.seek(start)
            try:
                file.read(end - start).decode(encoding)
            except UnicodeDecodeError as error:
                return start + error.start
    return None


def _line_feeds_before(path: Path, place: int) -> int:
    count = 0
    with path.open("rb") as file:
        while place > 0 and (chunk := file.read(min(place, BLOCK_BYTES))):
            count += chunk.count(b"\n")
            place -= len(chunk)
    return count


def _record_end(path: Path, head: bytes) -> int:
    """The length of the first record; its line end may not lie between quotation marks."""
    ends, _ = _record_ends(head, inside=False)
    if len(ends):
        return int(ends[0]) + 1
    if len(head) >= _HEADER_BYTES - len(codecs.BOM_UTF8):
        raise DrgpayError(*_ERRORS("no_line_end", path=path, bytes=_HEADER_BYTES))
    return len(head)


def _record_ends(
    chunk: bytes, inside: bool
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], bool]:
    """Line feeds outside quotation marks, and whether the chunk ends inside them.

    Right in every encoding that `_codec` admits: their longer characters hold neither byte.
    """
    data = np.frombuffer(chunk, dtype=np.uint8)
    ends = np.flatnonzero(data == _LINE_FEED)
    quotes = np.flatnonzero(data == _QUOTE)
    if inside or len(quotes):
        before = np.searchsorted(quotes, ends) + inside
        ends = ends[before % 2 == 0]
    return ends, bool((len(quotes) + inside) % 2)


def _blocks(path: Path, start: int) -> list[Block]:
    """Cut everything after the header at record ends, about every BLOCK_BYTES."""
    blocks: list[Block] = []
    place = block_start = line_start = start
    rows, first_row, inside, last_byte = 0, 0, False, -1
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(BLOCK_BYTES):
            ends, inside = _record_ends(chunk, inside)
            if len(ends):
                data = np.frombuffer(chunk, dtype=np.uint8)
                before = np.where(ends > 0, data[ends - 1], last_byte)
                begins = np.concatenate(([line_start - place], ends[:-1] + 1))
                # Empty lines are no records.
                rows += int(np.count_nonzero(ends - begins > (before == _RETURN)))
                line_start = place + int(ends[-1]) + 1
                blocks.append(Block(block_start, line_start, first_row, rows))
                block_start, first_row, rows = line_start, first_row + rows, 0
            place += len(chunk)
            last_byte = chunk[-1]
    if line_start < place:  # the last record has no line end
        blocks.append(Block(block_start, place, first_row, 1))
    return [block for block in blocks if block.rows]


def _header(path: Path, line: str, delimiter: str) -> tuple[str, ...]:
    if "\r" in line.rstrip("\r\n"):
        raise DrgpayError(*_ERRORS("no_line_feeds", path=path))
    try:
        cells = next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error as error:
        raise DrgpayError(*_ERRORS("unreadable_header", path=path, said=error)) from None
    names = [name.strip() or f"column {number}" for number, name in enumerate(cells, start=1)]
    if not any(cell.strip() for cell in cells):
        raise DrgpayError(*_ERRORS("no_header", path=path))
    for name in names:
        if names.count(name) > 1:
            raise DrgpayError(*_ERRORS("column_twice", path=path, column=name))
    return tuple(names)


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
        return DrgpayError(*_ERRORS("no_csv", path=source.path, row=block.first_row, said=said))
    row = block.first_row + int(cells[1])
    counts = {"cells": cells[3], "expected": cells[2]}
    return DrgpayError(*_ERRORS("cells_differ", path=source.path, row=row, **counts))
