"""Tables of any length in workbooks, their totals and the checks of them."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from drgpay.base.visible import visible
from drgpay.report.wording import word
from drgpay.show import sheets
from drgpay.show.sheets import BookPart, Check, Checks, LongTable, Sheet, TotalOf, write_book
from drgpay.show.tables import ReportTable
from tests.hostile_texts import TEXTS
from tests.spread import drawn


def say(key: str) -> str:
    return word(key, "zh")


def table(frame: pl.DataFrame, *sums: str, **given: Any) -> LongTable:
    return LongTable(ReportTable("case_list", frame, sums=frozenset(sums), **given))


def write(path: Path, *made: Sheet) -> None:
    write_book(path, [BookPart("标题", ["事实：一"], list(made), say)], "zh")


def rows_of(path: Path, sheet: str) -> list[list[Any]]:
    rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [list(row) for row in rows]


CASES = pl.DataFrame(
    {
        "case_id": ["a<b>&c", None, "c"],
        "discharge_date": [dt.date(2026, 10, 31), None, dt.date(1970, 1, 1)],
        "account": ["employee", "resident", None],
        "fund_amount": [Decimal("-0.05"), Decimal("12345678.90"), None],
        "drug_share": [Decimal("0.3031"), None, Decimal(1)],
    },
    schema_overrides={"fund_amount": pl.Decimal(18, 2), "drug_share": pl.Decimal(18, 4)},
)


def test_rows_stand_below_their_totals_in_their_kinds(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    cases = table(CASES, "fund_amount", worded=frozenset({"account"}))
    write(path, Sheet("case_list", [cases]))
    book = openpyxl.load_workbook(path, data_only=True)
    sheet = book[say("case_list")]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[3][0] == say("total") and rows[3][3] == 12345678.85
    assert rows[4][0] == say("filtered") and rows[4][3] == 12345678.85
    assert rows[6] == ["a<b>&c", dt.datetime(2026, 10, 31), "职工医保", -0.05, 0.3031]
    assert rows[7] == [None, None, "居民医保", 12345678.9, None]
    assert rows[8] == ["c", dt.datetime(1970, 1, 1), None, None, 1]
    assert sheet["E7"].number_format == "0.00%" and sheet["B7"].number_format == "yyyy-mm-dd"
    assert sheet.auto_filter.ref == "A6:E9" and sheet.freeze_panes == "B7"
    formulas = rows_of(path, say("case_list"))
    assert formulas[3][3] == "=ROUND(SUM(D7:D9),2)"
    assert formulas[4][3] == "=ROUND(SUBTOTAL(109,D7:D9),2)"


def test_a_text_that_looks_like_a_letter_by_its_number_stays_a_text(tmp_path: Path) -> None:
    frame = pl.DataFrame({"case_id": ["_x0041_", "_x005F_x0041_"]})
    write(tmp_path / "book.xlsx", Sheet("case_list", [table(frame)]))
    book = CalamineWorkbook.from_path(tmp_path / "book.xlsx")
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[-2:]] == frame["case_id"].to_list()


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, Sheet("case_list", [table(CASES, "fund_amount")]))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_many_rows_are_parted_and_their_totals_added_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "ROWS_OF_A_SHEET", 20_000)
    path, amounts = tmp_path / "book.xlsx", pl.int_range(0, 50_001, eager=True)
    frame = pl.DataFrame({"case_id": amounts.cast(pl.String), "fund_amount": amounts})
    frame = frame.with_columns(pl.col("fund_amount").cast(pl.Decimal(18, 2)))
    whole = TotalOf("case_list", "case_list", "fund_amount")
    check = Check("fund_amount", [whole], [whole])
    write(
        path,
        Sheet("case_list", [table(frame, "fund_amount")]),
        Sheet("checks", [Checks("checks", [check])]),
    )
    book = CalamineWorkbook.from_path(path)
    names = [f"{say('case_list')} {number}" for number in (1, 2, 3)]
    assert book.sheet_names == [*names, say("checks")]
    ids = [row[0] for name in names for row in book.get_sheet_by_name(name).to_python()[6:]]
    assert ids == frame["case_id"].to_list()
    [*_, row] = book.get_sheet_by_name(say("checks")).to_python()
    assert row[1:] == [1250025000.0, 1250025000.0, 0.0, say("check_right")]
    formula = rows_of(path, say("checks"))[-1][1]
    assert formula == "=" + "".join(f"+'{name}'!$B$4" for name in names)


def test_sums_that_differ_are_said_to(tmp_path: Path) -> None:
    one = table(CASES, "fund_amount")
    other = LongTable(ReportTable("all_groups", CASES[:1], sums=frozenset({"fund_amount"})))
    check = Check(
        "fund_amount",
        [TotalOf("case_list", "case_list", "fund_amount")],
        [TotalOf("all_groups", "all_groups", "fund_amount"), TotalOf("none", "none", "none")],
    )
    made = [Sheet("case_list", [one]), Sheet("all_groups", [other])]
    write(tmp_path / "book.xlsx", *made, Sheet("checks", [Checks("checks", [check])]))
    rows = openpyxl.load_workbook(tmp_path / "book.xlsx", data_only=True)[say("checks")].iter_rows()
    [*_, row] = [[cell.value for cell in row] for row in rows]
    assert row[1:] == [12345678.85, -0.05, 12345678.9, say("check_wrong")]


def test_a_table_without_rows_has_its_headings(tmp_path: Path) -> None:
    write(tmp_path / "book.xlsx", Sheet("case_list", [table(CASES.clear(), "fund_amount")]))
    rows = rows_of(tmp_path / "book.xlsx", say("case_list"))
    assert rows[5][0] == word("case_id", "zh")


HELD = [text for text in TEXTS if text == text.encode("utf-8", "ignore").decode()]
"""Those that a column of texts can hold at all."""
ANY_TEXT = st.one_of(st.sampled_from(HELD), st.text(st.characters(exclude_categories=["Cs"])))


@drawn(60)
@given(st.lists(st.one_of(ANY_TEXT, st.none()), min_size=1, max_size=8))
def test_any_text_stands_as_it_is_shown(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str | None]
) -> None:
    frame = pl.DataFrame({"case_id": texts}, schema={"case_id": pl.String})
    path = tmp_path_factory.mktemp("book") / "book.xlsx"
    write(path, Sheet("case_list", [table(frame)]))
    with ZipFile(path) as book:
        tree = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    rows = tree.findall(f"{space}sheetData/{space}row")[-len(texts) :]
    shown = [row.findtext(f"{space}c/{space}is/{space}t") for row in rows]
    expected = [None if text is None else visible(text, lines=True) for text in texts]
    said = [None if text is None else text.replace("_x005F_", "_") for text in shown]
    assert said == [None if text is None else text.replace("_x005F_", "_") for text in expected]
