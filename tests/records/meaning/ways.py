"""The same cells of one column through every way in, each read to values and faults."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from xlsxwriter import Workbook

from drgpay.api.frames import open_stays
from drgpay.records.columns import STAY_COLUMNS, Kind
from drgpay.records.dataset import Dataset, open_dataset
from drgpay.records.meaning.column import read_column
from drgpay.records.meaning.faults import FAULTS, packed, unpacked
from drgpay.records.meaning.rules import PLAIN_READING, Reading

Fault = tuple[str, str, str]
"""Code, problem, and what the value says."""


class Cell(NamedTuple):
    """What became of a cell."""

    value: Any
    faults: tuple[Fault, ...] = ()


def good(*values: Any) -> list[Cell]:
    """Cells that are read."""
    return [Cell(value) for value in values]


def through(tmp_path: Path, name: str, array: pa.Array) -> Iterator[tuple[str, list[Cell]]]:
    """A column of any Arrow type through every way in that can carry it; the name of the way first."""
    for coded in (False, True):
        yield f"array, coded {coded}", of_array(name, array, coded=coded)
    file = parquet(tmp_path, name, array)
    if file is not None:
        yield "parquet", cells(open_dataset(file), name)
        yield "parquet, coded", cells(open_dataset(file), name, coded=True)
        yield (
            "mapped parquet",
            cells(open_dataset(mapped(tmp_path, name, array), renaming(tmp_path, name)), name),
        )
        yield "frame of a file", cells(open_stays(file, "insurance-2.0"), name)
    if not has_bad_bytes(array):
        frame = as_frame(name, array)
        if frame is not None:
            yield "frame", cells(open_stays(frame, "insurance-2.0"), name)
            yield "lazy frame", cells(open_stays(frame.lazy(), "insurance-2.0"), name)


def of_array(
    name: str, array: pa.Array, reading: Reading = PLAIN_READING, coded: bool = False
) -> list[Cell]:
    """A column in memory, read as a batch of a file is."""
    column = read_column(name, array, STAY_COLUMNS[name], reading, coded)
    faults = packed([(name, fault) for fault in column.faults], len(array))
    return _cells(name, column.values, faults)


def cells(dataset: Dataset, name: str, coded: bool = False) -> list[Cell]:
    """A column of a dataset."""
    found = []
    for piece in dataset.pieces():
        for batch in piece.batches([name, FAULTS], [name] if coded else []):
            found += _cells(name, batch.column(name), batch.column(FAULTS))
    return found


def _cells(name: str, values: pa.Array, faults: pa.Array) -> list[Cell]:
    plain = [
        float(one) if isinstance(one, int) and STAY_COLUMNS[name] is Kind.NUMBER else one
        for one in values.to_pylist()
    ]
    return [
        Cell(
            value,
            tuple((one.code, str(one.problem), one.value) for one in unpacked(text))
            if text
            else (),
        )
        for value, text in zip(plain, faults.to_pylist(), strict=True)
    ]


def parquet(tmp_path: Path, name: str, array: pa.Array) -> Path | None:
    """The column in a file, beside another; None for types that no Parquet file has."""
    place = tmp_path / "stays.parquet"
    table = pa.table({"remark": pa.nulls(len(array), pa.int8()), name: array})
    try:
        pq.write_table(table, place)
    except pa.ArrowNotImplementedError:
        return None
    return place


def mapped(tmp_path: Path, name: str, array: pa.Array) -> Path:
    """The column in a file that calls it as the mapping does."""
    place = tmp_path / "mapped.parquet"
    pq.write_table(pa.table({f"THEIR {name}": array}), place)
    return place


def renaming(tmp_path: Path, name: str) -> Path:
    """A mapping that only renames the column."""
    place = tmp_path / "mapping.toml"
    theirs = f"THEIR {name}"
    rule = (
        f'[{"diagnoses" if name == "other_diagnoses" else "procedures"}]\nlist = "{theirs}"\n'
        if STAY_COLUMNS[name] is Kind.TEXTS
        else f'[columns]\n{name} = "{theirs}"\n'
    )
    place.write_text(rule, encoding="utf-8")
    return place


def as_csv(
    tmp_path: Path, name: str, texts: Sequence[str | None]
) -> Iterator[tuple[str, list[Cell]]]:
    """Texts through CSV files and mapped ones; None is an empty cell."""
    for mapping in (False, True):
        place = tmp_path / f"stays{mapping}.csv"
        with place.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow(["remark", f"THEIR {name}" if mapping else name])
            writer.writerows(["-", text or ""] for text in texts)
        dataset = open_dataset(place, renaming(tmp_path, name) if mapping else None)
        yield f"csv, mapped {mapping}", cells(dataset, name)
        yield f"csv, mapped {mapping}, coded", cells(dataset, name, coded=True)


def as_excel(
    tmp_path: Path, name: str, texts: Sequence[str | None]
) -> Iterator[tuple[str, list[Cell]]]:
    """Texts as texts of workbooks, as far as a workbook can hold them."""
    if any(text is not None and len(text) > _MOST_OF_A_CELL for text in texts):
        return
    for mapping in (False, True):
        place = tmp_path / f"stays{mapping}.xlsx"
        with Workbook(str(place)) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["remark", f"THEIR {name}" if mapping else name])
            for row, text in enumerate(texts, start=1):
                sheet.write_string(row, 0, "-")
                sheet.write_string(row, 1, text or "")
        dataset = open_dataset(place, renaming(tmp_path, name) if mapping else None)
        yield f"excel, mapped {mapping}", cells(dataset, name)
        yield f"excel, mapped {mapping}, coded", cells(dataset, name, coded=True)


_MOST_OF_A_CELL = 32767


def text_everywhere(
    tmp_path: Path, name: str, texts: Sequence[str | None]
) -> Iterator[tuple[str, list[Cell]]]:
    """The same texts as every type of text in Parquet and frames, and as CSV."""
    for type_ in TEXT_TYPES:
        array = pa.array(
            [text.encode() if text is not None and is_bytes(type_) else text for text in texts],
            type_.value_type if pa.types.is_dictionary(type_) else type_,
        )
        if pa.types.is_dictionary(type_):
            array = array.dictionary_encode().cast(type_)
        for way, found in through(tmp_path, name, array):
            yield f"{way} of {type_}", found
    yield from as_csv(tmp_path, name, texts)
    yield from as_excel(tmp_path, name, texts)


TEXT_TYPES = (
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.binary(),
    pa.large_binary(),
    pa.dictionary(pa.int32(), pa.string()),
    pa.dictionary(pa.int32(), pa.binary()),
    pa.dictionary(pa.int8(), pa.large_string()),
    pa.dictionary(pa.uint32(), pa.string()),
    pa.dictionary(pa.int64(), pa.large_binary()),
)


def is_bytes(type_: pa.DataType) -> bool:
    """Whether a type holds bytes."""
    type_ = type_.value_type if pa.types.is_dictionary(type_) else type_
    return bool(pa.types.is_binary(type_) or pa.types.is_large_binary(type_))


def has_bad_bytes(array: pa.Array) -> bool:
    """Whether a column has bytes that are no UTF-8: no frame of texts can hold them."""
    if not is_bytes(array.type):
        return False
    try:
        array.cast(pa.large_string()).validate(full=True)
    except pa.ArrowInvalid:
        return True
    return False


def as_frame(name: str, array: pa.Array) -> pl.DataFrame | None:
    """A frame of the column; None for types that polars lacks."""
    if pa.types.is_decimal256(array.type):
        return None
    try:
        return pl.DataFrame({"remark": [None] * len(array), name: pl.Series(name, array)})
    except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError):
        return None
