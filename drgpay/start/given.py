"""A file as it was given: its headings, and the texts of its columns, read when they are needed."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.csv_source import open_csv
from drgpay.records.meaning.texts import BLANKS
from drgpay.records.parquet_source import open_parquet
from drgpay.records.source import SourceFile, is_csv
from drgpay.start.headings import no_values

_ERRORS = Sentences("errors/start")

SAMPLE_ROWS = 50_000
"""Rows by which columns are told apart; ids are looked at in all rows."""
_DELIMITERS = (",", "\t", ";", "|")
_EXAMPLES = 3
_LOOKED_AT = 2_000
_LONGEST_EXAMPLE = 30


@dataclass(frozen=True)
class Given:
    """One table of a file. encoding and delimiter: of CSV, where they are not the usual ones."""

    path: Path
    source: SourceFile
    delimiter: str | None = None
    _texts: dict[str, pl.Series] = field(default_factory=dict, compare=False, repr=False)
    _samples: dict[str, pl.Series] = field(default_factory=dict, compare=False, repr=False)

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings, as they are written."""
        return tuple(self.source.column_names)

    @property
    def rows(self) -> int:
        """How many rows follow the headings."""
        return self.source.rows

    def texts(self, *headings: str) -> pl.DataFrame:
        """Columns as trimmed texts of all rows; null where a cell says nothing."""
        wanted = [one for one in dict.fromkeys(headings) if one not in self._texts]
        if wanted:
            self._texts.update(_texts_of(self.source, wanted))
        return pl.DataFrame([self._texts[heading] for heading in dict.fromkeys(headings)])

    def column(self, heading: str) -> pl.Series:
        """One column as `texts` gives it."""
        return self.texts(heading)[heading]

    def sample(self, heading: str) -> pl.Series:
        """The first rows of a column; those of all columns are read together."""
        if not self._samples:
            self._samples.update(_texts_of(self.source, list(self.headings), SAMPLE_ROWS))
        return self._samples[heading]

    def examples(self, heading: str) -> tuple[str, ...]:
        """A few different values of a column, as they are written."""
        found = self.sample(heading).head(_LOOKED_AT).drop_nulls().unique(maintain_order=True)
        return tuple(_short(text) for text in found.head(_EXAMPLES))


def open_given(path: Path) -> Given:
    """Open CSV (in any encoding and with any usual delimiter) or Parquet.

    Raises DrgpayError for a file that there is not, that cannot be read or has no rows.
    """
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_file", path=path))
    if is_csv(path):
        delimiter = _delimiter(path)
        usual = "\t" if path.suffix.lower() == ".tsv" else ","
        given = Given(
            path, open_csv(path, {}, None, delimiter), None if delimiter == usual else delimiter
        )
    else:
        given = Given(path, open_parquet(path, {}))
    if not given.rows:
        raise DrgpayError(*_ERRORS("no_rows", path=path))
    return given


def _delimiter(path: Path) -> str:
    """What the first line is cut by most often."""
    with path.open("rb") as file:
        head = file.read(65_536)
    signs = Counter(head.splitlines()[0] if head else b"")
    return max(_DELIMITERS, key=lambda sign: signs[ord(sign)])


def _texts_of(
    source: SourceFile, headings: list[str], most_rows: int | None = None
) -> dict[str, pl.Series]:
    """Columns as texts; most_rows: of the first rows alone."""
    batches: list[pa.RecordBatch] = []
    rows = 0
    for piece in source.pieces():
        for batch in piece.batches(headings):
            batches.append(batch)
            rows += batch.num_rows
            if most_rows is not None and rows >= most_rows:
                break
        if most_rows is not None and rows >= most_rows:
            break
    table = pa.Table.from_batches(batches).slice(0, most_rows)
    return {heading: _as_texts(table.column(heading)).alias(heading) for heading in headings}


def _as_texts(column: pa.ChunkedArray) -> pl.Series:
    values = pl.Series(column)
    if isinstance(values.dtype, pl.List):
        inner = values.dtype.inner
        if isinstance(inner, pl.Struct):
            return pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
        values = values.cast(pl.List(pl.String)).list.join(",")
    elif isinstance(values.dtype, pl.Binary):
        values = values.cast(pl.String, strict=False)
    texts = values.cast(pl.String, strict=False).str.strip_chars(BLANKS)
    return texts.set(texts.is_in(["", *no_values()]).fill_null(False), None)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_EXAMPLE else text[: _LONGEST_EXAMPLE - 1] + "…"
