"""One spelling of each code, and no code that is several."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from drgpay.records.meaning.codes import SEPARATORS, CodeKind, joined, needs_no_spelling, spelled
from tests.records.meaning.ways import Cell, good, of_array, text_everywhere, through
from tests.spread import spread

SPELLED = {
    "J42.X00": "J42.x00",
    "J42.x00": "J42.x00",
    "j42.X00": "J42.x00",
    "Ｊ４２．Ｘ００": "J42.x00",
    "ａ０１．０００ｘ００２": "A01.000x002",
    "A01.000X002": "A01.000x002",
    "X59.900": "X59.900",
    "x59.900": "X59.900",
    "X59.X00X01": "X59.x00x01",
    " A00.000　": "A00.000",
    "A15.0†": "A15.0†",
    "M01.1*": "M01.1*",
    "C50.900X011": "C50.900x011",
}
PROCEDURES = {
    "00.6400X007": "00.6400x007",
    "０２．３４０５": "02.3405",
    "38.4500x004": "38.4500x004",
}


def test_diagnoses_are_spelled_as_tables_spell_them(tmp_path: Path) -> None:
    for way, found in text_everywhere(tmp_path, "principal_diagnosis", [*SPELLED, None]):
        assert found == good(*SPELLED.values(), None), way


def test_lists_of_codes_are_spelled_alike(tmp_path: Path) -> None:
    for column, table in (("other_diagnoses", SPELLED), ("procedures", PROCEDURES)):
        for way, found in through(tmp_path, column, pa.array([[*table], [], None])):
            assert found == good([*table.values()], [], []), way
        text = [" | ".join(table), None]
        for way, found in text_everywhere(tmp_path, column, text):
            assert found == good([*table.values()], []), way


def test_a_procedure_keeps_its_first_letter() -> None:
    assert of_array("procedures", pa.array([["ab12", "X1"]])) == good([["ab12", "X1"]][0])


def test_other_texts_are_no_codes() -> None:
    for column in ("person_id", "department", "hospital_id"):
        assert of_array(column, pa.array(["a1.X0", "Ａ１", "a;b"])) == good("a1.X0", "Ａ１", "a;b")


@pytest.mark.parametrize("separator", spread([*SEPARATORS, " ", "\n", "\t", "\u3000"], 3))
def test_codes_joined_to_one(separator: str, tmp_path: Path) -> None:
    text = f"A00.000{separator}A01.000"
    said = " " if separator in "\n\t" else separator
    fault = ("joined_codes", "joined_codes", f"A00.000{said}A01.000")
    for way, found in text_everywhere(tmp_path, "principal_diagnosis", [text, "A00.000"]):
        assert found[0].faults == (fault,), way
        assert found[1] == Cell("A00.000"), way
    for column in ("other_diagnoses", "procedures"):
        for way, found in through(tmp_path, column, pa.array([["B00", text], ["B00"]])):
            assert found[0].faults == (fault,), (column, way)
            assert found[1] == Cell(["B00"]), (column, way)


def test_each_cell_that_is_joined_is_a_fault() -> None:
    lists = pa.array([["a;b", "c;d"], ["e"], ["f,g"]])
    found = of_array("procedures", lists)
    assert [len(cell.faults) for cell in found] == [2, 0, 1]


def test_at_a_glance() -> None:
    assert needs_no_spelling(pa.array(["A00.000", "J42.x00", "X59", "02.3405", None]))
    for word in ("J42.X00", "a00", "Ａ00", "A00;A01", "A00 ", "AXX"):
        assert not needs_no_spelling(pa.array(["A00.000", word]))


def test_spelling_twice_changes_nothing() -> None:
    for kind in CodeKind:
        once = spelled(pl.Series([*SPELLED, *PROCEDURES]), kind)
        assert spelled(once, kind).equals(once)
    assert joined(pl.Series(["A00", "A00 A01", "A00、A01"])).to_list() == [False, True, True]
