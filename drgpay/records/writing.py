"""Write results so that a reader never meets half a file, and nobody else reads them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import BY_UMASK, OWNER, Rights
from drgpay.base.system_errors import reason_of
from drgpay.base.whole_file import replacing
from drgpay.base.words import Sentences

if TYPE_CHECKING:
    import polars as pl

_ERRORS = Sentences("errors/records")

ROW_GROUP_ROWS = 262_144
# How a text begins that a spreadsheet computes, in full width too, and what is but a number.
_FORMULA = r"^[=+\-@\t\n\r＝＋－＠]"
_NUMBER = r"^[+-]?[0-9][0-9,]*(\.[0-9]+)?%?$"
FILES_OF_A_RUN = ("manifest.json", "datapackage.json")
"""Files that every folder of a run has, and hardly another."""
_DATABASE_MARK = b"DUCK"  # behind a checksum of eight bytes


def write_frame(frame: "pl.DataFrame", path: Path) -> None:
    """Write a frame to Parquet; the bytes depend on its rows alone.

    The numbers of categories depend on what was met first: they are given anew, in order.
    """
    import polars as pl

    coded = {
        name: pl.Enum(frame[name].unique().drop_nulls().cast(pl.String).sort())
        for name, type_ in frame.schema.items()
        if isinstance(type_, pl.Categorical)
    }
    if not coded:
        frame.rechunk().write_parquet(path, row_group_size=ROW_GROUP_ROWS)
        return

    write_coded_frames(frame.iter_slices(ROW_GROUP_ROWS), frame.schema, path, coded)


def write_coded_frames(
    frames: "Iterable[pl.DataFrame]",
    schema: "pl.Schema",
    path: Path,
    coded: "Mapping[str, pl.Enum]",
) -> None:
    """Write frames one behind the other; the bytes are those of `write_frame` of all of them, however
    the rows are cut. coded: the columns that are stored as numbers of texts, with all their texts.
    """
    import polars as pl

    def batch(part: pl.DataFrame) -> pa.RecordBatch:
        return as_batch(part.with_columns(pl.col(name).cast(to) for name, to in coded.items()))

    empty = batch(pl.DataFrame(schema=schema))
    with BatchFile(path, empty.schema, list(coded)) as file:
        for part in frames:
            file.write(batch(part))


def write_frames(frames: "Iterable[pl.DataFrame]", schema: "pl.Schema", path: Path) -> None:
    """Write frames one behind the other, taking each only when it is needed: the bytes are those of
    `write_frame` of all of them, however the rows are cut. schema: without categories.
    """
    from polars.io.plugins import register_io_source

    def taken(
        _columns: list[str] | None, _where: "pl.Expr | None", _most: int | None, _size: int | None
    ) -> "Iterator[pl.DataFrame]":
        yield from frames

    register_io_source(taken, schema=schema).sink_parquet(
        path, row_group_size=ROW_GROUP_ROWS, maintain_order=True
    )


def as_batch(frame: "pl.DataFrame") -> pa.RecordBatch:
    """A frame as one batch without notes of polars, which would differ from reader to reader."""
    import polars as pl

    table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    # Of a single chunk combining would make a copy.
    arrays = [
        column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        for column in table.columns
    ]
    flat = [
        array.chunk(0) if isinstance(array, pa.ChunkedArray) and array.num_chunks else array
        for array in arrays
    ]
    return pa.RecordBatch.from_arrays(
        [array if isinstance(array, pa.Array) else pa.array([], array.type) for array in flat],
        names=table.column_names,
    )


def guarded(frame: "pl.DataFrame") -> "pl.DataFrame":
    """A table for people as it is put into CSV: no text of it is a formula of a spreadsheet.

    A text (a heading too) that begins with = + - @ tab, line feed or carriage return gets an
    apostrophe in front; numbers are left alone, also where a column of texts holds them. Files that
    the program reads again are written without it: a code must come back as it was.
    """
    import polars as pl

    texts = {
        name: pl.col(name).cast(pl.String)
        for name, type_ in frame.schema.items()
        if isinstance(type_, pl.String | pl.Categorical | pl.Enum)
    }
    made = frame.with_columns(
        pl.when(text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER))
        .then("'" + text)
        .otherwise(text)
        .alias(name)
        for name, text in texts.items()
    )
    return made.rename({name: f"'{name}" for name in frame.columns if re.match(_FORMULA, name)})


def write_table(frame: "pl.DataFrame", path: Path) -> None:
    """Write a table of groups or rules as .csv (with a byte order mark, for Excel) or .parquet.

    The name says which. It is to be handed on: the umask says who may read it. CSV is for people and
    spreadsheets: its texts are `guarded`.
    """
    writers: dict[str, Callable[[Path], None]] = {
        ".csv": lambda staged: guarded(frame).write_csv(staged, include_bom=True),
        ".parquet": lambda staged: write_frame(frame, staged),
    }
    if path.suffix.lower() not in writers:
        raise DrgpayError(*_ERRORS("no_table_name", path=path))
    with staged_file(path, BY_UMASK) as staged:
        writers[path.suffix.lower()](staged)


@contextmanager
def staged_file(path: Path, rights: Rights = OWNER) -> Iterator[Path]:
    """A path to write to; it becomes `path`, with its rights, only when the block ends well.

    Raises DrgpayError for a path that cannot be written, and for one that must not: a database, and
    what lies in the folder of a run.
    """
    _refuse_kept(path)
    if not path.parent.is_dir():
        raise DrgpayError(*_ERRORS("no_folder", folder=path.parent))
    if path.is_dir():
        raise DrgpayError(*_ERRORS("is_folder", path=path))
    try:
        with replacing(path, rights) as staged:
            yield staged
    except OSError as error:
        reason = reason_of(error)
        raise DrgpayError(*_ERRORS("unwritable", path=path, reason=reason)) from error


def _refuse_kept(path: Path) -> None:
    """Refuse to write over what other commands keep."""
    if path.is_file() and _begins_as_database(path):
        raise DrgpayError(*_ERRORS("out_is_database", out=path))
    for folder in path.resolve().parents:
        if all((folder / name).is_file() for name in FILES_OF_A_RUN):
            raise DrgpayError(*_ERRORS("out_in_run", out=path, run=folder))


def _begins_as_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == _DATABASE_MARK
    except OSError:
        return False  # what cannot be read is said by who writes


def write_batches(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path, coded: list[str]
) -> int:
    """Write batches in order, in row groups of a fixed size whatever the sizes of the batches.

    `coded` columns are stored with a dictionary. Returns the number of rows.
    """
    with BatchFile(path, schema, coded) as file:
        for batch in batches:
            file.write(batch)
    return file.rows


class BatchFile:
    """A Parquet file that is written batch by batch; its bytes depend on the rows alone.

    Leave the block normally to finish the file; it has at least one row group.
    """

    def __init__(self, path: Path, schema: pa.Schema, coded: list[str]) -> None:
        self.rows = 0
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            use_dictionary=coded,
            # Minimum and maximum of a few repeated names cost more than all the rest of writing.
            write_statistics=[name for name in schema.names if name not in coded],
            store_schema=False,
        )

    def __enter__(self) -> "BatchFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        try:
            if kind is None and (self._waiting_rows or not self.rows):
                self._write(pa.Table.from_batches(self._waiting, self._schema))
        finally:
            self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        self.rows += batch.num_rows
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        if self._waiting_rows >= ROW_GROUP_ROWS:
            table = pa.Table.from_batches(self._waiting, self._schema)
            full = self._waiting_rows - self._waiting_rows % ROW_GROUP_ROWS
            self._write(table.slice(0, full))
            self._waiting = table.slice(full).to_batches()
            self._waiting_rows -= full

    def _write(self, table: pa.Table) -> None:
        self._writer.write_table(table, ROW_GROUP_ROWS)
