"""The layout that all workbooks share."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.visible import visible
from drgpay.report.wording import word
from drgpay.show.calculation import Calculation, Step, point_formula
from drgpay.show.sheets import BookPart, Sheet, write_book
from drgpay.show.tables import ReportTable
from tests.hostile_texts import LONG, SURROGATE, TEXTS
from tests.report.workbooks import exact, recomputed, tables_of
from tests.spread import drawn


def say(key: str) -> str:
    return word(key, "zh")


def write(path: Path, *blocks: ReportTable | Calculation) -> None:
    write_book(path, [BookPart("标题", ["事实：一"], [Sheet("values", list(blocks))], say)], "zh")


@drawn(40)
@given(st.lists(st.integers(-(10**15) + 1, 10**15 - 1), min_size=1, max_size=20))
def test_amounts_of_fifteen_digits_are_exact(
    tmp_path_factory: pytest.TempPathFactory, fen: list[int]
) -> None:
    path = tmp_path_factory.mktemp("book") / "book.xlsx"
    amounts = [Decimal(number).scaleb(-2) for number in fen]
    frame = pl.DataFrame({"budget": amounts}, schema={"budget": pl.Decimal(18, 2)})
    write(path, ReportTable("values", frame))
    [table] = tables_of(path, say("values"), "合计")
    assert [exact(row[0]) for row in table.rows] == amounts


def test_longer_numbers_stand_as_text(tmp_path: Path) -> None:
    amount = Decimal("1234567890123456.78")
    frame = pl.DataFrame(
        {"account": ["employee", "resident"], "budget": [amount, Decimal("0.01")]},
        schema={"account": pl.String, "budget": pl.Decimal(18, 2)},
    )
    write(tmp_path / "book.xlsx", ReportTable("values", frame, sums=frozenset({"budget"})))
    [table] = tables_of(tmp_path / "book.xlsx", say("values"), "合计")
    assert [row[1] for row in table.rows] == ["1234567890123456.78", "0.01"]
    assert table.total == ["合计", None]


def test_a_long_table_is_cut_and_says_so(tmp_path: Path) -> None:
    frame = pl.DataFrame({"account": ["x"] * 10_001, "rows": range(10_001)})
    write(tmp_path / "book.xlsx", ReportTable("values", frame, sums=frozenset({"rows"})))
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")[say("values")]
    [table] = tables_of(tmp_path / "book.xlsx", say("values"), "合计")
    assert len(table.rows) == 10_000
    texts = [row[0].value for row in sheet.iter_rows(min_row=10_000)]
    assert any("10,000" in str(text) and "10,001" in str(text) for text in texts)
    assert table.total is None, "a total of the rows shown would be taken for that of all"
    assert sheet.auto_filter.ref


def test_sheets_of_one_name_are_told_apart(tmp_path: Path) -> None:
    table = ReportTable("values", pl.DataFrame({"rows": [1]}))
    long = "一" * 40
    names = ["Rows", "rows", long, long, "ROWS"]
    parts = [
        BookPart("标题", [], [Sheet("values", [table])], lambda key, name=name: name)  # type: ignore[misc]
        for name in names
    ]
    write_book(tmp_path / "book.xlsx", parts, "zh")
    sheets = openpyxl.load_workbook(tmp_path / "book.xlsx").sheetnames
    assert sheets == ["Rows", "rows (2)", "一" * 31, "一" * 27 + " (2)", "ROWS (3)"]


def test_steps_refer_to_one_another(tmp_path: Path) -> None:
    first = Calculation("a", "甲", (Step("points", "点数", Decimal("3.0000")),))
    second = Calculation(
        "b",
        "乙",
        (
            Step("value", "点值", Decimal("2.5000"), how="given"),
            Step("amount", "金额", Decimal("7.50"), "=ROUND({p}*{value},2)", "{p} × {value}"),
        ),
        {"p": ("a", "points")},
    )
    write(tmp_path / "book.xlsx", first, second)
    [(_, _, _, shown, value)] = recomputed(tmp_path / "book.xlsx")
    assert Fraction(shown) == value == Fraction("7.5")
    texts = {
        cell.value
        for row in openpyxl.load_workbook(tmp_path / "book.xlsx")[say("values")].iter_rows()
        for cell in row
    }
    assert "(1) × (2)" in texts


@pytest.mark.parametrize(
    ("words", "formula"),
    [
        ("base_points * coefficient", "{base_points} * {coefficient}"),
        ("min(base_points, total_cost / 2)", "MIN({base_points}, {total_cost} / 2)"),
        ("total_cost / all_mean * 100", None),
        ("item by item", None),
        ("40", None),
        ("HYPERLINK(base_points)", None),
    ],
)
def test_formulas_of_cases_become_live(words: str, formula: str | None) -> None:
    names = frozenset({"base_points", "coefficient", "total_cost"})
    assert point_formula(words, names) == formula


@pytest.mark.parametrize("text", [*TEXTS, SURROGATE])
def test_every_text_of_a_workbook_is_a_text(tmp_path: Path, text: str) -> None:
    """In titles, facts, long facts, cells, given totals, calculations and properties."""
    path = tmp_path / "book.xlsx"
    long = text + " " + "事" * 200
    table = ReportTable(
        "values",
        pl.DataFrame({"name": [visible(text, lines=True)], "rows": [1]}),
        total={"name": "x", "rows": 1},
    )
    if text != SURROGATE:  # which no frame holds
        table = ReportTable(
            "values", pl.DataFrame({"rows": [1], "name": [text]}), total={"rows": 1, "name": text}
        )
    step = Step("a", text, Decimal(1), how=text)
    calculation = Calculation("points", text, (step,))
    part = BookPart(text, [text, long], [Sheet("values", [table, calculation])], say)
    write_book(path, [part], "zh")
    book = openpyxl.load_workbook(path)
    cells = [cell for row in book[say("values")].iter_rows() for cell in row if cell.value]
    assert not [cell.coordinate for cell in cells if cell.hyperlink]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    values = {str(cell.value) for cell in cells}
    shown = visible(text, lines=True)
    assert {shown, f"{shown} {'事' * 200}", f"{shown} · {say('values')}"} <= values
    title = visible(text).replace("_x0041_", "_x005F_x0041_")  # openpyxl leaves this escape
    assert book.properties.title == title


def test_a_text_too_long_for_a_cell_is_cut_and_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write(path, ReportTable("values", pl.DataFrame({"name": [LONG]})))
    sheet = openpyxl.load_workbook(path)[say("values")]
    [text] = [cell.value for row in sheet.iter_rows() for cell in row if "xx" in str(cell.value)]
    assert text == "x" * 32_766 + "…"
    assert max(row.height or 0 for row in sheet.row_dimensions.values()) <= 409
