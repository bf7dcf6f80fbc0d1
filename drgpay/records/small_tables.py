"""Small tables that people file: CSV, Excel or Parquet, each cell of a stated kind."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.exact import POINT_PLACES
from drgpay.base.gaps import is_gap, lacking
from drgpay.base.language import Words
from drgpay.base.remarks import remark
from drgpay.base.words import Sentences
from drgpay.records import columns as records
from drgpay.records.columns import is_text
from drgpay.records.csv_source import open_csv
from drgpay.records.damaged_ids import refuse_spreadsheet_ids
from drgpay.records.excel.cells import with_serial_dates
from drgpay.records.excel.source import open_excel
from drgpay.records.mapping.table_mapping import (
    load_table_mapping,
    mapped_table,
    table_mapping_path,
)
from drgpay.records.meaning.column import read_column
from drgpay.records.meaning.faults import shown
from drgpay.records.meaning.rules import PLAIN_READING, Reading
from drgpay.records.meaning.texts import folded
from drgpay.records.parquet_source import open_parquet
from drgpay.records.places import rows_of
from drgpay.records.reading_report import ReadingReport, refuse_shifted
from drgpay.records.source import SourceFile, is_csv, is_excel

_ERRORS = Sentences("errors/records")


class Kind(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    DATE = "date"
    FLAG = "flag"
    YUAN = "yuan"
    SIGNED_YUAN = "signed_yuan"
    POINTS = "points"
    SCORE = "score"
    COUNT = "count"

    @property
    def words(self) -> Words:
        """How to write such a cell."""
        return _ERRORS.words(f"cell.{self.value}")


@dataclass(frozen=True)
class Column:
    """What a column holds; an empty cell has the default, or is an error where it is required."""

    kind: Kind
    required: bool = False
    default: str | None = None


def read_table(
    path: Path, columns: dict[str, Column], reading: Reading = PLAIN_READING
) -> pl.DataFrame:
    """The columns of a file in their types, amounts as scaled integers, and the number of the `row`.

    A mapping beside the file (records/mapping/table_mapping.py) says what its columns are called.
    Cells have the meaning of records/meaning. Other columns of the file are not read; titles above
    the headings and sums below them are remarked (base/remarks.py). Raises
    DrgpayError naming file, row and column for a missing file or column, a cell that is empty and
    must not be, one that is not of its kind, and an id that a spreadsheet damaged.
    """
    return read_columns(path, columns, reading)[0]


def read_columns(
    path: Path, columns: dict[str, Column], reading: Reading = PLAIN_READING
) -> tuple[pl.DataFrame, list[str]]:
    """The same, and which columns the file has."""
    source, report = _opened(path, columns)
    remark(source.left_out)
    for name, column in columns.items():
        if column.required and name not in source.column_names:
            said = {"path": path, "column": source.described(name)}
            raise DrgpayError(*_ERRORS("no_column_of_table", **said))
    given = _given(source, [name for name in columns if name in source.column_names])
    _refuse_unmapped(path, source, report)
    cells = {
        name: _cells(source, name, column, given.column(name), reading)
        if name in given.schema.names
        else _nothing(column.kind, given.num_rows)
        for name, column in columns.items()
    }
    typed = pl.DataFrame(
        {
            name: cells[name].fill_null(_default(column)) if column.default else cells[name]
            for name, column in columns.items()
        }
    ).with_columns(row=pl.Series(rows_of(source.places, given.num_rows)))
    typed = typed.select("row", *columns)
    required = [name for name, column in columns.items() if column.required]
    refuse_empty(path, typed, required, source.called)
    for name, column in columns.items():
        if column.kind is not Kind.TEXT:
            continue
        _refuse_gaps(path, typed, name)
        if name.endswith("_id"):
            refuse_spreadsheet_ids(typed, name, "row", str(path))
    return typed, source.column_names


def _opened(path: Path, columns: dict[str, Column]) -> tuple[SourceFile, ReadingReport]:
    """A file, seen through the mapping beside it, and what that has no value for."""
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_file", path=path))
    mapping, place = load_table_mapping(path, list(columns))
    report = ReadingReport()
    if is_csv(path):
        delimiter = mapping.csv.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
        source: SourceFile = open_csv(path, {}, mapping.csv.encoding, delimiter)
    elif is_excel(path):
        source = open_excel(path, {}, mapping.sheet)
    else:
        source = open_parquet(path, {})
    if place is None:
        return source, report
    kinds = {name: _READ_AS.get(column.kind, records.Kind.TEXT) for name, column in columns.items()}
    return mapped_table(source, mapping, kinds, report), report


def _refuse_unmapped(path: Path, source: SourceFile, report: ReadingReport) -> None:
    """Raise DrgpayError for a text that the mapping beside the table has no value for."""
    if report.rows:
        found = report.frame().row(0, named=True)
        said = {"path": path, "row": found["row"], "value": found["example"]}
        said["column"] = source.called(found["column"])
        raise DrgpayError(*_ERRORS("unmapped_cell", mapping=table_mapping_path(path), **said))


def _given(source: SourceFile, wanted: list[str]) -> pa.RecordBatch:
    """Some columns of a file, as they are written."""
    batches = [batch for piece in source.pieces() for batch in piece.batches(wanted)]
    if not batches:
        return pa.RecordBatch.from_pydict({name: pa.nulls(0) for name in wanted})
    table = pa.Table.from_batches(batches)
    return pa.RecordBatch.from_arrays(
        [pa.concat_arrays(table.column(name).chunks) for name in wanted], names=wanted
    )


def _cells(
    source: SourceFile, name: str, column: Column, values: pa.Array, reading: Reading
) -> pl.Series:
    """A column in its type; raises DrgpayError for the first cell that is not of its kind."""
    path, called = source.path, source.called(name)
    kind = _READ_AS.get(column.kind, records.Kind.TEXT)
    if kind is records.Kind.DATE and source.serial_dates is not None and is_text(values.type):
        values = with_serial_dates(values, source.serial_dates)
    if not kind.admits(values.type):
        if kind is not records.Kind.TEXT or not _is_one_value(values.type):
            said = {"path": path, "column": called, "found": values.type}
            said["cell"] = column.kind.words
            raise DrgpayError(*_ERRORS("type_of_cells", **said))
        values = _written(values)
    read = read_column(name, values, kind, reading)
    wrong = {
        row: value
        for fault in read.faults
        for row, value in zip(fault.rows.tolist(), fault.values, strict=True)
    }
    made = pl.Series(read.values)
    typed = _typed(made, column.kind)
    lost = (made.is_not_null() & typed.is_null()).arg_true().to_list()
    wrong |= {row: shown(made[row]) for row in lost}
    if wrong:
        row = min(wrong)
        said = {"path": path, "row": source.places.row(row), "value": wrong[row], "column": called}
        raise DrgpayError(*_ERRORS("wrong_cell", cell=column.kind.words, **said))
    if read.clock is not None:
        refuse_shifted(path, {called: read.clock}, reading.naive_time)
    return typed


def _is_one_value(given: pa.DataType) -> bool:
    """Whether a cell of the type can be written as one text: no list, no span of time."""
    if pa.types.is_dictionary(given):
        return _is_one_value(given.value_type)
    kinds = (records.Kind.TEXT, records.Kind.NUMBER, records.Kind.DATE, records.Kind.FLAG)
    return any(kind.admits(given) for kind in kinds)


def _written(values: pa.Array) -> pa.Array:
    """What is no text as people would write it."""
    if pa.types.is_decimal(values.type):  # also of 256 bits, which polars has not
        plain = [None if cell is None else f"{cell:f}" for cell in values.to_pylist()]
        return pa.array(plain, pa.large_string())
    return pl.Series(values).cast(pl.String).to_arrow()


_READ_AS = {
    Kind.DATE: records.Kind.DATE,
    Kind.FLAG: records.Kind.FLAG,
    Kind.YUAN: records.Kind.MONEY,
    Kind.SIGNED_YUAN: records.Kind.MONEY,
}
"""What cells of other kinds are read as first: text."""


def _typed(cells: pl.Series, kind: Kind) -> pl.Series:
    """Cells as they were read in the type of their kind; null for those that are not of it."""
    match kind:
        case Kind.TEXT:
            return cells.cast(pl.String)
        case Kind.DATE | Kind.FLAG:
            return cells
        case Kind.YUAN:
            fen = cells.to_physical().cast(pl.Int64)
            return fen.set(((fen < 0) | (fen >= _MOST_YUAN * 100)).fill_null(False), None)
        case Kind.SIGNED_YUAN:
            fen = cells.to_physical().cast(pl.Int64)
            return fen.set((fen.abs() >= _MOST_YUAN * 100).fill_null(False), None)
        case Kind.POINTS | Kind.SCORE:
            return _scaled(cells.cast(pl.String), POINT_PLACES)
        case Kind.COUNT:
            return _scaled(cells.cast(pl.String), 0)


_MOST_YUAN = 10**12


def _nothing(kind: Kind, rows: int) -> pl.Series:
    return pl.Series([None], dtype=_TYPES[kind]).new_from_index(0, rows)


_TYPES: dict[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.DATE: pl.Date(),
    Kind.FLAG: pl.Boolean(),
    **dict.fromkeys((Kind.YUAN, Kind.SIGNED_YUAN, Kind.POINTS, Kind.SCORE, Kind.COUNT), pl.Int64()),
}


def _default(column: Column) -> str | int | bool | None:
    """What an empty cell holds."""
    text = pl.Series([column.default], dtype=pl.String)
    kind = _READ_AS.get(column.kind, records.Kind.TEXT)
    read = read_column("", text.to_arrow(), kind, PLAIN_READING)
    value: str | int | bool | None = _typed(pl.Series(read.values), column.kind)[0]
    return value


def _scaled(cells: pl.Series, places: int) -> pl.Series:
    """Decimals as integers; null where one is negative or has more places."""
    words = folded(cells)
    plain = words.str.contains(rf"^[0-9]{{1,12}}(\.[0-9]{{0,{places}}}0*)?$").fill_null(False)
    decimal = words.set(~plain, None).cast(pl.Decimal(18, places), strict=False)
    return decimal.to_physical().cast(pl.Int64)


def _refuse_gaps(path: Path, frame: pl.DataFrame, column: str) -> None:
    """Raise DrgpayError for the first cell that is still to be filled in."""
    for row, cell in zip(frame["row"], frame[column], strict=True):
        if cell is not None and is_gap(cell):
            said = {
                "path": path,
                "row": row,
                "column": column,
                "what": shortened(lacking(cell), 80),
            }
            raise DrgpayError(*_ERRORS("gap_in_cell", **said))


def refuse_empty(
    path: Path, frame: pl.DataFrame, columns: list[str], called: Callable[[str], str] = str
) -> None:
    """Raise DrgpayError for the first row without a value in one of the columns.

    called: gives the name that the file has for a column.
    """
    for column in columns:
        empty = frame.filter(pl.col(column).is_null())
        if empty.height:
            row = empty["row"][0]
            said = {"path": path, "row": row, "column": called(column)}
            raise DrgpayError(*_ERRORS("empty_cell", **said))


def refuse_repeated(path: Path, frame: pl.DataFrame, keys: list[str], what: str) -> None:
    """Raise DrgpayError if two rows have the same keys; `what` they are is a key of [repeated]."""
    repeated = frame.filter(pl.struct(keys).is_duplicated()).sort(*keys, "row")
    if repeated.height:
        first, second = repeated["row"][:2]
        names = {key: repeated[key][0] or _ERRORS.words("none") for key in keys}
        told = _ERRORS.words(f"repeated.{what}", **names)
        said = {"path": path, "what": told, "first": first, "second": second}
        raise DrgpayError(*_ERRORS("repeated_row", **said))
