"""A snapshot of rows in one declared layout: the same data give the same file, in whatever order.

Rows are written down as they come, then sorted on disk by their key and all other columns. Whole
numbers are int64, dates date32, times micro-seconds (of UTC where they have a zone). Decimals, which
drivers give as texts, become decimal(38, s) with the places that the column needs, int64 where it
needs none; a column that holds what is no such number (NaN, more digits) stays text, so that nothing
is rounded and the checks of records see it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.databases.reading import DECIMAL_AS_TEXT, Rows

_ERRORS = Sentences("errors/databases")

_GROUP_ROWS = 65_536
_SORTING_MEMORY = "160MB"
_DIGITS, _MOST_PLACES = 38, 10
_NUMERIC = "numeric"
_TYPE_KEY = b"POSTGRESQL:type"
_INTERRUPTED = "Query interrupted"
_ARRAY_AS_TEXT = r"^\{.*\}$"
_TEXT_OF_JSON = ("arrow.json",)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot: its file, rows, columns, and the sha256 of the file."""

    path: Path
    rows: int
    columns: tuple[str, ...]
    sha256: str


@dataclass
class _Column:
    """A column on its way: what it is spooled as, and what its decimals need."""

    name: str
    type: pa.DataType
    numeric: bool = False
    places: int | None = field(default=0)
    """Behind the point; None where a value is no decimal."""
    small: bool = True

    def look(self, values: pa.Array) -> None:
        """Find out what values of a column of decimals need."""
        if not self.numeric or self.places is None:
            return
        try:
            decimals = pc.cast(values, pa.decimal128(_DIGITS, _MOST_PLACES))
        except pa.ArrowInvalid:
            self.places = None
            return
        while not _casts(decimals, pa.decimal128(_DIGITS, self.places)):
            self.places += 1
        if self.places == 0 and self.small:
            self.small = _casts(decimals, pa.int64())

    @property
    def written(self) -> pa.DataType:
        """The type in the snapshot."""
        if not self.numeric:
            return self.type
        if self.places is None or (self.places == 0 and not self.small):
            return pa.string()
        return pa.decimal128(_DIGITS, self.places) if self.places else pa.int64()

    def selected(self) -> str:
        """The column in the SQL that sorts the rows."""
        name = _quoted(self.name)
        if not self.numeric or self.places is None:
            return name
        decimal = f"CAST({name} AS DECIMAL({_DIGITS}, {self.places}))"
        if self.places:
            return f"{decimal} AS {name}"
        return f"CAST({decimal} AS {'BIGINT' if self.small else 'VARCHAR'}) AS {name}"


def _casts(values: pa.Array, type_: pa.DataType) -> bool:
    try:
        pc.cast(values, type_)
    except pa.ArrowInvalid:
        return False
    return True


def readable(field_: pa.Field) -> bool:
    """Whether a column of a driver can be part of a snapshot."""
    return _spooled(field_) is not None


@dataclass(frozen=True)
class Layout:
    """The layout of an input's snapshot.

    key: what its rows are sorted by first, as far as there are such columns. known: the columns that
    come first, in this order; others follow by name. lists: those that hold lists.
    """

    key: tuple[str, ...]
    known: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()

    def place(self, name: str) -> tuple[int, str]:
        """Where a column comes."""
        return (self.known.index(name) if name in self.known else len(self.known), name)

    def called(self, name: str) -> str:
        """What a column is called: some databases have all names in capitals."""
        return name.lower() if name not in self.known and name.lower() in self.known else name


def write_snapshot(rows: Rows, layout: Layout, path: Path, work: Path, where: Words) -> Snapshot:
    """Write rows to a Parquet file of a layout.

    work: a folder for what is written on the way. where: how messages call the table or the query.
    Raises DrgpayError for a column that is there twice or of a type that is not read, and for an
    array that came as text, OSError where the disk is full.
    """
    given = _columns(rows.schema, layout, where)
    columns = sorted(given, key=lambda column: layout.place(column.name))
    spool = work / f"{path.stem}.spool"
    count = _spool(rows.batches, given, layout.lists, spool, where)
    _sort(spool, columns, layout.key, path, work)
    spool.unlink()
    return Snapshot(path, count, tuple(one.name for one in columns), file_hash(path))


def _columns(schema: pa.Schema, layout: Layout, where: Words) -> list[_Column]:
    columns = []
    folded = [name.lower() for name in schema.names]
    for one in schema:
        if folded.count(one.name.lower()) > 1:
            raise DrgpayError(*_ERRORS("column_twice", where=where, column=one.name))
        type_ = _spooled(one)
        if type_ is None:
            said = {"where": where, "column": one.name, "type": _type_said(one)}
            raise DrgpayError(*_ERRORS("unread_type", **said))
        columns.append(_Column(layout.called(one.name), type_, _is_numeric(one)))
    return columns


