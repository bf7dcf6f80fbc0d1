"""Workbooks as input: cells, sheets, rows that are none, and files that are no workbooks."""

import datetime
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter import Workbook

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.grouped_stays import read_grouped_stays
from drgpay.records.dataset import Dataset, open_dataset
from drgpay.records.excel import archive, runs
from drgpay.records.excel.sheets import SheetTable, read_sheet
from drgpay.records.hospitals import read_hospitals
from drgpay.records.meaning.faults import FAULTS

DAY = datetime.date(2026, 10, 1)


def read(dataset: Dataset, columns: list[str] | None = None) -> pl.DataFrame:
    wanted = columns or dataset.column_names
    return pl.concat(
        pl.DataFrame(pa.table(batch))
        for piece in dataset.pieces()
        for batch in piece.batches(wanted)
    )


def workbook(path: Path, rows: list[list[Any]], name: str = "清单", **options: Any) -> Path:
    """A workbook with one sheet; dates are written as Excel writes them."""
    with Workbook(str(path), options) as book:
        fill(book, name, rows)
    return path


def fill(book: Workbook, name: str, rows: list[list[Any]]) -> None:
    sheet, dated = book.add_worksheet(name), book.add_format({"num_format": "yyyy/m/d"})
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, datetime.date):
                sheet.write_datetime(row, column, cell, dated)
            elif cell is not None:
                sheet.write(row, column, cell)


def test_cells_are_what_excel_shows(tmp_path: Path) -> None:
    head = ["case_id", "age", "total_cost", "admission_date", "complete", "remark"]
    rows: list[list[Any]] = [
        head,
        [1001, 36.0, 0.1 + 0.2, DAY, True, 1 / 3],
        ["0042", "36", "1,234.50", "2026年10月1日", "是", None],
        ["a b ", 36, 100, 46296, False, 1e-7],
        ["d", 36, 12.3, 46296.5, "否", 9007199254740992.0],
    ]
    found = read(open_dataset(workbook(tmp_path / "stays.xlsx", rows)))
    assert found["case_id"].to_list() == ["1001", "0042", "a b", "d"]
    assert found["age"].to_list() == [36] * 4
    assert found["total_cost"].to_list() == [*map(Decimal, ("0.30", "1234.50", "100.00", "12.30"))]
    assert found["admission_date"].to_list() == [DAY] * 4
    assert found["complete"].to_list() == [True, True, False, False]
    assert found["remark"].to_list() == ["0.333333333333333", None, "0.0000001", "9007199254740992"]


@pytest.mark.parametrize("shown", ["[h]:mm:ss", "yyyy-mm-dd", "h:mm"])
@pytest.mark.parametrize("number", [1e16, -1e16, 3e6, 9e18, 1.7e308])
def test_a_number_shown_as_a_time_that_no_calendar_has_is_a_number(
    tmp_path: Path, shown: str, number: float
) -> None:
    """One such cell of a list ended the reading of all of it."""
    path = tmp_path / "stays.xlsx"
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet("清单")
        for column, name in enumerate(["case_id", "age", "admission_date"]):
            sheet.write(0, column, name)
        dated = book.add_format({"num_format": "yyyy/m/d"})
        for row in (1, 2, 3):
            sheet.write(row, 0, f"C{row}")
            sheet.write_datetime(row, 2, DAY, dated)
        sheet.write(1, 1, 30, book.add_format({"num_format": shown}))
        sheet.write(2, 1, number, book.add_format({"num_format": shown}))
        sheet.write(3, 1, 31)
    found = read(open_dataset(path))
    assert found["case_id"].to_list() == ["C1", "C2", "C3"]
    assert found["admission_date"].to_list() == [DAY] * 3
    assert found["age"][2] == 31.0


