"""Tables in terminals of any width: every number whole, every row unlike the others."""

import io
import re

import polars as pl
import pytest

from drgpay.show.tables import ReportTable
from drgpay.show.tables_console import console_tables
from drgpay.show.terminal import PIPE_WIDTH, Screen, as_text

NAMES = [f"某某市人民医院第{number}分院（原职工医院）" for number in range(1, 7)]
MONEY = [f"{1_234_567 + 1_000 * number}.{number:02}" for number in range(6)]
COLUMNS = ["基金预算（元）", "Item by item (yuan)", "fund_cost", "difference", "prepayment"]
WIDTHS = (40, 60, 80, 100, 160)


def _table(may_go: tuple[str, ...] = (), names: list[str] = NAMES) -> ReportTable:
    frame = pl.DataFrame({"name": names, **dict.fromkeys(COLUMNS, MONEY)})
    amounts = [pl.col(name).cast(pl.Decimal(18, 2)) for name in COLUMNS]
    return ReportTable("title", frame.with_columns(amounts), may_go=may_go)


def _say(key: str) -> str:
    return "{columns} need {width}" if key == "columns_left_out" else key


def _shown(table: ReportTable, width: int) -> str:
    return as_text(console_tables([table], _say), width=width)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_number_is_cut_or_wrapped(width: int) -> None:
    text = _shown(_table(), width)
    for amount in MONEY:
        assert text.count(f"{float(amount):,.2f}") == len(COLUMNS), amount
    assert "…" not in text


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_name_is_whole(width: int, turned: bool) -> None:
    table = _table()
    text = _shown(ReportTable("title", table.frame, turned=turned), width)
    letters = re.sub(r"[^\w（）]", "", text)
    # A name goes on below its beginning; in a table other cells stand between.
    if "┃" not in text:
        assert all(name in letters for name in NAMES)
    for number in range(1, 7):
        assert f"第{number}" in letters or f"{number}分院" in letters


@pytest.mark.parametrize("width", WIDTHS)
def test_columns_go_in_their_order_and_are_named(width: int) -> None:
    text = _shown(_table(("prepayment", "difference", "fund_cost")), width)
    gone = re.search(r"^([\w, ]+) need (\d+)$", text, re.MULTILINE)
    if gone:
        names = gone[1].split(", ")
        assert names == ["prepayment", "difference", "fund_cost"][: len(names)]
        assert " need " not in _shown(_table(("prepayment", "difference")), int(gone[2]))
    assert all(f"{float(amount):,.2f}" in text for amount in MONEY)


def test_a_column_that_tells_rows_apart_does_not_go() -> None:
    table = ReportTable(
        "title",
        pl.DataFrame({"name": ["同名"] * 2, "id": ["H0001", "H0002"], "note": ["a" * 24] * 2}),
        may_go=("id",),
    )
    text = _shown(table, 30)
    assert "H0001" in text
    assert "H0002" in text


def test_a_pipe_keeps_to_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    for asked, width in (("70", 70), ("", PIPE_WIDTH), ("0", PIPE_WIDTH), ("x", PIPE_WIDTH)):
        monkeypatch.setenv("COLUMNS", asked)
        assert Screen(file=io.StringIO()).width == width
    monkeypatch.delenv("COLUMNS")
    assert Screen(file=io.StringIO()).width == PIPE_WIDTH


def test_a_share_that_is_nothing_has_no_sign() -> None:
    shares = ["-0.000001", "0.000000", "0.051200", "-0.0512"]
    frame = pl.DataFrame({"name": list("abcd"), "change_rate": shares}).with_columns(
        pl.col("change_rate").cast(pl.Decimal(18, 6))
    )
    table = ReportTable("title", frame, signed=frozenset({"change_rate"}))
    found = re.findall(r"[-+]?[\d.]+%", _shown(table, 80))
    assert found == ["0.00%", "0.00%", "+5.12%", "-5.12%"]
