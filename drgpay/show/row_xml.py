"""Rows of a sheet as the XML of a workbook, made column by column: as many as a month has.

A workbook library that is handed cell after cell needs minutes for a million rows; here a slice of
rows is one expression over its columns.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
from xlsxwriter.utility import xl_col_to_name

from drgpay.base.visible import visible

SLICE_ROWS = 16_384
_LONGEST_CELL = 32_767
_NEVER_SHOWN = r"[\p{C}\p{Zl}\p{Zp}]"
_SPOKEN_FOR = "_x[0-9A-Fa-f]{4}_"
"""What a reader of workbooks takes for one letter by its number."""


CellKind = Literal["number", "date", "text"]


@dataclass(frozen=True)
class RowColumn:
    """A column of rows: how its values are written, and the number of their style.

    number: a decimal or an integer; date: a day, as spreadsheets count them; text: anything else.
    """

    name: str
    kind: CellKind
    style: str


def rows_xml(
    frame: pl.DataFrame,
    first_row: int,
    columns: Sequence[RowColumn],
    heights: Mapping[int, int] | None = None,
) -> Iterator[bytes]:
    """The `<row>` elements of a frame, slice by slice.

    first_row: as a spreadsheet counts it. heights: in points of rows that are higher than others, by
    their number from 0.
    """
    tall = dict(heights or {})
    for start in range(0, frame.height, SLICE_ROWS):
        part = frame.slice(start, SLICE_ROWS)
        texts = [_escaped(part[one.name]) for one in columns if one.kind == "text"]
        first = first_row + start
        numbers = pl.int_range(first, first + part.height, eager=True).cast(pl.String).alias(_ROW)
        cells = [_cell(xl_col_to_name(place), column) for place, column in enumerate(columns)]
        height: pl.Expr | pl.Series = pl.lit("")
        if tall:
            said = {
                row + first_row: f' ht="{points}" customHeight="1"' for row, points in tall.items()
            }
            height = numbers.cast(pl.Int64).replace_strict(said, default="", return_dtype=pl.String)
        rows = (
            part.with_columns(*texts, numbers)
            .select(
                pl.concat_str(
                    pl.lit('<row r="'),
                    _ROW,
                    pl.lit('"'),
                    height,
                    pl.lit(">"),
                    *cells,
                    pl.lit("</row>"),
                )
                .alias("row")
                .str.join("")
            )
            .item()
        )
        yield rows.encode()


_ROW = "row number of the sheet"
_DAY_ZERO = 25_569
"""1970-01-01 as spreadsheets count days."""


def _cell(letters: str, column: RowColumn) -> pl.Expr:
    value = pl.col(column.name)
    start = [pl.lit(f'<c r="{letters}'), pl.col(_ROW), pl.lit(f'" s="{column.style}"')]
    empty = pl.concat_str(*start, pl.lit("/>"))
    if column.kind == "text":
        full = pl.concat_str(
            *start,
            pl.lit(' t="inlineStr"><is><t xml:space="preserve">'),
            value,
            pl.lit("</t></is></c>"),
        )
    else:
        number = value.cast(pl.Int32) + _DAY_ZERO if column.kind == "date" else value
        full = pl.concat_str(*start, pl.lit("><v>"), number.cast(pl.String), pl.lit("</v></c>"))
    return pl.when(value.is_null()).then(empty).otherwise(full)


def _escaped(values: pl.Series) -> pl.Series:
    """Texts as XML holds them; what is not shown is written out, as `visible` does."""
    texts = values.cast(pl.String)
    odd = texts.filter(
        texts.str.contains(f"{_NEVER_SHOWN}|{_SPOKEN_FOR}")
        | (texts.str.len_chars() > _LONGEST_CELL)
    )
    if odd.len():
        texts = texts.replace({text: _shown(text) for text in odd.unique().to_list()})
    if texts.str.contains("[&<>]").any():
        for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            texts = texts.str.replace_all(sign, written, literal=True)
    return texts.alias(values.name)


def _shown(text: str) -> str:
    said = visible(text, lines=True)
    said = said if len(said) <= _LONGEST_CELL else f"{said[: _LONGEST_CELL - 1]}…"
    return re.sub(f"_(?={_SPOKEN_FOR[1:]})", "_x005F_", said)
