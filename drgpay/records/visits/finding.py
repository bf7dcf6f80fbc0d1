"""The one visit to explain, found in both tables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.dataset import Dataset
from drgpay.records.in_order import in_order
from drgpay.records.source import Piece
from drgpay.records.visits.buckets import in_words
from drgpay.records.visits.checks import ITEM_COLUMNS_OUT
from drgpay.records.visits.order import ordered
from drgpay.records.visits.ranges import IdRange
from drgpay.records.visits.refunds import lines_left
from drgpay.records.visits.tables import (
    LINE_FRAME,
    VISIT_FRAME,
    VisitRecords,
    line_frames,
    visit_frames,
)
from drgpay.records.visits.words import Words

_ERRORS = Sentences("errors/records")

Frames = Callable[[Piece, Words], Iterator[pl.DataFrame]]


@dataclass(frozen=True)
class FoundVisit:
    """A visit and its lines as they are grouped, unchecked.

    visit: one row, the columns of `RawBucket.visits`. items: ITEM_COLUMNS_OUT, what refunds leave of
    the lines, sorted by item_code, item_kind.
    """

    visit: pl.DataFrame
    items: pl.DataFrame


def find_visit(records: VisitRecords, visit_id: str) -> FoundVisit:
    """The visit with this visit_id; both tables are read through.

    Raises DrgpayError if no row of the visits or more than one has that id.
    """
    visits = _rows(records.visits, visit_frames, VISIT_FRAME, records.words, visit_id)
    path = records.visits.path
    if not visits.height:
        raise DrgpayError(*_ERRORS("no_visit", path=path, id=visit_id))
    if visits.height > 1:
        raise DrgpayError(*_ERRORS("visit_twice", path=path, rows=visits.height, id=visit_id))
    lines = _rows(records.items, line_frames, LINE_FRAME, records.words, visit_id)
    bucket = in_words(ordered(IdRange(visits, lines), records.words), records.words, None)
    return FoundVisit(bucket.visits, lines_left(bucket.lines).select(ITEM_COLUMNS_OUT))


def _rows(
    dataset: Dataset, frames: Frames, schema: dict[str, pl.DataType], words: Words, visit_id: str
) -> pl.DataFrame:
    def of_piece(piece: Piece) -> list[pl.DataFrame]:
        return [frame.filter(pl.col("visit_id") == visit_id) for frame in frames(piece, words)]

    return pl.concat([pl.DataFrame(schema=schema), *in_order(of_piece, dataset.pieces())])
