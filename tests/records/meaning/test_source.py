"""Files, folders and partitions are read to the same values, whatever wrote them."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.columns import STAY_COLUMNS
from drgpay.records.dataset import open_dataset
from tests.records.meaning.ways import Cell, cells, good

FRAME = pl.DataFrame(
    {
        "case_id": ["1", "2", "3"],
        "admission_date": [date(2026, 10, 1), date(2026, 10, 2), None],
        "age": [35, None, 0],
        "principal_diagnosis": ["A00.000", "j42.X00", None],
        "procedures": [["", "02.3405"], [], None],
        "total_cost": [Decimal("12.34"), Decimal("0.07"), None],
        "complete": [True, None, False],
    },
    schema_overrides={"total_cost": pl.Decimal(18, 2)},
)
READ: dict[str, list[Any]] = {
    **{name: FRAME[name].to_list() for name in FRAME.columns},
    "principal_diagnosis": ["A00.000", "J42.x00", None],
    "procedures": [["02.3405"], [], []],
    "age": [35.0, None, 0.0],
}


def same_as_ever(path: Path) -> None:
    for name, values in READ.items():
        for coded in (False, True):
            assert cells(open_dataset(path), name, coded=coded) == good(*values), (name, coded)


DELTA = {
    "case_id": "DELTA_BYTE_ARRAY",
    "admission_date": "DELTA_BINARY_PACKED",
    "age": "DELTA_BINARY_PACKED",
    "principal_diagnosis": "DELTA_LENGTH_BYTE_ARRAY",
    "procedures.list.element": "DELTA_BYTE_ARRAY",
}


@pytest.mark.parametrize("version", ["1.0", "2.4", "2.6"])
@pytest.mark.parametrize("page", ["1.0", "2.0"])
def test_encodings_of_pyarrow(tmp_path: Path, version: str, page: str) -> None:
    place = tmp_path / "stays.parquet"
    table = FRAME.to_arrow(compat_level=pl.CompatLevel.oldest())
    for options in (
        {},
        {"use_dictionary": False},
        {"use_dictionary": False, "column_encoding": DELTA},
    ):
        pq.write_table(table, place, version=version, data_page_version=page, **options)
        same_as_ever(place)


@pytest.mark.parametrize("version", ["V1", "V2"])
def test_files_of_duckdb(tmp_path: Path, version: str) -> None:
    place = tmp_path / "stays.parquet"
    frame = FRAME  # duckdb finds it by its name
    duckdb.sql(f"COPY frame TO '{place}' (FORMAT parquet, PARQUET_VERSION {version})")
    assert frame.height == 3
    same_as_ever(place)
    many = pl.concat([FRAME] * 2000)
    duckdb.sql(f"COPY many TO '{place}' (FORMAT parquet, PARQUET_VERSION {version})")
    assert cells(open_dataset(place), "procedures", coded=True) == good(
        *READ["procedures"] * (many.height // 3)
    )


def test_files_of_polars(tmp_path: Path) -> None:
    place = tmp_path / "stays.parquet"
    FRAME.write_parquet(place, row_group_size=2)
    same_as_ever(place)
    FRAME.with_columns(pl.col("principal_diagnosis").cast(pl.Categorical)).write_parquet(place)
    same_as_ever(place)


def test_csv_reads_the_same(tmp_path: Path) -> None:
    place = tmp_path / "stays.csv"
    FRAME.with_columns(pl.col("procedures").list.join("|")).write_csv(place)
    same_as_ever(place)


def test_a_column_named_twice_is_named(tmp_path: Path) -> None:
    place = tmp_path / "stays.parquet"
    table = pa.Table.from_arrays([pa.array(["1"]), pa.array(["2"])], names=["age", "age"])
    pq.write_table(table, place)
    with pytest.raises(DrgpayError, match=r"stays\.parquet has the column age twice"):
        open_dataset(place)
    csv = tmp_path / "stays.csv"
    csv.write_text("age,age\n1,2\n", encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"stays\.csv has the column age twice"):
        open_dataset(csv)


def partitioned(tmp_path: Path, folder: str, frame: pl.DataFrame, form: str = "parquet") -> Path:
    place = tmp_path / "data" / folder
    place.mkdir(parents=True)
    if form == "csv":
        frame.write_csv(place / "part.csv")
    else:
        frame.write_parquet(place / "part.parquet")
    return tmp_path / "data"


ONE = pl.DataFrame({"case_id": ["1", "2"]})


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("folder", "column", "value"),
    [
        ("settlement_date=2026-10-01", "settlement_date", date(2026, 10, 1)),
        ("settlement_date=20261001", "settlement_date", date(2026, 10, 1)),
        ("settlement_date=2026-10-01 00%3A00%3A00", "settlement_date", date(2026, 10, 1)),
        ("age=35", "age", 35.0),
        ("complete=true", "complete", True),
        ("complete=0", "complete", False),
        ("total_cost=12.5", "total_cost", Decimal("12.50")),
        ("hospital_id=H%201%2F%E5%8C%BB", "hospital_id", "H 1/医"),
        ("hospital_id=医院", "hospital_id", "医院"),
        ("hospital%5Fid=H1", "hospital_id", "H1"),
        ("principal_diagnosis=j42.X00", "principal_diagnosis", "J42.x00"),
        ("procedures=02.3405%7C00.01", "procedures", ["02.3405", "00.01"]),
        ("hospital_id=__HIVE_DEFAULT_PARTITION__", "hospital_id", None),
        ("age=__HIVE_DEFAULT_PARTITION__", "age", None),
        ("settlement_date=__HIVE_DEFAULT_PARTITION__", "settlement_date", None),
        ("year=2026/hospital_id=H1", "hospital_id", "H1"),
    ],
)
def test_folders_of_any_kind(
    tmp_path: Path, folder: str, column: str, value: Any, form: str
) -> None:
    data = partitioned(tmp_path, folder, ONE, form)
    dataset = open_dataset(data)
    assert column in dataset.column_names
    dataset.require([column])
    for coded in (False, True):
        assert cells(dataset, column, coded=coded) == good(value, value)


def test_a_folder_that_cannot_be_read_is_a_fault_of_its_rows(tmp_path: Path) -> None:
    data = partitioned(tmp_path, "settlement_date=soon", ONE)
    assert (
        cells(open_dataset(data), "settlement_date")
        == [Cell(None, (("bad_type", "not_a_date", "soon"),))] * 2
    )


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("column", "folder", "values", "agreeing"),
    [
        ("hospital_id", "H1", ["H1", " H1 ", "H2", None], [True, True, False, False]),
        ("age", "35", ["35", "35.0", "36", None], [True, True, False, False]),
        ("settlement_date", "2026-10-01", ["2026/10/1", "20261001", "2026-10-02", None],
         [True, True, False, False]),
        ("complete", "true", ["1", "是", "0", None], [True, True, False, False]),
        ("hospital_id", "__HIVE_DEFAULT_PARTITION__", [None, "", "H1"], [True, True, False]),
    ],
)  # fmt: skip
def test_a_key_that_also_stands_in_the_file_must_agree(
    tmp_path: Path,
    column: str,
    folder: str,
    values: list[str | None],
    agreeing: list[bool],
    form: str,
) -> None:
    frame = pl.DataFrame({column: values, "x": ["-"] * len(values)})
    data = partitioned(tmp_path, f"{column}={folder}", frame, form)
    for coded in (False, True):
        found = cells(open_dataset(data), column, coded=coded)
        problems = [[problem for _, problem, _ in cell.faults] for cell in found]
        assert problems == [[] if same else ["unlike_folder"] for same in agreeing]


def test_shards_with_other_types_are_one_table(tmp_path: Path) -> None:
    for number, values in enumerate([["35"], [35], [35.0], [Decimal(35)]]):
        pl.DataFrame({"age": values}).write_parquet(tmp_path / f"{number}.parquet")
    assert cells(open_dataset(tmp_path), "age") == good(*[35.0] * 4)


def test_unknown_columns_pass_untouched(tmp_path: Path) -> None:
    place = tmp_path / "stays.parquet"
    frame = pl.DataFrame({"remark": [" a ", "", None], "age": ["1", " 2", None]})
    frame.write_parquet(place)
    (piece,) = open_dataset(place).pieces()
    (batch,) = piece.batches(["remark", "age"])
    assert batch.column("remark").to_pylist() == [" a ", "", None]
    assert "remark" not in STAY_COLUMNS
