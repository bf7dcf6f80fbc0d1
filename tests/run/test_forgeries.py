"""Whatever is changed in a table of a run, with the hashes renewed, verify finds it.

What nothing in the folder can prove is listed, and `verify --recompute` finds that too.
"""

import json
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from drgpay.cli import verify as verify_command
from drgpay.cli.commands import Command
from drgpay.records.origin import ORIGIN_SCHEMA
from drgpay.report.html.write import write_report
from drgpay.results.manifest import read_manifest
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.rendered import report_as_due
from drgpay.run.verify import Verified, verify_run
from tests.conftest import ROOT
from tests.run.forged_region import forged_job, forged_region
from tests.run.forging import (
    WORKBOOKS,
    as_before,
    changed,
    edit_manifest,
    forge,
    found_in,
    renew,
)
from tests.spread import part_of, spread

UNPROVABLE = {
    *(("cases", name) for name in ("length_of_stay", "severity")),
    ("visits", "visit_type"),
    ("case_records", "department"),
    *(
        (table, name)
        for table in ("case_records", "visit_records")
        for name in ("principal_diagnosis", "other_diagnoses", "procedures")
    ),
    *(
        (table, name)
        for table in ("case_records", "visit_records")
        for name in ("drug_cost", "material_cost", "exam_cost")
    ),
    ("visit_records", "items"),
    *((table, "other_codes") for table in ("quarantine", "warnings")),
    *((table, "other_codes") for table in ("visit_quarantine", "visit_warnings")),
    *((table, "visit_id") for table in ("line_quarantine", "line_warnings")),
    *(
        (f"{rows}{table}", column)
        for rows in ("", "visit_", "line_")
        for table in ("quarantine", "warnings")
        for column in ORIGIN_SCHEMA
    ),
    *((table, "item_code") for table in ("line_quarantine", "line_warnings")),
    *((table, "amount") for table in ("line_quarantine", "line_warnings")),
    *((table, "column") for table in ("line_quarantine", "line_warnings")),
    *((table, "message") for table in ("line_quarantine", "line_warnings")),
    *((table, "other_codes") for table in ("line_quarantine", "line_warnings")),
}
"""Columns of facts on which nothing else in the folder depends, as docs/reliability.md lists them."""


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A month of stays and visits with filings, and its correction, settled into runs/."""
    region = forged_region(sample_data, tmp_path_factory.mktemp("forged") / "region")
    paid = run_month(load_job(forged_job(region, "paid"))).folder
    run_month(load_job(forged_job(region, "corrected", paid)))
    return region


@pytest.fixture(scope="module")
def spoilt(region: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The correction in a copy of all runs: what a test spoils it puts right again."""
    runs = tmp_path_factory.mktemp("spoilt") / "runs"
    shutil.copytree(region / "runs", runs)
    (run,) = [path.parent for path in runs.glob("*/differences.parquet")]
    return run


TABLES = [
    *("cases", "adjustments", "statements", "values", "ledger", "differences"),
    *("difference_statements", "reviews", "deductions", "technologies", "quarantine", "warnings"),
    *("visits", "entries", "visit_groups", "visit_statements", "visit_values", "visit_ledger"),
    *("visit_differences", "visit_difference_statements", "capitation", "capitation_apart"),
    *("capitation_tie_out", "enrolment", "visit_quarantine", "visit_warnings"),
    *("line_quarantine", "line_warnings", "case_records", "visit_records"),
]


@pytest.mark.parametrize("table", part_of(TABLES, ("values",)))
def test_a_change_in_any_column_is_found(spoilt: Path, table: str) -> None:
    path = spoilt / f"{table}.parquet"
    before = pl.read_parquet(path)
    if not before.height:
        pytest.skip("no rows here; another row is found: see below")
    missed = set()
    for column in before.columns:
        with as_before(spoilt, path.name):
            changed(before, column).write_parquet(path)
            renew(spoilt, path.name)
            key = found_in(spoilt)
            if key is None and (table, column) not in UNPROVABLE:  # the workbooks show it
                key = found_in(spoilt, (), WORKBOOKS)
            if key is None:
                missed.add((table, column))
    assert missed == {known for known in UNPROVABLE if known[0] == table}


@pytest.mark.slow
@pytest.mark.parametrize("table", spread(TABLES, 9))
def test_a_row_less_or_a_row_more_is_found(spoilt: Path, table: str) -> None:
    path = spoilt / f"{table}.parquet"
    before = pl.read_parquet(path)
    schema = {name: [None] for name in before.columns}
    more = pl.concat(
        [before, before.tail(1) if before.height else pl.DataFrame(schema, before.schema)]
    )
    for rows in (before[1:], more) if before.height else (more,):
        with as_before(spoilt, path.name):
            rows.write_parquet(path)
            renew(spoilt, path.name)
            assert found_in(spoilt, ()), rows.height


