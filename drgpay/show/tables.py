"""A table for people: a frame with a title, and how its columns are to be shown."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from drgpay.show.cells import NONE
from drgpay.tables.declared import shown_in_percent

Kind = Literal["text", "count", "money", "ratio", "percent"]
Say = Callable[[str], str]
"""The words of a key (a title, a column, a value) in the reader's language."""


@dataclass(frozen=True)
class ReportTable:
    """One table of a report.

    `key` is the key of its title, empty where it has none; `worded` are columns whose values have words of their own;
    `total` holds the values of a last row by column: they are taken as given, since a ratio of a
    total is no sum of ratios; `note` is the key of a sentence below the table. `sums` are columns
    that a workbook adds up below the table, as formulas. `prefixes` are columns whose values are
    called by the words of prefix_value, or else by themselves. `title`, if given, is the title
    itself. `numbers` are columns of texts that are numbers already, `signed` percentages whose
    rises bear a plus. `below` are rows below the total, taken as given too.

    For a terminal: `most_rows` are listed at most, where not the usual number. Columns in `may_go`
    go first where there is no room, in this order. `styles` is a column, and the style of rows
    by its value. A line parts rows with different values of `parted`. `turned`: a row stands as a
    column, headed by its first value, since it has more figures than a terminal has columns.
    """

    key: str
    frame: pl.DataFrame
    total: Mapping[str, Any] | None = None
    worded: frozenset[str] = field(default_factory=frozenset)
    note: str = ""
    sums: frozenset[str] = frozenset()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    numbers: frozenset[str] = frozenset()
    signed: frozenset[str] = frozenset()
    below: Sequence[Mapping[str, Any]] = ()
    most_rows: int | None = None
    may_go: tuple[str, ...] = ()
    styles: tuple[str, Mapping[str, str]] | None = None
    parted: str = ""
    turned: bool = False


@dataclass(frozen=True)
class Sentence:
    """A sentence between tables; `style` as a terminal understands it, such as bold."""

    text: str
    style: str = ""


Block = ReportTable | Sentence
"""What a report shows, one below the other."""


def kind_of(name: str, dtype: pl.DataType) -> Kind:
    """How a column is shown: by its type, and in percent where it is declared so (drgpay/tables)."""
    if dtype.is_integer():
        return "count"
    if isinstance(dtype, pl.Decimal):
        if name in shown_in_percent():
            return "percent"
        return "money" if dtype.scale == 2 else "ratio"
    return "text"


def heading(name: str, say: Say) -> list[str]:
    """The heading of a column, its unit in brackets on a line of its own."""
    words = say(name)
    for bracket in ("（", " ("):
        if bracket in words:
            title, unit = words.split(bracket, 1)
            return [title, bracket.strip() + unit]
    return [words]


def texts_of(
    table: ReportTable, say: Say, most_rows: int
) -> tuple[list[list[str]], list[list[str]]]:
    """The cells of the first rows of a table, and of the rows below them, the total first, as text."""
    kinds = {name: kind_of(name, dtype) for name, dtype in table.frame.schema.items()}

    def texts(row: Mapping[str, Any]) -> list[str]:
        return [_cell(row.get(name), name, kind, table, say) for name, kind in kinds.items()]

    def below(row: Mapping[str, Any]) -> list[str]:
        """A cell of words that nothing was said for is empty: there is no such thing."""
        return [
            "" if kinds[name] == "text" and row.get(name) is None else text
            for name, text in zip(kinds, texts(row), strict=True)
        ]

    rows = [texts(row) for row in table.frame.head(most_rows).iter_rows(named=True)]
    total = {name: table.frame[name].sum() for name in table.sums} | dict(table.total or {})
    if not rows:
        return rows, []
    totals = [[say("total"), *below(total)[1:]]] if total else []
    return rows, [*totals, *map(below, table.below)]


def _cell(value: Any, name: str, kind: Kind, table: ReportTable, say: Say) -> str:
    if value is None:
        return NONE
    if kind == "text":
        prefix = table.prefixes.get(name)
        worded = name in table.worded
        return prefixed_text(value, prefix, say) if prefix else text_of(value, worded, say)
    if kind == "percent":
        return _percent(value, name in table.signed)
    return f"{value:,}"


def _percent(value: Any, signed: bool) -> str:
    """A part of one in percent; what is nothing at two places has no sign."""
    text = f"{value:+.2%}" if signed else f"{value:.2%}"
    return text if re.search("[1-9]", text) else text.lstrip("+-")


def text_of(value: Any, worded: bool, say: Say) -> str:
    """A value of a text column as it is shown."""
    return say(str(value)) if worded else str(value)


def prefixed_text(value: Any, prefix: str, say: Say) -> str:
    """A value of a column of ReportTable.prefixes as it is shown."""
    key = f"{prefix}_{value}"
    said = say(key)
    return str(value) if said == key else said
