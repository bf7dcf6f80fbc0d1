"""Tables of a report: columns with headings, rows of cells, a total."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.report.html.wording import Speaker
from drgpay.show import cells
from drgpay.show.cells import Cell

_POINTS = {"points", "official_points", "own_points"}
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


def word_column(key: str, say: Speaker) -> Column:
    """A column of words, headed by the wording of its key."""
    return Column(key, say(key), number=False)


def number_column(key: str, say: Speaker, unit: str = "") -> Column:
    """A column of numbers, headed by the wording of its key."""
    return Column(key, say(key), unit)


def listing(
    frame: pl.DataFrame,
    names: Sequence[tuple[str, Callable[[Row], str]]],
    keys: Sequence[str],
    say: Speaker,
    total: bool = True,
    exact: bool = False,
) -> Table:
    """Columns of names, each with what names a row, then columns of numbers, then their totals.

    A key is a column of the frame, or one that ends in _share: a percentage (see `_number`). exact:
    amounts to the fen.
    """
    sums = {key: sum_of(frame, key) for key, dtype in frame.schema.items() if dtype.is_numeric()}
    rows = [
        [
            *(cells.words(name(row)) for _, name in names),
            *(_number(key, row, sums, say, exact) for key in keys),
        ]
        for row in frame.iter_rows(named=True)
    ]
    last = [
        cells.words(say("total")),
        *(cells.words("") for _ in names[1:]),
        *(_number(key, sums, sums, say, exact) for key in keys),
    ]
    columns = [
        *(word_column(key, say) for key, _ in names),
        *(number_column(key, say, _unit(key, frame, say, exact)) for key in keys),
    ]
    return Table(columns, rows, last if total else None)


def sum_of(frame: pl.DataFrame, column: str) -> Any:
    """The sum of a column of counts or decimals; of nothing, zero."""
    return frame[column].sum() or (Decimal(0) if frame.schema[column].is_decimal() else 0)


def _number(key: str, row: Row, sums: Row, say: Speaker, exact: bool) -> Cell:
    if key in _SHARES_OF:
        part, whole = _SHARES_OF[key]
        return cells.share(row[part], row[whole], signed=True)
    if key == "standard_share":
        return cells.share(row["standard_amount"], sums["standard_amount"])
    if key.endswith("_share"):
        part = key.removesuffix("_share")
        return cells.share(row[part], sums[part])
    if isinstance(row[key], int):
        return cells.count(row[key])
    if key in _POINTS:
        return cells.points(row[key])
    return cells.yuan(row[key]) if exact else cells.large(row[key], say.language)


# Shares of another column of the same row.
_SHARES_OF = {
    "difference_share": ("difference", "fund_cost"),  # of what item-by-item payment would be
    "balance_share": ("balance", "capitation"),
    "clearing_share": ("clearing", "payable"),
}


def _unit(key: str, frame: pl.DataFrame, say: Speaker, exact: bool) -> str:
    if key in _POINTS or key.endswith("_share") or frame.schema[key].is_integer():
        return ""
    return say("unit_yuan" if exact else "unit_large")
