"""Small tables that people file: CSV (UTF-8 or GB18030) or Parquet, each cell of a stated kind."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.errors import DrgpayError
from drgpay.exact import FEN_PLACES, POINT_PLACES
from drgpay.records.csv_source import open_csv
from drgpay.records.parquet_source import open_parquet
from drgpay.records.source import is_csv


class Kind(StrEnum):
    """What a cell holds; the value says how to write it."""

    TEXT = "text"
    DATE = "a date as 2026-10-31"
    FLAG = "true or false"
    YUAN = "an amount in yuan from 0 with at most 2 decimal places"
    POINTS = "a number of points from 0 with at most 4 decimal places"
    SCORE = "a number from 0 with at most 4 decimal places, such as 92.5"
    COUNT = "a whole number from 0"


@dataclass(frozen=True)
class Column:
    """What a column holds; an empty cell has the default, or is an error where it is required."""

    kind: Kind
    required: bool = False
    default: str | None = None


def read_table(path: Path, columns: dict[str, Column]) -> pl.DataFrame:
    """The columns of a file in their types, amounts as scaled integers, and the number of the `row`.

    Other columns of the file are not read. Raises DrgpayError naming file, row and column for a
    missing file or column, a cell that is empty and must not be, and one that is not of its kind.
    """
    texts = _texts(path, list(columns))
    for name, column in columns.items():
        if column.required and name not in texts.columns:
            raise DrgpayError(
                f"{path} lacks the column {name}", "add it, named as in docs/files.md"
            )
    texts = texts.with_columns(
        pl.lit(None, pl.String).alias(name) for name in columns if name not in texts.columns
    ).with_row_index("row", offset=1)
    refuse_empty(path, texts, [name for name, column in columns.items() if column.required])
    filled = texts.with_columns(
        pl.col(name).fill_null(column.default)
        for name, column in columns.items()
        if column.default is not None
    )
    typed = filled.with_columns(
        _typed(pl.col(name), column.kind).alias(name) for name, column in columns.items()
    )
    for name, column in columns.items():
        wrong = filled.filter(typed[name].is_null() & filled[name].is_not_null())
        if wrong.height:
            raise DrgpayError(
                f"{path}: row {wrong['row'][0]} has {wrong[name][0]!r} as {name}",
                f"write {column.kind}",
            )
    return typed


def _texts(path: Path, columns: list[str]) -> pl.DataFrame:
    """Those of some columns that the file has, as text without blanks around; empty is null."""
    if not path.is_file():
        raise DrgpayError(f"there is no file {path}", "correct the path")
    source = open_csv(path, {}, None, ",") if is_csv(path) else open_parquet(path, {})
    wanted = [column for column in columns if column in source.column_names]
    batches = [batch for piece in source.pieces() for batch in piece.batches(wanted)]
    if not batches:
        return pl.DataFrame(schema=dict.fromkeys(wanted, pl.String()))
    frame = pl.DataFrame(pa.Table.from_batches(batches))
    text = [_as_text(frame[column]) for column in wanted]
    return pl.DataFrame(text).with_columns(pl.all().str.strip_chars().replace("", None))


def _as_text(values: pl.Series) -> pl.Series:
    """Every value as it would be written in a CSV file."""
    if values.dtype == pl.Datetime:
        values = values.cast(pl.Date)
    return values.cast(pl.String)


def _typed(cell: pl.Expr, kind: Kind) -> pl.Expr:
    """A text as a value of its kind, or null."""
    match kind:
        case Kind.TEXT:
            return cell
        case Kind.DATE:
            return _date(cell)
        case Kind.FLAG:
            return cell.str.to_lowercase().replace_strict(
                _FLAGS, default=None, return_dtype=pl.Boolean
            )
        case Kind.YUAN:
            return _scaled(cell, FEN_PLACES)
        case Kind.POINTS | Kind.SCORE:
            return _scaled(cell, POINT_PLACES)
        case Kind.COUNT:
            return _scaled(cell, 0)


_FLAGS = {
    **dict.fromkeys(("true", "1", "yes", "是"), True),
    **dict.fromkeys(("false", "0", "no", "否"), False),
}


def _date(cell: pl.Expr) -> pl.Expr:
    written = cell.str.replace_all("/", "-", literal=True)
    plain = written.str.contains(r"^\d{4}-\d{1,2}-\d{1,2}$")
    return pl.when(plain).then(written).str.to_date("%Y-%m-%d", strict=False)


def _scaled(cell: pl.Expr, places: int) -> pl.Expr:
    """A decimal as an integer; null where it is negative or has more places."""
    plain = cell.str.contains(rf"^\d{{1,12}}(\.\d{{0,{places}}}0*)?$")
    decimal = pl.when(plain).then(cell).cast(pl.Decimal(18, places), strict=False)
    return decimal.to_physical().cast(pl.Int64)


def refuse_empty(path: Path, frame: pl.DataFrame, columns: list[str]) -> None:
    """Raise DrgpayError for the first row without a value in one of the columns."""
    for column in columns:
        empty = frame.filter(pl.col(column).is_null())
        if empty.height:
            raise DrgpayError(f"{path}: row {empty['row'][0]} has no {column}", "fill it in")


def refuse_repeated(path: Path, frame: pl.DataFrame, keys: list[str], what: str) -> None:
    """Raise DrgpayError if two rows have the same keys; `what` is a sentence about them."""
    repeated = frame.filter(pl.struct(keys).is_duplicated()).sort(*keys, "row")
    if repeated.height:
        names = [repeated[key][0] for key in keys]
        rows = f"rows {repeated['row'][0]} and {repeated['row'][1]}"
        raise DrgpayError(f"{path}: {what.format(*names)} ({rows})", "keep one of the rows")
