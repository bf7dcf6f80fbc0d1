"""Ranges of visits put in order and cut into buckets of a fixed number of visit_ids."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from drgpay.records.meaning.faults import FAULTS
from drgpay.records.origin import ROW
from drgpay.records.visits.ranges import IdRange
from drgpay.records.visits.words import Words

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class OrderedRange:
    """The visits and lines of some visit_ids.

    ids: the visit_ids that visits or lines have, rising, each once.
    visits, lines: as in IdRange; visits by visit_id, lines by visit_id, item code, item kind,
    amount and quantity; `no` (UInt32) is the place of their visit_id in `ids`.
    """

    ids: pl.Series
    visits: pl.DataFrame
    lines: pl.DataFrame


def ordered(part: IdRange, words: Words) -> OrderedRange:
    """A range in order, whatever order its rows came in.

    Visits that share an id keep no order among themselves: none of them is ever valid.
    """
    visits = part.visits
    if not visits["visit_id"].is_sorted():
        visits = visits.sort("visit_id")
    ids = _without_repeats(visits["visit_id"])
    visit_nos = _numbered(visits, ids)
    nos = _numbered(part.lines, ids)
    if nos.null_count():
        orphans = part.lines["visit_id"].filter(nos.is_null())
        others = orphans.unique().sort()
        ids, of_ids, of_others = _merged(ids, others)
        visit_nos = of_ids.gather(visit_nos)
        nos = of_ids.gather(nos).scatter(
            nos.is_null().arg_true(), of_others.gather(_places(orphans, others))
        )
    texts = words.texts()
    lines = part.lines.drop("visit_id").with_columns(no=nos)
    order = _line_order(lines, texts)
    return OrderedRange(
        ids,
        visits.drop("visit_id").with_columns(no=visit_nos),
        lines.select(pl.all().gather(pl.lit(pl.Series(order)))),
    )


def cut_evenly(ranges: Iterable[OrderedRange], size: int) -> Iterator[OrderedRange]:
    """The same rows with `size` visit_ids in each range but the last."""
    rest: OrderedRange | None = None
    for part in ranges:
        rest = _joined(rest, part) if rest else part
        start = 0
        while len(rest.ids) - start > size:
            yield _sliced(rest, start, start + size)
            start += size
        rest = _sliced(rest, start, len(rest.ids))
    if rest is not None:
        yield rest


def _without_repeats(ids: pl.Series) -> pl.Series:
    """Each of some ordered ids once."""
    if len(ids) < 2:
        return ids
    return ids.filter((ids != ids.shift()).fill_null(True))


def _merged(ids: pl.Series, others: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Ordered ids and ordered others in one order, the place in it of each id, and of each other."""
    before = ids.search_sorted(others, side="left").to_numpy()
    of_others = before + np.arange(len(others))
    passed = np.cumsum(np.bincount(before, minlength=len(ids) + 1))[: len(ids)]
    of_ids = np.arange(len(ids)) + passed
    order = np.empty(len(ids) + len(others), dtype=np.uint32)
    order[np.concatenate((of_ids, of_others))] = np.arange(len(order))
    merged = pl.concat([ids, others]).gather(pl.Series(order))
    return merged, pl.Series(of_ids, dtype=pl.UInt32), pl.Series(of_others, dtype=pl.UInt32)


def _numbered(rows: pl.DataFrame, ids: pl.Series) -> pl.Series:
    """The place of each visit_id in `ids`, or null."""
    of_rows = rows["visit_id"]
    begins = (of_rows != of_rows.shift()).fill_null(True)
    if int(begins.sum()) * 2 > len(of_rows):
        return _places(of_rows, ids)
    # Lines of a visit lie together: look for each visit once.
    runs = begins.cast(pl.UInt32).cum_sum() - 1
    return _places(of_rows.filter(begins), ids).gather(runs)


def _places(wanted: pl.Series, ids: pl.Series) -> pl.Series:
    if len(wanted) == len(ids) and (wanted == ids).all():
        return pl.int_range(len(ids), dtype=pl.UInt32, eager=True)
    known = pl.DataFrame({"id": ids, "no": pl.int_range(len(ids), dtype=pl.UInt32, eager=True)})
    found = wanted.to_frame("id").join(known, on="id", how="left", maintain_order="left")
    return found["no"]


def _line_order(lines: pl.DataFrame, texts: pl.Series) -> Ints:
    """The rows of `lines` by no, item code, item kind, amount and quantity."""
    codes, kinds = (_ranks(lines[column], texts) for column in ("item_code", "item_kind"))
    keys = lines["no"].to_numpy().astype(np.int64)
    for ranks, count in (codes, kinds):
        keys = keys * count + ranks
    order = np.argsort(keys)
    keys = keys[order]
    same = keys[1:] == keys[:-1]
    if not same.any():
        return order
    # Only lines that agree so far need the rest of the order.
    tied = np.flatnonzero(np.concatenate((same, [False])) | np.concatenate(([False], same)))
    rows = lines.select("amount_fen", "quantity", FAULTS, ROW)[pl.Series(order[tied])]
    within = rows.with_columns(key=pl.Series(keys[tied])).select(
        pl.arg_sort_by("key", "amount_fen", "quantity", FAULTS, ROW)
    )
    order[tied] = order[tied][within.to_series().to_numpy()]
    return order


def _ranks(numbers: pl.Series, texts: pl.Series) -> tuple[Ints, int]:
    """The rank of each row's text among those of all rows, a missing one first; how many there are."""
    of_rows = numbers.to_numpy()
    present = np.flatnonzero(np.bincount(of_rows, minlength=len(texts)))
    ranks = np.zeros(len(texts), dtype=np.int64)
    ranks[present] = texts.gather(present).rank("dense").fill_null(0).to_numpy()
    return ranks[of_rows], int(ranks.max()) + 1


def _sliced(part: OrderedRange, start: int, end: int) -> OrderedRange:
    """The rows of the ids from start on, before end."""
    return OrderedRange(
        part.ids.slice(start, end - start),
        _rows_of(part.visits, start, end),
        _rows_of(part.lines, start, end),
    )


def _rows_of(rows: pl.DataFrame, start: int, end: int) -> pl.DataFrame:
    first, last = np.searchsorted(rows["no"].to_numpy(), [start, end]).tolist()
    part = rows.slice(first, last - first)
    return part.with_columns(pl.col("no") - start) if start else part


def _joined(first: OrderedRange, second: OrderedRange) -> OrderedRange:
    more = pl.col("no") + len(first.ids)
    return OrderedRange(
        pl.concat([first.ids, second.ids]),
        pl.concat([first.visits, second.visits.with_columns(more.cast(pl.UInt32))]),
        pl.concat([first.lines, second.lines.with_columns(more.cast(pl.UInt32))]),
    )
