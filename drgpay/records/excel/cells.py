"""Cells as texts: what a cell says is read afterwards, as of any file (records/meaning)."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.large_string()
_EXACT = 2**53
_DAY = datetime.timedelta(days=1)


def column_of_texts(cells: Sequence[object]) -> pa.Array:
    """Cells of one column as text, null where they are empty."""
    kinds = {*map(type, cells)}
    if kinds <= {str}:
        texts: list[object] = [*cells]
    elif bool in kinds and len(kinds - {str, bool}):
        texts = [text_of_cell(cell) for cell in cells]  # True and 1 are one key
    else:
        said = {cell: text_of_cell(cell) for cell in {*cells}}
        texts = [said[cell] for cell in cells]
    column = pl.Series(texts, dtype=pl.String)
    return column.set(column == "", None).to_arrow().cast(TEXT)


def text_of_cell(cell: object) -> str:
    """A number as Excel shows it, in at most 15 digits; dates as 2026-10-01, with a time where there
    is one; true and false. A whole number that no double keeps is 3.39E+19.
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | int):
        return _number(cell)
    if isinstance(cell, datetime.datetime):
        if cell.time() == datetime.time():
            return cell.date().isoformat()
        return cell.isoformat(sep=" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):  # [h]:mm
        return _number(cell / _DAY)
    return "" if cell is None else str(cell)


def _number(value: float) -> str:
    if isinstance(value, int) or value.is_integer():
        whole = int(value)
        if abs(whole) <= _EXACT:
            return str(whole)
        digits, _, exponent = f"{float(whole):.14E}".partition("E")
        return f"{digits.rstrip('0').rstrip('.')}E{exponent}"
    shown = f"{value:.15g}"
    return f"{Decimal(shown):f}" if "e" in shown else shown


_SERIAL = r"^[0-9]{5}(\.[0-9]+)?$"


def with_serial_dates(texts: pa.Array, first_year: int) -> pa.Array:
    """Texts of a column of dates, those of five digits as the days that they number.

    first_year: 1900 or 1904, in which the workbook begins to count.
    """
    serial = pc.match_substring_regex(texts, _SERIAL)
    if not pc.any(serial).as_py():
        return texts
    words = pl.Series(texts, dtype=pl.String)
    marked = pl.Series(serial).fill_null(False)
    numbers = words.set(~marked, None).cast(pl.Float64)
    start = datetime.datetime(1904, 1, 1) if first_year == 1904 else datetime.datetime(1899, 12, 30)
    seconds = (numbers * 86_400).round(0).cast(pl.Int64)
    stamps = pl.Series([start]).dt.cast_time_unit("us").new_from_index(0, len(words))
    stamps = stamps + (seconds * 1_000_000).cast(pl.Duration("us"))
    days = stamps.dt.strftime("%Y-%m-%d")
    timed = stamps.dt.strftime("%Y-%m-%d %H:%M:%S")
    made = days.zip_with((seconds % 86_400 == 0).fill_null(True), timed)
    return made.zip_with(marked, words).to_arrow().cast(texts.type)
