"""Tables of a report: columns with headings, rows of cells, a total."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.language import Language
from drgpay.report.html import cells
from drgpay.report.html.cells import Cell
from drgpay.report.html.wording import word

_SHORT_COLUMNS = {"period", "pool", "level", "run"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a table: its key and heading; the unit stands on a line of its own.

    The words of a `short` column stay on one line.
    """

    key: str
    heading: str
    unit: str = ""
    number: bool = True

    @property
    def short(self) -> bool:
        """Whether its words are few."""
        return self.key in _SHORT_COLUMNS


@dataclass(frozen=True)
class Table:
    """A table of the page; the total stays below when the rows are sorted."""

    columns: list[Column]
    rows: list[list[Cell]]
    total: list[Cell] | None = None


def word_column(key: str, language: Language) -> Column:
    """A column of words, headed by the wording of its key."""
    return Column(key, word(key, language), number=False)


def number_column(key: str, language: Language, unit: str = "") -> Column:
    """A column of numbers, headed by the wording of its key."""
    return Column(key, word(key, language), unit)


def listing(
    frame: pl.DataFrame,
    names: Sequence[tuple[str, Callable[[Row], str]]],
    keys: Sequence[str],
    language: Language,
    total: bool = True,
) -> Table:
    """Columns of names, each with what names a row, then columns of numbers, then their totals.

    A key is a column of the frame, or one that ends in _share: a percentage (see `_number`).
    """
    sums = {key: sum_of(frame, key) for key, dtype in frame.schema.items() if dtype.is_numeric()}
    rows = [
        [
            *(cells.words(name(row)) for _, name in names),
            *(_number(key, row, sums, language) for key in keys),
        ]
        for row in frame.iter_rows(named=True)
    ]
    last = [
        cells.words(word("total", language)),
        *(cells.words("") for _ in names[1:]),
        *(_number(key, sums, sums, language) for key in keys),
    ]
    columns = [
        *(word_column(key, language) for key, _ in names),
        *(number_column(key, language, _unit(key, language)) for key in keys),
    ]
    return Table(columns, rows, last if total else None)


def sum_of(frame: pl.DataFrame, column: str) -> Any:
    """The sum of a column of counts or decimals; of nothing, zero."""
    return frame[column].sum() or (Decimal(0) if frame.schema[column].is_decimal() else 0)


def _number(key: str, row: Row, sums: Row, language: Language) -> Cell:
    if key == "difference_share":  # of what item-by-item payment would have been
        return cells.share(row["difference"], row["fund_cost"], signed=True)
    if key == "standard_share":
        return cells.share(row["standard_amount"], sums["standard_amount"])
    if key.endswith("_share"):
        part = key.removesuffix("_share")
        return cells.share(row[part], sums[part])
    if key == "cases":
        return cells.count(row[key])
    return cells.points(row[key]) if key == "points" else cells.large(row[key], language)


def _unit(key: str, language: Language) -> str:
    without = key in ("cases", "points") or key.endswith("_share")
    return "" if without else word("unit_large", language)
