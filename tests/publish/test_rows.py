"""Rows as a database takes them: typed as declared, whole over the parts of a file, exact in sums."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from drgpay.publish import rows
from drgpay.publish.layout import published_tables
from drgpay.publish.rows import TableFile

RUN = "2026-10-0123456789"


def _file(tmp_path: Path, table: str, frame: pl.DataFrame) -> TableFile:
    path = tmp_path / f"{table}.parquet"
    frame.write_parquet(path)
    return TableFile(RUN, path, published_tables()[table])


def _read(file: TableFile) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(file.batches().read_all()))


def _payables(count: int) -> pl.DataFrame:
    """Values of `count` pools; some columns were not written by older programs."""
    return pl.DataFrame(
        {
            "pool": [f"p{number:05}" for number in range(count)],
            "accounts": [["employee", "resident"]] * count,
            "points": [Decimal("-0.0001")] * count,
            "point_value": [Decimal("118.50000001")] * count,
            "budget": [Decimal("9999999999999999.99")] * count,
        },
        schema={
            "pool": pl.String,
            "accounts": pl.List(pl.String),
            "points": pl.Decimal(18, 4),
            "point_value": pl.Decimal(18, 8),
            "budget": pl.Decimal(18, 2),
        },
    )


def test_columns_and_types_are_those_of_the_table(tmp_path: Path) -> None:
    file = _file(tmp_path, "run_values", _payables(2))
    batches = file.batches()
    assert batches.schema.names == [field.name for field in file.table.fields]
    types = {name: str(batches.schema.field(name).type) for name in batches.schema.names}
    assert types["cases"] == "int64"
    assert types["place"] == "int64"
    assert types["accounts"].startswith("large_list")
    assert types["fund_amount"] == "decimal128(18, 2)"


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    file = _file(tmp_path, "run_values", _payables(0))
    batches = file.batches()
    assert batches.schema.names == [field.name for field in file.table.fields]
    assert isinstance(read := batches.read_all(), pa.Table)
    assert read.num_rows == 0
    assert set(file.sums().values()) == {Decimal(0)}


def test_rows_keep_their_order_and_number_over_all_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = _payables(23)
    file = _file(tmp_path, "run_values", frame)
    whole = _read(file)
    monkeypatch.setattr(rows, "_BATCH_ROWS", 5)
    assert _read(file).equals(whole)
    assert whole["place"].to_list() == list(range(1, 24))
    assert whole["pool"].equals(frame["pool"])
    assert set(whole["run"]) == {RUN}
    assert whole["level"].null_count() == 23


def test_sums_are_exact_beyond_what_a_column_holds(tmp_path: Path) -> None:
    sums = _file(tmp_path, "run_values", _payables(1000)).sums()
    assert sums[""] == 1000
    assert sums["budget"] == Decimal("9999999999999999990.00")
    assert sums["points"] == Decimal("-0.1")
    assert sums["fund_amount"] == 0  # a column that the file lacks
    assert set(sums) == {"", *rows.summed_columns(published_tables()["run_values"])}
    assert "point_value" not in sums


def test_what_older_files_lack_is_in_the_sums_as_it_is_in_the_rows(tmp_path: Path) -> None:
    file = _file(tmp_path, "run_values", _payables(3))
    assert "budget_given" not in pl.read_parquet(file.path).columns
    assert _read(file)["budget_given"].equals(_read(file)["budget"])
    assert file.sums()["budget_given"] == file.sums()["budget"] > 0
