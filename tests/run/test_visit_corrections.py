"""Corrections of paid visits: alone, with stays, one after the other, verified and refused."""

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.verify import Verified, verify_run
from tests.run.forging import add, forge
from tests.run.visit_region import LATE, visit_job, visit_region
from tests.spread import spread

pytestmark = pytest.mark.slow

LINE = ["hospital_id", "account", "out_of_area", "payment"]


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    return visit_region(sample_data, tmp_path_factory.mktemp("visits") / "region")


@pytest.fixture(scope="module")
def paid(region: Path) -> Path:
    """Stays and visits as they were paid."""
    return _run(visit_job(region, "paid", stays=True))


@pytest.fixture(scope="module")
def again(region: Path, paid: Path) -> Path:
    """The correction of both."""
    return _run(visit_job(region, "corrected", stays=True, corrects=paid))


@pytest.fixture(scope="module")
def fresh(region: Path) -> Path:
    """The corrected visits as if they had been the first."""
    return _run(visit_job(region, "corrected"))


def _run(job: Path) -> Path:
    return run_month(load_any_job(job)).folder


def _read(run: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(run / f"{name}.parquet")


def _balances(*runs: Path) -> Counter[tuple[str, str, str | None]]:
    """The balance of each account of the visits' ledgers together, by hand."""
    balances: Counter[tuple[str, str, str | None]] = Counter()
    for run in runs:
        for row in _read(run, "visit_ledger").iter_rows(named=True):
            for side, sign in (("debit", 1), ("credit", -1)):
                own = row["hospital_id"] if row[side] in ("hospital", "withheld") else None
                balances[row["pool"], row[side], own] += sign * row["amount"]
    return Counter({key: amount for key, amount in balances.items() if amount})


def those(verified: Verified, status: str) -> list[str]:
    return [check.key for check in verified.checks if check.status == status]


def test_a_correction_settles_the_visits_as_if_they_were_the_first(
    again: Path, fresh: Path
) -> None:
    for name in ("visits", "visit_statements", "visit_values", "capitation", "entries"):
        assert (again / f"{name}.parquet").read_bytes() == (
            fresh / f"{name}.parquet"
        ).read_bytes(), name


def test_only_differences_are_booked(paid: Path, again: Path, fresh: Path) -> None:
    assert _balances(paid, again) == _balances(fresh)
    booked, whole = (_read(run, "visit_ledger")["amount"].sum() for run in (again, fresh))
    assert 0 < booked < whole / 10
    assert (again / "ledger.parquet").stat().st_size > 0


def test_differences_of_visits_are_those_of_the_two_tables(paid: Path, again: Path) -> None:
    measures = {"points": "points", "standard": "standard_amount", "fund_amount": "fund_amount"}
    before, now = (
        {row["visit_id"]: row for row in _read(run, "visits").iter_rows(named=True)}
        for run in (paid, again)
    )
    found = {
        row["visit_id"]: row for row in _read(again, "visit_differences").iter_rows(named=True)
    }
    for visit in sorted(before.keys() | now.keys()):
        sides = (before.get(visit), now.get(visit))
        differs = any(
            (sides[0] or {}).get(name) != (sides[1] or {}).get(name) for name in measures.values()
        )
        assert differs == (visit in found)
        if not differs:
            continue
        row = found[visit]
        for name, column in measures.items():
            was, is_now = (side[column] if side else Decimal(0) for side in sides)
            said = [row[f"{name}_{state}"] for state in ("paid", "now", "difference")]
            assert said == [was, is_now, is_now - was]
        if sides[0] is None:
            assert (visit, row["change"]) == (LATE, "late")
    changes = Counter(row["change"] for row in found.values())
    assert (changes["late"], changes["withdrawn"], changes["changed"]) == (1, 3, 1)
    lines = _read(again, "visit_difference_statements")
    sums = (
        _read(again, "visit_differences").group_by(LINE).agg(pl.col("fund_amount_difference").sum())
    )
    both = lines.join(sums, on=LINE, how="left", suffix="_of_visits").fill_null(0)
    assert (
        both["fund_amount_difference"].to_list()
        == both["fund_amount_difference_of_visits"].to_list()
    )


@pytest.mark.slow
def test_every_correction_is_verified(region: Path, paid: Path, again: Path) -> None:
    for run, job in (
        (paid, visit_job(region, "paid", stays=True)),
        (again, visit_job(region, "corrected", stays=True, corrects=paid)),
    ):
        verified = verify_run(run, job)
        assert [check for check in verified.checks if check.status != "right"] == []
    checks = {check.key: check for check in verified.checks}
    assert checks["visit_differences"].compared and checks["visit_ledger"].compared
    assert "differences" in checks


@pytest.mark.slow
def test_one_part_is_corrected_after_the_other(region: Path, paid: Path, fresh: Path) -> None:
    """What a correction does not settle stays as it was paid."""
    stays = _run(visit_job(region, "corrected", stays=True, visits=False, corrects=paid))
    assert not (stays / "visits.parquet").exists()
    visits = _run(visit_job(region, "corrected", corrects=stays))
    assert not (visits / "ledger.parquet").exists()
    assert _balances(paid, visits) == _balances(fresh)
    back = _run(visit_job(region, "paid", corrects=visits))
    assert _balances(paid, visits, back) == _balances(paid)
    changes = _read(back, "visit_differences")["change"].to_list()
    assert changes.count("late") == 3 and changes.count("withdrawn") == 1
    for run in (stays, visits, back):
        assert verify_run(run).status == "right"


def test_workbooks_show_the_corrections(again: Path) -> None:
    summary = openpyxl.load_workbook(again / "summary.xlsx", read_only=True)
    assert [name for name in summary.sheetnames if "更正差额" in name] == [
        "更正差额",
        "门诊更正差额",
    ]
    texts = {cell for row in summary["门诊更正差额"].iter_rows(values_only=True) for cell in row}
    assert {LATE, "补报", "撤销", "就诊编号"} <= texts
    late = _read(again, "visit_differences").filter(change="late")["hospital_id"][0]
    statement = openpyxl.load_workbook(again / "statements" / f"{late}.xlsx", read_only=True)
    assert "门诊更正差额" in statement.sheetnames


@pytest.mark.parametrize(
    ("table", "column"),
    spread(
        [
            ("visit_differences", "points_difference"),
            ("visit_differences", "fund_amount_now"),
            ("visit_difference_statements", "standard_paid"),
            ("visit_difference_statements", "prepayment_now"),
        ],
        1,
    ),
)
def test_forged_differences_are_found(
    paid: Path, again: Path, tmp_path: Path, table: str, column: str
) -> None:
    for run in (paid, again):
        shutil.copytree(run, tmp_path / run.name)
    forge(tmp_path / again.name, table, add(column, "0.01", pl.lit(True)))
    found = those(verify_run(tmp_path / again.name), "wrong")
    assert found[:2] == ["visit_differences", "visit_bookings_again"]


@pytest.mark.slow
def test_a_forged_or_missing_paid_run_is_no_proof(paid: Path, again: Path, tmp_path: Path) -> None:
    for run in (paid, again):
        shutil.copytree(run, tmp_path / run.name)
    forge(tmp_path / paid.name, "visit_ledger", add("amount", "0.01", pl.lit(True)))
    verified = verify_run(tmp_path / again.name)
    assert {"visit_ledger", "visit_differences"} <= set(those(verified, "unknown"))


def test_what_was_never_paid_cannot_be_corrected(region: Path, fresh: Path) -> None:
    job = visit_job(region, "corrected", stays=True, corrects=fresh)
    with pytest.raises(DrgpayError, match=r"corrects the stays of .*, which settled none"):
        run_month(load_any_job(job))
    stays = _run(visit_job(region, "paid", stays=True, visits=False))
    job = visit_job(region, "corrected", corrects=stays)
    with pytest.raises(DrgpayError, match=r"corrects the visits of .*, which settled none"):
        run_month(load_any_job(job))


def test_a_correction_names_a_run_of_its_month(region: Path) -> None:
    job = visit_job(region, "corrected", corrects=region / "runs" / "nowhere")
    with pytest.raises(DrgpayError, match="is not the folder of a run"):
        run_month(load_any_job(job))
