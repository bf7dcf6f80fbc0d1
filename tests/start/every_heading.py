"""Every heading of a catalogue, written as files write it, and given to the sample's columns."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from drgpay.start.headings import FOREIGN, known_headings


class Row(NamedTuple):
    """A row of a catalogue; numbered headings with the number one."""

    table: str
    column: str
    heading: str
    confidence: int


def catalogue(path: Path) -> list[Row]:
    """The rows of a file like drgpay/headings/headings.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                row["table"],
                row["column"],
                row["heading"].replace("{nn}", "01").replace("{n}", "1"),
                int(row["confidence"]),
            )
            for row in csv.DictReader(file)
        ]


def spellings(heading: str) -> tuple[str, ...]:
    """A heading as other programs write it: other capitals, widths, blanks, line ends."""
    wide = heading.replace("(", "（").replace(")", "）")
    narrow = heading.replace("（", "(").replace("）", ")")
    return (heading, heading.upper(), wide, narrow, f" {heading[:2]} \n{heading[2:]}")


def meant(row: Row, heading: str) -> str:
    """recognised: its column alone; ambiguous: its column or another one; unknown: anything else."""
    columns = [one.column for one in known_headings(row.table).of(heading)]
    if row.column not in columns:
        return "unknown"
    return "recognised" if len(columns) == 1 else "ambiguous"


def renamed(rows: list[Row], frames: dict[str, pl.DataFrame]) -> Iterator[tuple[str, pl.DataFrame]]:
    """Frames of the sample, all their columns under the first headings that rows have, then the next."""
    for table, frame in frames.items():
        left: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            if row.table == table and row.column in frame.columns:
                left[row.column].append(row.heading)
        while any(left.values()):
            names: dict[str, str] = {}
            for column, headings in left.items():
                free = [one for one in headings if one not in names.values()]
                if free:
                    names[column] = free[0]
                    headings.remove(free[0])
            yield table, frame.rename(names)


def is_ours(row: Row) -> bool:
    """Whether a row is of a column of ours."""
    return not row.column.startswith(FOREIGN)
