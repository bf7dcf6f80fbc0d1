"""Small tables under the names that their writers gave the columns."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.remarks import hearing, remarks
from drgpay.records.assessment import read_scores
from drgpay.records.filings import read_filings
from drgpay.records.hospitals import read_hospitals
from drgpay.records.official_groups import read_official_groups
from drgpay.records.visits.enrolment import read_enrolment
from tests.records.excel.test_workbooks import workbook

MAPPING = """
sheet = "名单"
[columns]
hospital_id = ["定点医药机构编号", "医疗机构代码"]
name = "医疗机构名称"
[columns.level]
from = "等级"
values = { "三级甲等" = "3A", "二级甲等" = "2A" }
"""


def test_the_mapping_lies_beside_the_table(tmp_path: Path) -> None:
    path = tmp_path / "医院.xlsx"
    (tmp_path / "医院.mapping.toml").write_text(MAPPING, "utf-8")
    rows: list[list[Any]] = [
        ["全市定点医疗机构"],
        ["序号", "医疗机构代码", "医疗机构名称", "等级", "county"],
        [1, "H2", "乙", "二级甲等", "某县"],
        [2, "H1", "甲", "三级甲等", None],
        ["合计", None, 2],
    ]
    workbook(path, rows, "名单")
    assert read_hospitals(path).select("hospital_id", "level", "county").rows() == [
        ("H1", "3A", None),
        ("H2", "2A", "某县"),
    ]
    rows[2][3] = "三乙"
    workbook(path, rows, "名单")
    with pytest.raises(
        DrgpayError, match=r"row 3 has '三乙' as 等级, for which the mapping .*医院"
    ):
        read_hospitals(path)
    rows[2][2:4] = [None, "三级甲等"]
    workbook(path, rows, "名单")
    with pytest.raises(DrgpayError, match="row 3 has no 医疗机构名称"):
        read_hospitals(path)


def test_a_mapping_names_columns_of_its_table(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("病例,申报日期,结论\n1,2026-11-31,是\n", "utf-8")
    mapping = tmp_path / "reviews.mapping.toml"
    mapping.write_text('[columns]\ncase_id = "病例"\nfiled_on = "申报日期"\n', "utf-8")
    with pytest.raises(
        DrgpayError, match="names filed_on, which the table does not have; use case"
    ):
        read_filings(path)
    mapping.write_text('[columns]\ncase_id = "病例"\nfiled_at = "申报日期"\n', "utf-8")
    with pytest.raises(DrgpayError, match="lacks the column approved"):
        read_filings(path)
    mapping.write_text(
        '[columns]\ncase_id = "病例"\nfiled_at = "申报日期"\napproved = "结论"\n', "utf-8"
    )
    with pytest.raises(DrgpayError, match="row 2 has '2026-11-31' as 申报日期"):
        read_filings(path)


def _enrolment(path: Path) -> object:
    return read_enrolment(path, ("employee", "resident"))


@pytest.mark.parametrize(
    ("read", "rows"),
    [
        (read_hospitals, ["hospital_id,name,level", "H1,甲,3A", "合计,,", "H2,乙,2A", "小计,,"]),
        (
            _enrolment,
            [
                "contractor_id,account,heads",
                "C1,employee,5",
                "合计,,",
                "C2,employee,6",
                "小计,,",
            ],
        ),
        (
            lambda path: read_filings(path),
            ["case_id,filed_at,approved", "1,2026-11-03,是", "合计,,", "2,2026-11-03,否", "小计,,"],
        ),
        (read_scores, ["hospital_id,score", "H1,90", "合计,", "H2,80", "小计,"]),
        (read_official_groups, ["case_id,group", "1,AA19", "合计,", "2,AA19", "小计,"]),
    ],
)
def test_titles_and_sums_of_small_tables_are_said(
    tmp_path: Path, read: Callable[[Path], object], rows: list[str]
) -> None:
    path = tmp_path / "table.csv"
    blank = "," * rows[0].count(",")
    path.write_text("\n".join([f"某市2026年10月{blank}", *rows]) + "\n", "utf-8")
    with hearing():
        read(path)
        read(path)
        assert [said.en for said in remarks()] == [
            "table.csv: row 2 was taken as headings, the rows above it are not read",
            "table.csv: 2 rows of totals or notes were left out (rows 4, 6)",
        ]
    read(path)
    assert remarks() == []
