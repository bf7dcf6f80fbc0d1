"""Visits and their lines, bucket by bucket in the order of visit_id."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.records.arrays import numbers_of
from drgpay.records.in_order import one_each
from drgpay.records.meaning.faults import FAULTS
from drgpay.records.repeated_principal import REPEATED_PRINCIPAL
from drgpay.records.visits.order import OrderedRange, cut_evenly, ordered
from drgpay.records.visits.ranges import Progress, id_ranges
from drgpay.records.visits.tables import LINE_WORDS, VISIT_WORDS, VisitRecords
from drgpay.records.visits.words import Words

BUCKET_IDS = 100_000
"""How many visit_ids a bucket has; results do not depend on it."""


@dataclass(frozen=True)
class RawBucket:
    """The rows of a run of visit_ids as they were read, in order.

    visits: visit_id, hospital_id, person_id, account, out_of_area (false where missing),
    visit_date, department, visit_type, principal_diagnosis, other_diagnoses (list), contractor_id,
    sex, age (Float64), total_fen, fund_fen, patient_fen, other_fen; FAULTS; unknown_principal,
    unknown_other (a code that `known` lacks), REPEATED_PRINCIPAL. lines: visit_id, item_code, item_kind, quantity
    (Float64), amount_fen, FAULTS. Both have `no` (UInt32), the place of their visit_id in the
    bucket; a missing visit_id is null. VISIT_WORDS, LINE_WORDS and FAULTS are categorical: their
    texts repeat. Visits are sorted by visit_id, lines by visit_id, item code, item kind, amount and
    quantity.
    """

    visits: pl.DataFrame
    lines: pl.DataFrame


def raw_buckets(
    records: VisitRecords,
    known: Set[str] | None = None,
    folder: Path | None = None,
    threads: int | None = None,
    progress: Progress = lambda rows: None,
    bucket_ids: int = BUCKET_IDS,
) -> Iterator[RawBucket]:
    """All rows of both tables, in buckets that depend on the rows alone.

    known: the diagnoses that a code table has; None calls none unknown. `folder` is where unsorted
    input is spilled, by default the system's folder for temporary files.
    """
    words, given = records.words, id_ranges(records, folder, threads, progress)
    ranges = one_each(lambda part: ordered(part, words), given, threads)
    buckets = cut_evenly(ranges, bucket_ids)
    yield from one_each(lambda part: in_words(part, words, known), buckets, threads)


def in_words(part: OrderedRange, words: Words, known: Set[str] | None) -> RawBucket:
    """A range with texts in the place of their numbers."""
    texts = words.texts()
    coded = texts.cast(pl.Categorical)
    # Rows without an id come last of all.
    ids = part.ids.replace("", None) if len(part.ids) and part.ids[-1] == "" else part.ids
    lists = part.visits["other_diagnoses"]
    unknown = _unknown_words(texts, known)
    visits = part.visits.with_columns(
        visit_id=ids.gather(part.visits["no"]),
        other_diagnoses=_lists_of(lists, texts),
        unknown_principal=unknown.gather(part.visits["principal_diagnosis"]),
        unknown_other=_first_of_lists(lists, unknown),
        **{REPEATED_PRINCIPAL: _holding(lists, part.visits["principal_diagnosis"])},
        **{name: coded.gather(part.visits[name]) for name in (*VISIT_WORDS, FAULTS)},
    )
    lines = part.lines.with_columns(
        visit_id=ids.gather(part.lines["no"]),
        **{name: coded.gather(part.lines[name]) for name in (*LINE_WORDS, FAULTS)},
    )
    return RawBucket(visits, lines)


def _unknown_words(texts: pl.Series, known: Set[str] | None) -> pl.Series:
    """Each text that `known` lacks; null in place of the others."""
    if known is None:
        return texts.clear(len(texts))
    found = [None if word is None or word in known else word for word in texts]
    return pl.Series(found, dtype=pl.String)


def _lists_of(lists: pl.Series, texts: pl.Series) -> pl.Series:
    """Lists of texts from lists of numbers."""
    numbers = lists.to_arrow()
    flat = texts.gather(pl.Series(numbers.flatten(), dtype=pl.UInt32))
    start = numbers.offsets[0].as_py()
    offsets = pc.subtract(numbers.offsets, start) if start else numbers.offsets
    made = pa.LargeListArray.from_arrays(offsets, flat.to_arrow())
    return pl.Series(made, dtype=pl.List(pl.String()))


def _holding(lists: pl.Series, wanted: pl.Series) -> pl.Series:
    """Which lists have the number of their row."""
    numbers = lists.to_arrow()
    flat = numbers_of(numbers.flatten())
    starts = numbers_of(numbers.offsets).astype(np.int64)
    lengths = np.diff(starts)
    rows = np.repeat(np.arange(len(lists)), lengths)
    marks = np.zeros(len(lists), dtype=np.bool_)
    marks[rows[flat == np.repeat(wanted.to_numpy(), lengths)]] = True
    return pl.Series(marks)


def _first_of_lists(lists: pl.Series, marked: pl.Series) -> pl.Series:
    """The first text that `marked` has for the numbers of each list, or null."""
    none = pl.Series([None], dtype=pl.String).new_from_index(0, len(lists))
    numbers = lists.to_arrow()
    flat = marked.gather(pl.Series(numbers.flatten(), dtype=pl.UInt32))
    if flat.null_count() == len(flat):
        return none
    offsets = numbers_of(numbers.offsets)
    places = np.flatnonzero(flat.is_not_null().to_numpy())
    rows = np.searchsorted(offsets - offsets[0], places, side="right") - 1
    rows, first = np.unique(rows, return_index=True)
    return none.scatter(rows, flat.gather(places[first]))
