"""A clue followed: flag, decision, deduction, the month that books it, the statement, the clearing."""

import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from drgpay.results.manifest import read_manifest
from drgpay.run.clearing import run_clearing
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.verify import verify_run
from drgpay.run.year_job import load_year_job
from drgpay.supervise.deciding import decide, write_decided
from drgpay.supervise.file import load_supervise
from drgpay.supervise.output import write_supervision
from drgpay.supervise.supervision import supervise
from tests.run.no_books import without_books

BEFORE = ("2026-01", "2026-02")
BOOKING = "2026-03"
_MONTH = '[[months]]\nrun = "runs/{run}"\nstays = "stays/{period}.parquet"\n'
_PREVIOUS = '\n[[inputs.previous]]\nrun = "runs/{run}"\nstays = "stays/{period}.parquet"\n'


@dataclass
class Followed:
    region: Path
    clues: Path
    decided: Path
    clue: str
    stay: str
    booking: Path


def run_of(region: Path, period: str) -> str:
    return next(path.name for path in (region / "runs").glob(f"{period}-*"))


def steps(clue: str, **said: str) -> str:
    rows = [
        f"{clue},first_review,confirmed,wang,2026-03-02",
        f"{clue},second_review,confirmed,li,2026-03-05",
        f"{clue},decision,confirmed,zhao,2026-03-20",
    ]
    return "clue_id,step,result,by,date\n" + "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def followed(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """A region whose March books a split of its first months."""
    region = tmp_path_factory.mktemp("followed") / "region"
    shutil.copytree(settled_year, region, ignore=shutil.ignore_patterns("history"))
    months = "".join(_MONTH.format(run=run_of(region, one), period=one) for one in BEFORE)
    file = region / "supervise.toml"
    file.write_text(f'name = "first"\nhospitals = "hospitals.csv"\n{months}', encoding="utf-8")
    clues = write_supervision(supervise(load_supervise(file)))
    splits = pl.read_parquet(clues / "clues.parquet").filter(
        (pl.col("rule") == "split_stay") & (pl.col("stake") > 0)
    )
    clue = splits["clue_id"][0]
    (region / "decisions.csv").write_text(steps(clue), encoding="utf-8")
    filed = region / "filings" / BOOKING / "deductions.csv"
    decided = write_decided(decide(clues, region / "decisions.csv", "zh", filed=filed))
    shutil.copy(decided / "deductions.csv", filed)
    job = region / f"{BOOKING}.toml"
    previous = "".join(_PREVIOUS.format(run=run_of(region, one), period=one) for one in BEFORE)
    job.write_text(job.read_text(encoding="utf-8") + previous, encoding="utf-8")
    booking = run_month(load_job(job)).folder
    rows = pl.read_parquet(clues / "clue_stays.parquet").filter(
        (pl.col("clue_id") == clue) & pl.col("deducted")
    )
    return Followed(region, clues, decided, clue, rows["case_id"][0], booking)


def test_the_deduction_names_its_clue(followed: Followed) -> None:
    kept = pl.read_parquet(followed.booking / "deductions.parquet")
    assert kept.filter(pl.col("clue_id") == followed.clue)["case_id"].to_list() == [followed.stay]


def test_the_month_books_what_the_stay_still_has_and_the_clue_is_the_evidence(
    followed: Followed,
) -> None:
    rows = pl.read_parquet(followed.booking / "adjustments.parquet").filter(
        (pl.col("case_id") == followed.stay) & (pl.col("kind") == "deduction_earlier")
    )
    assert rows.height >= 1
    assert rows["applies_to"].unique().to_list() == ["hospital"]
    assert all(followed.clue in evidence for evidence in rows["evidence"])
    paid = pl.concat(
        pl.read_parquet(followed.region / "runs" / run_of(followed.region, one) / "cases.parquet")
        for one in BEFORE
    ).filter(pl.col("case_id") == followed.stay)
    taken = pl.read_parquet(followed.booking / "adjustments.parquet").filter(
        (pl.col("case_id") == followed.stay) & pl.col("kind").str.ends_with("_earlier")
    )["points"]
    assert -sum(taken, Decimal(0)) == paid["points"].item()  # it lost all that it was paid


def hospital_of(followed: Followed) -> str:
    stays = pl.read_parquet(followed.clues / "clue_stays.parquet")
    return str(stays.filter(pl.col("case_id") == followed.stay)["hospital_id"].item(0))


def deducted(run: Path, hospital: str) -> Decimal:
    lines = pl.read_parquet(run / "statements.parquet")
    mine = lines.filter(pl.col("hospital_id") == hospital)["deducted_points"]
    return sum(mine.drop_nulls(), Decimal(0))


def test_the_statement_has_the_points_beside_those_of_the_month_that_did_not_know(
    followed: Followed,
) -> None:
    hospital = hospital_of(followed)
    before = next(
        path for path in (followed.region / "runs").glob(f"{BOOKING}-*") if path != followed.booking
    )
    rows = pl.read_parquet(followed.booking / "adjustments.parquet").filter(
        (pl.col("hospital_id") == hospital) & (pl.col("kind") == "deduction_earlier")
    )
    taken = -sum(rows["points"], Decimal(0))
    assert taken > 0
    assert deducted(followed.booking, hospital) - deducted(before, hospital) == taken


def test_the_ledger_has_what_the_lines_keep(followed: Followed) -> None:
    hospital = hospital_of(followed)
    lines = pl.read_parquet(followed.booking / "statements.parquet").filter(
        (pl.col("hospital_id") == hospital) & ~pl.col("out_of_area")
    )
    ledger = pl.read_parquet(followed.booking / "ledger.parquet").filter(
        (pl.col("hospital_id") == hospital) & (pl.col("kind") == "deducted")
    )
    kept = sum(lines["kept"].drop_nulls(), Decimal(0))
    assert kept > 0
    assert sum(ledger["amount"], Decimal(0)) == kept


def test_the_workbook_of_the_hospital_names_the_clue(followed: Followed) -> None:
    book = openpyxl.load_workbook(
        followed.booking / "statements" / f"{hospital_of(followed)}.xlsx", data_only=True
    )
    cells = [
        [str(cell) for cell in row if cell is not None]
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
    ]
    named = [row for row in cells if any(followed.clue in cell for cell in row)]
    assert named
    assert all(followed.stay in row for row in named)


@pytest.mark.slow
def test_the_run_that_books_is_verified(followed: Followed) -> None:
    assert {check.status for check in verify_run(followed.booking).checks} == {"right"}


def test_a_decided_clue_does_not_come_back(followed: Followed) -> None:
    file = followed.region / "again.toml"
    text = (followed.region / "supervise.toml").read_text(encoding="utf-8")
    folder = followed.decided.relative_to(followed.region).as_posix()
    file.write_text(f'decided = ["{folder}"]\n{text}', encoding="utf-8")
    again = write_supervision(supervise(load_supervise(file)))
    clues = pl.read_parquet(again / "clues.parquet")
    before = pl.read_parquet(followed.clues / "clues.parquet")
    assert set(before["clue_id"]) - set(clues["clue_id"]) == {followed.clue}
    known = pl.read_parquet(again / "clues_decided.parquet")
    assert known.select("clue_id", "result", "decided_by").rows() == [
        (followed.clue, "confirmed", "zhao")
    ]


def test_it_comes_back_when_its_evidence_changed_and_says_what(
    followed: Followed, tmp_path: Path
) -> None:
    changed = tmp_path / "decided"
    shutil.copytree(followed.decided, changed)
    decided = pl.read_parquet(changed / "decided.parquet")
    decided.with_columns(evidence_hash=pl.lit("another")).write_parquet(changed / "decided.parquet")
    facts = pl.read_parquet(changed / "decided_evidence.parquet")
    other = pl.when(pl.col("fact") == "gap").then(pl.lit("99")).otherwise("value")
    facts.with_columns(value=other).write_parquet(changed / "decided_evidence.parquet")
    file = followed.region / "changed.toml"
    text = (followed.region / "supervise.toml").read_text(encoding="utf-8")
    file.write_text(f'decided = ["{changed.as_posix()}"]\n{text}', encoding="utf-8")
    found = supervise(load_supervise(file))
    row = found.clues.filter(pl.col("clue_id") == followed.clue)
    assert row["changed"].to_list() == [["gap"]]


def test_the_folder_of_decisions_tells_what_comes_next(followed: Followed) -> None:
    table = pl.read_parquet(followed.decided / "decision_steps.parquet")
    assert table.select("clue_id", "step", "next_step").rows() == [
        (followed.clue, "decision", None)
    ]
    assert read_manifest(followed.decided).content["counts"]["decided"] == 1
    assert {path.stat().st_mode & 0o077 for path in followed.decided.iterdir()} == {0}


@pytest.mark.slow
def test_the_clearing_applies_it_at_the_case(followed: Followed) -> None:
    """The final list goes into the clearing: the stay has 0 points, the month's rows are left out."""
    year = followed.region / "2026.toml"
    text = year.read_text(encoding="utf-8").replace(
        'hospitals = "hospitals.csv"',
        'hospitals = "hospitals.csv"\n' + f'deductions = "filings/{BOOKING}/deductions.csv"',
    )
    year.write_text(text, encoding="utf-8")
    for run in (followed.region / "runs").glob(f"{BOOKING}-*"):
        if run != followed.booking:  # the March that did not know of it
            shutil.rmtree(run)
    with without_books():
        cleared = run_clearing(load_year_job(year)).folder
    case = pl.read_parquet(cleared / "cases.parquet").filter(pl.col("case_id") == followed.stay)
    assert case["points"].to_list() == [Decimal("0.0000")]
    rows = pl.read_parquet(cleared / "adjustments.parquet").filter(
        pl.col("case_id") == followed.stay
    )
    assert any(followed.clue in (one or "") for one in rows["evidence"])
