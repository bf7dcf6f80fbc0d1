"""A file as it was given: its headings, and the texts of its columns, read when they are needed."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.records.csv_source import open_csv
from drgpay.records.excel.source import open_excel
from drgpay.records.head import SheetHead, read_head
from drgpay.records.mapping.model import SheetRules
from drgpay.records.mapping.side_tables import JoinedSource, joined
from drgpay.records.meaning.texts import BLANKS
from drgpay.records.parquet_source import open_parquet
from drgpay.records.source import SourceFile, is_csv, is_excel
from drgpay.start.headings import known_headings, no_values
from drgpay.start.sheets import BESIDE, beside_rules, columns_of

_ERRORS = Sentences("errors/start")

SAMPLE_ROWS = 50_000
"""Rows by which columns are told apart; ids are looked at in all rows."""
_EXAMPLES = 3
_LOOKED_AT = 2_000
_LONGEST_EXAMPLE = 30


@dataclass(frozen=True)
class Given:
    """One table of a file.

    delimiter: of CSV, where it is not the usual one. sheet: of a workbook with several. sheets: with
    diagnoses, operations and fees beside the list, in sheets of their own. remarks: what of them was
    not joined, or may be meant otherwise.
    """

    path: Path
    source: SourceFile
    delimiter: str | None = None
    sheet: str | None = None
    sheets: SheetRules | None = None
    remarks: tuple[Words, ...] = ()
    _texts: dict[str, pl.Series] = field(default_factory=dict, compare=False, repr=False)
    _samples: dict[str, pl.Series] = field(default_factory=dict, compare=False, repr=False)

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings, as they are written."""
        return tuple(self.source.column_names)

    @property
    def fees(self) -> tuple[str, ...]:
        """The headings that are fees out of a sheet of fees."""
        return tuple(self.source.fees) if isinstance(self.source, JoinedSource) else ()

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


def open_given(path: Path, table: str = "stays") -> Given:
    """Open CSV (in any encoding, with any usual delimiter), Parquet or Excel.

    Of several sheets the one whose headings fit the table (COLUMNS of recognise.py) best is it; of
    stays, sheets with diagnoses, procedures and fees are joined. Raises DrgpayError for a file that there
    is not, that cannot be read or has no rows.
    """
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_file", path=path))
    if is_excel(path):
        given = _of_workbook(path, table)
    elif is_csv(path):
        delimiter = read_head(path, most=1)[0].delimiter or ","
        usual = "\t" if path.suffix.lower() == ".tsv" else ","
        source = open_csv(path, {}, None, delimiter)
        given = Given(path, source, None if delimiter == usual else delimiter)
    else:
        given = Given(path, open_parquet(path, {}))
    if not given.rows:
        raise DrgpayError(*_ERRORS("no_rows", path=path))
    return given


_HEAD_ROWS = 20


def _of_workbook(path: Path, table: str) -> Given:
    heads = read_head(path, most=_HEAD_ROWS)
    if len(heads) < 2:
        return Given(path, open_excel(path, {}, None))
    fits = sorted(((_ours_in(head, table), head.sheet or "") for head in heads), reverse=True)
    if fits[0][0] == fits[1][0]:
        sheets = listed(head.sheet for head in heads)
        raise DrgpayError(*_ERRORS("several_sheets", path=path, sheets=sheets))
    main = fits[0][1]
    source = open_excel(path, {}, main)
    by_name = {head.sheet or "": head for head in heads}
    rules, remarks = beside_rules(by_name, main) if table == "stays" else (None, [])
    if rules is None:
        return Given(path, source, sheet=main, remarks=tuple(remarks))
    beside = [(rule, open_excel(path, {}, rule.sheet)) for rule in rules.beside]
    whole = joined(source, rules, beside)
    return Given(path, whole, sheet=main, sheets=rules, remarks=tuple(remarks))


def _ours_in(head: SheetHead, table: str) -> int:
    """How many columns of a table a sheet has."""
    known = known_headings(table)
    meant = (known.of(heading)[:1] for heading in head.headings if heading)
    return len({one.column for found in meant for one in found if not one.foreign})


def side_columns(given: Given, table: str) -> dict[str, str]:
    """Our column -> the column of the file, of the sheet with a code a row; nothing without one."""
    rule = getattr(given.sheets, BESIDE[table], None) if given.sheets else None
    if rule is None:
        return {}
    [head] = read_head(given.path, rule.sheet, _HEAD_ROWS)
    named = {}
    for column, heading in columns_of(head, table).items():
        apart = f"{rule.called}.{heading}"
        named[column] = apart if apart in given.headings else heading
    return named


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
