"""What an executor does with visits and their lines: the checks, entries and prices of a month's run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.base.language import Language, chosen
from drgpay.grouper.apg import APG_FORM, CompiledApg
from drgpay.grouper.sent import SentScheme, gathered, together
from drgpay.policy.model import Policy
from drgpay.records.batch_source import BatchSource
from drgpay.records.columns import ITEM_COLUMNS, VISIT_COLUMNS
from drgpay.records.dataset import dataset_of
from drgpay.records.meaning.rules import Reading
from drgpay.records.plain_batch import as_field, table_words
from drgpay.records.visits.buckets import in_words
from drgpay.records.visits.checks import VisitBucket, VisitRules, check_bucket
from drgpay.records.visits.order import ordered
from drgpay.records.visits.ranges import IdRange
from drgpay.records.visits.tables import (
    LINE_FRAME,
    VISIT_FRAME,
    VisitRecords,
    line_frames,
    visit_frames,
)
from drgpay.records.writing import as_batch
from drgpay.results.visits import ENTRY_COLUMNS, entries_table
from drgpay.run.visit_entries import entry_rules
from drgpay.visits.columns import ENTRY_SCHEMA
from drgpay.visits.stream import VisitPricing, known_diagnoses, priced_bucket

KEY, IS_LINE, VISIT, LINE = "key", "is_line", "visit", "line"
"""The columns of what a task reads: the trimmed visit_id ("" where missing), whether the row is a
line, the columns of a visit, those of a line. Sorted by KEY."""

_ROWS = 1 << 18
"""How many visits and lines are worked on at once."""

Made = Literal["entries", "findings"]


def _entry_fields() -> pa.Schema:
    types = {**ENTRY_SCHEMA, "coefficient": pl.Int64()}
    empty = pl.DataFrame(schema={column.scaled: types[column.scaled] for column in ENTRY_COLUMNS})
    made = as_batch(entries_table(empty)).schema
    return pa.schema([pa.field(field.name, _narrow(field.type)) for field in made])


def _narrow(type_: pa.DataType) -> pa.DataType:
    """A type that Spark has."""
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    if pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return pa.string()
    if pa.types.is_unsigned_integer(type_):
        return pa.int64()
    return type_


ENTRY_FIELDS = _entry_fields()
"""The columns of entries.parquet in types that Spark has."""

FINDING_FIELDS = pa.schema(
    [
        (name, pa.string())
        for name in (
            *("table", "kind", "visit_id", "hospital_id"),
            *("item_code", "column", "code", "message"),
        )
    ]
)


@dataclass(frozen=True, repr=False)
class VisitTask:
    """A function over the sorted rows of a partition that can be sent to executors.

    language: of the messages of findings.
    """

    scheme: SentScheme
    policy: Policy
    made: Made
    language: Language

    @staticmethod
    def of(compiled: CompiledApg, policy: Policy, made: Made) -> VisitTask:
        """The task in the language that is chosen here; raises DrgpayError for a policy without
        [outpatient].
        """
        policy.for_outpatient()
        return VisitTask(SentScheme.of(compiled, APG_FORM), policy, made, chosen())

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What is made of the visits, some hundred thousand rows at a time."""
        pricing, rules = entry_rules(self.scheme.unpacked(APG_FORM), self.policy, None, None)
        for rows in whole_visits(batches, _ROWS):
            bucket = self._checked(rows, pricing, rules)
            if self.made == "entries":
                yield from _entries(bucket, pricing)
            else:
                yield from _findings(bucket)

    def _checked(
        self, rows: pa.RecordBatch, pricing: VisitPricing, rules: VisitRules
    ) -> VisitBucket:
        reading = Reading.of(self.policy.records)
        called = [table_words(key).said_in(self.language) for key in ("visits", "items")]
        sources = [
            BatchSource(_part(rows, VISIT, is_line=False), Path(called[0])),
            BatchSource(_part(rows, LINE, is_line=True), Path(called[1])),
        ]
        records = VisitRecords(
            dataset_of(sources[0], VISIT_COLUMNS, reading),
            dataset_of(sources[1], ITEM_COLUMNS, reading),
        )
        words = records.words
        (visits,), (lines,) = records.visits.pieces(), records.items.pieces()
        part = IdRange(
            pl.concat([pl.DataFrame(schema=VISIT_FRAME), *visit_frames(visits, words)]),
            pl.concat([pl.DataFrame(schema=LINE_FRAME), *line_frames(lines, words)]),
        )
        known = known_diagnoses(pricing.compiled)
        raw = in_words(ordered(part, words), words, known)
        return check_bucket(raw, rules, (called[0], called[1]), self.language)


def whole_visits(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Sorted rows in batches of about `rows` in which all rows of a KEY stand together."""
    rest: pa.RecordBatch | None = None
    for batch in gathered(batches, rows):
        whole = batch if rest is None else together([rest, batch])
        same = pc.equal(whole.column(KEY), whole.column(KEY)[-1])
        begin = whole.num_rows - int(np.count_nonzero(same.to_numpy(zero_copy_only=False)))
        if begin:
            yield whole.slice(0, begin)
        rest = whole.slice(begin)
    if rest is not None:
        yield rest


def _part(rows: pa.RecordBatch, column: str, is_line: bool) -> pa.RecordBatch:
    """The rows of one of the tables, with its columns."""
    mask = rows.column(IS_LINE) if is_line else pc.invert(rows.column(IS_LINE))
    found = rows.column(column).filter(mask)
    return pa.RecordBatch.from_arrays(found.flatten(), names=[one.name for one in found.type])


def _entries(bucket: VisitBucket, pricing: VisitPricing) -> Iterator[pa.RecordBatch]:
    if bucket.visits.height:
        yield _as_fields(entries_table(priced_bucket(bucket, pricing).entries), ENTRY_FIELDS)


def _findings(bucket: VisitBucket) -> Iterator[pa.RecordBatch]:
    for table, kind, found in (
        ("visits", "quarantine", bucket.quarantine),
        ("visits", "warning", bucket.warnings),
        ("lines", "quarantine", bucket.line_quarantine),
        ("lines", "warning", bucket.line_warnings),
    ):
        if found.height:
            none = [name for name in FINDING_FIELDS.names if name not in found.columns]
            known = found.with_columns(pl.lit(None, pl.String).alias(name) for name in none)
            about = known.with_columns(table=pl.lit(table), kind=pl.lit(kind))
            yield _as_fields(about.select(FINDING_FIELDS.names), FINDING_FIELDS)


def _as_fields(frame: pl.DataFrame, fields: pa.Schema) -> pa.RecordBatch:
    batch = as_batch(frame)
    arrays = [as_field(batch.column(field.name), field) for field in fields]
    return pa.RecordBatch.from_arrays(arrays, schema=fields)
