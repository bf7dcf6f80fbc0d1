"""An Arrow batch in the place of a file, for stages that read pieces."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from drgpay.records.source import OwnNames


@dataclass(frozen=True)
class BatchSource(OwnNames):
    """A batch as a file with one piece (records/source.py); `path` is what messages call it."""

    batch: pa.RecordBatch
    path: Path

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self.batch.num_rows)

    @property
    def column_names(self) -> list[str]:
        """The columns, in order."""
        return list(self.batch.schema.names)

    def type_of(self, column: str) -> pa.DataType | None:
        """The Arrow type of a column, or None if there is none of that name."""
        names = self.batch.schema.names
        return self.batch.schema.field(column).type if column in names else None

    def described(self, column: str) -> str:
        """The column itself."""
        return column

    def in_folder_too(self, column: str) -> str | None:
        """None: a batch lies in no folder."""
        return None

    def pieces(self) -> list["BatchPiece"]:
        """The batch."""
        return [BatchPiece(self.batch)]


@dataclass(frozen=True)
class BatchPiece:
    """The only piece of such a file."""

    batch: pa.RecordBatch

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self.batch.num_rows)

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Some columns, those that there are."""
        names = self.batch.schema.names
        yield self.batch.select([name for name in dict.fromkeys(columns) if name in names])
