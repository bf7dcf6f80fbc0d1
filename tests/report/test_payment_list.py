"""The payment list: a row a payee, and what it adds up to."""

from decimal import Decimal
from pathlib import Path

import polars as pl
from python_calamine import CalamineWorkbook

from drgpay.base.capitals import capitals
from drgpay.report.payment_list import payees_due
from drgpay.report.wording import word
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from tests.run.small_region import small_region

DUE = pl.DataFrame(
    {
        "hospital_id": ["A", "B", "C", "D"],
        "pay_employee": [Decimal("1.10"), Decimal("2.20"), Decimal("-0.05"), Decimal("4.00")],
        "to_pay": [Decimal("1.10"), Decimal("2.20"), Decimal("-0.05"), Decimal("4.00")],
    },
    schema_overrides={"pay_employee": pl.Decimal(18, 2), "to_pay": pl.Decimal(18, 2)},
)


def payees(*rows: tuple[str, str, str | None, str | None, str | None]) -> pl.DataFrame:
    names = ["hospital_id", "name", "payee", "bank", "bank_account"]
    return pl.DataFrame(rows, dict.fromkeys(names, pl.String), orient="row")


def test_hospitals_with_one_account_are_one_row() -> None:
    known = payees(
        ("A", "甲", "集团", "银行", "1"),
        ("B", "乙", "集团", "银行", "1"),
        ("C", "丙", "集团", "银行", "2"),
        ("D", "丁", None, None, None),
    )
    rows = payees_due(DUE, known)
    assert rows.select("payee", "hospitals_paid", "bank_account", "to_pay").rows() == [
        ("集团", "A、B", "1", Decimal("3.30")),
        ("集团", "C", "2", Decimal("-0.05")),
        ("丁", "D", None, Decimal("4.00")),
    ]


def test_hospitals_of_one_name_without_an_account_stay_apart() -> None:
    rows = payees_due(DUE, payees(*((one, "同名", None, None, None) for one in "ABCD")))
    assert rows["hospitals_paid"].to_list() == ["A", "B", "C", "D"]
    assert "bank_account" not in rows.columns


def test_the_list_of_a_run_pays_what_the_lines_say(sample_data: Path, tmp_path: Path) -> None:
    job = small_region(sample_data, tmp_path / "region")
    hospitals = job.parent / "hospitals.csv"
    table = pl.read_csv(hospitals, infer_schema=False)
    table.with_columns(bank_account=pl.lit("0123456789012345678")).write_csv(hospitals)
    folder = run_month(load_any_job(job), "zh").folder
    kept = pl.read_parquet(folder / "payees.parquet")
    assert kept["bank_account"].unique().to_list() == ["0123456789012345678"]
    assert (folder / "payees.parquet").stat().st_mode & 0o077 == 0
    book = CalamineWorkbook.from_path(folder / "summary.xlsx")
    listed = book.get_sheet_by_name(word("payment_list", "zh")).to_python()
    top = next(number for number, row in enumerate(listed) if row[0] == word("row_number", "zh"))
    names = [str(name).split("\n")[0] for name in listed[top]]
    rows = [dict(zip(names, row, strict=True)) for row in listed[top + 1 :]]
    paid = (
        pl.read_parquet(folder / "statements.parquet")
        .group_by("hospital_id", "name")
        .agg(pl.col("prepayment").sum())
    )
    due = {row["name"]: row["prepayment"] for row in paid.iter_rows(named=True)}
    found = [row for row in rows if row.get("收款单位") in due]
    assert len(found) == len(due)
    for row in found:
        amount = due[row["收款单位"]]
        assert row["实拨金额"] == float(amount)
        assert row["大写金额"] == capitals(amount)
        assert row["银行账号"] == "0123456789012345678"
    checks = book.get_sheet_by_name(word("payment_checks", "zh")).to_python()
    results = [row[-1] for row in checks if row[-1]]
    assert results[1:] == [word("check_right", "zh")] * 3
