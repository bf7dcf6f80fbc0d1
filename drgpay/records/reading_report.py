"""What reading changed, left out or could not read: counted as pieces are read, by any thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language, Words
from drgpay.base.words import Sentences, Wording
from drgpay.records.meaning.clock import Clock
from drgpay.records.meaning.faults import Unread

if TYPE_CHECKING:
    import polars as pl

_RECORDS = Wording("records")
_ERRORS = Sentences("errors/records")
REPORT_COLUMNS = ("column", "problem", "rows", "example", "file", "row")


class Problem(StrEnum):
    """What happened to values on the way in, beside those that could not be read (Unread)."""

    NOT_IN_VALUES = "not_in_values"
    NO_MAIN = "no_main"
    SEVERAL_MAINS = "several_mains"
    LENGTHS_DIFFER = "lengths_differ"
    BLANKS_TRIMMED = "blanks_trimmed"
    CODE_RESPELLED = "code_respelled"
    ITEMS_MISSING = "items_missing"
    PRINCIPAL_DROPPED = "principal_dropped"
    SEEMS_JOINED = "seems_joined"

    @property
    def words(self) -> Words:
        """The problem in words."""
        return _RECORDS.words(f"problem.{self.value}")


class Finding(NamedTuple):
    """Rows of one batch with one problem; `row` is the first of them.

    problem: a Problem, or a fault of reading (records/meaning/faults.py).
    """

    column: str
    problem: Problem | Unread
    rows: int
    example: str
    row: int


@dataclass
class ReadingReport:
    """Counts by column and problem. A batch that is read again does not count again.

    passed_over: files of the folder that hold no records. left_out: what is said of rows that are
    none of a table.
    """

    passed_over: tuple[str, ...] = ()
    left_out: list[Words] = field(default_factory=list)
    _called: dict[tuple[int, str], str] = field(default_factory=dict)
    _totals: dict[tuple[str, Problem | Unread], int] = field(default_factory=dict)
    _first: dict[tuple[str, Problem | Unread], tuple[int, int, str, str]] = field(
        default_factory=dict
    )
    _seen: set[tuple[int, int, str, Problem | Unread]] = field(default_factory=set)
    _clocks: dict[str, Clock] = field(default_factory=dict)
    _pieces: dict[int, int] = field(default_factory=dict)
    _read: set[tuple[int, int]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def add(
        self, file_number: int, file_name: str, batch_row: int, findings: list[Finding]
    ) -> None:
        """Count what was found in the batch that starts at `batch_row` of a file."""
        with self._lock:
            for finding in findings:
                place = (file_number, batch_row, finding.column, finding.problem)
                if place in self._seen:
                    continue
                self._seen.add(place)
                key = (finding.column, finding.problem)
                self._totals[key] = self._totals.get(key, 0) + finding.rows
                first = (file_number, finding.row, finding.example, file_name)
                self._first[key] = min(self._first.get(key, first), first)

    def expect(self, file_number: int, pieces: int) -> None:
        """A file has so many pieces: when all of all files were read, the whole is looked at."""
        with self._lock:
            self._pieces[file_number] = pieces

    def name_columns(self, file_number: int, called: Mapping[str, str]) -> None:
        """What columns are called in a file, where it has other names for them."""
        with self._lock:
            self._called |= {(file_number, column): name for column, name in called.items()}

    def add_clock(self, column: str, clock: Clock) -> None:
        """What the times of a column in one batch say."""
        with self._lock:
            before = self._clocks.get(column)
            if before is None:
                self._clocks[column] = clock
            else:
                self._clocks[column] = type(clock)(
                    before.at_midnight or clock.at_midnight,
                    before.others_at_midnight and clock.others_at_midnight,
                )

    def piece_read(self, file_number: int, first_row: int, path: Path, naive_time: str) -> None:
        """A piece was read to its end; raises DrgpayError after the last for shifted times."""
        with self._lock:
            self._read.add((file_number, first_row))
            if len(self._read) < sum(self._pieces.values()):
                return
            clocks = dict(self._clocks)
        refuse_shifted(path, clocks, naive_time)

    @property
    def rows(self) -> int:
        """How many values have a problem."""
        return sum(self._totals.values())

    def lines(self, language: Language) -> list[str]:
        """A sentence for each row of `frame`, to print."""
        names = ", ".join(self.passed_over[:3]) + (" …" if len(self.passed_over) > 3 else "")
        count = len(self.passed_over)
        over = _RECORDS.said("report.passed_over", language, count=count, names=names)
        found = [dict(zip(REPORT_COLUMNS, row, strict=True)) for row in self._rows(as_called=True)]
        return [
            *([over] if count else []),
            *(words.said_in(language) for words in self.left_out),
            *(
                _RECORDS.said("report.problem", language, said=_said(one["problem"]), **one)
                for one in found
            ),
        ]

    def frame(self) -> pl.DataFrame:
        """REPORT_COLUMNS, sorted by column and problem.

        `rows` counts rows of the table; example, file (name, with the sheet of a workbook) and row (as
        the file counts it, headings too) are of the first of them.
        """
        import polars as pl

        found = self._rows()
        types = (pl.String, pl.String, pl.Int64, pl.String, pl.String, pl.Int64)
        columns = {
            name: pl.Series([row[place] for row in found], dtype=type_)
            for place, (name, type_) in enumerate(zip(REPORT_COLUMNS, types, strict=True))
        }
        return pl.DataFrame(columns)

    def _rows(self, as_called: bool = False) -> list[tuple[Any, ...]]:
        return [
            (
                self._called.get((number, key[0]), key[0]) if as_called else key[0],
                key[1],
                self._totals[key],
                example,
                file,
                row,
            )
            for key in sorted(self._totals)
            for number, row, example, file in (self._first[key],)
        ]


def refuse_shifted(path: Path, clocks: Mapping[str, Clock], naive_time: str) -> None:
    """Raise DrgpayError if the times of a column, as they are read, are those of another clock."""
    for column, clock in sorted(clocks.items()):
        if clock.others_at_midnight and not clock.at_midnight:
            other = "utc" if naive_time == "local" else "local"
            said = {"path": path, "column": column, "clock": _ERRORS.words(f"clock.{other}")}
            raise DrgpayError(*_ERRORS("shifted_dates", naive_time=other, **said))


def _said(problem: str) -> Words:
    return (Problem(problem) if problem in [*Problem] else Unread(problem)).words
