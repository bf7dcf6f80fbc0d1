"""`drgpay statements`: the workbooks of hospitals with all of their cases."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from drgpay.base.errors import DrgpayError
from drgpay.report.wording import word
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.statements import write_statements
from tests.run.small_region import small_region


@pytest.fixture(scope="module")
def paid(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    job = small_region(sample_data, tmp_path_factory.mktemp("statements") / "region")
    return run_month(load_any_job(job), "zh").folder


@pytest.fixture(scope="module")
def written(paid: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("written") / "out"
    return write_statements(paid, "zh", out=out, processes=1).folder


def sheet(book: Path, key: str, say: Callable[..., str] = word) -> list[list[Any]]:
    name = say(key, "zh")
    return CalamineWorkbook.from_path(book).get_sheet_by_name(name).to_python()


def below(rows: list[list[Any]], heading: str) -> Iterator[dict[str, Any]]:
    """The rows below the heading row, by the headings without units."""
    top = next(number for number, row in enumerate(rows) if row[0] == heading)
    names = [str(name).split("\n")[0] for name in rows[top]]
    return (dict(zip(names, row, strict=True)) for row in rows[top + 1 :])


def test_each_case_of_a_hospital_stands_with_what_it_was_paid(paid: Path, written: Path) -> None:
    cases = pl.read_parquet(paid / "cases.parquet")
    books = sorted(written.iterdir())
    assert [book.stem for book in books] == sorted(cases["hospital_id"].unique())
    for book in books:
        due = cases.filter(pl.col("hospital_id") == book.stem)
        rows = list(below(sheet(book, "case_list"), word("case_id", "zh")))
        assert [row["结算编号"] for row in rows] == due["case_id"].to_list()
        assert [row["应付基金"] for row in rows] == [float(one) for one in due["fund_amount"]]
        assert [row["出院日期"] for row in rows] == due["discharge_date"].to_list()
        assert [row["病组"] for row in rows] == due["drg"].cast(pl.String).to_list()
        assert book.stat().st_mode & 0o077 == 0


def test_codes_have_names_and_adjustments_their_columns(paid: Path, written: Path) -> None:
    kept = pl.read_parquet(paid / "case_records.parquet")
    hospital = kept["hospital_id"][0]
    rows = list(below(sheet(written / f"{hospital}.xlsx", "case_list"), word("case_id", "zh")))
    assert rows[0]["主要诊断"] == kept["principal_diagnosis"][0]
    assert rows[0]["科室"] == kept["department"][0]
    assert all(row["主要诊断名称"] for row in rows)
    adjusted = pl.read_parquet(paid / "adjustments.parquet").filter(
        (pl.col("hospital_id") == hospital) & (pl.col("applies_to") == "case")
    )
    columns = {word(f"kind_{kind}", "zh") for kind in adjusted["kind"].unique()}
    assert columns and columns <= set(rows[0])
    for row in rows:
        steps = sum(row[column] or 0 for column in columns)
        assert round(row["调整前点数"] + steps - row["点数"], 4) == 0


def test_every_sum_agrees_with_the_lines(written: Path) -> None:
    for book in written.iterdir():
        rows = list(below(sheet(book, "checks"), word("check_item", "zh")))
        assert len(rows) == 5
        assert {row["结果"] for row in rows} == {word("check_right", "zh")}


def test_refused_stays_stand_with_their_reasons(paid: Path, written: Path) -> None:
    refused = pl.read_parquet(paid / "quarantine.parquet")
    assert refused.height
    for book in written.iterdir():
        due = refused.filter(pl.col("hospital_id") == book.stem)
        rows = list(below(sheet(book, "refused_rows"), word("case_id", "zh")))
        assert [row["说明"] for row in rows] == due["message"].to_list()


@pytest.mark.slow
def test_processes_write_the_same_bytes(paid: Path, written: Path, tmp_path: Path) -> None:
    again = write_statements(paid, "zh", out=tmp_path / "out", processes=2).folder
    for book in written.iterdir():
        assert (again / book.name).read_bytes() == book.read_bytes()


def test_one_hospital_alone_is_the_same_workbook(paid: Path, written: Path, tmp_path: Path) -> None:
    first = min(written.iterdir())
    one = write_statements(paid, "zh", [first.stem], tmp_path / "out", processes=1)
    assert one.hospitals == (first.stem,)
    [book] = one.folder.iterdir()
    assert book.read_bytes() == first.read_bytes()


def test_the_month_before_stands_beside_each_figure(paid: Path, tmp_path: Path) -> None:
    for period, name in (("2026-09", "before"), ("2025-10", "year")):
        _as_month(paid, tmp_path / name, period)
    shutil.copytree(paid, tmp_path / paid.name)
    made = write_statements(tmp_path / paid.name, "zh", processes=1)
    assert made.folder == tmp_path / f"{paid.name}-statements"
    assert made.earlier == {"last_month": "before", "last_year": "year"}
    [*_, book] = sorted(made.folder.iterdir())
    for key, first in (
        ("compared", "account"),
        ("departments", "department"),
        ("all_groups", "drg"),
    ):
        rows = list(below(sheet(book, key), word(first, "zh")))
        figures = ("病例数", "点数", "应付基金", "与按项目差额")
        for row in rows:
            for figure in figures:
                assert row[f"上月{figure}"] == row[f"上年同月{figure}"] == row[figure]


def test_what_is_wrong_is_one_sentence(paid: Path, tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="no hospital X"):
        write_statements(paid, "zh", ["X"], tmp_path / "out")
    with pytest.raises(DrgpayError, match="neither the month before"):
        write_statements(paid, "zh", out=tmp_path / "out", further=[paid])
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    with pytest.raises(DrgpayError, match="exists"):
        write_statements(paid, "zh", out=tmp_path / "out", processes=1)


def test_a_run_names_the_cases_where_its_job_says_so(sample_data: Path, tmp_path: Path) -> None:
    job = small_region(sample_data, tmp_path / "region")
    usual = run_month(load_any_job(job), "zh").folder
    table = 'output = { folder = "runs", cases = true }'
    job.write_text(job.read_text().replace('output = "runs"', table))
    named = run_month(load_any_job(job), "zh").folder
    assert named != usual
    book = min((named / "statements").iterdir())
    assert word("case_list", "zh") in CalamineWorkbook.from_path(book).sheet_names
    less = CalamineWorkbook.from_path(usual / "statements" / book.name).sheet_names
    assert word("case_list", "zh") not in less


def _as_month(run: Path, folder: Path, period: str) -> None:
    """A copy of a run as if it were of another month."""
    shutil.copytree(run, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest |= {"period": period, "run": folder.name}
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
