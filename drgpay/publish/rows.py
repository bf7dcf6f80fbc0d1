"""Rows of a finished run as a database takes them: batches of Arrow, and what they must add up to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.words import Sentences
from drgpay.publish.layout import PublishedTable, published_tables
from drgpay.results.columns import columns_of_table, completed
from drgpay.results.forgotten import forgotten_error
from drgpay.results.manifest import Manifest
from drgpay.tables.declared import Field, result_tables

if TYPE_CHECKING:
    import pyarrow as pa

_ERRORS = Sentences("errors/publish")

_BATCH_ROWS = 65_536
_TYPES: Mapping[str, pl.DataType] = {
    "text": pl.String(),
    "list of text": pl.List(pl.String()),
    "flag": pl.Boolean(),
    "date": pl.Date(),
    "time": pl.Datetime("us"),
}


@dataclass(frozen=True)
class TableFile:
    """A file of a run and the table that takes its rows."""

    run: str
    path: Path
    table: PublishedTable

    def sums(self) -> dict[str, Decimal]:
        """What its rows add up to, by column: money, points and counts; `` has the number of rows.

        Read from the file by itself, apart from what `batches` makes of it; of sums by key the number of
        rows is that of the keys.
        """
        scan = self._scan()
        wanted = summed_columns(self.table)
        rows = pl.len()
        if self.table.added_up:
            rows = pl.struct(self.table.key).n_unique()
            columns = _sums_of_rows(self.table)
        else:
            given = scan.collect_schema()
            columns = [pl.col(name).sum() for name in wanted if name in given]
        added = scan.select(rows.alias(""), *columns)
        found = added.collect(engine="streaming").row(0, named=True)
        return {name: Decimal(found.get(name) or 0) for name in ("", *wanted)}

    def _scan(self) -> pl.LazyFrame:
        """The file with what older programs left out."""
        given = result_tables()[self.table.file] if self.table.added_up else self.table.declared
        return completed(pl.scan_parquet(self.path, glob=False), columns_of_table(given))

    def batches(self) -> "pa.RecordBatchReader":
        """Its rows with the run before them, in the types of the table, a part of the file at a time."""
        import pyarrow as pa

        batches = self._batches()
        first = next(batches)
        return pa.RecordBatchReader.from_batches(first.schema, chain((first,), batches))

    def _batches(self) -> Iterator["pa.RecordBatch"]:
        import pyarrow.parquet as pq

        if self.table.added_up:
            yield self._typed(self._added_up(), 0)
            return
        with pq.ParquetFile(self.path) as file:
            before = 0
            for batch in file.iter_batches(_BATCH_ROWS):
                yield self._typed(pl.DataFrame(pl.from_arrow(batch)), before)
                before += batch.num_rows
            if not before:  # the columns are wanted all the same
                empty = file.schema_arrow.empty_table()
                yield self._typed(pl.DataFrame(pl.from_arrow(empty)), before)

    def _added_up(self) -> pl.DataFrame:
        """The sums of the file's rows by the key of the table."""
        key = list(self.table.key)
        sums = self._scan().group_by(key).agg(_sums_of_rows(self.table))
        return sums.collect(engine="streaming").sort(pl.col(key).cast(pl.String))

    def _typed(self, frame: pl.DataFrame, before: int) -> "pa.RecordBatch":
        """A part of the file in the columns of the table; `before`: how many rows stand before it."""
        import pyarrow as pa

        columns = () if self.table.added_up else columns_of_table(self.table.declared)
        whole = completed(frame.lazy(), columns).collect()
        own = {
            "run": pl.lit(self.run),
            "place": pl.int_range(before + 1, before + 1 + pl.len(), dtype=pl.Int64),
        }
        typed = whole.select(
            (own[field.name] if field.name in own else _column(field, whole)).alias(field.name)
            for field in self.table.fields
        ).to_arrow()
        return pa.record_batch(
            [column.combine_chunks() for column in typed.columns], names=typed.column_names
        )


def summed_columns(table: PublishedTable) -> list[str]:
    """The columns of a table whose sums are compared."""
    return [field.name for field in table.own_fields if field.kind.adds_up]


def _sums_of_rows(table: PublishedTable) -> list[pl.Expr]:
    """What the rows of the file add up to, by the columns of the table; `cases` is how many they are."""
    return [
        (pl.len() if name == "cases" else pl.col(table.sum_of.get(name, name)).sum()).alias(name)
        for name in summed_columns(table)
    ]


def _column(field: Field, frame: pl.DataFrame) -> pl.Expr:
    """A column in the type of its declaration; decimals keep their places, which the database widens."""
    kind = field.kind
    if kind.type == "integer":
        dtype: pl.DataType = pl.Int32() if kind.sql == "INTEGER" else pl.Int64()
    elif kind.type == "decimal":
        given = frame.schema.get(field.name)
        dtype = given if isinstance(given, pl.Decimal) else pl.Decimal(18, kind.places or 0)
    else:
        dtype = _TYPES[kind.type]
    value = pl.col(field.name) if field.name in frame.columns else pl.lit(None)
    return value.cast(dtype)


def files_of_run(folder: Path, manifest: Manifest, chosen: tuple[str, ...]) -> list[TableFile]:
    """The files of a run that are published, as their manifest says that they were written.

    chosen: words of `--with`. Raises DrgpayError for a file that was changed, is missing or was
    forgotten by decision; what a forgotten one adds up to is left out.
    """
    found = []
    for table in published_tables().values():
        name = f"{table.file}.parquet"
        written = manifest.outputs.get(name)
        wrong_kind = table.clearing is not None and table.clearing != manifest.is_clearing
        left_out = table.chosen_by is not None and table.chosen_by not in chosen
        if written is None or wrong_kind or left_out:
            continue
        if name in manifest.forgotten:
            if table.added_up:
                continue
            raise DrgpayError(*forgotten_error(manifest))
        path = folder / name
        if not path.is_file() or file_hash(path) != written["sha256"]:
            raise DrgpayError(*_ERRORS("changed_file", path=path, folder=folder))
        found.append(TableFile(manifest.run_id, path, table))
    return found
