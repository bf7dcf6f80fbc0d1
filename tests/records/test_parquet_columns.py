"""Columns copied between Parquet files: the bytes that the library would have written."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.records.parquet_columns import copy_columns
from drgpay.records.writing import write_batches

ROWS = 600_000  # three row groups
TABLE = pa.table(
    {
        "id": [f"stay {number}" for number in range(ROWS)],
        "group": pa.array([None, "A", "B"] * (ROWS // 3)).dictionary_encode(),
        "number": pa.array(range(ROWS), pa.int16() if ROWS < 1 << 15 else pa.int32()),
    }
)


def written(table: pa.Table, path: Path) -> Path:
    coded = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    write_batches(table.to_batches(), table.schema, path, coded=coded)
    return path


def test_the_bytes_of_one_file(tmp_path: Path) -> None:
    whole = written(TABLE, tmp_path / "whole")
    left = written(TABLE.select(["id"]), tmp_path / "left")
    right = written(TABLE.select(["group", "number"]), tmp_path / "right")
    copy_columns([(left, ["id"]), (right, ["group", "number"])], tmp_path / "joined")
    assert (tmp_path / "joined").read_bytes() == whole.read_bytes()
    copy_columns([(whole, ["id"])], tmp_path / "taken")
    assert (tmp_path / "taken").read_bytes() == left.read_bytes()


def test_another_order(tmp_path: Path) -> None:
    whole = written(TABLE, tmp_path / "whole")
    copy_columns([(whole, ["number", "id"])], tmp_path / "turned")
    read = pq.read_table(tmp_path / "turned")
    assert read.equals(TABLE.select(["number", "id"]))
    assert pq.ParquetFile(tmp_path / "turned").metadata.num_row_groups == 3


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    whole = written(TABLE, tmp_path / "whole")
    short = written(TABLE.slice(0, 5), tmp_path / "short")
    with pytest.raises(ValueError, match="row groups"):
        copy_columns([(whole, ["id"]), (short, ["number"])], tmp_path / "joined")
    (tmp_path / "no").write_bytes(b"x" * 100)
    with pytest.raises(ValueError, match="not a Parquet file"):
        copy_columns([(tmp_path / "no", ["id"])], tmp_path / "joined")
