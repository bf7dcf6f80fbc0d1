"""Valid visits with their lines, bucket by bucket in the order of visit_id."""

from collections.abc import Iterable, Iterator, Set
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.language import Language
from drgpay.records.damaged_ids import VISITS, IdWatch, refuse_spreadsheet_ids
from drgpay.records.in_order import one_each
from drgpay.records.visits.buckets import BUCKET_IDS, RawBucket, raw_buckets
from drgpay.records.visits.checks import VisitBucket, VisitRules, check_bucket
from drgpay.records.visits.ranges import Progress
from drgpay.records.visits.tables import VisitRecords


def visit_buckets(
    records: VisitRecords,
    rules: VisitRules,
    known: Set[str] | None = None,
    folder: Path | None = None,
    threads: int | None = None,
    progress: Progress = lambda rows: None,
    language: Language = "zh",
    bucket_ids: int = BUCKET_IDS,
) -> Iterator[VisitBucket]:
    """Read, put in order and check both tables.

    A bucket has a run of visit_ids; visit_ids rise from bucket to bucket, so that results written
    one after another are sorted. Buckets depend on the rows alone, not on the order of rows, row
    groups, files or threads. known: the diagnoses that a code table has; None calls none unknown.
    Input that is not in order is spilled to a folder in `folder` (by default the system's for
    temporary files), which is removed at the end, after errors and when the iterator is closed.
    `progress` is told how many more rows are read. Raises DrgpayError for damaged files, a full
    disk, damaged ids and findings that the policy stops at.
    """
    sources = (str(records.visits.path), str(records.items.path))
    origins = (records.visits.origin, records.items.origin)
    raw = _watched(raw_buckets(records, known, folder, threads, progress, bucket_ids), records)
    yield from one_each(
        lambda one: check_bucket(one, rules, sources, language, origins), raw, threads
    )


def _watched(buckets: Iterable[RawBucket], records: VisitRecords) -> Iterator[RawBucket]:
    """The same buckets; raises DrgpayError for damaged ids, of all rows together after the last."""
    watch = IdWatch(VISITS, str(records.visits.path))
    for bucket in buckets:
        watch.see(bucket.visits)
        # Lines of a visit lie together: each id once.
        nos = bucket.lines["no"]
        of_lines = bucket.lines.filter((nos != nos.shift()).fill_null(True))
        refuse_spreadsheet_ids(of_lines, "visit_id", "visit_id", str(records.items.path))
        yield bucket
    watch.refuse(lambda: _persons(records))


def _persons(records: VisitRecords) -> Iterator[pl.DataFrame]:
    columns = ["visit_id", "person_id"]
    for piece in records.visits.pieces():
        for batch in piece.batches(columns):
            yield pl.DataFrame(pa.table(batch)).select(pl.col(columns).cast(pl.String))
