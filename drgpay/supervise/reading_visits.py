"""Visits of runs and their lines, laid into Arrow files for the rules; persons as the numbers of the stays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.arrow_files import write_arrow
from drgpay.records.meaning.rules import Reading
from drgpay.records.visits.tables import (
    VISIT_WORDS,
    VisitInput,
    VisitRecords,
    line_frames,
    open_visits,
    visit_frames,
)
from drgpay.results.manifest import content_of
from drgpay.results.part import VISITS
from drgpay.results.run_folder import RunFolder
from drgpay.run.basis import records_files
from drgpay.run.input_files import InputFiles
from drgpay.supervise.file import RunInput
from drgpay.supervise.material import LINE_SCHEMA, VISIT_SCHEMA

_ERRORS = Sentences("errors/supervise")
_TEXTS = tuple(name for name in VISIT_WORDS if name in VISIT_SCHEMA)


@dataclass(frozen=True)
class VisitFiles:
    """The Arrow files of the visits of runs and of their lines. read, refused: visits of the records."""

    visits: tuple[Path, ...]
    lines: tuple[Path, ...]
    read: int
    refused: int


def read_visits(
    runs: Sequence[tuple[RunInput, RunFolder, Reading]],
    persons: pl.DataFrame,
    work: Path,
    read: InputFiles,
) -> VisitFiles:
    """Lay the valid visits of those runs that name theirs into files below `work`, with their lines.

    persons: id, number of those who have stays. Raises DrgpayError for records that are not those that the
    run was settled from, and for visits without lines or lines without visits.
    """
    visits: list[Path] = []
    lines: list[Path] = []
    counts = [0, 0]
    first = 0
    for number, (given, run, reading) in enumerate(runs):
        records = _opened(given, run, reading, read)
        if records is None:
            continue
        frame = _visits_of(records, run, persons, given.current, number).with_row_index(
            "visit", offset=first
        )
        first += frame.height
        counts[0] += records.visits.rows
        counts[1] += records.visits.rows - frame.height
        visits.append(work / f"{number}.visits.arrow")
        write_arrow(
            frame.select(pl.col(name).cast(of) for name, of in VISIT_SCHEMA.items()), visits[-1]
        )
        lines.append(work / f"{number}.lines.arrow")
        write_arrow(_lines_of(records, frame.select("visit_id", "visit")), lines[-1])
    return VisitFiles(tuple(visits), tuple(lines), counts[0], counts[1])


def _opened(
    given: RunInput, run: RunFolder, reading: Reading, read: InputFiles
) -> VisitRecords | None:
    if given.visits is None and given.items is None:
        return None
    if given.visits is None or given.items is None:
        raise DrgpayError(*_ERRORS("half_of_visits", run=given.run))
    records = open_visits(
        VisitInput(
            given.visits.path,
            given.items.path,
            given.visits.mapping,
            given.items.mapping,
            given.visits.encoding,
            given.visits.ignore,
        ),
        reading,
    )
    about = run.of(VISITS).about
    now = [records_files(records.visits, read), records_files(records.items, read)]
    if content_of(now) != content_of([about.at("visits"), about.at("items")]):
        raise DrgpayError(*_ERRORS("other_visits", path=given.visits.path, run=given.run))
    return records


def _visits_of(
    records: VisitRecords, run: RunFolder, persons: pl.DataFrame, current: bool, number: int
) -> pl.DataFrame:
    """The visits that the run holds as valid, sorted by visit_id."""
    valid = run.of(VISITS).scaled("cases", ["case_id"])["case_id"]
    every = pl.concat(
        frame for piece in records.visits.pieces() for frame in visit_frames(piece, records.words)
    )
    coded = every.filter(pl.col("visit_id").is_in(valid.implode()))
    texts = records.words.texts()
    return (
        coded.with_columns(
            *(texts.gather(coded[name]).alias(name) for name in _TEXTS),
            _listed(coded["other_diagnoses"], texts),
        )
        .join(persons.rename({"id": "person_id", "number": "person"}), on="person_id", how="left")
        .with_columns(run=pl.lit(number), current=pl.lit(current))
        .drop("person_id")
        .sort("visit_id")
    )


def _listed(numbers: pl.Series, texts: pl.Series) -> pl.Series:
    """Lists of numbers as lists of texts."""
    rows = pl.DataFrame({"row": pl.int_range(len(numbers), eager=True), "code": numbers})
    flat = rows.explode("code", empty_as_null=False)
    named = flat.with_columns(code=texts.gather(flat["code"]))
    lists = named.group_by("row", maintain_order=True).agg("code")
    whole = rows.select("row").join(lists, on="row", how="left", maintain_order="left")
    return whole["code"].fill_null([]).alias("other_diagnoses")


def _lines_of(records: VisitRecords, visits: pl.DataFrame) -> pl.DataFrame:
    """LINE_SCHEMA: the lines of the visits, by visit, code and amount."""

    def frames() -> Iterator[pl.DataFrame]:
        for piece in records.items.pieces():
            for frame in line_frames(piece, records.words):
                yield frame.join(visits, on="visit_id").drop("visit_id")

    parts = list(frames())
    texts = records.words.texts()
    lines = pl.concat(parts)
    named = lines.with_columns(
        texts.gather(lines[name]).alias(name) for name in ("item_code", "item_kind")
    )
    ordered = named.sort("visit", "item_code", "amount_fen", "quantity")
    return ordered.select(pl.col(name).cast(of) for name, of in LINE_SCHEMA.items())