def _spooled(field_: pa.Field) -> pa.DataType | None:
    """The one type for all that can hold the values of a column; None where none can."""
    type_ = field_.type
    if (field_.metadata or {}).get(_TYPE_KEY) == b"money":
        return None  # ADBC gives its smallest units, and does not say how many make one
    if isinstance(type_, pa.BaseExtensionType):
        is_text = _is_numeric(field_) or type_.extension_name in _TEXT_OF_JSON
        return pa.string() if is_text and pa.types.is_string(type_.storage_type) else None
    if pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_null(type_):
        return pa.string()
    if pa.types.is_decimal(type_):
        return pa.string()
    if pa.types.is_boolean(type_) or pa.types.is_date32(type_):
        return type_
    if pa.types.is_integer(type_) and type_ != pa.uint64():
        return pa.int64()
    if pa.types.is_floating(type_):
        return pa.float64()
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us", "UTC" if type_.tz else None)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pa.list_(pa.string()) if _is_text(type_.value_type) else None
    return None


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _is_numeric(field_: pa.Field) -> bool:
    type_ = field_.type
    if pa.types.is_decimal(type_) or DECIMAL_AS_TEXT in (field_.metadata or {}):
        return True
    return getattr(type_, "type_name", "") == _NUMERIC


def _type_said(field_: pa.Field) -> str:
    named = (field_.metadata or {}).get(_TYPE_KEY)
    return named.decode() if named else str(getattr(field_.type, "type_name", field_.type))


def _spool(
    batches: Iterator[pa.RecordBatch],
    columns: Sequence[_Column],
    lists: frozenset[str],
    spool: Path,
    where: Words,
) -> int:
    """Write rows down as they come; how many."""
    schema = pa.schema([pa.field(one.name, one.type) for one in columns])
    count = waiting = 0
    held: list[pa.RecordBatch] = []
    # Arrow's own form: neither writing nor reading it costs what Parquet does.
    with pa.OSFile(str(spool), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        for batch in batches:
            held.append(_plain(batch, columns, schema, where))
            _refuse_arrays_as_text(held[-1], lists, where)
            count, waiting = count + batch.num_rows, waiting + batch.num_rows
            if waiting >= _GROUP_ROWS:
                writer.write_table(_as_one(held, schema))
                held, waiting = [], 0
        writer.write_table(_as_one(held, schema))
    return count


def _as_one(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_batches(batches, schema).combine_chunks()


def _plain(
    batch: pa.RecordBatch, columns: Sequence[_Column], schema: pa.Schema, where: Words
) -> pa.RecordBatch:
    arrays = []
    for values, column in zip(batch.columns, columns, strict=True):
        plain = values.storage if isinstance(values, pa.ExtensionArray) else values
        plain = plain if plain.type == column.type else pc.cast(plain, column.type)
        column.look(plain)
        arrays.append(plain)
    made = pa.RecordBatch.from_arrays(arrays, schema=schema)
    try:
        made.validate(full=True)
    except pa.ArrowInvalid:  # bytes in a database without an encoding
        raise DrgpayError(*_ERRORS("no_utf_8", where=where)) from None
    return made


def _refuse_arrays_as_text(batch: pa.RecordBatch, lists: frozenset[str], where: Words) -> None:
    """Drivers of ODBC give an array as {A,B}, which no list of codes looks like."""
    for name in batch.schema.names:
        if name not in lists:
            continue
        values = batch.column(name)
        if pa.types.is_string(values.type):
            alike_arrays = pc.match_substring_regex(values, _ARRAY_AS_TEXT)
            if pc.any(alike_arrays).as_py():
                raise DrgpayError(*_ERRORS("array_as_text", where=where, column=name))


def _sort(
    spool: Path, columns: Sequence[_Column], key: Sequence[str], path: Path, work: Path
) -> None:
    """Sort what was written down, on disk where it is large, and write it in groups of one size."""
    names = [one.name for one in columns]
    first = [name for name in key if name in names]
    order = ", ".join(_quoted(name) for name in dict.fromkeys([*first, *sorted(names)]))
    selected = ", ".join(one.selected() for one in columns)
    schema = pa.schema([pa.field(one.name, one.written) for one in columns])
    # Amounts hardly repeat; all else is coded, as records are read by their distinct texts.
    coded = [
        f"{one.name}.list.element" if pa.types.is_list(one.written) else one.name
        for one in columns
        if not pa.types.is_decimal(one.written) and not pa.types.is_boolean(one.written)
    ]
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _SORTING_MEMORY,
        "temp_directory": str(work / "sorting"),
        "threads": 1,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "TimeZone": "UTC",
    }
    try:
        with (
            duckdb.connect(config=settings) as sorting,
            pa.OSFile(str(spool)) as file,
            pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=coded) as writer,
        ):
            source = sorting.from_arrow(pa.ipc.open_stream(file)).select(selected).order(order)
            for table in _in_groups(source.to_arrow_reader(_GROUP_ROWS), schema):
                writer.write_table(table, row_group_size=_GROUP_ROWS)
    except duckdb.IOException as error:  # the disk is full, or may not be written to
        raise OSError(str(error)) from None
    except RuntimeError as error:
        if str(error) == _INTERRUPTED:  # what a handler of a signal raised, DuckDB keeps to itself
            raise KeyboardInterrupt from None
        raise


def _in_groups(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of one size, the last one smaller: batches come as they happen to."""
    held = pa.Table.from_batches([], schema)
    for batch in reader:
        held = pa.concat_tables([held, pa.Table.from_batches([batch]).cast(schema)])
        while held.num_rows >= _GROUP_ROWS:
            yield held.slice(0, _GROUP_ROWS).combine_chunks()
            held = held.slice(_GROUP_ROWS)
    if held.num_rows:
        yield held.combine_chunks()


def _quoted(name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"'
