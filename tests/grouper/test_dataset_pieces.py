"""Codes that are joined by another sign are said where records are grouped."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.dataset_pieces import grouped_batches
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset
from drgpay.records.joined_codes import separator_in
from drgpay.records.known_codes import codes_in

STAYS = Path(__file__).resolve().parents[1] / "data" / "oracle-chs-drg-2.0.parquet"
LISTS = ("other_diagnoses", "procedures")
SPOILED: dict[str, dict[int, object]] = {
    "principal_diagnosis": {7: "J44.100/I10.x00", 9: "ZZZ99", 11: "J44.100/I10.x00"},
    "other_diagnoses": {3: ["I10.x00x002", "J44.100+I10.x00", "E11.900/I10.x00"], 5: ["ZZZ98"]},
    "procedures": {8: ["88.7200／88.7400"], 9: []},
}
# By column and problem: rows, example, file row of the first
FOUND = {
    ("principal_diagnosis", "seems_joined"): (2, "J44.100/I10.x00", 8),
    ("other_diagnoses", "seems_joined"): (1, "J44.100+I10.x00", 4),
    ("procedures", "seems_joined"): (1, "88.7200/88.7400", 9),
}


def clean(rows: int = 40) -> pl.DataFrame:
    """Stays with no code that seems joined."""
    return pl.read_parquet(STAYS, glob=False).head(rows)


def spoiled(frame: pl.DataFrame) -> pl.DataFrame:
    """The same with the codes of SPOILED."""
    changed = []
    for name, cells in SPOILED.items():
        values = frame[name].to_list()
        for row, value in cells.items():
            values[row] = value
        changed.append(pl.Series(name, values, dtype=frame.schema[name]))
    return frame.with_columns(changed)


def as_parquet(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_parquet(folder / "stays.parquet", row_group_size=6)
    return folder / "stays.parquet"


def as_large_parquet(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_parquet(folder / "stays.parquet", use_pyarrow=True)
    return folder / "stays.parquet"


def as_csv(frame: pl.DataFrame, folder: Path) -> Path:
    joined = [pl.col(name).list.join("|") for name in LISTS]
    frame.with_columns(joined).write_csv(folder / "stays.csv")
    return folder / "stays.csv"


def said(path: Path, compiled: CompiledScheme) -> dict[tuple[str, str], tuple[int, str, int]]:
    """What grouping a file says of joined codes."""
    dataset = open_dataset(path)
    group_dataset(dataset, compiled, path.parent / "groups.parquet")
    found = dataset.conversions.frame().filter(pl.col("problem") == "seems_joined")
    return {(one["column"], one["problem"]): _told(one) for one in found.iter_rows(named=True)}


def _told(one: dict[str, object]) -> tuple[int, str, int]:
    return int(str(one["rows"])), str(one["example"]), int(str(one["row"]))


@pytest.mark.parametrize("write", [as_parquet, as_large_parquet, as_csv])
def test_rows_and_examples_however_the_file_is_written(
    write: Callable[[pl.DataFrame, Path], Path],
    tmp_path: Path,
    compiled: Callable[[str], CompiledScheme],
) -> None:
    scheme = compiled("chs-drg-2.0")
    headings = 1 if write is as_csv else 0
    assert said(write(clean(), tmp_path), scheme) == {}
    expected = {key: (rows, such, row + headings) for key, (rows, such, row) in FOUND.items()}
    assert said(write(spoiled(clean()), tmp_path), scheme) == expected


@pytest.mark.parametrize("kind", ["diagnoses", "procedures"])
def test_no_code_of_the_tables_seems_joined(kind: str) -> None:
    codes = codes_in("insurance-2.0", kind)
    assert codes
    assert not [code for code in codes if separator_in(code)]


def test_it_is_said_once_with_the_remedy(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    dataset = open_dataset(as_parquet(spoiled(clean()), tmp_path))
    group_dataset(dataset, compiled("chs-drg-2.0"), tmp_path / "groups.parquet")
    (line,) = [one for one in dataset.reading_lines("en") if "principal" in one]
    assert line.startswith("principal_diagnosis: 2 rows, several codes seem to be joined")
    assert "name the sign in a mapping" in line
    assert line.endswith("(stays.parquet row 8: J44.100/I10.x00)")


def test_reasons_are_found_in_parts_of_one_size(
    tmp_path: Path,
    compiled: Callable[[str], CompiledScheme],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scheme = compiled("chs-drg-2.0")
    dataset = open_dataset(as_large_parquet(clean(), tmp_path))
    piece = dataset.placed_pieces()[0]
    read = ["case_id", *scheme.columns]
    monkeypatch.setattr("drgpay.grouper.dataset_pieces.BATCH_ROWS", 16)
    for reasons, rows in ((False, [40]), (True, [16, 16, 8])):
        pairs = list(grouped_batches(scheme, dataset, piece, read, (), reasons))
        assert [batch.num_rows for batch, _ in pairs] == rows
        ids = [text for batch, _ in pairs for text in batch.column("case_id").to_pylist()]
        assert ids == clean()["case_id"].to_list()
        assert [groups.num_rows for _, groups in pairs] == rows