def test_days_are_numbered_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["case_id", "admission_date"], ["1", DAY], ["2", 46296 - 1462]]
    path = workbook(tmp_path / "stays.xlsx", rows, date_1904=True)
    assert read(open_dataset(path))["admission_date"].to_list() == [DAY, DAY]


TEXT = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=8)
ROWS = st.lists(
    st.tuples(
        TEXT,
        st.none() | st.integers(0, 120),
        st.none() | st.decimals(0, 10**9, places=2),
        st.none() | st.dates(datetime.date(1930, 1, 1), datetime.date(2150, 1, 1)),
        st.none() | st.booleans(),
        st.lists(st.from_regex(r"[A-Z][0-9]{2}\.[0-9]{3}", fullmatch=True), max_size=4),
    ),
    min_size=1,
    max_size=6,
)
HEAD = ["case_id", "age", "total_cost", "admission_date", "complete", "other_diagnoses"]


@given(ROWS)
def test_a_table_is_the_same_in_every_kind_of_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("ways")
    frame = pl.DataFrame(
        rows,
        schema={
            "case_id": pl.String,
            "age": pl.Float64,
            "total_cost": pl.Decimal(18, 2),
            "admission_date": pl.Date,
            "complete": pl.Boolean,
            "other_diagnoses": pl.List(pl.String),
        },
        orient="row",
    )
    frame.write_parquet(folder / "stays.parquet")
    flat = frame.with_columns(pl.col("other_diagnoses").list.join("|"))
    flat.write_csv(folder / "stays.csv")
    cells = [[float(c) if isinstance(c, Decimal) else c for c in row] for row in flat.iter_rows()]
    workbook(folder / "stays.xlsx", [HEAD, *cells])
    found = [open_dataset(folder / f"stays.{kind}") for kind in ("parquet", "csv", "xlsx")]
    tables = [read(one, [*HEAD, FAULTS]) for one in found]
    for table in tables[1:]:
        assert table.rows() == tables[0].rows()
    assert found[0].conversions.rows == found[1].conversions.rows == found[2].conversions.rows


def test_places_are_those_of_excel(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["某市2026年10月住院结算清单"],
        ["单位：元"],
        ["case_id", "hospital_id", "age", "total_cost"],
        ["1", "H1", 36, 10],
        [],
        ["小计", None, None, 10],
        ["2", "H2", "许多", 20],
        ["合 计：", None, None, 30],
        [],
        ["制表人：张某"],
    ]
    dataset = open_dataset(workbook(tmp_path / "stays.xlsx", rows))
    assert read(dataset)["case_id"].to_list() == ["1", "2"]
    assert dataset.reading_lines("en") == [
        "[stays.xlsx]清单: row 3 was taken as headings, the rows above it are not read",
        "[stays.xlsx]清单: 3 rows of totals or notes were left out (rows 6, 8, 10)",
        "age: 1 rows, is no number ([stays.xlsx]清单 row 7: 许多)",
    ]
    text = tmp_path / "stays.csv"
    text.write_text(
        "\n".join(",".join(str(c or "") for c in [*row, *[""] * 4][:4]) for row in rows), "gb18030"
    )
    dataset = open_dataset(text)
    assert read(dataset)["case_id"].to_list() == ["1", "2"]
    assert dataset.reading_lines("zh")[:2] == [
        "stays.csv：以第 3 行为表头，其上各行未读取",
        "stays.csv：3 个合计行、附注行未读取（第 6、8、10 行）",
    ]


