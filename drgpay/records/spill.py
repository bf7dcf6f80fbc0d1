"""Rows spilled to disk by range of their id, for input that comes in any order."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.base.working_folder import working_folder
from drgpay.records.arrays import in_groups

_ERRORS = Sentences("errors/records")

_FRAME_ROWS = 300_000


@contextmanager
def spill_folder(below: Path | None, rows: int) -> Iterator[Path]:
    """A folder for spilled rows, removed at the end whatever happens.

    `below` is the folder to make it in, by default the system's for temporary files. What the
    operating system refuses becomes a DrgpayError.
    """
    try:
        with working_folder(below) as folder:
            yield folder
    except OSError as error:
        where = below or _ERRORS.words("temporary_folder")
        said = {"where": where, "reason": reason_of(error), "megabytes": _megabytes(rows)}
        raise DrgpayError(*_ERRORS("no_spill", **said)) from error


def _megabytes(rows: int) -> int:
    return max(rows * 80 // 1_000_000, 1)


class Spill:
    """A table cut into ranges of an id, each in a file of its own.

    Range n has the ids from boundaries[n - 1] on, below boundaries[n]; boundaries rise. The name of
    boundaries is that of the column of ids; a missing id counts as an empty one.
    """

    def __init__(self, folder: Path, name: str, boundaries: pl.Series) -> None:
        self.name = name
        self._paths = [folder / f"{name}-{n}.arrow" for n in range(len(boundaries) + 1)]
        self._boundaries = boundaries
        self._writers: dict[int, pa.RecordBatchStreamWriter] = {}
        self.rows = [0] * len(self._paths)

    def cut(self, frame: pl.DataFrame) -> tuple[pa.Table, list[int]]:
        """A frame in the order of the ranges, and where each range starts, with the end."""
        if not len(self._boundaries):
            return _arrow(frame), [0, frame.height]
        ids = frame[self._boundaries.name].fill_null("")
        narrow = self._boundaries.search_sorted(ids, side="right").to_numpy().astype(np.uint16)
        order = np.argsort(narrow, kind="stable")  # radix sort
        starts = np.concatenate(([0], np.cumsum(np.bincount(narrow, minlength=len(self._paths)))))
        return _arrow(frame.select(pl.all().gather(pl.lit(pl.Series(order))))), starts.tolist()

    def write(self, table: pa.Table, starts: list[int]) -> None:
        """Append what `cut` gave."""
        for n in range(len(self._paths)):
            rows = starts[n + 1] - starts[n]
            if not rows:
                continue
            if n not in self._writers:
                self._writers[n] = pa.ipc.new_stream(str(self._paths[n]), table.schema)
            self._writers[n].write_table(table.slice(starts[n], rows))
            self.rows[n] += rows

    def close(self) -> None:
        """Nothing more will be written."""
        writers, self._writers = self._writers, {}
        for writer in writers.values():
            writer.close()

    def frames(self, n: int, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows of a range in the order in which they were written, _FRAME_ROWS or more a frame.

        columns: only these.
        """
        if not self.rows[n]:
            return
        path = str(self._paths[n])
        with (
            pa.OSFile(path) as file,
            pa.ipc.open_stream(file, options=_only(path, columns)) as stream,
        ):
            yield from map(_frame, in_groups(stream, _FRAME_ROWS))

    def drop(self, n: int) -> None:
        """A range is not needed any more: make room on the disk."""
        self._paths[n].unlink(missing_ok=True)


def _only(path: str, columns: Sequence[str] | None) -> pa.ipc.IpcReadOptions:
    """Options that read some columns of a stream."""
    if columns is None:
        return pa.ipc.IpcReadOptions()
    with pa.OSFile(path) as file, pa.ipc.open_stream(file) as stream:
        places = [stream.schema.get_field_index(name) for name in columns]
    return pa.ipc.IpcReadOptions(included_fields=sorted(places))


def _frame(batches: list[pa.RecordBatch]) -> pl.DataFrame:
    """Thousands of small batches at once: one by one they take longer than all the rest of spilling."""
    return pl.DataFrame(pa.Table.from_batches(batches).combine_chunks())


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()


def boundaries_of(sample: Iterable[pl.Series], ranges: int, column: str = "visit_id") -> pl.Series:
    """At most ranges - 1 ids, rising, that cut a sample of ids into ranges of about one size."""
    ids = pl.concat([pl.Series(column, [], pl.String), *sample]).sort()
    if not len(ids) or ranges < 2:
        return ids.clear()
    places = [len(ids) * n // ranges for n in range(1, ranges)]
    return ids.gather(places).unique().sort()
