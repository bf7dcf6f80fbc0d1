"""Frames that wait to be read again: in memory while they are small, else in files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from drgpay.records.arrow_files import as_texts, read_arrow, write_arrow

IN_MEMORY = 192_000_000
"""Bytes that are kept in memory before files are written; no result depends on it."""

_AS_THEY_ARE = ("case_id", "person_id")
"""Texts that hardly repeat; others are kept as numbers of texts, a fifth of the size."""


@dataclass
class Shelves:
    """Frames by number; what is put on a shelf stands behind what lay there.

    folder: a private one for the files, which it is not asked for before it is needed. None: all
    stays in memory. most: bytes in memory.
    """

    folder: Path | None
    name: str
    most: int = IN_MEMORY
    _kept: dict[int, list[pl.DataFrame | Path]] = field(default_factory=dict, repr=False)
    _bytes: int = 0
    _files: int = 0

    def put(self, shelf: int, frame: pl.DataFrame) -> None:
        """Put a frame away."""
        texts = [
            name
            for name, dtype in frame.schema.items()
            if dtype == pl.String and name not in _AS_THEY_ARE
        ]
        coded = frame.with_columns(pl.col(texts).cast(pl.Categorical))
        size = int(coded.estimated_size())
        self._kept.setdefault(shelf, [])
        if self.folder is None or self._bytes + size <= self.most:
            self._bytes += size
            self._kept[shelf].append(coded)
            return
        self._files += 1
        path = self.folder / f"{self.name}-{self._files}.arrow"
        write_arrow(coded, path)
        self._kept[shelf].append(path)

    def take(
        self, shelf: int, columns: Sequence[str] | None = None, without: Sequence[str] = ()
    ) -> pl.DataFrame:
        """What lies on a shelf, or some of its columns, or all but some; it stays there."""
        parts = [_read(one, columns, without) for one in self._kept[shelf]]
        return pl.concat(parts) if len(parts) > 1 else parts[0]

    def clear(self, shelf: int) -> None:
        """What lies on a shelf is not needed any more."""
        for one in self._kept.pop(shelf, []):
            if isinstance(one, Path):
                one.unlink(missing_ok=True)
            else:
                self._bytes -= int(one.estimated_size())

    @property
    def shelves(self) -> list[int]:
        """The numbers of those that something lies on, rising."""
        return sorted(self._kept)


def _read(
    kept: pl.DataFrame | Path, columns: Sequence[str] | None, without: Sequence[str]
) -> pl.DataFrame:
    found = read_arrow(kept, columns) if isinstance(kept, Path) else kept
    asked = found.select(columns) if columns else found
    return as_texts(asked.drop(without, strict=False))
