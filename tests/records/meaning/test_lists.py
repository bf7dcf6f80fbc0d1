"""A list of codes is the same list, whichever way it is written."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from drgpay.records.columns import ITEM_COLUMNS, STAY_COLUMNS, Kind
from drgpay.records.dataset import open_dataset
from drgpay.records.meaning.codes import SEPARATORS
from drgpay.records.meaning.lists import split
from tests.records.meaning.ways import Cell, as_csv, cells, good, of_array, text_everywhere, through
from tests.spread import spread

CODES = ["02.3405", "38.4500x004"]
LISTS: list[Any] = [["", "02.3405"], None, [], [None, " ", "02.3405", "　"], [None], CODES]
READ = good(["02.3405"], [], [], ["02.3405"], [], CODES)


@pytest.mark.parametrize(
    "type_",
    [
        pa.list_(pa.string()),
        pa.large_list(pa.large_string()),
        pa.list_(pa.string_view()),
        pa.list_view(pa.string()),
        pa.large_list_view(pa.large_string()),
        pa.list_(pa.dictionary(pa.int32(), pa.string())),
        pa.list_(pa.dictionary(pa.uint8(), pa.large_string())),
        pa.list_(pa.binary()),
    ],
    ids=str,
)
def test_a_list_of_any_type(type_: pa.DataType, tmp_path: Path) -> None:
    given = LISTS
    if type_.value_type == pa.binary():
        given = [one and [None if item is None else item.encode() for item in one] for one in LISTS]
    for way, found in through(tmp_path, "procedures", pa.array(given, type_)):
        assert found == READ, way


def test_lists_of_a_fixed_length(tmp_path: Path) -> None:
    array = pa.array([["", "02.3405"], CODES, [None, None], None], pa.list_(pa.string(), 2))
    for way, found in through(tmp_path, "procedures", array):
        assert found == good(["02.3405"], CODES, [], []), way


def test_no_lists_at_all(tmp_path: Path) -> None:
    for array in (pa.nulls(2), pa.array([[None], []], pa.list_(pa.null()))):
        for way, found in through(tmp_path, "procedures", array):
            assert found == good([], []), (way, array.type)


@pytest.mark.parametrize(
    "separator", spread([*SEPARATORS, " ", "\n", "\t", " ; ", "\r\n", "\u3000"], 4)
)
def test_any_separator_between_codes(separator: str, tmp_path: Path) -> None:
    texts = [separator.join(CODES), separator.join(["", *CODES, ""]), CODES[0], None, separator]
    for way, found in text_everywhere(tmp_path, "procedures", texts):
        assert found == good(CODES, CODES, CODES[:1], [], []), way


def test_a_json_list(tmp_path: Path) -> None:
    texts = [json.dumps(CODES), json.dumps(["", None, CODES[0]]), "[]", "[ ]", '["a;b"]']
    joined = Cell(["a;b"], (("joined_codes", "joined_codes", "a;b"),))
    for way, found in text_everywhere(tmp_path, "procedures", texts):
        assert found == [*good(CODES, CODES[:1], [], []), joined], way


def test_a_separator_of_the_mapping_leaves_the_others_joined(tmp_path: Path) -> None:
    place = tmp_path / "stays.parquet"
    pl.DataFrame({"ops": ["a+b", "a;b+c", None]}).write_parquet(place)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[procedures]\nlist = "ops"\ndelimiter = "+"\n', encoding="utf-8")
    found = cells(open_dataset(place, mapping), "procedures")
    assert found[0] == Cell(["a", "b"])
    assert found[1].faults == (("joined_codes", "joined_codes", "a;b"),)
    assert found[2] == Cell([])
    mapping.write_text('[csv]\nlist_delimiter = "/"\n', encoding="utf-8")
    table = tmp_path / "stays.csv"
    table.write_text("procedures\na/b\na|b\n", encoding="utf-8")
    first, second = cells(open_dataset(table, mapping), "procedures")
    assert first == Cell(["a", "b"])
    assert second.faults == (("joined_codes", "joined_codes", "a|b"),)


def test_items_left_out_are_counted_by_list(tmp_path: Path) -> None:
    place = tmp_path / "stays.parquet"
    pl.DataFrame({"procedures": [["a"], ["", "b", None], None, [""]]}).write_parquet(place)
    dataset = open_dataset(place)
    cells(dataset, "procedures")
    assert ("procedures", "items_missing", 2, "", "stays.parquet", 2) in (
        dataset.conversions.frame().rows()
    )


def test_splitting() -> None:
    words = pl.Series(["a|b", '["a","b"]', "a  b", "a;;b", None])
    assert split(words, None).to_list() == [
        ["a", "b"],
        ["a", "b"],
        ["a", "b"],
        ["a", "", "b"],
        None,
    ]
    assert split(words, "|").to_list() == [["a", "b"], ["a", "b"], ["a  b"], ["a;;b"], None]


def test_slices_of_lists() -> None:
    array = pa.array([["x"], ["", "a"], None, ["b;c"]])
    assert of_array("procedures", array.slice(1)) == [
        Cell(["a"]), Cell([]), Cell(["b;c"], (("joined_codes", "joined_codes", "b;c"),)),
    ]  # fmt: skip
    assert of_array("procedures", array.slice(1, 2), coded=True) == good(["a"], [])


def test_csv_cells_of_many_lines(tmp_path: Path) -> None:
    for way, found in as_csv(tmp_path, "other_diagnoses", ["A00.000\nA01.000", "A00.000\r\n"]):
        assert found == good(["A00.000", "A01.000"], ["A00.000"]), way
    assert all(STAY_COLUMNS[name] is Kind.TEXTS for name in ("other_diagnoses", "procedures"))
    assert Kind.TEXTS not in ITEM_COLUMNS.values()
