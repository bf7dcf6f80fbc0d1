"""Visits and lines in rising ranges of visit_id: streamed where the files allow it, else spilled."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.in_order import in_order, one_each
from drgpay.records.meaning.source import PlainPiece
from drgpay.records.source import Piece
from drgpay.records.spill import Spill, boundaries_of, spill_folder
from drgpay.records.visits.tables import (
    LINE_FRAME,
    VISIT_FRAME,
    VisitRecords,
    line_frames,
    visit_frames,
)

_ERRORS = Sentences("errors/records")

RANGE_ROWS = 600_000
"""About how many visits and lines a range has that is worked on at once."""

MAX_OPEN_ROWS = 4_000_000
"""Files are streamed if at no visit_id more rows than these lie in row groups that reach over it."""

_SAMPLED_PIECES = 12
_SAMPLED_IDS = 200_000
_TOO_BIG = 4  # times RANGE_ROWS
_SMALL_PIECE_ROWS = 1_100_000
_MISSING = ""
_LAST_ID = "\U0010ffff" * 8

Progress = Callable[[int], None]


@dataclass(frozen=True)
class IdRange:
    """All visits and lines of a range of visit_id, in any order: `visit_frames`, `line_frames`."""

    visits: pl.DataFrame
    lines: pl.DataFrame


@dataclass(frozen=True)
class _Part:
    """A piece of one of the tables, its first row among all, and the ids that it may hold."""

    piece: Piece
    row: int
    is_visits: bool
    low: str
    high: str


def id_ranges(
    records: VisitRecords,
    folder: Path | None,
    threads: int | None,
    progress: Progress,
    max_open_rows: int | None = None,
) -> Iterator[IdRange]:
    """Rising ranges of visit_id without gaps, then one of the rows without a visit_id; where they are
    cut depends on files and order.

    Row groups of Parquet with statistics are read in the order of their ids; if too many of them
    reach over the same ids, both tables are spilled below `folder`.
    """
    parts = sorted(_parts(records), key=lambda part: (part.low, part.high, part.is_visits))
    if _open_rows(parts) <= (MAX_OPEN_ROWS if max_open_rows is None else max_open_rows):
        yield from _missing_last(_streamed(records, parts, threads, progress))
    else:
        with spill_folder(folder, records.rows) as spilled:
            yield from _missing_last(_spilled(records, parts, spilled, threads, progress))


def _missing_last(ranges: Iterator[IdRange]) -> Iterator[IdRange]:
    """Rows without a visit_id after all others: statistics do not tell which pieces have some."""
    missing: list[IdRange] = []
    for part in ranges:
        if (part.visits["visit_id"] == _MISSING).any() or (
            part.lines["visit_id"] == _MISSING
        ).any():
            without = pl.col("visit_id") == _MISSING
            missing.append(IdRange(part.visits.filter(without), part.lines.filter(without)))
            part = IdRange(part.visits.filter(~without), part.lines.filter(~without))
            if not part.visits.height + part.lines.height:
                continue
        yield part
    if missing:
        yield IdRange(
            pl.concat(part.visits for part in missing), pl.concat(part.lines for part in missing)
        )


def _parts(records: VisitRecords) -> Iterator[_Part]:
    for dataset, is_visits in ((records.visits, True), (records.items, False)):
        row = 0
        for piece in dataset.pieces():
            if piece.rows:
                yield _Part(piece, row, is_visits, *_ids_of(piece))
            row += piece.rows


def _ids_of(piece: Piece) -> tuple[str, str]:
    """The least and the greatest visit_id that a piece may hold, beside missing ones."""
    bounds = piece.text_bounds("visit_id") if isinstance(piece, PlainPiece) else None
    return bounds or ("", _LAST_ID)


def _open_rows(parts: Sequence[_Part]) -> int:
    """The most rows that lie in pieces reaching over one id; parts by rising `low`."""
    most, still_open = 0, list[_Part]()
    for part in parts:
        still_open = [each for each in still_open if each.high >= part.low] + [part]
        most = max(most, sum(each.piece.rows for each in still_open))
    return most


def _streamed(
    records: VisitRecords, parts: Sequence[_Part], threads: int | None, progress: Progress
) -> Iterator[IdRange]:
    """Read pieces by rising id; what lies below all that is still to come is a range."""
    waiting: dict[bool, list[pl.DataFrame]] = {True: [], False: []}
    rows = 0
    lows = [part.low for part in parts[1:]]

    def read(part: _Part) -> pl.DataFrame:
        frame = pl.concat(list(_frames(records, part)))
        _refuse_wrong_statistics(frame, part)
        return frame

    for number, (part, frame) in enumerate(zip(parts, one_each(read, parts, threads), strict=True)):
        progress(frame.height)
        waiting[part.is_visits].append(frame)
        rows += frame.height
        if number < len(lows) and rows < RANGE_ROWS:
            continue
        visits = pl.concat([_NO_VISITS, *waiting[True]])
        lines = pl.concat([_NO_LINES, *waiting[False]])
        if number == len(lows):
            yield IdRange(visits, lines)
            return
        below = pl.col("visit_id") < lows[number]
        done = IdRange(visits.filter(below), lines.filter(below))
        if done.visits.height + done.lines.height:
            yield done
        waiting = {True: [visits.filter(~below)], False: [lines.filter(~below)]}
        rows = waiting[True][0].height + waiting[False][0].height


def _refuse_wrong_statistics(frame: pl.DataFrame, part: _Part) -> None:
    within = pl.col("visit_id").is_between(pl.lit(part.low), pl.lit(part.high))
    wrong = frame.filter(~within & (pl.col("visit_id") != _MISSING))
    if wrong.height and isinstance(part.piece, PlainPiece):
        path, row = part.piece.file.path, part.piece.first_row + 1
        said = _ERRORS("wrong_statistics", path=path, row=row, id=wrong["visit_id"][0])
        raise DrgpayError(*said)


def _spilled(
    records: VisitRecords,
    parts: Sequence[_Part],
    folder: Path,
    threads: int | None,
    progress: Progress,
) -> Iterator[IdRange]:
    """Cut both tables into ranges on disk, then take range by range."""

    def frames(part: _Part) -> Iterable[tuple[bool, pl.DataFrame]]:
        made = ((part.is_visits, frame) for frame in _frames(records, part))
        # A big row group is cut as it is written: its batches together could fill the memory.
        return list(made) if part.piece.rows <= _SMALL_PIECE_ROWS else made

    boundaries = boundaries_of(_sampled(records, parts), _count(records.rows))
    spilled = _Spilled.of(
        in_order(frames, parts, threads), boundaries, folder, "", threads, progress
    )
    yield from spilled.ranges()


def _count(rows: int) -> int:
    """Into how many ranges rows are cut."""
    return -(-rows // RANGE_ROWS)


@dataclass(frozen=True)
class _Spilled:
    """Both tables on disk, cut at the same ids."""

    visits: Spill
    lines: Spill
    boundaries: pl.Series
    folder: Path
    name: str

    @staticmethod
    def of(
        frames: Iterable[tuple[bool, pl.DataFrame]],
        boundaries: pl.Series,
        folder: Path,
        name: str,
        threads: int | None = None,
        progress: Progress = lambda rows: None,
    ) -> "_Spilled":
        """Write frames, each of visits or not, into files that begin with `name`."""
        visits = Spill(folder, f"{name}visits", boundaries)
        lines = Spill(folder, f"{name}lines", boundaries)

        def cut(found: tuple[bool, pl.DataFrame]) -> list[tuple[Spill, pa.Table, list[int]]]:
            is_visits, frame = found
            spill = visits if is_visits else lines
            return [(spill, *spill.cut(frame))]

        try:
            for spill, table, starts in in_order(cut, frames, threads):
                spill.write(table, starts)
                progress(table.num_rows)
        finally:
            visits.close()
            lines.close()
        return _Spilled(visits, lines, boundaries, folder, name)

    def ranges(self) -> Iterator[IdRange]:
        """The ranges in order; one that turned out too big is cut again."""
        for number in range(len(self.boundaries) + 1):
            rows = self.visits.rows[number] + self.lines.rows[number]
            finer = self._finer(number, rows) if rows > _TOO_BIG * RANGE_ROWS else None
            if finer is not None and len(finer):
                again = _Spilled.of(
                    self._frames(number), finer, self.folder, f"{self.name}{number}-"
                )
                self._drop(number)
                yield from again.ranges()
                continue
            found = IdRange(
                pl.concat([_NO_VISITS, *self.visits.frames(number)]),
                pl.concat([_NO_LINES, *self.lines.frames(number)]),
            )
            self._drop(number)
            yield found

    def _finer(self, number: int, rows: int) -> pl.Series:
        """Ids that cut a range; none where all its rows have one id."""
        ids = pl.concat([frame["visit_id"] for _, frame in self._frames(number)])
        every = max(rows // _SAMPLED_IDS, 1)
        sample = boundaries_of([ids.gather_every(every)], _count(rows))
        return sample.filter(sample > ids.min())

    def _frames(self, number: int) -> Iterator[tuple[bool, pl.DataFrame]]:
        yield from ((True, frame) for frame in self.visits.frames(number))
        yield from ((False, frame) for frame in self.lines.frames(number))

    def _drop(self, number: int) -> None:
        self.visits.drop(number)
        self.lines.drop(number)


def _sampled(records: VisitRecords, parts: Sequence[_Part]) -> Iterator[pl.Series]:
    """Ids of some pieces of both tables, each table by its share of the rows."""
    every = max(records.rows // _SAMPLED_IDS, 1)
    for is_visits in (True, False):
        own = [part for part in parts if part.is_visits is is_visits]
        step = max(len(own) // _SAMPLED_PIECES, 1)
        for part in own[::step]:
            for batch in part.piece.batches(["visit_id"]):
                ids = pl.Series(batch.column("visit_id")).cast(pl.String).fill_null("")
                yield ids.gather_every(max(every // step, 1)).alias("visit_id")


def _frames(records: VisitRecords, part: _Part) -> Iterable[pl.DataFrame]:
    made = visit_frames if part.is_visits else line_frames
    return made(part.piece, records.words, part.row)


_NO_VISITS, _NO_LINES = pl.DataFrame(schema=VISIT_FRAME), pl.DataFrame(schema=LINE_FRAME)
