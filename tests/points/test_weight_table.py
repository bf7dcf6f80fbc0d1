"""A table of weights as it lies in its file: headings are found, every line has its number and name."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from drgpay.base.errors import DrgpayError
from drgpay.points.weight_table import WeightTable, read_weight_table


def read(folder: Path, text: str, name: str = "t.csv", group: str | None = None) -> WeightTable:
    path = folder / name
    path.write_bytes(text.encode())
    return read_weight_table(path, None, group)


def out(table: WeightTable) -> list[tuple[int, str, str]]:
    return [(line.number, line.reason, line.text) for line in table.left_out]


MESSY = (
    "附件1,,\n"
    "某市DRG权重表,,\n"
    "\n"
    'DRG编码,"DRG\n名称",RW\n'
    "MDCB 神经系统疾病及功能障碍,,\n"
    'BB11,"脑创伤\r\n开颅术",2\n'
    ",,\n"
    "ＢＢ２１,其他,1\n"
    "DRG编码,DRG名称,RW\n"
    "BB25,其他,1\n"
    ",合计,4\n"
    "总计：,,4\n"
    '"注：1. 单位为元\n2. 自2026年起执行",,\n'
    "\n"
)


def test_titles_totals_notes_and_blank_lines_are_named(tmp_path: Path) -> None:
    table = read(tmp_path, MESSY)
    assert table.unit == "line"
    assert (table.heading_lines, table.headings) == ((4,), ("DRG编码", "DRG\n名称", "RW"))
    assert [(row.number, row.cells[0], row.cells[2]) for row in table.rows] == [
        (7, "BB11", "2"),
        (10, "BB21", "1"),
        (12, "BB25", "1"),
    ]
    assert out(table) == [
        (1, "title", "附件1"),
        (2, "title", "某市DRG权重表"),
        (3, "blank", ""),
        (6, "note_line", "MDCB 神经系统疾病及功能障碍"),
        (9, "blank", ""),
        (11, "heading_again", "DRG编码 DRG名称 RW"),
        (13, "total", "合计 4"),
        (14, "total", "总计： 4"),
        (15, "note_line", "注：1. 单位为元 2. 自2026年起执行"),
        (17, "blank", ""),
    ]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_an_editor(ends: str, tmp_path: Path) -> None:
    text = MESSY.replace("\r\n", "\n").replace("\n", ends)
    table = read(tmp_path, text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for row in table.rows:
        code = lines[row.number - 1].split(",")[0]
        assert code.replace("ＢＢ２１", "BB21") == row.cells[0]


def test_headings_of_two_lines(tmp_path: Path) -> None:
    text = "DRG编码,权重,支付标准,,备注\n,,三级,二级,\nBB11,1,100,90,\n"
    table = read(tmp_path, text)
    assert table.heading_lines == (1, 2)
    assert table.headings == (*("DRG编码", "权重", "支付标准（三级）", "支付标准（二级）", "备注"),)
    assert [row.number for row in table.rows] == [3]


def test_a_section_below_the_headings_is_no_second_line_of_them(tmp_path: Path) -> None:
    table = read(tmp_path, "DRG编码,名称,RW\n,神经系统,\nBB11,a,1\n")
    assert (table.headings, out(table)) == (
        ("DRG编码", "名称", "RW"),
        [(2, "note_line", "神经系统")],
    )


def test_empty_columns_at_the_end_are_none(tmp_path: Path) -> None:
    assert read(tmp_path, "drg,RW,,\nBB11,1,,\n").headings == ("drg", "RW")
    named = read(tmp_path, "drg,,RW\nBB11,7,1\n")
    assert named.headings == ("drg", "column 2", "RW")


def test_tab_separated(tmp_path: Path) -> None:
    table = read(tmp_path, "DRG编码\tRW\nBB11\t1\n", "t.tsv")
    assert [(row.number, list(row.cells)) for row in table.rows] == [(2, ["BB11", "1"])]


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame(
        {"drg": ["BB11", "BB21"], "RW": [0.1, 2.0], "价": [None, 3], "是否稳定": [True, False]}
    ).write_parquet(path)
    table = read_weight_table(path, None, None)
    assert table.unit == "row"
    assert [(row.number, list(row.cells)) for row in table.rows] == [
        (1, ["BB11", "0.1", "", "True"]),
        (2, ["BB21", "2", "3", "False"]),
    ]
    pl.DataFrame({"drg": ["BB11"], "RW": [[1.0]]}).write_parquet(path)
    with pytest.raises(DrgpayError, match="the column RW is"):
        read_weight_table(path, None, None)


def test_parquet_of_bytes_and_times_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    for name, column, said in (
        ("名称", pa.array([b"a\xffb"]).view(pa.string()), "名称 holds bytes that are no UTF-8"),
        ("名称", pa.array([b"\x80"]).view(pa.string()).dictionary_encode(), "no UTF-8 text"),
        ("日", pa.array([2**31 - 1], pa.int32()).view(pa.date32()), "the column 日 is date32"),
        ("日", pa.array([5], pa.timestamp("ns", "UTC")), "the column 日 is timestamp"),
    ):
        table = pa.table({"drg": ["BB11"], "RW": [1.0], name: column})
        pq.write_table(table, path)
        with pytest.raises(DrgpayError, match=said):
            read_weight_table(path, None, None)


def test_excel(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("封面")
        sheet = book.add_worksheet("权重")
        sheet.merge_range("A1:D1", "某市权重表")
        sheet.merge_range("A2:A3", "DRG编码")
        sheet.merge_range("B2:B3", "RW")
        sheet.merge_range("C2:D2", "支付标准")
        sheet.write_row("C3", ["三级", "二级"])
        sheet.write_row("A4", ["BB11", 0.1 + 0.2, 1000, 0.00001])
        sheet.write_row("A6", ["合计", "", 1000])
    table = read_weight_table(path, None, None)
    assert (table.unit, table.heading_lines) == ("row", (2, 3))
    assert table.headings == ("DRG编码", "RW", "支付标准（三级）", "支付标准（二级）")
    assert [(row.number, list(row.cells)) for row in table.rows] == [
        (4, ["BB11", "0.3", "1000", "0.00001"])
    ]
    assert out(table) == [(1, "title", "某市权重表"), (5, "blank", ""), (6, "total", "合计 1000")]


def test_two_filled_sheets_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name in ("一", "二"):
            book.add_worksheet(name).write_row("A1", ["drg", "RW"])
    with pytest.raises(DrgpayError, match=r"has 2 sheets that are not empty \(一, 二\)"):
        read_weight_table(path, None, None)


@pytest.mark.parametrize(
    ("text", "group", "said"),
    [
        ("", None, "has no headings"),
        ("\n,,\n", None, "has no headings"),
        ("a,b\n1,2\n", None, "no column of groups among a, b"),
        ("a,b\n1,2\n", "c", "has no column c; it has a, b"),
        ("drg,RW,RW\nBB11,1,1\n", None, "the column RW twice (columns 2 and 3)"),
        ("drg,RW\nBB11,1,7\n", None, "line 2 has 3 cells, the headings 2"),
        ("drg,RW,n\nBB11,1\n", None, "line 2 has 2 cells, the headings 3"),
        ('drg,RW\n"BB11,1\n', None, "line 2 cannot be read as CSV"),
        ("drg,n,RW\n,a,1\n", None, "line 2: the group is missing in 'a 1'"),
        ("drg,RW\n,1\n", None, "line 2: the group is missing in '1'"),
    ],
)
def test_mistakes_are_told(text: str, group: str | None, said: str, tmp_path: Path) -> None:
    with pytest.raises(DrgpayError) as told:
        read(tmp_path, text, group=group)
    assert said in str(told.value)


def test_files_that_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="there is no file"):
        read_weight_table(tmp_path / "t.csv", None, None)
    with pytest.raises(DrgpayError, match="is no table by its name"):
        read(tmp_path, "drg,RW\n", "t.pdf")
    with pytest.raises(DrgpayError, match="not a readable Excel workbook"):
        read(tmp_path, "drg,RW\n", "t.xlsx")
    with pytest.raises(DrgpayError, match="neither UTF-8 nor GB18030"):
        path = tmp_path / "t.csv"
        path.write_bytes(b"drg,RW\n\xff\xff,1\n")
        read_weight_table(path, None, None)


def test_a_table_in_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("drg,RW\nBB11,1.5\n".encode("utf-16"))
    assert len(read_weight_table(path, None, None).rows) == 1
