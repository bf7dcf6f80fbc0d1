"""Tables of groups as input: the Parquet of `drgpay group` and the like, scanned lazily."""

from collections.abc import Collection, Iterable
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import divide_half_up, wide
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.records.folder import files_of
from drgpay.records.meaning.texts import BLANKS, HIVE_NULL
from drgpay.records.small_tables import Column, Kind, read_columns
from drgpay.records.source import is_csv, is_excel

_ERRORS = Sentences("errors/quality")


def scan_table(path: Path, needed: Iterable[str], remedy: Words) -> pl.LazyFrame:
    """A Parquet file or a folder of them, not read yet.

    Raises DrgpayError for a missing or damaged file, for a folder that holds anything else, and for
    a missing column; `remedy` then says what the table ought to be.
    """
    files = _files_below(path)
    other = [file for file in files if is_csv(file) or is_excel(file)]
    if other:
        raise DrgpayError(*_ERRORS("no_parquet", path=other[0]))
    return _scanned(files, path, needed, remedy)


def text_table(
    path: Path, needed: tuple[str, ...], remedy: Words, optional: tuple[str, ...] = ()
) -> pl.DataFrame:
    """Some columns as texts, as they are read everywhere: Parquet, CSV, Excel, a file or a folder.

    Optional columns are there if a file has them. Raises DrgpayError as `scan_table`.
    """
    tables = []
    for file in _files_below(path):
        if is_csv(file) or is_excel(file):
            columns = {name: Column(Kind.TEXT) for name in (*needed, *optional)}
            table, names = read_columns(file, columns)
            _refuse_lacking(file, needed, names, remedy)
            tables.append(table.select(name for name in columns if name in names))
        else:
            scanned = _scanned([file], file, needed, remedy)
            names = scanned.collect_schema().names()
            there = [*needed, *(name for name in optional if name in names)]
            read = [pl.col(name).cast(pl.String) for name in there]
            tables.append(collect(scanned.select(read).with_columns(map(_word, there)), file))
    return pl.concat(tables, how="diagonal")


def _word(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars(BLANKS).replace(["", HIVE_NULL], None)


def _files_below(path: Path) -> list[Path]:
    if not path.exists():
        raise DrgpayError(*_ERRORS("no_file_or_folder", path=path))
    return [*files_of(path).files]


def _scanned(files: list[Path], path: Path, needed: Iterable[str], remedy: Words) -> pl.LazyFrame:
    try:
        frame = pl.scan_parquet(files, glob=False)
        schema = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    _refuse_lacking(path, needed, schema.names(), remedy)
    nested = [column for column in needed if schema[column].is_nested()]
    if nested:
        facts = {"path": path, "column": nested[0], "type": schema[nested[0]], "remedy": remedy}
        raise DrgpayError(*_ERRORS("nested_column", **facts))
    return frame


def _refuse_lacking(
    path: Path, needed: Iterable[str], names: Collection[str], remedy: Words
) -> None:
    missing = [column for column in needed if column not in names]
    if missing:
        columns = listed(missing)
        raise DrgpayError(*_ERRORS("no_column", path=path, columns=columns, remedy=remedy))


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
