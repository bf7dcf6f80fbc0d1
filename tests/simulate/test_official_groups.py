"""Scenarios over a month that official groups pay."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.grouped_stays import read_grouped_stays
from drgpay.records.dataset import open_dataset
from drgpay.run.case import read_case
from drgpay.run.clearing import run_clearing
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.year_job import load_year_job
from drgpay.simulate.base import open_base
from drgpay.simulate.cache import StageCache
from drgpay.simulate.plan import base_plan
from drgpay.simulate.stages import Stages
from tests.accepting import EVERYTHING
from tests.run.no_books import without_books
from tests.run.settled_year import YEAR
from tests.simulate.region import Region
from tests.simulate.year import Year


@pytest.fixture(scope="module")
def official(region: Region, tmp_path_factory: pytest.TempPathFactory) -> Region:
    """The region with official groups: every fifth normal stay in the group of the one before it."""
    folder = tmp_path_factory.mktemp("official") / "region"
    shutil.copytree(region.folder, folder, ignore=shutil.ignore_patterns("runs", "cache"))
    cases = pl.read_parquet(region.run / "cases.parquet").with_row_index("row")
    moved = (pl.col("case_class") == "normal") & (pl.col("row") % 5 == 0)
    given = cases.select(
        "case_id", group=pl.when(moved).then(pl.col("drg").shift()).otherwise("drg")
    )
    given.drop_nulls().write_csv(folder / "groups.csv")
    job = folder / "2026-10.toml"
    text = job.read_text(encoding="utf-8")
    rule = '[inputs]\ngroups = "groups.csv"\ngroups_rule = "official_else_own"'
    job.write_text(text.replace("[inputs]", rule), encoding="utf-8")
    with without_books():
        run = run_month(load_job(job), accept=EVERYTHING).folder
    base = open_base([], run, job)
    return Region(folder, job, run, Stages(base, StageCache(folder / "cache")))


def test_the_base_is_paid_by_the_official_groups(official: Region) -> None:
    paid = pl.read_parquet(official.run / "cases.parquet")
    cases = official.stages.base_state.settled.cases
    both = paid.select("case_id", "drg").join(cases.select("case_id", "drg"), on=["case_id", "drg"])
    assert both.height == paid.height
    points = paid["points"].to_physical().cast(pl.Int64).sum()
    assert cases["points"].sum() == points


def test_another_policy_keeps_the_official_groups(official: Region) -> None:
    plan = official.plan("[policy]\n'records.cost_tolerance_yuan' = 0.02")
    state = official.stages.state(plan)
    base = official.stages.base_state
    assert state.stays.select("case_id", "drg").equals(base.stays.select("case_id", "drg"))


def test_a_changed_scheme_moves_only_stays_whose_own_group_it_moves(official: Region) -> None:
    """The official grouper does not know it; its groups hold where nothing has moved."""
    plan = official.plan("scheme = 'chs-drg-1.1'\n[recalibrate]\nhistory = 'history'")
    (records,) = official.stages.base.records
    read = official.stages
    own = [read._grouped(one, records).sort("case_id") for one in (base_plan(read.base), plan)]
    known = pl.Series(sorted({leaf.drg for leaf in plan.compiled.leaves}))
    paid = read.state(plan).stays.select("case_id", "drg")
    given = pl.read_csv(official.folder / "groups.csv", infer_schema=False)
    row = (
        paid.join(given, on="case_id", how="left")
        .join(own[0].select("case_id", before="drg"), on="case_id")
        .join(own[1].select("case_id", after="drg"), on="case_id")
    )
    holds = (pl.col("before") == pl.col("after")) & pl.col("group").is_in(known.implode())
    due = row.select(pl.when(holds).then("group").otherwise("after")).to_series()
    assert row["drg"].equals(due.alias("drg"))
    assert row.filter(holds & (pl.col("group") != pl.col("after"))).height > 20
    assert row.filter(~holds).height > 20


@pytest.fixture(scope="module")
def official_year(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Year:
    """A small year whose months are paid by official groups, but for every seventh stay."""
    folder = tmp_path_factory.mktemp("official") / "year"
    shutil.copytree(settled_year, folder, ignore=shutil.ignore_patterns("runs"))
    job = folder / "2026.toml"
    for file in (folder / f"{period}.toml" for period in YEAR):
        dataset = open_dataset(folder / "stays" / f"{file.stem}.parquet")
        own = read_grouped_stays(dataset, load_compiled("chs-drg-2.0")).with_row_index("row")
        group = pl.when(pl.col("row") % 5 == 0).then(pl.col("drg").shift()).otherwise("drg")
        given = own.filter(pl.col("row") % 7 > 0).select("case_id", group=group)
        given.drop_nulls().write_csv(folder / f"{file.stem}.csv")
        rule = f'[inputs]\ngroups = "{file.stem}.csv"\ngroups_rule = "official_else_own"'
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("[inputs]", rule), encoding="utf-8")
        with without_books():
            run_month(load_job(file), accept=EVERYTHING)
    with without_books():
        run = run_clearing(load_year_job(job), accept=EVERYTHING).folder
    base = open_base([], run, job)
    return Year(folder, job, run, Stages(base, StageCache(folder / "cache")))


@pytest.mark.slow
def test_a_clearing_pays_the_groups_that_its_months_paid(official_year: Year) -> None:
    months = [
        pl.read_parquet(run / "case_groups.parquet")
        for run in sorted((official_year.folder / "runs").glob("2026-[01][0-9]-*"))
    ]
    groups = pl.concat(months)
    by = pl.col("group_source") == "official"
    due = groups.select("case_id", due=pl.when(by).then("official_group").otherwise("own_group"))
    cases = pl.read_parquet(official_year.run / "cases.parquet").join(due, on="case_id", how="left")
    assert cases["drg"].equals(cases["due"].alias("drg"))
    moved = groups.filter(by & (pl.col("official_group") != pl.col("own_group")))
    assert moved.height > 20
    told = read_case(official_year.run, moved["case_id"][0]).groups
    assert told is not None and told["own_group"] == moved["own_group"][0]


@pytest.mark.slow
def test_a_year_checked_again_keeps_the_groups_that_its_months_paid(official_year: Year) -> None:
    # Only visits have that finding: every month is grouped and checked to the same stays.
    plan = official_year.plan('[policy]\nrecords.severity.zero_amount = "ignore"')
    base, state = official_year.stages.base_state, official_year.stages.state(plan)
    assert state.earned is not base.earned
    assert state.settled.cases.select("case_id", "drg", "points").equals(
        base.settled.cases.select("case_id", "drg", "points")
    )