def test_a_column_more_or_less_is_no_proof(spoilt: Path) -> None:
    cases = pl.read_parquet(spoilt / "cases.parquet")
    for table, status in (
        (cases.with_columns(extra=pl.lit(1)), "wrong"),
        (cases.drop("stability"), "unknown"),
    ):
        with as_before(spoilt, "cases.parquet"):
            table.write_parquet(spoilt / "cases.parquet")
            renew(spoilt, "cases.parquet")
            again = {check.key: check.status for check in verify_run(spoilt).checks}
            assert again["points_again"] == status


def moved(frame: pl.DataFrame, columns: list[str], rows: pl.Expr, amount: str) -> pl.DataFrame:
    """An amount taken from the second of some rows and given to the first."""
    place = rows.cum_sum()
    given = pl.lit(Decimal(amount))
    more = (
        pl.when(rows & (place == 1)).then(given).when(rows & (place == 2)).then(-given).otherwise(0)
    )
    return frame.with_columns((pl.col(name) + more).alias(name) for name in columns)


def test_money_moved_between_two_cases_of_a_line_is_found(spoilt: Path) -> None:
    for table, key in (("cases", "case_parts"), ("visits", "visit_case_parts")):
        frame = pl.read_parquet(spoilt / f"{table}.parquet")
        line = ["hospital_id", "account", "out_of_area", "payment"]
        most = frame.filter(payment="points").group_by(line).len().sort("len", *line)[-1]
        mine = pl.all_horizontal(
            pl.col(name).cast(pl.String) == str(most[name][0])
            for name in line
            if name != "out_of_area"
        ) & (pl.col("out_of_area") == most["out_of_area"][0])
        for columns in (["fund_amount"], ["standard_amount", "fund_amount"]):
            with as_before(spoilt, f"{table}.parquet"):
                forge(spoilt, table, lambda rows: moved(rows, columns, mine, "1.00"))  # noqa: B023
                assert found_in(spoilt) == key


def test_two_adjustments_that_cancel_are_found(spoilt: Path) -> None:
    table = pl.read_parquet(spoilt / "adjustments.parquet")
    reviewed = table.filter(kind="review")
    twice = reviewed.filter(pl.col("points") != 0)[:1]
    back = twice.with_columns(points=-pl.col("points"), step=pl.lit(9, pl.Int32))
    again = twice.with_columns(step=pl.lit(8, pl.Int32))
    with as_before(spoilt, "adjustments.parquet"):
        forge(
            spoilt,
            "adjustments",
            lambda frame: pl.concat([frame, again, back]).sort("case_id", "step"),
        )
        assert found_in(spoilt) == "points_again"


def book_of(run: Path, of: str = "statements") -> list[Path]:
    return sorted((run / of).glob("*.xlsx"))


@pytest.mark.slow
def test_another_workbook_or_cell_is_found(region: Path, spoilt: Path) -> None:
    first, second = book_of(spoilt)[:2]
    (paid,) = [path for path in (region / "runs").iterdir() if path.name != spoilt.name]
    name = first.relative_to(spoilt).as_posix()

    def another_hospital() -> None:
        shutil.copyfile(second, first)

    def another_run() -> None:
        shutil.copyfile(paid / name, first)

    def another_cell() -> None:
        book = openpyxl.load_workbook(first)
        sheet = book.worksheets[0]
        cell = next(
            cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, float)
        )
        cell.value += 1
        book.save(first)

    for spoil in (another_hospital, another_run, another_cell):
        with as_before(spoilt, name):
            spoil()
            renew(spoilt, name)
            (check,) = [one for one in verify_run(spoilt).checks if one.status != "right"]
            assert check.key == "workbooks" and check.status == "wrong", spoil.__name__
            assert name in check.finding.en, spoil.__name__


def test_formulas_of_a_workbook_are_compared(spoilt: Path) -> None:
    name = book_of(spoilt)[0].relative_to(spoilt).as_posix()
    with as_before(spoilt, name):
        book = openpyxl.load_workbook(spoilt / name)
        book.save(spoilt / name)  # without the values of formulas
        renew(spoilt, name)
        assert "workbooks" in wrong(verify_run(spoilt))


def test_a_catalogue_that_was_changed(spoilt: Path) -> None:
    name = "catalogue/groups.csv"
    with as_before(spoilt, name):
        path = spoilt / name
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([*lines[:-1], ""]), encoding="utf-8")
        renew(spoilt, name)
        checks = {check.key: check.status for check in verify_run(spoilt).checks}
        assert checks["catalogue"] == "unknown"


def test_a_report_beside_a_run_is_compared(spoilt: Path) -> None:
    report = write_report(spoilt).path
    try:
        assert report_as_due(spoilt) == (1, None)
        text = report.read_text(encoding="utf-8")
        report.write_text(text.replace("</body>", "<p>1</p></body>"), encoding="utf-8")
        checks = {check.key: check.status for check in verify_run(spoilt).checks}
        assert checks["report"] == "unknown"
    finally:
        report.unlink()