@pytest.mark.parametrize("size", [700, 2_000, 9_000])
def test_a_sheet_read_in_runs_is_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = tmp_path / "stays.xlsx"
    with Workbook(str(path)) as book:
        sheet, bold = book.add_worksheet("清单"), book.add_format()
        sheet.write("B2", "某市2026年10月")
        sheet.merge_range("B4:B5", "case_id", bold)
        sheet.merge_range("C4:E4", "费用", bold)
        sheet.write_row("C5", ["合计", "其中", "说明"])
        for row in range(5, 205):
            if row in (77, 78, 140):
                continue
            if row % 60 == 0:
                sheet.write_row(row, 1, ["小计", None, row])
                continue
            sheet.write_row(row, 1, [f"C{row}", row / 4, row % 3])
            if row % 50 == 1:
                sheet.write_formula(row, 3, "=1/0", bold, "#DIV/0!")
            if row > 150:
                sheet.write(row, 6, "靠后的列")
    whole = read_sheet(path)
    monkeypatch.setattr(runs, "RUN_BYTES", size)
    monkeypatch.setattr(archive, "_CHUNK", size // 2)
    cut = read_sheet(path)
    assert len(whole.parts) == 1 < len(cut.parts)
    assert [rows_of(one) for one in (cut, whole)] == [rows_of(whole)] * 2
    assert cut[1:2] + cut[3:] == whole[1:2] + whole[3:]
    fees = ("费用（合计）", "费用（其中）", "费用（说明）")
    assert whole.names == ("case_id", *fees, "column 7")
    assert whole.sums == (55, 115, 175)


def rows_of(table: SheetTable) -> list[tuple[Any, ...]]:
    return [
        row
        for part in table.parts
        for row in zip(*(column.to_pylist() for column in part.columns), strict=True)
    ]


def test_errors_of_formulas_are_faults_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "stays.xlsx"
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet("清单")
        sheet.write_row("A1", ["case_id", "hospital_id", "age"])
        sheet.write_row("A2", ["1", "H1", 4])
        sheet.write_row("A3", ["2"])
        sheet.write_formula("B3", "=VLOOKUP(1,A:A,2)", None, "#N/A")
        sheet.write_formula("C3", "=1/0", None, "#DIV/0!")
    dataset = open_dataset(path)
    assert read(dataset)["hospital_id"].to_list() == ["H1", None]
    assert dataset.reading_lines("en") == [
        "age: 1 rows, is an error of a spreadsheet ([stays.xlsx]清单 row 3: #DIV/0!)",
        "hospital_id: 1 rows, is an error of a spreadsheet ([stays.xlsx]清单 row 3: #N/A)",
    ]


def test_ids_that_excel_damaged_are_named(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["某市医疗机构"],
        ["hospital_id", "name", "level"],
        [3.39e19, "甲", "3A"],
    ]
    path = workbook(tmp_path / "hospitals.xlsx", rows)
    with pytest.raises(DrgpayError, match=r"hospital_id such as 3\.39E\+19 \(row 3\)"):
        read_hospitals(path)
    workbook(path, [["hospital_id", "name", "level"], ["H1", "甲", "3A"], [15, "乙", "2A"]])
    assert read_hospitals(path)["hospital_id"].to_list() == ["15", "H1"]


def test_a_sheet_is_named_where_several_have_data(tmp_path: Path) -> None:
    path = tmp_path / "stays.xlsx"
    with Workbook(str(path)) as book:
        fill(book, "清单", [["case_id"], ["1"]])
        fill(book, "诊断", [["case_id"], ["2"]])
        book.add_worksheet("Sheet3")
    with pytest.raises(DrgpayError, match="several sheets with data \\(清单, 诊断\\)"):
        open_dataset(path)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('sheet = "诊断"\n', "utf-8")
    assert read(open_dataset(path, mapping))["case_id"].to_list() == ["2"]
    mapping.write_text('sheet = "手术"\n', "utf-8")
    with pytest.raises(DrgpayError, match="no sheet 手术; it has 清单, 诊断, Sheet3"):
        open_dataset(path, mapping)


def _locked(path: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    path.write_bytes(ole + bytes(600) + "EncryptedPackage".encode("utf-16-le"))


def _old(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def _archive(*parts: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for part in parts:
                archive.writestr(part, "x")

    return write


def _cut(path: Path) -> None:
    workbook(path, [["case_id"], *[[str(n)] for n in range(500)]])
    path.write_bytes(path.read_bytes()[:-900])


def _damaged(path: Path) -> None:
    workbook(path, [["case_id"], *[[str(n)] for n in range(500)]])
    content = bytearray(path.read_bytes())
    content[900:1000] = bytes(100)
    path.write_bytes(content)


def _bomb(path: Path) -> None:
    workbook(path, [["case_id"], ["1"]])
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/image1.bmp", "w") as part,
    ):
        for _ in range(160):
            part.write(bytes(1024**2))


def _formulas(path: Path) -> None:
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet("清单")
        sheet.write_row("A1", ["case_id", "age"])
        for row in (2, 3):
            sheet.write_formula(f"B{row}", "=YEAR(1)", None, "")
            sheet.write(f"A{row}", row)


def _full(path: Path) -> None:
    with Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("清单")
        sheet.write_row("A1", ["case_id", "age"])
        sheet.write("A1048576", "last")


def _empty(path: Path) -> None:
    with Workbook(str(path)) as book:
        book.add_worksheet()


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (_locked, "is locked with a password; save it without the password"),
        (_old, "is a workbook of old Excel (.xls); open it in Excel or WPS and save it as"),
        (_archive("xl/workbook.bin"), "is a workbook of the kind .xlsb; save it as"),
        (_archive("content.xml", "mimetype"), "is a workbook of the kind .ods; save it as"),
        (_archive("word/document.xml"), "is no Excel workbook"),
        (lambda path: path.write_text("<html>"), "is no workbook but a web page or XML"),
        (lambda path: path.write_text("case_id,age\n"), "is no Excel workbook; check the file"),
        (lambda path: path.touch(), "holds no data"),
        (_cut, "is damaged and cannot be read; export or copy the file again"),
        (_damaged, "is damaged and cannot be read; export or copy the file again"),
        (_bomb, "MB and unpacks to 160 MB, unlike any ordinary workbook"),
        (_formulas, "2 formulas of the sheet 清单 have no stored value, the first in B2"),
        pytest.param(
            *(_full, "the sheet 清单 is full with 1048576 rows, so what came after"),
            marks=pytest.mark.slow,
        ),
        (_empty, "holds no data; export the file again"),
    ],
)
def test_files_that_are_no_workbooks(
    tmp_path: Path, write: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "stays.xlsx"
    write(path)
    with pytest.raises(DrgpayError) as caught:
        open_dataset(path)
    assert words in str(caught.value)
    assert str(path) in caught.value.problem
    assert str(caught.value).count("\n") == 0


def test_macros_and_links_are_said(tmp_path: Path) -> None:
    path = workbook(tmp_path / "stays.xlsm", [["case_id"], ["1"]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", "x")
        archive.writestr("xl/externalLinks/externalLink1.xml", "<x/>")
    assert open_dataset(path).reading_lines("en") == [
        "stays.xlsm has macros, which are not run",
        "stays.xlsm has links to other workbooks: the values stored in it are read",
    ]


def test_a_month_in_excel_is_grouped_like_the_parquet_one(
    tmp_path: Path, compiled: Callable[[str], CompiledScheme], sample_data: Path
) -> None:
    month = sorted((sample_data / "stays").glob("*.parquet"))[0]
    frame = pl.read_parquet(month).head(1000)
    frame.write_parquet(tmp_path / "stays.parquet")
    flat = frame.with_columns(pl.col(pl.List).list.join("|"), pl.col(pl.Decimal).cast(pl.Float64))
    workbook(tmp_path / "stays.xlsx", [flat.columns, *map(list, flat.iter_rows())])
    scheme = compiled("chs-drg-2.0")
    expected = read_grouped_stays(open_dataset(tmp_path / "stays.parquet"), scheme)
    found = read_grouped_stays(open_dataset(tmp_path / "stays.xlsx"), scheme)
    assert found.equals(expected, null_equal=True)
