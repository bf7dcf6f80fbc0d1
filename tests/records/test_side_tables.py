"""Stays as the national export has them: a list, and sheets or files of what belongs to it."""

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from xlsxwriter import Workbook

from drgpay.base.errors import DrgpayError
from drgpay.records.dataset import open_dataset
from tests.records.excel.test_workbooks import fill, read

TABLES: dict[str, list[list[Any]]] = {
    "清单": [
        ["某市住院结算清单"],
        ["结算ID", "出院日期", "费用合计", "姓名"],
        ["S1", datetime.date(2026, 10, 2), 100.5, "甲"],
        ["S2", datetime.date(2026, 10, 3), 20, "乙"],
        ["S3", datetime.date(2026, 10, 4), 30, "丙"],
    ],
    "诊断": [
        ["结算ID", "序号", "诊断代码", "主要诊断", "姓名"],
        ["S2", 2, "E11.900", "否", "乙"],
        ["S1", 1, "I10.x00", "是", "甲"],
        ["S2", 10, "J18.900", "是", "乙"],
        ["S9", 1, "A00.000", "是", None],
    ],
    "手术": [["清单号", "手术代码"], ["S1", "47.0100"], ["S1", "45.2300"]],
    "费用": [
        ["结算ID", "项目", "金额"],
        ["S1", "西药费", 10.1],
        ["S1", "西药费", 0.2],
        ["S2", "检查费", "1,000.00"],
    ],
}
MAPPING = """
[sheets]
key = "结算ID"
list = "清单"
diagnoses = {{ {where} = "诊断{suffix}", order = "序号" }}
operations = {{ {where} = "手术{suffix}", key = "清单号" }}
fees = {{ {where} = "费用{suffix}", name = "项目", amount = "金额" }}

[columns]
case_id = "结算ID"
discharge_date = "出院日期"
total_cost = "费用合计"
drug_cost = {{ sum = ["西药费", "中成药"] }}
exam_cost = "检查费"

[diagnoses]
list = "诊断代码"
main = "主要诊断"
main_values = "是"

[procedures]
list = "手术代码"
"""
COLUMNS = [
    "case_id",
    "principal_diagnosis",
    "other_diagnoses",
    "procedures",
    "drug_cost",
    "exam_cost",
]
FOUND = [
    ("S1", "I10.x00", [], ["47.0100", "45.2300"], Decimal("10.30"), None),
    ("S2", "J18.900", ["E11.900"], [], None, Decimal("1000.00")),
    ("S3", None, [], [], None, None),
]


def mapping(tmp_path: Path, where: str, suffix: str = "") -> Path:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING.format(where=where, suffix=suffix), "utf-8")
    return path


def test_sheets_are_joined_by_the_id(tmp_path: Path) -> None:
    path = tmp_path / "stays.xlsx"
    with Workbook(str(path)) as book:
        for name, rows in TABLES.items():
            fill(book, name, rows)
    dataset = open_dataset(path, mapping(tmp_path, "sheet"))
    assert read(dataset, COLUMNS).rows() == FOUND
    assert dataset.reading_lines("en") == [
        "[stays.xlsx]清单: row 2 was taken as headings, the rows above it are not read",
        "[stays.xlsx]诊断: 1 rows belong to no row of [stays.xlsx]清单 and are left out (as 结算ID S9)",
    ]
    everything = read(dataset)
    assert everything["诊断.姓名"].to_list() == [["甲"], ["乙", "乙"], []]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_files_are_joined_by_the_id(tmp_path: Path, encoding: str) -> None:
    for name, rows in TABLES.items():
        lines = [[str("" if c is None else c).replace(",", "") for c in row] for row in rows]
        text = "\n".join(",".join(line) for line in lines)
        (tmp_path / f"{name}.csv").write_bytes(text.encode(encoding))
    dataset = open_dataset(tmp_path / "清单.csv", mapping(tmp_path, "file", ".csv"))
    assert read(dataset, COLUMNS).rows() == FOUND
    (file,) = dataset.files
    assert [path.name for path in file.beside] == ["诊断.csv", "手术.csv", "费用.csv"]
    assert "S9" in dataset.reading_lines("zh")[1]


def test_a_key_that_a_sheet_lacks_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"结算ID": ["S1"]}).write_csv(tmp_path / "清单.csv")
    for name in ("诊断", "手术", "费用"):
        pl.DataFrame({"id": ["S1"], "序号": ["1"]}).write_csv(tmp_path / f"{name}.csv")
    with pytest.raises(DrgpayError, match=r"诊断\.csv lacks the column 结算ID; it has id, 序号"):
        open_dataset(tmp_path / "清单.csv", mapping(tmp_path, "file", ".csv"))


def test_a_column_a_fee_is_a_table_of_fees_too(tmp_path: Path) -> None:
    path = tmp_path / "stays.xlsx"
    wide: list[list[Any]] = [
        ["结算ID", "西药费", "检查费", "姓名"],
        ["S2", None, "1,000.00", "乙"],
        ["S1", 10.1, None, "甲"],
        ["S1", 0.2, None, "甲"],
    ]
    with Workbook(str(path)) as book:
        for name, rows in {**TABLES, "费用": wide}.items():
            fill(book, name, rows)
    text = MAPPING.format(where="sheet", suffix="").replace(', name = "项目", amount = "金额"', "")
    (tmp_path / "mapping.toml").write_text(text, "utf-8")
    dataset = open_dataset(path, tmp_path / "mapping.toml")
    assert read(dataset, COLUMNS).rows() == FOUND


def test_fees_are_exact_and_what_is_no_amount_is_kept(tmp_path: Path) -> None:
    """A tenth of a fen is no amount of money: it is not rounded away in a sum."""
    pl.DataFrame({"结算ID": ["S1", "S2"]}).write_csv(tmp_path / "清单.csv")
    rows = [("S1", "西药费", f"{n}.1") for n in range(1000)] + [("S2", "西药费", "12.345")]
    fees = pl.DataFrame(rows, ["结算ID", "项目", "金额"], orient="row")
    fees.write_csv(tmp_path / "费用.csv")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        '[sheets]\nkey = "结算ID"\nfees = { file = "费用.csv", name = "项目", amount = "金额" }\n'
        '[columns]\ncase_id = "结算ID"\n',
        "utf-8",
    )
    got = read(open_dataset(tmp_path / "清单.csv", mapping), ["case_id", "西药费"])
    assert got["西药费"].to_list() == ["499600.00", "12.345"]


def test_sheets_are_not_looked_for_in_a_file_that_has_none(tmp_path: Path) -> None:
    pl.DataFrame({"结算ID": ["S1"], "诊断代码": ["I10.x00|E11.900"], "西药费": ["1.50"]}).write_csv(
        tmp_path / "all.csv"
    )
    text = MAPPING.format(where="sheet", suffix="").replace('main = "主要诊断"\n', "")
    (tmp_path / "mapping.toml").write_text(text, "utf-8")
    dataset = open_dataset(tmp_path / "all.csv", tmp_path / "mapping.toml")
    got = read(dataset, ["case_id", "other_diagnoses", "drug_cost"])
    assert got.rows() == [("S1", ["I10.x00", "E11.900"], Decimal("1.50"))]
