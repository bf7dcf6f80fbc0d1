"""The workbook of the pools says what the tables say, in the language asked for."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from drgpay.base.language import Language
from drgpay.report.wording import word
from drgpay.results.results import Results
from drgpay.show.sheets import LISTED_ROWS
from drgpay.show.tables import heading
from tests.report.settled_region import Region, policy_with, settled_region
from tests.report.workbooks import exact, recomputed, tables_of, texts_of, write_summary

SHEETS = ("values", "hospitals", "classes", "adjustments", "ledger", "quarantine", "warnings")


def title(name: str, language: Language = "zh") -> str:
    return heading(name, lambda key: word(key, language))[0]


@pytest.fixture(scope="module")
def region() -> Region:
    merged = (("employee", "resident"),)
    policy = policy_with({"merged_accounts": merged, "may_exceed_budget": True})
    return settled_region(5, policy)


@pytest.fixture(scope="module")
def tables(region: Region) -> Results:
    return region.tables


@pytest.fixture(scope="module")
def book(tables: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "summary.xlsx"
    write_summary(tables, path, "zh")
    return path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sheets_frozen_headers_and_formulas(
    tables: Results, tmp_path: Path, language: Language
) -> None:
    path = tmp_path / "summary.xlsx"
    write_summary(tables, path, language)
    sheets = openpyxl.load_workbook(path)
    assert sheets.sheetnames == [word(name, language) for name in SHEETS]
    hospitals = sheets[word("hospitals", language)]
    header = next(
        row[0].row for row in hospitals.iter_rows() if row[0].value == word("hospital_id", language)
    )
    assert hospitals.freeze_panes == f"C{header + 1}"
    assert hospitals.print_title_rows == f"${header}:${header}"
    found = recomputed(path)
    assert len(found) > 40
    for sheet, cell, formula, shown, value in found:
        assert Fraction(shown) == value, (sheet, cell, formula)


def test_hospitals_read_back_exactly(tables: Results, book: Path) -> None:
    [table] = tables_of(book, word("hospitals", "zh"), "合计")
    for name, dtype in tables.statements.schema.items():
        if isinstance(dtype, pl.Decimal) and title(name) in table.headings:
            assert table.column(title(name)) == tables.statements[name].to_list()
    assert [row[0] for row in table.rows] == tables.statements["hospital_id"].to_list()


def test_values_are_by_pool(tables: Results, book: Path) -> None:
    values, lines = tables_of(book, word("values", "zh"), "合计")
    assert [row[0] for row in values.rows] == ["职工医保 + 居民医保"]
    assert values.column(title("point_value")) == tables.pools["point_value"].to_list()
    assert sum(filter(None, lines.column("病例数"))) == tables.cases.height


def test_classes_and_adjustments_add_up(tables: Results, book: Path) -> None:
    [classes] = tables_of(book, word("classes", "zh"), "合计")
    assert classes.total
    amount = classes.total[classes.headings.index(title("standard_amount"))]
    assert exact(amount) == tables.statements["standard_amount"].sum()
    [kinds] = tables_of(book, word("adjustments", "zh"), "合计")
    counted = tables.adjustments.group_by("kind", "applies_to").len()
    assert len(kinds.rows) == counted.height
    assert sum(filter(None, kinds.column("笔数"))) == tables.adjustments.height
    assert sum(filter(None, kinds.column("点数"))) == tables.adjustments["points"].sum()


def test_ledger_balances_add_up_to_zero(tables: Results, book: Path) -> None:
    balances, kinds = tables_of(book, word("ledger", "zh"), "合计")
    assert sum(filter(None, balances.column("余额"))) == 0
    fund = next(row for row in balances.rows if row[1] == "统筹基金")
    credited = tables.ledger.filter(pl.col("credit") == "fund")["amount"].sum()
    assert exact(fund[balances.headings.index("贷方")]) == credited
    assert sum(filter(None, kinds.column("金额"))) == tables.ledger["amount"].sum()


def test_findings_are_counted_and_listed(tables: Results, book: Path) -> None:
    counts, rows = tables_of(book, word("quarantine", "zh"), "合计")
    assert counts.column("条数") == [Decimal(1), Decimal(1)]
    assert {row[0] for row in rows.rows} == set(tables["quarantine"]["case_id"])
    assert {row[0] for row in counts.rows} == {
        word(code, "zh") for code in tables["quarantine"]["code"]
    }


def test_more_findings_than_a_table_lists_have_sheets_of_their_own(
    tables: Results, tmp_path: Path
) -> None:
    found = tables["quarantine"]
    rows = pl.concat([found] * (LISTED_ROWS // found.height + 1))
    many = dict.fromkeys(("quarantine", "warnings"), rows)
    large = replace(tables, frames={**tables.frames, **many})
    path = tmp_path / "summary.xlsx"
    write_summary(large, path, "zh")
    for name in many:
        [listed] = tables_of(path, word(f"{name}_list", "zh"), "合计")
        assert len(listed.rows) == many[name].height


def test_no_person_appears_in_a_report(tables: Results, book: Path) -> None:
    for name in ("cases", "adjustments", "statements", "values", "ledger", "quarantine"):
        assert "person_id" not in tables[name].columns
    assert not any("person" in text for text in texts_of(book))


def test_the_same_tables_give_the_same_bytes(tables: Results, book: Path, tmp_path: Path) -> None:
    write_summary(tables, tmp_path / "again.xlsx", "zh")
    assert (tmp_path / "again.xlsx").read_bytes() == book.read_bytes()


@pytest.mark.parametrize("deducted_points", ["fund", "pool"])
def test_the_rule_says_which_points_divide(tmp_path: Path, deducted_points: str) -> None:
    policy = policy_with({"deducted_points": deducted_points, "may_exceed_budget": True})
    tables = settled_region(5, policy).tables
    write_summary(tables, tmp_path / "summary.xlsx", "zh")
    said = "".join(texts_of(tmp_path / "summary.xlsx"))
    kept = deducted_points == "fund"
    assert (word("formula_note_kept", "zh") in said) == kept
    assert tables.pools["deducted_points"].sum() > 0
    for row in tables.pools.iter_rows(named=True):
        top = row["budget"] + row["from_home_funds"] + row["patient_cost"] + row["other_cost"]
        points = row["points"] + (row["deducted_points"] if kept else 0)
        assert (
            0
            <= Fraction(top) / Fraction(points) - Fraction(row["point_value"])
            < Fraction(1, 10**4)
        )
