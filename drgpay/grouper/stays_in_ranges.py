"""Stays grouped and spilled into ranges of case_id, with what only all of them together show."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.grouped_stays import grouped_reader
from drgpay.grouper.stream import Progress
from drgpay.records.damaged_ids import STAYS, IdWatch
from drgpay.records.dataset import Dataset, Piece
from drgpay.records.in_order import in_order
from drgpay.records.meaning.faults import FAULTS
from drgpay.records.meaning.source import PlainPiece
from drgpay.records.origin import ROW
from drgpay.records.same_person import COPY, OVERLAP, PERSON_COLUMNS, marked_stays
from drgpay.records.spill import Spill, boundaries_of

CASE = "case_id"
PERSON_ROWS = 2_000_000
"""So many stays of persons with several are looked at together, or those of one person."""

_SAMPLED_PIECES = 8
_SAMPLED_IDS = 40_000
_SMALL_PIECE_ROWS = 1_100_000
_TOO_BIG = 3  # times the rows that a range should have
_HASH_SEED = 43

Bools = NDArray[np.bool_]


class _Spilled(NamedTuple):
    """What is kept of a batch of stays. persons: by row a hash of the person; known: who has one."""

    ids: pl.DataFrame
    persons: NDArray[np.uint64]
    known: Bools
    faults: pl.Series


@dataclass
class StaysInRanges:
    """All stays of a dataset in files, a range of case_id each; a range is read once.

    faults: the different texts of FAULTS. copies, overlaps: what `with_same_person` says of each row
    of the dataset.
    """

    folder: Path
    range_rows: int
    spill: Spill
    faults: pl.Series
    copies: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    overlaps: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))

    def ranges(self) -> Iterator[pl.DataFrame]:
        """The ranges in order, one without rows left out: the columns of `grouped_reader`, ROW, COPY
        and OVERLAP. One that turned out too big is cut again.
        """
        for frame in _ranges_of(self.spill, self.range_rows, self.folder):
            rows = frame[ROW].to_numpy()
            yield frame.with_columns(
                pl.Series(COPY, self.copies[rows]), pl.Series(OVERLAP, self.overlaps[rows])
            )


def stays_in_ranges(
    dataset: Dataset,
    compiled: CompiledScheme,
    folder: Path,
    range_rows: int,
    source: str,
    progress: Progress = lambda rows: None,
    threads: int | None = None,
    former: CompiledScheme | None = None,
) -> StaysInRanges:
    """Read, group and spill all stays below `folder`, with KEPT_COLUMNS.

    range_rows: about how many stays a range has. source: what the stays are called in messages. Raises
    what `grouped_reader` raises, and DrgpayError for damaged ids, or one person with more stays than
    any person has.
    """
    read = grouped_reader(dataset, compiled, with_records=True, former=former)
    boundaries = boundaries_of(_sampled_ids(dataset), -(-dataset.rows // range_rows), CASE)
    spill = Spill(folder, "stays", boundaries)
    watch = IdWatch(STAYS, source, at_once=False)
    persons: list[NDArray[np.uint64]] = []
    known: list[Bools] = []
    faults: list[pl.Series] = [pl.Series(FAULTS, [], pl.String)]

    writing = Lock()

    def spilled(numbered: tuple[Piece, int]) -> Iterator[_Spilled]:
        piece, row = numbered
        for frame in read(piece):
            stays = frame.with_row_index(ROW, offset=row)
            cut = spill.cut(stays)
            with writing:  # in any order: the rows of a range are put in order later
                spill.write(*cut)
            yield _kept(stays)
            row += frame.height

    def work(numbered: tuple[Piece, int]) -> Iterable[_Spilled]:
        # Of a big row group even what is kept is much.
        made = spilled(numbered)
        return list(made) if numbered[0].rows <= _SMALL_PIECE_ROWS else made

    try:
        for found in in_order(work, _numbered(dataset.pieces()), threads):
            watch.see(found.ids)
            persons.append(found.persons)
            known.append(found.known)
            faults.append(found.faults)
            progress(found.ids.height)
    finally:
        spill.close()
    watch.refuse(lambda: (frame.select("person_id", CASE) for frame in _all_frames(spill)))
    hashes = np.concatenate(persons)
    several = _several(hashes, np.concatenate(known))
    made = StaysInRanges(folder, range_rows, spill, pl.concat(faults).unique().sort())
    made.copies, made.overlaps = _marks(spill, hashes, several)
    return made


def _numbered(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, int]]:
    """Pieces with the first row of each among all."""
    row = 0
    for piece in pieces:
        yield piece, row
        row += piece.rows


def _kept(frame: pl.DataFrame) -> _Spilled:
    persons = frame["person_id"]
    return _Spilled(
        frame.select(CASE, "hospital_id", "person_id"),
        persons.hash(seed=_HASH_SEED).to_numpy(),
        persons.is_not_null().to_numpy(),
        frame[FAULTS].drop_nulls().unique().cast(pl.String),
    )


def _sampled_ids(dataset: Dataset) -> Iterator[pl.Series]:
    """Case_ids of some pieces as the file has them: they only say where to cut."""
    pieces = dataset.pieces()
    step = max(-(-len(pieces) // _SAMPLED_PIECES), 1)
    every = max(dataset.rows // _SAMPLED_IDS // step, 1)
    for piece in pieces[::step]:
        # Not in its meaning, which would count what is found in it.
        stored = piece.base if isinstance(piece, PlainPiece) else piece
        for batch in stored.batches([CASE]):
            if CASE in batch.schema.names:
                ids = pl.Series(batch.column(CASE)).cast(pl.String, strict=False)
                yield ids.gather_every(every).fill_null("").alias(CASE)


def _several(hashes: NDArray[np.uint64], known: Bools) -> Bools:
    """Which rows have a person whom other rows have too, or one of the same hash."""
    ordered = np.sort(hashes[known])
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return pl.Series(hashes).is_in(pl.Series(again).implode()).to_numpy() & known


def _marks(spill: Spill, hashes: NDArray[np.uint64], several: Bools) -> tuple[Bools, Bools]:
    """Copies and overlaps of all rows, found among those of persons who have several."""
    copies, overlaps = (np.zeros(len(hashes), dtype=np.bool_) for _ in range(2))
    parts = -(-int(several.sum()) // PERSON_ROWS)
    for part in range(parts):
        mine = several & (hashes % np.uint64(parts) == part) if parts > 1 else several
        rows = [
            frame.select(*PERSON_COLUMNS, at=ROW).filter(pl.Series(mine[frame[ROW].to_numpy()]))
            for frame in _all_frames(spill, (*PERSON_COLUMNS, ROW))
        ]
        found = marked_stays(pl.concat(rows).sort("at"))
        for marks, places in zip((copies, overlaps), found, strict=True):
            marks[places.to_numpy()] = True
    return copies, overlaps


def _all_frames(spill: Spill, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
    for number in range(len(spill.rows)):
        yield from spill.frames(number, columns)


def _ranges_of(spill: Spill, range_rows: int, folder: Path) -> Iterator[pl.DataFrame]:
    for number, rows in enumerate(spill.rows):
        finer = _finer(spill, number, range_rows) if rows > _TOO_BIG * range_rows else None
        if finer is not None and len(finer):
            again = Spill(folder, f"{spill.name}-{number}", finer)
            try:
                for frame in spill.frames(number):
                    again.write(*again.cut(frame))
            finally:
                again.close()
            spill.drop(number)
            yield from _ranges_of(again, range_rows, folder)
        elif rows:
            frames = list(spill.frames(number))
            spill.drop(number)
            yield pl.concat(frames, rechunk=True)


def _finer(spill: Spill, number: int, range_rows: int) -> pl.Series:
    """Ids that cut a range; none where all its rows have one id."""
    ids = pl.concat([frame[CASE].fill_null("") for frame in spill.frames(number, [CASE])])
    sample = ids.gather_every(max(len(ids) // _SAMPLED_IDS, 1))
    found = boundaries_of([sample], -(-len(ids) // range_rows), CASE)
    return found.filter(found > ids.min())
