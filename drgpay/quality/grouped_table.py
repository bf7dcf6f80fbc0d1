"""Tables of groups as input: the Parquet of `drgpay group` and the like, scanned lazily."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import divide_half_up, wide
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/quality")


def _files_of(path: Path) -> list[Path] | Path:
    """What lies in a folder but for what is hidden: a command may be writing there."""
    if not path.is_dir():
        return path
    files = sorted(path.rglob("*.parquet"))
    return [file for file in files if not _is_hidden(file.relative_to(path))] or path


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def scan_table(
    path: Path, needed: Iterable[str], remedy: Words, text: bool = False
) -> pl.LazyFrame:
    """A Parquet file or folder, or a CSV (UTF-8, every column as text), not read yet.

    `text` casts the needed columns to strings. Raises DrgpayError for a missing or damaged file and
    for a missing column; `remedy` then says what the table ought to be.
    """
    if not path.exists():
        raise DrgpayError(*_ERRORS("no_file_or_folder", path=path))
    try:
        if path.suffix.lower() == ".csv":
            frame = pl.scan_csv(path, infer_schema=False, glob=False)
        else:
            frame = pl.scan_parquet(_files_of(path), glob=False)
        schema = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    missing = [column for column in needed if column not in schema.names()]
    if missing:
        columns = listed(missing)
        raise DrgpayError(*_ERRORS("no_column", path=path, columns=columns, remedy=remedy))
    nested = [column for column in needed if schema[column].is_nested()]
    if nested:
        facts = {"path": path, "column": nested[0], "type": schema[nested[0]], "remedy": remedy}
        raise DrgpayError(*_ERRORS("nested_column", **facts))
    if text:
        frame = frame.with_columns(pl.col(list(needed)).cast(pl.String))
    return frame


def collect(frame: pl.LazyFrame, path: Path) -> pl.DataFrame:
    """The rows of a scanned table; raises DrgpayError if the file turns out to be damaged."""
    try:
        return frame.collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None


def fen_of(column: str, dtype: pl.DataType, path: Path) -> pl.Expr:
    """A column of yuan as whole fen (Int64), rounded to the nearest fen; for statistics only."""
    if isinstance(dtype, pl.Decimal):
        units = pl.col(column).to_physical().cast(pl.Int128)
        if dtype.scale <= 2:
            return (units * pl.lit(10 ** (2 - dtype.scale), dtype=pl.Int128)).cast(pl.Int64)
        return divide_half_up(units, wide(10 ** (dtype.scale - 2))).cast(pl.Int64)
    if dtype.is_integer():
        return pl.col(column).cast(pl.Int64) * 100
    if dtype.is_float():
        return (pl.col(column).cast(pl.Float64) * 100).round().cast(pl.Int64)
    raise DrgpayError(*_ERRORS("no_amount", path=path, column=column, type=dtype))


def whole_days(column: str, dtype: pl.DataType, path: Path) -> pl.Expr:
    """A column of days as Int64."""
    if not dtype.is_numeric():
        raise DrgpayError(*_ERRORS("no_days", path=path, column=column, type=dtype))
    return pl.col(column).cast(pl.Float64).round().cast(pl.Int64)


def unreadable(path: Path, error: Exception) -> DrgpayError:
    """The sentence about a file that is not what its name says."""
    detail = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return DrgpayError(*_ERRORS("unreadable_table", path=path, detail=detail))
