"""A small year from records to clearing, with a corrected month, and what it must refuse."""

import json
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.results.manifest import read_manifest
from drgpay.results.run_folder import RunFolder, open_month
from drgpay.run.clearing import run_clearing
from drgpay.run.job import Job, load_job
from drgpay.run.month_end import run_month
from drgpay.run.pipeline import Finished
from drgpay.run.verify import verify_run
from drgpay.run.year_job import load_year_job
from tests.approving import approved_at_once
from tests.modes import modes, open_to_others
from tests.run.no_books import without_books

pytestmark = pytest.mark.slow

MAY = "2026-05"


@pytest.fixture(scope="module")
def region(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve settled months of a small region; May has been corrected."""
    folder = tmp_path_factory.mktemp("year") / "region"
    shutil.copytree(settled_year, folder)
    run_month(_correction(folder))
    return folder


def _correction(folder: Path) -> Job:
    """May again: three stays withdrawn, one with other costs, one that comes late."""
    job = load_job(folder / f"{MAY}.toml")
    stays = pl.read_parquet(job.stays.path)
    filed = pl.concat(
        [
            pl.read_csv(path, infer_schema=False).select("case_id")
            for path in job.filings.given().values()
        ]
    )["case_id"].drop_nulls()
    free = stays.filter(~pl.col("case_id").is_in(filed.to_list()))["case_id"]
    dearer = pl.when(pl.col("case_id") == free[9]).then(pl.lit(250).cast(pl.Decimal(18, 2)))
    late = stays.filter(pl.col("case_id") == free[20]).with_columns(
        case_id=pl.lit("LATE"), person_id=pl.lit("LATE")
    )
    corrected = pl.concat([stays.filter(~pl.col("case_id").is_in(free[:3].to_list())), late])
    corrected = corrected.with_columns(
        (pl.col(column) + dearer.otherwise(0)).cast(pl.Decimal(18, 2))
        for column in ("total_cost", "fund_cost")
    )
    path = folder / "corrected.parquet"
    corrected.write_parquet(path)
    paid = next(job.output.glob(f"{MAY}-*"))
    return replace(job, stays=replace(job.stays, path=path), corrects=paid)


@pytest.fixture(scope="module")
def cleared(region: Path) -> Finished:
    return run_clearing(load_year_job(region / "2026.toml"))


def _read(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet")


def _months(region: Path) -> list[Path]:
    return sorted((region / "runs").glob("2026-??-*"))


def test_the_clearing_has_every_case_of_the_last_runs(region: Path, cleared: Finished) -> None:
    corrected = open_month(next(p for p in _months(region) if open_month(p).corrects))
    last = [folder for folder in _months(region) if open_month(folder).run_id != corrected.corrects]
    cases = pl.concat([_read(folder, "cases").select("case_id") for folder in last])
    assert sorted(cases["case_id"]) == _read(cleared.folder, "cases")["case_id"].to_list()
    assert "LATE" in set(cases["case_id"])


def test_the_clearing_balances(cleared: Finished) -> None:
    pools = _read(cleared.folder, "pools")
    sides = pools.select(
        given=pl.col("budget_final") + pl.col("from_home_funds"),
        taken=pl.col("payable") + pl.col("withheld") + pl.col("kept") + pl.col("remainder"),
    )
    assert sides["given"].to_list() == sides["taken"].to_list()
    statements = _read(cleared.folder, "statements")
    due = statements.select(pl.col("payable") - pl.col("prepaid") - pl.col("clearing")).to_series()
    assert set(due) == {0}


def test_months_and_clearing_are_for_their_owner_alone(cleared: Finished) -> None:
    assert len(modes(cleared.folder)) > 10
    assert open_to_others(cleared.folder.parent) == {}


def test_what_was_prepaid_is_what_the_months_paid(region: Path, cleared: Finished) -> None:
    """The differences of a correction count, what it repeats does not."""
    first = [folder for folder in _months(region) if not open_month(folder).corrects]
    again = next(folder for folder in _months(region) if open_month(folder).corrects)
    paid = pl.concat(
        [
            *(_read(folder, "statements").select("prepayment") for folder in first),
            _read(again, "difference_statements").select(prepayment="prepayment_difference"),
        ]
    )
    prepaid = _read(cleared.folder, "statements")["prepaid"]
    assert prepaid.sum() == paid["prepayment"].sum()


def test_a_correction_tells_late_changed_and_withdrawn_cases(region: Path) -> None:
    again = next(folder for folder in _months(region) if open_month(folder).corrects)
    changes = _read(again, "differences")["change"].value_counts()
    counts = dict(changes.iter_rows())
    assert counts["withdrawn"] == 3
    assert counts["late"] == 1
    assert counts["changed"] >= 1
    assert {check.status for check in verify_run(again).checks} == {"right"}


def test_a_clearing_is_repeated_to_the_byte_and_verified(region: Path, cleared: Finished) -> None:
    again = run_clearing(load_year_job(region / "2026.toml"))
    assert again.repeated
    assert again.folder == cleared.folder
    assert {check.status for check in verify_run(cleared.folder).checks} == {"right"}


def test_a_return_in_the_next_month_counts_only_where_persons_are_known(
    region: Path, tmp_path: Path
) -> None:
    """Without the records the clearing still knows the readmissions that the months found."""
    year = (region / "2026.toml").read_text(encoding="utf-8")
    alone = region / "2026-alone.toml"
    alone.write_text(year.replace("across_months = true", "across_months = false"), "utf-8")
    with without_books():
        within = run_clearing(load_year_job(alone), output=tmp_path)
    found = _read(within.folder, "adjustments").filter(pl.col("kind") == "readmission")
    monthly = pl.concat(
        [
            _read(folder, "adjustments").filter(pl.col("kind") == "readmission")
            for folder in _months(region)
        ]
    ).unique(["case_id", "evidence"])
    assert set(found["case_id"]) <= set(monthly["case_id"])


def _refused(region: Path, changes: dict[str, str], words: str, tmp_path: Path) -> None:
    text = (region / "2026.toml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    file = region / "changed.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DrgpayError, match=words):
        run_clearing(load_year_job(file), output=tmp_path)
    assert not list(tmp_path.iterdir())


def test_missing_months_are_named(region: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(region / "runs", runs)
    shutil.rmtree(next(runs.glob("2026-07-*")))
    out = tmp_path / "out"
    out.mkdir()
    _refused(region, {'output = "runs"': f'output = "{runs}"'}, "lacks the run of 2026-07", out)


def test_a_month_with_two_first_runs_must_be_chosen(region: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(region / "runs", runs)
    first = next(runs.glob("2026-07-*"))
    shutil.copytree(first, runs / "another")
    out = tmp_path / "out"
    out.mkdir()
    _refused(region, {'output = "runs"': f'output = "{runs}"'}, "two runs of 2026-07", out)


def test_runs_that_nobody_approved_are_pointed_out(cleared: Finished) -> None:
    (remark,) = cleared.remarks
    assert "13 runs that the year is cleared by are not approved" in str(remark)


def test_a_year_takes_the_approved_runs_alone(region: Path, tmp_path: Path) -> None:
    here = tmp_path / "region"
    shutil.copytree(region, here)
    year = here / "approved.toml"
    text = (here / "2026.toml").read_text(encoding="utf-8")
    year.write_text(text.replace('# months = "approved"', 'months = "approved"'), encoding="utf-8")
    runs = [RunFolder.at(path) for path in _months(here)]
    for run in sorted(runs, key=lambda run: run.corrects is not None):
        if run.period != "2026-03":
            approved_at_once(run.folder)
    spare = here / "runs" / "2026-01-spare"
    shutil.copytree(next((here / "runs").glob("2026-01-*/")), spare)
    manifest = spare / "manifest.json"
    found = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**found, "run": spare.name}), "utf-8")
    with pytest.raises(DrgpayError, match="lacks an approved run of 2026-03"):
        run_clearing(load_year_job(year))
    approved_at_once(next((here / "runs").glob("2026-03-*/")))
    with without_books():
        finished = run_clearing(load_year_job(year), run_id="approved")
    assert finished.remarks == ()
    cleared_by = read_manifest(finished.folder).inputs["months"]
    named = [one["run"] for month in cleared_by for one in month["runs"]]
    assert len(named) == 13
    assert spare.name not in named


def test_a_changed_run_is_not_cleared(region: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(region / "runs", runs)
    path = next(runs.glob("2026-07-*")) / "cases.parquet"
    pl.read_parquet(path).head(100).write_parquet(path)
    out = tmp_path / "out"
    out.mkdir()
    _refused(region, {'output = "runs"': f'output = "{runs}"'}, "not those of its manifest", out)


def test_a_changed_policy_needs_an_explicit_yes(region: Path, tmp_path: Path) -> None:
    policy = (region / "policy.toml").read_text(encoding="utf-8")
    (region / "other.toml").write_text(
        policy.replace("low_ratio = 0.4", "low_ratio = 0.3"), "utf-8"
    )
    change = {'policy = "policy.toml"': 'policy = "other.toml"'}
    _refused(region, change, "points.low_ratio", tmp_path)
    with without_books():
        accepted = run_clearing(
            load_year_job(region / "changed.toml"), accept_policy_change=True, output=tmp_path
        )
    manifest = tomllib.loads((region / "changed.toml").read_text(encoding="utf-8"))
    assert manifest["policy"] == "other.toml"
    assert accepted.folder.is_dir()


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ("hospital_id,score\nH3390001,90\n", "has no score for the hospital"),
        ("hospital_id,score\nH3390001,ninety\n", "row 2 has 'ninety' as score"),
        ("hospital,score\nH3390001,90\n", "lacks the column hospital_id"),
    ],
)
def test_assessments_are_checked(region: Path, tmp_path: Path, scores: str, words: str) -> None:
    (region / "scores.csv").write_text(scores, encoding="utf-8")
    change = {"[inputs]\n": '[inputs]\nassessment = "scores.csv"\n'}
    _refused(region, change, words, tmp_path)


def test_scores_out_of_range_are_refused(region: Path, tmp_path: Path) -> None:
    hospitals = pl.read_csv(region / "hospitals.csv", infer_schema=False)["hospital_id"]
    rows = "".join(f"{hospital},101\n" for hospital in hospitals)
    (region / "scores.csv").write_text(f"hospital_id,score\n{rows}", encoding="utf-8")
    change = {"[inputs]\n": '[inputs]\nassessment = "scores.csv"\n'}
    _refused(region, change, "101", tmp_path)


def test_filings_of_unknown_cases_are_refused(region: Path, tmp_path: Path) -> None:
    (region / "final.csv").write_text("case_id,filed_at,approved\nNOBODY,2026-12-31,true\n")
    change = {"[inputs]\n": '[inputs]\nreviews = "final.csv"\n'}
    _refused(region, change, "NOBODY", tmp_path)
    (region / "final.csv").write_text(
        "case_id,filed_at,approved\nX,2026-12-31,true\nX,2026-12-30,true\n"
    )
    _refused(region, change, "filed twice", tmp_path)


def test_hospitals_pay_back_what_the_assessment_takes_beyond_the_rest(
    region: Path, tmp_path: Path
) -> None:
    policy = (region / "policy.toml").read_text(encoding="utf-8")
    strict = policy.replace("score_from = 90, factor = 1 }", "score_from = 90, factor = 0.01 }")
    strict = strict.replace("score_from = 80, factor = 0.98 }", "score_from = 80, factor = 0.01 }")
    (region / "other.toml").write_text(strict, encoding="utf-8")
    job = region / "below.toml"
    text = (region / "2026.toml").read_text(encoding="utf-8")
    job.write_text(text.replace('"policy.toml"', '"other.toml"'), encoding="utf-8")
    with without_books():
        cleared = run_clearing(load_year_job(job), output=tmp_path)
    assert _read(cleared.folder, "statements")["clearing"].sum() < 0
