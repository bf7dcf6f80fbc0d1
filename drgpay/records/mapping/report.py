"""What could not be converted: counted as pieces are read, in any order, by any thread."""

from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

import polars as pl

from drgpay.language import Language, Words

CONVERSION_COLUMNS = ("column", "problem", "rows", "example", "file", "row")


class Problem(StrEnum):
    """Why a value became null, or how marks of principal codes were read."""

    NOT_A_NUMBER = "not_a_number"
    NOT_AN_AMOUNT = "not_an_amount"
    NOT_A_DATE = "not_a_date"
    NOT_A_FLAG = "not_a_flag"
    NOT_IN_VALUES = "not_in_values"
    NO_MAIN = "no_main"
    SEVERAL_MAINS = "several_mains"
    LENGTHS_DIFFER = "lengths_differ"

    def said_in(self, language: Language) -> str:
        """The problem in words."""
        return _WORDS[self].said_in(language)


_WORDS = {
    Problem.NOT_A_NUMBER: Words("不是数字，置空", "no number: left empty"),
    Problem.NOT_AN_AMOUNT: Words("不是精确到分的金额，置空", "no amount in fen: left empty"),
    Problem.NOT_A_DATE: Words("不符合任何日期格式，置空", "fits no date format: left empty"),
    Problem.NOT_A_FLAG: Words("不是是/否，置空", "neither yes nor no: left empty"),
    Problem.NOT_IN_VALUES: Words("不在对照值中，置空", "not in the value map: left empty"),
    Problem.NO_MAIN: Words("没有主要标志", "none is marked as main"),
    Problem.SEVERAL_MAINS: Words("有多个主要标志，取第一个", "several are marked as main: the first counts"),
    Problem.LENGTHS_DIFFER: Words("编码与标志个数不同，忽略标志", "codes and marks differ in number: marks ignored"),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Rows of one batch with one problem; `row` is the first, from 1 in its file."""

    column: str
    problem: Problem
    rows: int
    example: str
    row: int


@dataclass
class ConversionReport:
    """Counts by column and problem. A batch that is read again does not count again."""

    _totals: dict[tuple[str, Problem], int] = field(default_factory=dict)
    _first: dict[tuple[str, Problem], tuple[int, int, str, str]] = field(default_factory=dict)
    _seen: set[tuple[int, int, str, Problem]] = field(default_factory=set)
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

    @property
    def rows(self) -> int:
        """How many values have a problem."""
        return sum(self._totals.values())

    def lines(self, language: Language) -> list[str]:
        """A sentence for each row of `frame`, to print."""
        form = Words(
            "{column}：{rows} 条{said}（{file} 第 {row} 行：{example}）",
            "{column}: {rows} stays, {said} ({file} row {row}: {example})",
        ).said_in(language)
        return [
            form.format(said=Problem(found["problem"]).said_in(language), **found)
            for found in self.frame().iter_rows(named=True)
        ]

    def frame(self) -> pl.DataFrame:
        """CONVERSION_COLUMNS, sorted by column and problem.

        `rows` counts stays; example, file (name) and row (from 1, below the header) are of the
        first of them.
        """
        found = [
            (*key, self._totals[key], example, file, row)
            for key in sorted(self._totals)
            for _, row, example, file in (self._first[key],)
        ]
        types = (pl.String, pl.String, pl.Int64, pl.String, pl.String, pl.Int64)
        columns = {
            name: pl.Series([row[place] for row in found], dtype=type_)
            for place, (name, type_) in enumerate(zip(CONVERSION_COLUMNS, types, strict=True))
        }
        return pl.DataFrame(columns)
