"""Visits of a settled month in a supervision: read, joined with stays, judged by item_rules, decided."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.supervise.case_file import open_case_file, told, write_case_file
from drgpay.supervise.deciding import decide
from drgpay.supervise.file import load_supervise
from drgpay.supervise.from_jobs import open_supervise
from drgpay.supervise.output import write_supervision
from drgpay.supervise.supervision import supervise
from tests.run.no_books import without_books

_FILE = """
name = "2026-10"
hospitals = "hospitals.csv"
[[months]]
run = "{run}"
stays = "stays/2026-10.parquet"
visits = "visits/2026-10.parquet"
items = "visit_items/2026-10.parquet"
[tables]
item_rules = "item_rules.csv"
"""


@pytest.fixture(scope="module")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample month with its visits, one of which is moved into a stay of another hospital."""
    folder = tmp_path_factory.mktemp("with-visits") / "region"
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("*history", "runs"))
    with without_books():
        run = run_month(load_any_job(folder / "2026-10.toml")).folder
    lines = pl.read_parquet(folder / "visit_items" / "2026-10.parquet")
    code = lines.filter(pl.col("item_kind") == "drug")["item_code"][0]
    rule = f"rule_id,kind,code,accounts,batch\nK1,account,{code},retired,1\n"
    (folder / "item_rules.csv").write_text(rule, encoding="utf-8")
    text = _FILE.format(run=run.relative_to(folder).as_posix())
    (folder / "supervise.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def clues(region: Path) -> Path:
    return write_supervision(supervise(load_supervise(region / "supervise.toml")))


def test_the_visits_of_the_run_are_judged(region: Path, clues: Path) -> None:
    rule = pl.read_csv(region / "item_rules.csv").row(0, named=True)
    run = next((region.parent / "runs").glob("*/visits.parquet"))
    visits = pl.read_parquet(run).select("visit_id", "account")
    lines = pl.read_parquet(region / "visit_items" / "2026-10.parquet").join(visits, on="visit_id")
    wrong = lines.filter((pl.col("item_code") == rule["code"]) & (pl.col("account") != "retired"))
    found = pl.read_parquet(clues / "clues.parquet").filter(pl.col("rule") == "account_limit")
    assert set(found["case_ids"].explode()) == set(wrong["visit_id"])
    assert found["stake_yuan"].sum() == wrong["amount"].sum()
    assert found.height > 10
    report = pl.read_parquet(clues / "rule_report.parquet")
    states = dict(report.select("rule", "state").rows())
    assert states["account_limit"] == "partial"  # no stay_items
    assert states["visit_inside"] in ("run", "partial")


def test_a_job_with_visits_finds_visits_too(region: Path) -> None:
    found = supervise(open_supervise([region / "2026-10.toml"]))
    states = {row["rule"]: row["state"] for row in found.rule_report.iter_rows(named=True)}
    assert states["visit_inside"] in ("run", "partial")
    assert found.visits_read > found.visits_refused > 0


def test_a_confirmed_clue_on_a_visit_holds_its_amount_back(region: Path, clues: Path) -> None:
    row = (
        pl.read_parquet(clues / "clues.parquet")
        .filter(pl.col("rule") == "account_limit")
        .row(0, named=True)
    )
    steps = [
        f"{row['clue_id']},{step},confirmed,{who},2026-11-0{day}"
        for step, who, day in (
            ("first_review", "a", 2),
            ("second_review", "b", 3),
            ("decision", "c", 4),
        )
    ]
    path = region / "decisions.csv"
    path.write_text("clue_id,step,result,by,date\n" + "\n".join(steps) + "\n", encoding="utf-8")
    decided = decide(clues, path, "en")
    (payment,) = decided.deductions.filter(pl.col("kind") == "payment").to_dicts()
    assert payment["amount_yuan"] == str(row["stake_yuan"])
    assert payment["hospital_id"] == row["hospital_id"]
    assert row["clue_id"] in payment["reason"]
    assert decided.deductions.height == 1


def test_the_case_file_of_a_visit(clues: Path, tmp_path: Path) -> None:
    clue = pl.read_parquet(clues / "clues.parquet").filter(pl.col("rule") == "account_limit")
    file = open_case_file(clues, clue["clue_id"][0])
    page, workbook = write_case_file(file, tmp_path / "case.html", "zh")
    assert clue["case_ids"][0][0] in page.read_text(encoding="utf-8")
    assert workbook.is_file()
    assert "K1" in told(file, "zh")


def test_other_visits_are_refused(region: Path) -> None:
    other = region / "visits" / "other.parquet"
    pl.read_parquet(region / "visits" / "2026-10.parquet").head(100).write_parquet(other)
    text = (region / "supervise.toml").read_text(encoding="utf-8")
    path = region / "wrong.toml"
    path.write_text(text.replace("visits/2026-10", "visits/other"), encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"other\.parquet"):
        supervise(load_supervise(path))
    half = text.replace('items = "visit_items/2026-10.parquet"\n', "")
    path.write_text(half, encoding="utf-8")
    with pytest.raises(DrgpayError):
        supervise(load_supervise(path))
    other.unlink()
