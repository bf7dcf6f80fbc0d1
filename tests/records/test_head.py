"""The beginning of an input: which sheets, which headings, which rows."""

from pathlib import Path

import pytest
from xlsxwriter import Workbook

from drgpay.base.errors import DrgpayError
from drgpay.records.head import read_head


def test_headings_below_titles_and_of_two_rows_are_found(tmp_path: Path) -> None:
    path = tmp_path / "清单.xlsx"
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet("2026年10月")
        sheet.merge_range("A1:E1", "某市住院结算清单")
        sheet.write_row("A2", ["单位：元", "", "", "统计期间：2026年10月"])
        sheet.merge_range("A3:A4", "结算ID")
        sheet.merge_range("B3:B4", "医疗机构")
        sheet.merge_range("C3:E3", "费用")
        sheet.write_row("C4", ["总额", "统筹", "个人"])
        sheet.write_row("A5", ["0001", "甲医院", 100.5, 60, 40.5])
        sheet.write_row("A7", ["0002", "乙医院", 50, 25, 25])
        sheet.write_row("A8", ["合计", "", 150.5, 85, 65.5])
        sheet.write_row("A9", ["制表人：王某"])
        book.add_worksheet("Sheet2")

    (head,) = read_head(path)

    assert head.sheet == "2026年10月"
    assert head.heading_rows == (3, 4)
    assert head.headings == ("结算ID", "医疗机构", "费用（总额）", "费用（统筹）", "费用（个人）")
    assert head.rows == (
        ("0001", "甲医院", "100.5", "60", "40.5"),
        ("0002", "乙医院", "50", "25", "25"),
    )
    assert head.row_count == 5


def test_every_sheet_with_data_has_a_head(tmp_path: Path) -> None:
    path = tmp_path / "清单.xlsx"
    with Workbook(str(path)) as book:
        for name in ("清单", "诊断"):
            book.add_worksheet(name).write_column("A1", ["结算ID", f"{name}1"])
        book.add_worksheet("空")

    assert [head.sheet for head in read_head(path)] == ["清单", "诊断"]
    (one,) = read_head(path, "诊断")
    assert one.column("结算ID") == ["诊断1"]
    with pytest.raises(DrgpayError, match="has no sheet 手术; it has 清单, 诊断, 空"):
        read_head(path, "手术")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_text_files_are_recognised(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "清单.csv"
    rows = [["住院结算清单", "", ""], ["结算ID", "姓名", "金额"], ["1", "张三", "2.5"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    path.write_bytes(text.encode(encoding))

    (head,) = read_head(path)

    assert head.headings == ("结算ID", "姓名", "金额")
    assert head.heading_rows == (2, 2)
    assert head.rows == (("1", "张三", "2.5"),)
    assert head.delimiter == delimiter
