"""verify of a correction and of a clearing, which go on with the ledgers of other runs."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from drgpay.report.html.write import write_report
from drgpay.results.run_tables import CannotCheckError
from drgpay.run.clearing import run_clearing
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.rendered import report_as_due
from drgpay.run.verify import Verified, verify_run
from drgpay.run.year_job import load_year_job
from tests.results.packages import broken_rules, read_package
from tests.run.forging import Edit, add, forge
from tests.run.small_region import small_job
from tests.spread import spread

YEAR = """
year = 2026
scheme = "chs-drg-2.0"
catalogue = "catalogue"
policy = "policy.toml"
output = "runs"
readmissions_across_months = false
[inputs]
hospitals = "hospitals.csv"
"""


@pytest.fixture(scope="module")
def year(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small region with twelve months, a correction of October and the clearing, in runs/."""
    region = tmp_path_factory.mktemp("year") / "region"
    shutil.copytree(settled_year, region)
    [paid] = (region / "runs").glob("2026-10-*")
    stays = pl.read_parquet(region / "stays" / "2026-10.parquet")
    late = stays.tail(3).with_columns(case_id=pl.col("case_id") + "X")
    pl.concat([stays.head(70), late]).write_parquet(region / "corrected.parquet")
    correction = small_job(region, "corrected.parquet", paid)
    run_month(load_job(correction))
    (region / "year.toml").write_text(YEAR, encoding="utf-8")
    run_clearing(load_year_job(region / "year.toml"))
    return region


@pytest.fixture
def runs(year: Path, tmp_path: Path) -> Path:
    """A copy of all runs, to spoil."""
    return Path(shutil.copytree(year / "runs", tmp_path / "runs"))


def correction_in(runs: Path) -> Path:
    (run,) = [path.parent for path in runs.glob("2026-10-*/differences.parquet")]
    return run


def clearing_in(runs: Path) -> Path:
    (run,) = [path.parent for path in runs.glob("2026-*/pools.parquet")]
    return run


def those(verified: Verified, status: str) -> list[str]:
    return [check.key for check in verified.checks if check.status == status]


def test_the_runs_of_a_year_are_right(year: Path, runs: Path) -> None:
    assert len(list(runs.iterdir())) == 14
    for run in sorted(runs.glob("2026-0[13]-*")):  # further months are like these
        verified = verify_run(run)
        assert verified.status == "right", verified
    kinds = {
        "small.toml": (correction_in(runs), "month", "differences"),
        "year.toml": (clearing_in(runs), "clearing", "payables"),
    }
    for job, (run, kind, check) in kinds.items():
        write_report(run)
        verified = verify_run(run, year / job)
        assert verified.status == "right", verified
        assert verified.kind == kind
        assert {"inputs", "ledger", "report", check} <= set(those(verified, "right"))


@pytest.mark.slow
def test_another_report_beside_a_clearing_cannot_be_checked(runs: Path) -> None:
    report = write_report(clearing_in(runs)).path
    report.write_bytes(report.read_bytes().replace("年度应付".encode(), "年度应收".encode(), 1))
    with pytest.raises(CannotCheckError):
        report_as_due(clearing_in(runs))


def test_every_run_is_a_data_package(runs: Path) -> None:
    assert {run.name: broken_rules(run) for run in runs.iterdir()} == {
        run.name: [] for run in runs.iterdir()
    }
    described = {one["name"]: one for one in read_package(clearing_in(runs))["resources"]}
    assert "payable" in [field["name"] for field in described["statements"]["schema"]["fields"]]
    assert described["cases"]["personLevel"] and "personLevel" not in described["pools"]


@pytest.mark.slow
def test_without_the_runs_before_a_ledger_cannot_be_checked(year: Path, tmp_path: Path) -> None:
    again = ["points_again", "lines_again", "bookings_again"]
    for run, job, unknown in (
        (
            correction_in(year / "runs"),
            "small.toml",
            ["ledger", "differences", "bookings_again"],
        ),
        (clearing_in(year / "runs"), "year.toml", ["ledger", *again, "workbooks"]),
    ):
        alone = Path(shutil.copytree(run, tmp_path / run.name))
        verified = verify_run(alone)
        assert verified.status == "unknown"
        assert those(verified, "unknown") == unknown
        assert those(verified, "wrong") == []
        ledger = next(check for check in verified.checks if check.key == "ledger")
        assert "is not found" in ledger.finding.en
        assert verify_run(alone, year / job).status == "right", "the job says where they are"


def test_a_paid_run_that_was_forged_is_not_the_one_that_was_corrected(runs: Path) -> None:
    paid = next(path for path in runs.glob("2026-10-*") if path != correction_in(runs))
    forge(paid, "ledger", add("amount", "0.01", pl.lit(True)))
    assert "ledger" in those(verify_run(correction_in(runs)), "unknown")
    assert "ledger" in those(verify_run(clearing_in(runs)), "unknown")


HERE = ~pl.col("out_of_area")
ANY = pl.lit(True)
FORGERIES: list[tuple[str, Edit, set[str]]] = [
    # 1 yuan may be less than the last place of the value.
    ("pools", add("budget_final", "100", ANY), {"values", "pools", "budgets", "ledger"}),
    ("pools", add("overrun", "1", ANY), {"budgets"}),
    ("pools", add("payable", "0.01", ANY), {"pools"}),
    ("pools", add("remainder", "0.01", ANY), {"pools", "ledger"}),
    ("pools", add("kept", "0.01", ANY), {"pools"}),
    ("pools", add("item_by_item", "0.01", ANY), {"pools"}),
    ("statements", add("kept", "0.01", HERE), {"prices", "pools", "ledger"}),
    ("statements", add("deducted_points", "1", HERE), {"lines", "prices", "pools"}),
    ("statements", add("waiting_points", "1", HERE), {"lines"}),
    ("statements", add("payable", "0.01", HERE), {"payables", "pools", "ledger"}),
    ("statements", add("assessment", "0.01", HERE), {"payables", "pools"}),
    ("statements", add("prepaid", "0.01", HERE), {"payables", "pools"}),
    ("cases", add("points", "0.0001", HERE), {"case_points", "lines"}),
    ("cases", lambda frame: frame.head(5), {"counts", "lines"}),
    ("ledger", lambda frame: frame.head(frame.height - 1), {"ledger"}),
]


@pytest.mark.parametrize("case", spread(range(len(FORGERIES)), 2))
def test_a_forged_clearing_does_not_balance(runs: Path, case: int) -> None:
    table, edit, expected = FORGERIES[case]
    forge(clearing_in(runs), table, edit)
    assert expected <= set(those(verify_run(clearing_in(runs)), "wrong"))


@pytest.mark.parametrize(
    ("table", "column"),
    spread(
        [
            ("differences", "points_difference"),
            ("differences", "fund_amount_now"),
            ("difference_statements", "standard_paid"),
            ("difference_statements", "prepayment_now"),
        ],
        1,
    ),
)
def test_forged_differences(runs: Path, table: str, column: str) -> None:
    forge(correction_in(runs), table, add(column, "0.01", ANY))
    assert "differences" in those(verify_run(correction_in(runs)), "wrong")


def test_a_wrong_entry_of_the_ledger(runs: Path) -> None:
    same_side: Edit = lambda frame: frame.with_columns(credit=pl.col("debit"))  # noqa: E731
    forge(clearing_in(runs), "ledger", same_side)
    assert "ledger" in those(verify_run(clearing_in(runs)), "wrong")
