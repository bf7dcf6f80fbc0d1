"""Runs that name the runs before them: months, a cleared year, and the January after it."""

import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.results.manifest import read_manifest
from drgpay.results.part import STAYS
from drgpay.results.run_folder import open_month
from drgpay.run.clearing import run_clearing
from drgpay.run.job import Job, PreviousRun, load_job
from drgpay.run.month_end import run_month
from drgpay.run.pipeline import Finished
from drgpay.run.stops import Accepted, RunStoppedError
from drgpay.run.verify import verify_run
from drgpay.run.year_job import load_year_job
from drgpay.simulate.base import open_base
from drgpay.simulate.cache import StageCache
from drgpay.simulate.scenario import load_scenario
from drgpay.simulate.stages import Stages
from tests.run.no_books import without_books
from tests.run.settled_year import YEAR
from tests.spread import spread

VERIFIED = ("2026-02", "2026-12")
FEW = 4


@pytest.fixture(scope="module")
def region(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four months of a small region, each settled with all months before it."""
    folder = tmp_path_factory.mktemp("looking-back") / "region"
    shutil.copytree(settled_year, folder, ignore=shutil.ignore_patterns("runs", "history"))
    settle(folder, YEAR[:FEW])
    return folder


@pytest.fixture(scope="module")
def year(region: Path) -> Path:
    """All months of the region."""
    settle(region, YEAR[FEW:])
    return region


def settle(region: Path, months: Sequence[str]) -> None:
    for period in months:
        with nullcontext() if period in VERIFIED else without_books():
            run_month(job_of(region, period, YEAR[: YEAR.index(period)]))


def job_of(region: Path, period: str, before: Sequence[str]) -> Job:
    job = load_job(region / f"{period}.toml")
    return replace(job, previous=tuple(named(region, one) for one in before))


def named(region: Path, period: str) -> PreviousRun:
    job = load_job(region / f"{period}.toml")
    return PreviousRun(paid(region, period), job.stays, job.scheme)


def paid(region: Path, period: str) -> Path:
    (run,) = (region / "runs").glob(f"{period}-*")
    return run


def earlier_rows(run: Path) -> pl.DataFrame:
    rows = pl.read_parquet(run / "adjustments.parquet")
    return rows.filter(pl.col("kind").str.ends_with("_earlier"))


@pytest.fixture(scope="module")
def cleared(year: Path) -> Finished:
    return run_clearing(load_year_job(year / "2026.toml"))


@pytest.mark.parametrize(("of", "least"), spread([("region", 1), ("year", 4)], 1))
def test_months_book_what_returns_take_from_stays_paid_before(
    of: str, least: int, request: pytest.FixtureRequest
) -> None:
    region: Path = request.getfixturevalue(of)
    months = YEAR if of == "year" else YEAR[:FEW]
    rows = pl.concat([earlier_rows(paid(region, period)) for period in months])
    assert rows.height >= least
    assert set(rows["applies_to"]) == {"hospital"}
    paid_in = dict(
        pl.concat(
            [
                pl.read_parquet(paid(region, period) / "cases.parquet").select(
                    "case_id", period=pl.lit(period)
                )
                for period in months
            ]
        ).iter_rows()
    )
    assert rows["paid_in"].to_list() == [paid_in[case] for case in rows["case_id"]]


@pytest.mark.slow
def test_months_and_their_clearing_take_the_same(region: Path, cleared: Finished) -> None:
    """Points of each line over the months, whose quotas differ, but for reviews."""
    months = [pl.read_parquet(paid(region, period) / "adjustments.parquet") for period in YEAR]
    kinds = pl.col("kind").str.starts_with("readmission")
    key = ["case_id"]
    of_months = pl.concat(months).filter(kinds)
    of_year = pl.read_parquet(cleared.folder / "adjustments.parquet").filter(kinds)
    tcm = pl.read_parquet(cleared.folder / "adjustments.parquet").filter(pl.col("kind") == "tcm")
    assert not set(tcm["case_id"]) & set(of_months["case_id"])  # else a row takes more than halves
    due = of_year.group_by(key).agg(pl.col("points").sum()).sort(key)
    took = of_months.group_by(key).agg(pl.col("points").sum()).sort(key)
    assert due.equals(took.filter(pl.col("points") != 0))


@pytest.mark.slow
def test_every_run_is_verified(region: Path, cleared: Finished) -> None:
    folders = [*(paid(region, period) for period in VERIFIED), cleared.folder]
    for folder in folders:
        assert {check.status for check in verify_run(folder).checks} == {"right"}


def test_what_is_named_is_part_of_the_run_id(region: Path, tmp_path: Path) -> None:
    with without_books():
        with_all, alone = (
            run_month(replace(job_of(region, "2026-03", before), output=tmp_path))
            for before in (["2026-02"], [])
        )
    assert with_all.folder != alone.folder
    assert "previous" not in read_manifest(alone.folder).inputs
    (about,) = read_manifest(with_all.folder).inputs["previous"]
    assert (about["period"], about["run"]) == ("2026-02", paid(region, "2026-02").name)


def test_a_run_says_from_which_day_it_sees_returns(region: Path, tmp_path: Path) -> None:
    job = replace(job_of(region, "2026-02", ["2026-01"]), output=tmp_path)
    with without_books():
        tables, alone = (run_month(one, "en").stays for one in (job, replace(job, previous=())))
    assert tables and alone
    assert "seen from 2026-01-01 on" in tables.notes[0]
    assert "names no month before" in alone.notes[0]


@pytest.mark.parametrize(
    ("period", "before", "words"),
    [
        ("2026-04", ["2026-02"], "names 2026-02 as paid before, but no run of 2026-03"),
        ("2026-04", ["2026-02", "2026-02", "2026-03"], "names 2026-02 as paid before, and then"),
        ("2026-03", ["2026-04"], "names 2026-04 as paid before, and then 2026-03 again"),
    ],
)
def test_months_before_have_no_gap(
    region: Path, period: str, before: list[str], words: str
) -> None:
    with pytest.raises(DrgpayError, match=words):
        run_month(job_of(region, period, before))


def test_other_stays_than_the_run_was_settled_from_are_refused(region: Path) -> None:
    job = job_of(region, "2026-03", ["2026-02"])
    wrong = replace(job.previous[0], stays=load_job(region / "2026-01.toml").stays)
    with pytest.raises(DrgpayError, match=r"2026-01.parquet is not what .*2026-02-\w+ was settled"):
        run_month(replace(job, previous=(wrong,)))


def test_a_deduction_of_a_paid_stay_names_the_run_that_paid_it(
    region: Path, tmp_path: Path
) -> None:
    january = pl.read_parquet(paid(region, "2026-01") / "cases.parquet")
    plain = (pl.col("case_class") == "normal") & (pl.col("points") == pl.col("points_before"))
    case = january.filter(plain)["case_id"][0]
    listed = region / "late.csv"
    listed.write_text(f"case_id,kind,document\n{case},up_coding,2026-9\n", encoding="utf-8")
    alone = job_of(region, "2026-02", [])
    alone = replace(alone, filings=replace(alone.filings, deductions=listed))
    with pytest.raises(DrgpayError, match=f"{paid(region, '2026-01').name} of 2026-01 paid it"):
        run_month(alone)
    seeing = replace(alone, previous=(named(region, "2026-01"),))
    above = Accepted("deduction_above_payable", by="tests")
    run = run_month(replace(seeing, output=tmp_path), accept=[above])
    rows = earlier_rows(run.folder).filter(pl.col("kind") == "deduction_earlier")
    assert rows["case_id"].to_list() == [case, case]
    assert rows["deduction_kind"].to_list() == [None, "up_coding"]
    assert {check.status for check in verify_run(run.folder).checks} == {"right"}
    deducted = pl.read_parquet(run.folder / "values.parquet")["deducted_points"].sum()
    assert deducted >= -rows["points"].sum()


def test_a_value_far_from_the_month_before_stops(
    region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is compared where a run is named, by the limit of the policy."""
    monkeypatch.setattr("drgpay.settle.findings.LEAST_STAYS", 10)
    policy = tmp_path / "policy.toml"
    text = (region / "policy.toml").read_text(encoding="utf-8")
    strict = "[settlement]\nplausible_value_change = { most = 0.0001 }\n"
    policy.write_text(text.replace("[settlement]\n", strict), encoding="utf-8")
    job = replace(job_of(region, "2026-05", []), policy=str(policy), output=tmp_path)
    with without_books():
        assert run_month(job).folder.is_dir()
    with pytest.raises(RunStoppedError) as stopped:
        run_month(replace(job, previous=(named(region, "2026-04"),)))
    assert {stop.code for stop in stopped.value.stops} == {"plausible_value_change"}
    assert f"correct budget.annual_yuan.employee of {policy}" in stopped.value.remedy_words.en


@pytest.mark.slow
def test_january_looks_back_on_the_cleared_year(
    region: Path, cleared: Finished, tmp_path: Path
) -> None:
    """A return in January reduces a stay of December, which the clearing has paid."""
    december = pl.read_parquet(load_job(region / "2026-12.toml").stays.path)
    cases = pl.read_parquet(cleared.folder / "cases.parquet")
    normal = cases.filter(
        (pl.col("case_class") == "normal") & (pl.col("discharge_date") > date(2026, 12, 20))
    )
    exempt = read_manifest(cleared.folder).at("exempt_groups")
    stay = december.join(normal.filter(~pl.col("drg").is_in(exempt)), on="case_id", how="semi")[:1]
    left = stay["discharge_date"][0]
    back = stay.with_columns(
        case_id=pl.lit("BACK"),
        admission_date=pl.lit(left).dt.offset_by("3d"),
        discharge_date=pl.lit(left).dt.offset_by("3d") + (left - stay["admission_date"][0]),
        settlement_date=pl.lit(date(2027, 1, 20)),
    )
    job = load_job(region / "2026-12.toml")
    others = pl.read_parquet(job.stays.path).with_columns(
        pl.col("case_id") + "N",
        pl.col("person_id") + "N",
        pl.col("admission_date", "discharge_date", "settlement_date").dt.offset_by("31d"),
    )
    pl.concat([others, back]).write_parquet(region / "stays-2027.parquet")
    text = (region / "policy.toml").read_text(encoding="utf-8")
    (region / "policy-2027.toml").write_text(text.replace("2026", "2027"), encoding="utf-8")
    year = load_year_job(region / "2026.toml")
    assert year.persons
    job = replace(
        job,
        output=tmp_path,
        period=job.period.next,
        policy=str(region / "policy-2027.toml"),
        stays=replace(job.stays, path=region / "stays-2027.parquet"),
        filings=type(job.filings)(),
        previous=(PreviousRun(cleared.folder, year.persons, job.scheme),),
    )
    run = run_month(job, "en")
    (row,) = earlier_rows(run.folder).iter_rows(named=True)
    assert (row["case_id"], row["evidence"], row["paid_in"]) == (stay["case_id"][0], "BACK", "2026")
    assert run.stays
    assert "seen from 2026-01-01 on" in run.stays.notes[0]


@pytest.mark.slow
def test_a_year_file_must_not_lose_rows_of_its_months(year: Path) -> None:
    text = (year / "2026.toml").read_text(encoding="utf-8")
    alone = year / "2026-alone.toml"
    alone.write_text(text.replace("across_months = true", "across_months = false"), "utf-8")
    with pytest.raises(DrgpayError, match="has taken points for returns after months before"):
        run_clearing(load_year_job(alone))


def test_a_job_file_names_them(region: Path) -> None:
    text = (region / "2026-02.toml").read_text(encoding="utf-8")
    run, stays = paid(region, "2026-01").name, load_job(region / "2026-01.toml").stays.path.name
    table = f'\n[[inputs.previous]]\nrun = "runs/{run}"\nstays = "stays/{stays}"\n'
    (region / "with.toml").write_text(text + table, encoding="utf-8")
    (previous,) = load_job(region / "with.toml").previous
    assert previous == named(region, "2026-01")
    bare = table.replace(f'stays = "stays/{stays}"\n', "")
    (region / "bare.toml").write_text(text + bare, encoding="utf-8")
    with pytest.raises(DrgpayError, match="without its stays"):
        load_job(region / "bare.toml")


def test_a_scenario_over_such_a_month_keeps_its_rows(region: Path, tmp_path: Path) -> None:
    """Unchanged it gives the run; without the run nobody says what its rows are."""
    with without_books():
        base = run_month(replace(job_of(region, "2026-03", YEAR[:2]), output=tmp_path))
    text = (region / "2026-03.toml").read_text(encoding="utf-8")
    tables = "".join(
        f'\n[[inputs.previous]]\nrun = "runs/{paid(region, one).name}"\nstays = "stays/{one}.parquet"\n'
        for one in YEAR[:2]
    )
    (region / "looking.toml").write_text(text + tables, encoding="utf-8")
    scenario = tmp_path / "same.toml"
    scenario.write_text(
        f'name = "same"\n[base]\njob = "{region / "looking.toml"}"\nrun = "{base.folder}"\n[policy]\n',
        "utf-8",
    )
    opened = open_base([load_scenario(scenario)])
    state = Stages(opened, StageCache(tmp_path / "cache")).base_state
    assert opened.earlier.height == earlier_rows(base.folder).height
    due = open_month(base.folder).of(STAYS).scaled("adjustments")
    assert state.settled.adjustments.select(due.columns).equals(due)
    scenario.write_text(
        f'name = "same"\n[base]\njob = "{region / "looking.toml"}"\n[policy]\n', "utf-8"
    )
    with pytest.raises(DrgpayError, match="names runs that paid before"):
        open_base([load_scenario(scenario)])
