"""The workbook says what the tables say, in the language asked for."""

from pathlib import Path

import openpyxl
import polars as pl
import pytest

from drgpay.language import Language
from drgpay.report.month import MonthTables
from drgpay.report.summary_xlsx import write_summary
from drgpay.report.wording import word
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> MonthTables:
    """The tables of the sample month."""
    job = load_job(Path(__file__).resolve().parents[2] / "sample_data" / "2026-10.toml")
    folder = tmp_path_factory.mktemp("runs")
    return run_month(type(job)(**{**job.__dict__, "output": folder})).tables


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sheets_rows_and_totals(tables: MonthTables, tmp_path: Path, language: Language) -> None:
    path = tmp_path / "summary.xlsx"
    write_summary(tables, path, language)
    values = openpyxl.load_workbook(path, data_only=True)
    formulas = openpyxl.load_workbook(path)
    names = ("values", "hospitals", "classes", "quarantine", "warnings")
    assert values.sheetnames == [word(name, language) for name in names]

    sheet = values[word("hospitals", language)]
    header = next(row for row in sheet.iter_rows() if row[0].value == word("hospital_id", language))
    top = header[0].row
    assert sheet.freeze_panes == f"C{top + 1}"
    titles = [str(cell.value).split("\n")[0] for cell in header]
    column = titles.index(word("fund_amount", language).split("（")[0].split(" (")[0])
    amounts = [row[column].value for row in sheet.iter_rows(min_row=top + 1, max_row=sheet.max_row)]
    paid = tables.statements["fund_amount"]
    assert amounts[: len(paid)] == [float(amount) for amount in paid]
    total_row = top + len(paid) + 1
    assert values[sheet.title].cell(total_row, 1).value == word("total", language)
    assert amounts[len(paid)] == pytest.approx(float(paid.sum()), abs=0.005)
    letter = openpyxl.utils.get_column_letter(column + 1)
    formula = formulas[sheet.title].cell(total_row, column + 1).value
    assert formula == f"=SUM({letter}{top + 1}:{letter}{total_row - 1})"


def test_findings_are_counted_and_listed(tables: MonthTables, tmp_path: Path) -> None:
    path = tmp_path / "summary.xlsx"
    write_summary(tables, path, "zh")
    sheet = openpyxl.load_workbook(path, data_only=True)[word("quarantine", "zh")]
    cells = {cell.value for row in sheet.iter_rows() for cell in row}
    assert set(tables.quarantine["case_id"]) <= cells
    assert {word(code, "zh") for code in tables.quarantine["code"]} <= cells


def test_no_person_appears_in_a_report(tables: MonthTables) -> None:
    for name in ("cases", "statements", "values", "quarantine", "warnings"):
        frame: pl.DataFrame = getattr(tables, name)
        assert "person_id" not in frame.columns