def test_another_program_may_have_meant_the_difference(spoilt: Path) -> None:
    with as_before(spoilt, "cases.parquet"):
        forge(spoilt, "cases", lambda frame: changed(frame, "formula"))
        edit_manifest(spoilt, lambda manifest: manifest.update(program="drgpay 0.0.9"))
        checks = {check.key: check for check in verify_run(spoilt).checks}
        assert checks["points_again"].status == "unknown"
        assert "drgpay 0.0.9 wrote it" in checks["points_again"].finding.en


def test_rows_on_stays_of_earlier_months_are_taken_as_they_are(spoilt: Path) -> None:
    """Their case is in another run: nothing here says what it earned."""
    with as_before(spoilt, "adjustments.parquet"):
        forge(
            spoilt,
            "adjustments",
            lambda frame: pl.concat(
                [
                    frame,
                    frame.filter(applies_to="hospital")[:1].with_columns(
                        case_id=pl.lit("Z-EARLIER"),
                        kind=pl.lit("readmission_earlier"),
                        points=pl.lit(Decimal("0.0000")),
                        standard_amount=pl.lit(Decimal("0.00")),
                        step=pl.lit(1, pl.Int32),
                    ),
                ],
                how="vertical_relaxed",
            ),
        )
        checks = {check.key: check.status for check in verify_run(spoilt).checks}
        assert checks["points_again"] == checks["lines_again"] == "right"


def wrong(verified: Verified) -> list[str]:
    return [check.key for check in verified.checks if check.status == "wrong"]


def test_what_nothing_proves_is_listed_in_the_docs() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    section = page.split("### What only `--recompute` finds")[1].split("\n#")[0]
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \|", section, re.MULTILINE)
    listed = {
        (table, column)
        for tables, columns in rows
        for table in tables.split("`, `")
        for column in re.findall(r"`(\w+)`", columns)
    }
    assert listed == UNPROVABLE


@pytest.fixture
def command() -> Callable[..., Any]:
    app = typer.Typer()
    app.command(cls=Command)(verify_command.verify)
    app.callback()(lambda: None)
    return lambda *words: CliRunner().invoke(app, ["verify", "--lang", "zh", *map(str, words)])


def test_a_job_run_again_is_the_same_and_leaves_nothing(
    region: Path, spoilt: Path, command: Callable[..., Any]
) -> None:
    (run,) = [path for path in (region / "runs").iterdir() if path.name == spoilt.name]
    before = {path: path.stat().st_mtime_ns for path in region.rglob("*")}
    result = command(
        run, "--job", region / "corrected.toml", "--recompute", "--json", "--lang", "en"
    )
    (verified,) = json.loads(result.stdout)["runs"]
    assert result.exit_code == 0, result.stdout
    assert verified["checks"][-1]["check"] == "recompute"
    assert verified["checks"][-1]["compared"] == len(read_manifest(run).outputs)
    assert {path: path.stat().st_mtime_ns for path in region.rglob("*")}.keys() == before.keys()


@pytest.mark.slow
def test_what_nothing_else_proves_a_job_run_again_does(
    region: Path, spoilt: Path, command: Callable[..., Any]
) -> None:
    with as_before(spoilt, "cases.parquet"):
        forge(spoilt, "cases", lambda frame: changed(frame, "severity"))
        assert wrong(verify_run(spoilt)) == []
        result = command(spoilt, "--job", region / "corrected.toml", "--recompute", "--lang", "en")
        assert result.exit_code == 1
        first = pl.read_parquet(spoilt / "cases.parquet")["case_id"][0]
        assert f"cases {first}: severity" in " ".join(result.stdout.split())


@pytest.mark.slow
def test_changed_inputs_are_named_before_what_comes_of_them(
    region: Path, spoilt: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    copy = Path(shutil.copytree(region, tmp_path / "region"))
    reviews = copy / "reviews.csv"
    reviews.write_text("\n".join(reviews.read_text(encoding="utf-8-sig").splitlines()[:-1]))
    result = command(
        spoilt, "--job", copy / "corrected.toml", "--recompute", "--json", "--lang", "en"
    )
    assert result.exit_code == 1
    checks = json.loads(result.stdout)["runs"][0]["checks"]
    keys = [check["check"] for check in checks if check["status"] == "wrong"]
    assert keys == ["inputs", "recompute"]
    assert "reviews" in checks[-1]["finding"] and "adjustments" in checks[-1]["finding"]


def test_a_job_that_cannot_be_run_again(
    region: Path, spoilt: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    result = command(spoilt, "--recompute")
    assert result.exit_code == 2
    assert "--job" in result.stderr
    result = command(spoilt, "--job", region / "nothing.toml", "--recompute", "--lang", "en")
    assert result.exit_code == 2
