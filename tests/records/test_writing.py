"""Parquet files whose bytes depend on their rows alone."""

from pathlib import Path

import polars as pl

from drgpay.records.writing import ROW_GROUP_ROWS, write_frame

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


def test_a_frame_without_rows(tmp_path: Path) -> None:
    empty = pl.DataFrame(ROWS, schema_overrides={"apg": pl.Categorical}).clear()
    write_frame(empty, tmp_path / "empty.parquet")
    assert pl.read_parquet(tmp_path / "empty.parquet").schema == pl.DataFrame(ROWS).schema
