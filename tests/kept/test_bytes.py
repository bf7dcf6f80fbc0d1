"""The bytes of a small year are those that are kept; what differs is named."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.kept.bytes import differences, hashes, other_writers

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif(bool(other_writers()), reason=f"other writers: {other_writers()}")
def test_every_file_of_a_small_year_has_the_bytes_that_are_kept() -> None:
    """If a change of results is meant: `python -m tests.kept.bytes keep`, and say so in the log."""
    command = [sys.executable, "-m", "tests.kept.bytes", "compare"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def before(tmp_path: Path) -> Path:
    folder = tmp_path / "before"
    folder.mkdir()
    cases = pl.DataFrame({"case_id": ["A", "B", "C"], "points": [1, 2, 3]})
    cases.write_parquet(folder / "cases.parquet")
    manifest = '{"run": "x", "program": "p", "outputs": {"b": 1, "a": 2}, "seconds": {"read": 1}}'
    (folder / "manifest.json").write_text(manifest, "utf-8")
    (folder / "drgpay.duckdb").write_bytes(b"no result")
    return folder


@pytest.fixture
def after(before: Path) -> Path:
    return Path(shutil.copytree(before, before.with_name("after")))


def _said(before: Path, after: Path, where: bool = False) -> list[str]:
    return list(differences(hashes(before), hashes(after), after, before if where else None))


def _write(folder: Path, *changes: pl.Expr, plain: bool = False) -> None:
    path = folder / "cases.parquet"
    changed = pl.read_parquet(path).with_columns(*changes)
    changed.write_parquet(path, compression="uncompressed" if plain else "zstd")


def test_what_changes_with_every_run_is_no_difference(before: Path, after: Path) -> None:
    manifest = after / "manifest.json"
    text = manifest.read_text("utf-8").replace('"read": 1', '"read": 2').replace('"a": 2', '"a": 3')
    manifest.write_text(text, "utf-8")
    (after / "drgpay.duckdb").write_bytes(b"another")
    assert _said(before, after) == []


def test_files_that_are_missing_or_new_are_named(before: Path, after: Path) -> None:
    (after / "cases.parquet").rename(after / "stays.parquet")
    assert _said(before, after) == ["cases.parquet: missing", "stays.parquet: new"]


def test_other_bytes_of_a_table_are_told_from_other_content(before: Path, after: Path) -> None:
    _write(after, plain=True)
    assert _said(before, after) == ["cases.parquet: other bytes, the same content"]


def test_the_first_column_and_row_that_differ_are_named(before: Path, after: Path) -> None:
    _write(after, pl.when(pl.col("case_id") == "B").then(9).otherwise("points").alias("points"))
    column = "cases.parquet: other content in 1 of 2 parts, the first points Int64"
    assert _said(before, after) == [column]
    assert _said(before, after, where=True) == [
        f"{column}: 1 rows, the first is row 2 (B), 2 before, 9 now"
    ]


def test_other_columns_and_types_are_named(before: Path, after: Path) -> None:
    _write(after, pl.col("points").cast(pl.Int32))
    (said,) = _said(before, after, where=True)
    assert said.endswith("without ['points Int64'], with ['points Int32']")


def test_the_key_of_a_manifest_is_named(before: Path, after: Path) -> None:
    manifest = after / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"p"', '"q"'), "utf-8")
    (said,) = _said(before, after)
    assert said == "manifest.json: other content in 1 of 3 parts, the first program"
