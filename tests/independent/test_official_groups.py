"""A month paid by official groups: every number as the second computation has it."""

import random
from dataclasses import replace
from pathlib import Path

import polars as pl

from drgpay.records.official_groups import GroupsInput
from drgpay.run.month_end import run_month
from tests.accepting import EVERYTHING
from tests.run.no_books import without_books

from .by_drgpay import Tables
from .comparing import compare_month, compare_points
from .files import compiled, write_csv
from .random_runs import month_budgets
from .recomputation.adjusting import earn
from .recomputation.calibration import calibrate
from .recomputation.earned_cases import cases_of, minus_of, taken_of
from .recomputation.prepayment import settle_month
from .recomputation.records import Stay
from .region import MONTH, PLAN, MonthRun, Region


def officially_grouped(stays: list[Stay]) -> list[Stay]:
    """A third of the stays in the group of another stay, some of them in none."""
    rng, found = random.Random(23), []
    for stay in stays:
        other = rng.choice(stays) if rng.random() < 1 / 3 else stay
        status, drg = other.status, other.drg
        if rng.random() < 0.03:
            status, drg = "ungrouped", "0000"
        found.append(replace(stay, status=status, drg=drg))
    return found


def test_every_number_follows_the_official_group(
    region: Region, month_runs: dict[str, MonthRun], tmp_path: Path
) -> None:
    policy = month_runs["sample"].policy
    own = region.stays(policy)
    stays = officially_grouped(own)
    assert sum(a.drg != b.drg for a, b in zip(own, stays, strict=True)) > 50
    assert {stay.status for stay in stays} == {"grouped", "ambiguous", "ungrouped"}
    rows = [{"case_id": stay.case_id, "group": stay.drg} for stay in stays]
    write_csv(tmp_path / "groups.csv", rows, ["case_id", "group"])
    job = month_runs["sample"].job
    given = replace(job.stays, groups=GroupsInput(tmp_path / "groups.csv"))
    job = replace(job, stays=given, output=tmp_path / "runs")
    with without_books():
        run = run_month(job, run_id="official", threads=1, accept=EVERYTHING).folder
    catalogue = calibrate(region.history(policy), policy.calibration)
    earned = earn(stays, catalogue, policy.points, region.filed, compiled(PLAN.scheme).exempt)
    month = settle_month(
        cases_of(stays, earned),
        minus_of(earned),
        policy,
        month_budgets(policy, MONTH),
        region.filed.held_back,
        taken_of(earned, policy),
    )
    names = ("cases", "adjustments", "statements", "values")
    found = Tables(*(pl.read_parquet(run / f"{table}.parquet") for table in names))
    assert compare_points(found, stays, earned) > 0.9 * PLAN.stays_per_month
    compare_month(found, month)
    # What the own groups would have earned before adjustments is what they earned without the file.
    plain = pl.read_parquet(month_runs["sample"].folder / "cases.parquet")
    beside = pl.read_parquet(run / "case_groups.parquet").join(
        plain.select("case_id", "points_before", "drg"), on="case_id", how="full", coalesce=True
    )
    assert beside["own_points"].equals(beside["points_before"], null_equal=False)
    assert beside["own_group"].equals(beside["drg"], null_equal=False)
