"""Write Parquet results so that a reader never meets half a file."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from drgpay.errors import DrgpayError, reason_of

if TYPE_CHECKING:
    import polars as pl

ROW_GROUP_ROWS = 262_144


def write_frame(frame: "pl.DataFrame", path: Path) -> None:
    """Write a frame to Parquet; in one chunk, so that the bytes depend on its rows alone."""
    frame.rechunk().write_parquet(path, row_group_size=ROW_GROUP_ROWS)


def write_table(frame: "pl.DataFrame", path: Path) -> None:
    """Write a table as .csv (with a byte order mark, for Excel) or .parquet, by its name."""
    writers: dict[str, Callable[[Path], None]] = {
        ".csv": lambda staged: frame.write_csv(staged, include_bom=True),
        ".parquet": lambda staged: write_frame(frame, staged),
    }
    if path.suffix.lower() not in writers:
        raise DrgpayError(f"{path} is neither .csv nor .parquet", "let the name end in one of them")
    with staged_file(path) as staged:
        writers[path.suffix.lower()](staged)


@contextmanager
def staged_file(path: Path) -> Iterator[Path]:
    """A path to write to; it becomes `path` only when the block ends well."""
    if not path.parent.is_dir():
        raise DrgpayError(f"there is no folder {path.parent}", "create it or correct the path")
    if path.is_dir():
        raise DrgpayError(f"{path} is a folder", "name the file to write")
    staged = path.with_name(f".{path.name}.partial")
    try:
        yield staged
        staged.replace(path)
    except OSError as error:
        raise DrgpayError(
            f"{path} cannot be written ({reason_of(error)})", "free it or choose another"
        ) from error
    finally:
        staged.unlink(missing_ok=True)


def write_batches(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path, coded: list[str]
) -> int:
    """Write batches in order, in row groups of a fixed size whatever the sizes of the batches.

    `coded` columns are stored with a dictionary. Returns the number of rows.
    """
    rows = 0
    waiting: list[pa.RecordBatch] = []
    waiting_rows = 0
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=coded,
        # Minimum and maximum of a few repeated names cost more than all the rest of writing.
        write_statistics=[name for name in schema.names if name not in coded],
        store_schema=False,
    ) as writer:
        for batch in batches:
            rows += batch.num_rows
            waiting.append(batch)
            waiting_rows += batch.num_rows
            if waiting_rows >= ROW_GROUP_ROWS:
                table = pa.Table.from_batches(waiting, schema)
                full = waiting_rows - waiting_rows % ROW_GROUP_ROWS
                writer.write_table(table.slice(0, full), ROW_GROUP_ROWS)
                waiting = table.slice(full).to_batches()
                waiting_rows -= full
        if waiting_rows or not rows:
            writer.write_table(pa.Table.from_batches(waiting, schema), ROW_GROUP_ROWS)
    return rows
