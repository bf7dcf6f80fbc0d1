"""Frames in files that the program itself reads again."""

from pathlib import Path

import polars as pl

from drgpay.records.arrow_files import as_texts, read_arrow, write_arrow


def test_frames_come_back_as_they_were(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"case_id": ["a", "b"], "drg": ["AA19", None], "exact": [2**100, -1], "fen": [1, None]},
        schema={"case_id": pl.String, "drg": pl.Categorical, "exact": pl.Int128, "fen": pl.Int64},
    )
    path = tmp_path / "region [bold]*?" / "bucket.arrow"  # no pattern
    path.parent.mkdir()
    write_arrow(frame, path)
    assert read_arrow(path).equals(frame)
    assert read_arrow(path).schema == frame.schema
    assert read_arrow(path, ["exact", "case_id"]).equals(frame.select("exact", "case_id"))
    assert as_texts(read_arrow(path, ["drg"]))["drg"].dtype == pl.String
