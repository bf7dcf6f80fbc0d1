"""What was left out, converted or not known in records is said by every command that reads them."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.records.columns import CODE_COLUMNS
from tests.cli.in_process import Run

SCHEMES = ("chs-drg-1.1", "chs-drg-2.0")


@pytest.fixture
def history(sample_data: Path, tmp_path: Path) -> Path:
    """Stays of past months, the lists of procedures with an empty item in front."""
    frame = pl.read_parquet(sample_data / "history" / "2026-09.parquet", glob=False)[:300]
    some = pl.col("procedures").list.len() > 0
    with_empty = pl.concat_list(pl.lit(""), "procedures")
    folder = tmp_path / "history"
    folder.mkdir()
    spoiled = pl.when(some).then(with_empty).otherwise("procedures").alias("procedures")
    frame.with_columns(spoiled).write_parquet(folder / "2026-09.parquet")
    (folder / "_SUCCESS").write_bytes(b"x")
    return folder


def calibrate(sample_data: Path, history: Path, out: Path) -> list[object]:
    return [
        *("calibrate", history, "--scheme", "chs-drg-2.0", "--out", out),
        *("--policy", sample_data / "policy.toml", "--hospitals", sample_data / "hospitals.csv"),
    ]


def test_whatever_the_command(
    drgpay: Run, sample_data: Path, history: Path, tmp_path: Path
) -> None:
    commands = [
        ["group", history, "--scheme", "chs-drg-2.0", "--out", tmp_path / "groups.parquet"],
        ["scheme", "migrate", *SCHEMES, history],
        calibrate(sample_data, history, tmp_path / "catalogue"),
    ]
    for words in commands:
        status, _, said = drgpay(*words)
        assert status == 0, said
        assert said.count("items of the list are missing: left out") == 1, words
        assert said.count("1 files were passed over: _SUCCESS") == 1, words


def test_a_calibration_says_that_codes_are_joined(
    drgpay: Run, sample_data: Path, history: Path, tmp_path: Path
) -> None:
    place = history / "2026-09.parquet"
    frame = pl.read_parquet(place, glob=False)
    lists = [name for name in CODE_COLUMNS if frame.schema[name] == pl.List(pl.String)]
    joined = pl.col(lists).list.join("/").str.strip_prefix("/")
    frame.with_columns(joined).write_parquet(place)
    status, _, said = drgpay(*calibrate(sample_data, history, tmp_path / "catalogue"))
    assert status == 0
    assert "that no table knows, such as" in said
    assert "/ seems to stand between codes" in said


def test_grouping_says_that_codes_are_joined(drgpay: Run, history: Path, tmp_path: Path) -> None:
    place = history / "2026-09.parquet"
    frame = pl.read_parquet(place, glob=False)
    code = pl.col("principal_diagnosis")
    frame.with_columns(pl.concat_str(code, pl.lit("/I10.x00"))).write_parquet(place)
    out = tmp_path / "groups.parquet"
    for words in (
        ["group", history, "--scheme", "chs-drg-2.0", "--out", out],
        ["scheme", "migrate", *SCHEMES, history],
    ):
        status, _, said = drgpay(*words)
        assert status == 0
        assert said.count("principal_diagnosis: 300 rows, several codes seem to be joined") == 1
