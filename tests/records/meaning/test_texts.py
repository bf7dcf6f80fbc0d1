"""Texts are trimmed, and what is no text or no value is so in every way in."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from drgpay.records.meaning.texts import (
    BLANKS,
    HIVE_NULL,
    LONGEST_TEXT,
    needs_no_reading,
    trimmed_bounds,
)
from tests.records.meaning.ways import Cell, as_csv, good, of_array, text_everywhere, through

NOT_TEXT = ("bad_type", "not_text")


def test_blanks_of_any_kind_are_no_part_of_a_text(tmp_path: Path) -> None:
    texts = [f"{blank}P 1{blank}{blank}" for blank in BLANKS] + ["P 1"]
    for column in ("person_id", "hospital_id", "department"):
        for way, found in text_everywhere(tmp_path, column, [*texts, None]):
            assert found == good(*["P 1"] * len(texts), None), way


def test_nothing_but_blanks_is_missing(tmp_path: Path) -> None:
    texts: list[str | None] = [*BLANKS, " \u3000\xa0", "", HIVE_NULL, f" {HIVE_NULL} ", None]
    for column in ("person_id", "principal_diagnosis", "case_id", "department"):
        for way, found in text_everywhere(tmp_path, column, texts):
            assert found == good(*[None] * len(texts)), (column, way)


def test_bytes_that_are_no_text_among_clean_words(tmp_path: Path) -> None:
    for type_ in (pa.string(), pa.large_string()):
        array = pa.array([b"P1", b"a\xffb"], pa.large_binary()).view(pa.large_string())
        array = (
            pa.array([b"P1", b"a\xffb"], pa.binary()).view(pa.string())
            if type_ == pa.string()
            else array
        )
        for column in ("person_id", "department", "principal_diagnosis"):
            for values in (array, array.dictionary_encode()):
                for way, found in through(tmp_path, column, values):
                    if way not in ("frame", "lazy frame"):
                        expected = [Cell("P1"), Cell(None, ((*NOT_TEXT, r"a\xffb"),))]
                        assert found == expected, (column, way)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("column", ["person_id", "department"])
def test_bytes_that_are_no_text(tmp_path: Path, wide: bool, column: str) -> None:
    type_ = pa.large_binary() if wide else pa.binary()
    given = [
        b"P1",
        b"\xff\xfe",
        b"\xc0\xaf",
        b"caf\xe9",
        "中文".encode(),
        None,
        b"\xed\xa0\x80",
        b"",
        b"a\xffb",
    ]
    said = [r"\xff\xfe", r"\xc0\xaf", r"caf\xe9", r"\xed\xa0\x80", r"a\xffb"]
    wrong = [Cell(None, ((*NOT_TEXT, one),)) for one in said]
    expected = [Cell("P1"), *wrong[:3], Cell("中文"), Cell(None), wrong[3], Cell(None), wrong[4]]
    ways = 0
    strings = pa.array(given, type_).view(pa.large_string() if wide else pa.string())
    for array in (pa.array(given, type_), strings, pa.array(given, type_).dictionary_encode()):
        for way, found in through(tmp_path, column, array):
            if "frame" not in way or "file" in way or array is not strings:
                assert found == expected, (way, array.type)
                ways += 1
    assert ways >= 15


def test_bytes_that_are_no_text_in_columns_of_other_kinds(tmp_path: Path) -> None:
    for column in ("age", "total_cost", "admission_date", "complete", "procedures"):
        array = pa.array([b"\xff", None], pa.binary())
        for way, found in through(tmp_path, column, array):
            assert found[0].faults == ((*NOT_TEXT, r"\xff"),), (column, way)
            assert not found[1].faults, (column, way)
            assert not found[0].value, (column, way)


def test_a_text_may_have_500_bytes(tmp_path: Path) -> None:
    longest, longer = "x" * LONGEST_TEXT, "y" * (LONGEST_TEXT + 1)
    for column in ("person_id", "department"):
        for way, found in text_everywhere(tmp_path, column, [longest, longer]):
            assert found[0] == Cell(longest), way
            said = "y" * 60 + "…"
            assert found[1] == Cell(None, (("bad_value", "text_too_long", said),)), way


def test_a_megabyte_in_a_cell_of_any_kind(tmp_path: Path) -> None:
    megabyte = "9" * 1_000_000
    for column in ("age", "total_cost", "admission_date", "complete", "procedures", "account"):
        for way, found in as_csv(tmp_path, column, [megabyte, None]):
            (code, _, said), *_ = found[0].faults
            assert code in ("bad_value", "bad_type", "implausible_amount"), (column, way)
            assert said == "9" * 60 + "…"
            assert not found[0].value


def test_numbers_in_columns_of_text_are_their_digits(tmp_path: Path) -> None:
    for type_ in (pa.int64(), pa.int8(), pa.uint32(), pa.float64(), pa.float32()):
        for way, found in through(tmp_path, "hospital_id", pa.array([7, None, 0], type_)):
            assert found == good("7", None, "0"), (type_, way)
    floats = pa.array([1.5, float("nan"), 33_000_000.0])
    assert of_array("department", floats) == good("1.5", None, "33000000")


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "a\tb", "a\nb", "a\u200bb", "'; --", "=1+1"])
def test_signs_inside_a_text_stay(text: str, tmp_path: Path) -> None:
    for way, found in text_everywhere(tmp_path, "person_id", [text, "x"]):
        assert found == good(text.strip(BLANKS) or None, "x"), way


def test_what_is_looked_at_byte_by_byte() -> None:
    clean = [["a"], ["P1", "P2", None], ["x" * LONGEST_TEXT], []]
    for words in clean:
        assert needs_no_reading(pa.array(words, pa.string()))
        assert needs_no_reading(pa.array(words, pa.large_string()))
    suspect = [[" a"], ["a "], [""], ["a", "\u3000"], ["a\u200b"], [HIVE_NULL], ["x" * 501]]
    for words in suspect:
        assert not needs_no_reading(pa.array(words, pa.string()))
        assert not needs_no_reading(pa.array(["b", *words, "c"], pa.string()).slice(1))
    assert needs_no_reading(pa.array([" a", "b"], pa.string()).slice(1))


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        ("V1", "V9", ("V1", "V9")),
        ("V1 ", "V9", ("V1", "V9")),
        ("", "V9", None),
        (" V1", "V9", None),
        ("\tV1", "\tV9", None),
        ("V1", "\u3000V9", None),
        ("中", "京", ("中", "京")),
    ],
)
def test_bounds_of_trimmed_words(low: str, high: str, bounds: tuple[str, str] | None) -> None:
    assert trimmed_bounds(low, high) == bounds


def test_the_report_counts_what_was_trimmed(tmp_path: Path) -> None:
    from drgpay.records.dataset import open_dataset

    place = tmp_path / "stays.parquet"
    pl.DataFrame({"person_id": ["a", " b", "c\u3000"], "age": ["1", " 2", "3"]}).write_parquet(
        place
    )
    dataset = open_dataset(place)
    for _ in range(2):  # a batch that is read again does not count again
        for piece in dataset.pieces():
            list(piece.batches(["person_id", "age"]))
    assert dataset.conversions.frame().rows() == [
        ("age", "blanks_trimmed", 1, " 2", "stays.parquet", 2),
        ("person_id", "blanks_trimmed", 2, " b", "stays.parquet", 2),
    ]
