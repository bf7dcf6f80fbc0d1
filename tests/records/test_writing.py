"""Parquet files whose bytes depend on their rows alone."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.records.writing import ROW_GROUP_ROWS, write_frame, write_frames, write_table
from tests.hostile_texts import FORMULAS, TEXTS

ROWS = {"visit_id": ["a", "b", "c", "d"], "apg": ["DW01", None, "AL04", "DW01"]}


def test_categories_are_numbered_by_their_texts(tmp_path: Path) -> None:
    """Whatever texts were met first, in this frame or in another one of the program."""
    files = []
    for number, met_before in enumerate((["AL04"], ["DW01", "AL04"], ["ZZ", "DW01", "AL04"])):
        coded = pl.Categorical(pl.Categories(f"test{number}"))
        earlier = pl.Series(met_before, dtype=coded)
        frame = pl.DataFrame(ROWS, schema_overrides={"apg": coded})
        assert earlier.to_physical().to_list() == list(range(len(met_before)))
        write_frame(frame, tmp_path / f"{number}.parquet")
        files.append((tmp_path / f"{number}.parquet").read_bytes())
    assert files[0] == files[1] == files[2]
    assert pl.read_parquet(tmp_path / "0.parquet").equals(pl.DataFrame(ROWS))


def test_the_pieces_of_a_frame_do_not_show(tmp_path: Path) -> None:
    rows = pl.DataFrame({"apg": pl.Series(["B", "A", "C"] * ROW_GROUP_ROWS).cast(pl.Categorical)})
    write_frame(rows, tmp_path / "whole.parquet")
    cut = pl.concat([rows.head(5), rows.slice(5)], rechunk=False)
    write_frame(cut, tmp_path / "cut.parquet")
    whole, pieces = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    assert whole.read_bytes() == pieces.read_bytes()
    assert pl.read_parquet(whole)["apg"].to_list() == rows["apg"].cast(pl.String).to_list()


@pytest.mark.parametrize("size", [1, 1_000, ROW_GROUP_ROWS, 2 * ROW_GROUP_ROWS])
def test_frames_are_written_as_one(size: int, tmp_path: Path) -> None:
    rows = ROW_GROUP_ROWS + 1_001 if size > 1 else 3
    frame = pl.select(id=pl.int_range(rows).cast(pl.String), day=pl.lit(date(2026, 10, 1)))
    write_frame(frame, tmp_path / "whole.parquet")
    write_frames(frame.iter_slices(size), frame.schema, tmp_path / "parts.parquet")
    assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_no_frames_are_a_frame_without_rows(tmp_path: Path) -> None:
    frame = pl.DataFrame(schema={"id": pl.String})
    write_frame(frame, tmp_path / "whole.parquet")
    write_frames([], frame.schema, tmp_path / "parts.parquet")
    assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_frame_without_rows(tmp_path: Path) -> None:
    empty = pl.DataFrame(ROWS, schema_overrides={"apg": pl.Categorical}).clear()
    write_frame(empty, tmp_path / "empty.parquet")
    assert pl.read_parquet(tmp_path / "empty.parquet").schema == pl.DataFrame(ROWS).schema


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical])
def test_no_text_of_a_csv_is_a_formula(tmp_path: Path, dtype: type[pl.DataType]) -> None:
    frame = pl.DataFrame({"name": pl.Series(TEXTS).cast(dtype), "=1+1": range(len(TEXTS))})
    write_table(frame, tmp_path / "x.csv")
    heading, *rows = _read(tmp_path / "x.csv")
    assert heading == ["name", "'=1+1"]
    guarded = {text: cell for text, (cell, _) in zip(TEXTS, rows, strict=True) if cell != text}
    assert guarded == {text: f"'{text}" for text in FORMULAS}


def test_numbers_of_a_csv_are_left_alone(tmp_path: Path) -> None:
    numbers = ["-1", "+2.50", "-1,234.50", "-0.5%"]
    frame = pl.DataFrame(
        {
            "text": numbers,
            "fen": [-1, 2, -3, None],
            "yuan": [Decimal("-1.50"), Decimal("2.00"), None, Decimal("0.00")],
            "share": [-0.5, 0.25, None, 1.0],
            "day": [date(2026, 10, 1)] * 4,
        }
    )
    write_table(frame, tmp_path / "x.csv")
    assert _read(tmp_path / "x.csv")[1:] == [
        ["-1", "-1", "-1.50", "-0.5", "2026-10-01"],
        ["+2.50", "2", "2.00", "0.25", "2026-10-01"],
        ["-1,234.50", "-3", "", "", "2026-10-01"],
        ["-0.5%", "", "0.00", "1.0", "2026-10-01"],
    ]


def test_parquet_holds_the_texts_as_they_are(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": TEXTS})
    write_table(frame, tmp_path / "x.parquet")
    assert pl.read_parquet(tmp_path / "x.parquet").equals(frame)
