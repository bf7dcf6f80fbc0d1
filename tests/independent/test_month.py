"""A month of the sample region through its files: job, catalogue folder, run folder."""

import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.records.dataset import RecordsInput
from drgpay.records.origin import ORIGIN_SCHEMA
from drgpay.run.month_end import run_month
from tests.accepting import EVERYTHING
from tests.spread import spread

from .by_drgpay import Tables
from .comparing import compare, compare_ledger, compare_month, compare_points
from .files import compiled
from .random_runs import month_budgets
from .recomputation import ledger
from .recomputation.adjusting import earn
from .recomputation.calibration import calibrate
from .recomputation.earned_cases import cases_of, minus_of, taken_of
from .recomputation.prepayment import settle_month
from .region import MONTH, PLAN, POLICIES, MonthRun, Region


@pytest.mark.parametrize("name", spread(POLICIES, 1))
def test_every_number_of_a_run(region: Region, month_runs: dict[str, MonthRun], name: str) -> None:
    job, policy, run = (getattr(month_runs[name], part) for part in ("job", "policy", "folder"))
    catalogue = calibrate(region.history(policy), policy.calibration)
    groups = {
        (drg,): {
            "mean_yuan": str(group.mean_cost),
            "base_points": str(group.base_points),
            "cv": str(group.cv),
        }
        for drg, group in catalogue.groups.items()
    }
    for folder in (job.catalogue, run / "catalogue"):
        written = pl.read_csv(folder / "groups.csv", infer_schema=False)
        compare(written.iter_rows(named=True), groups, ("drg",))
    stays = region.stays(policy)
    exempt = compiled(PLAN.scheme).exempt
    earned = earn(stays, catalogue, policy.points, region.filed, exempt)
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
    booked = pl.read_parquet(run / "ledger.parquet").iter_rows(named=True)
    assert compare_ledger(booked, ledger.of_month(month)) > 50


# ------------------------------------------------------------------- order, files and threads


def shuffled(source: Path, target: Path) -> None:
    table = pq.read_table(source)
    order = random.Random(3).sample(range(table.num_rows), table.num_rows)
    pq.write_table(table.take(pa.array(order)), target, row_group_size=97)


def split(source: Path, target: Path) -> None:
    table = pq.read_table(source)
    target.mkdir()
    for number, (first, size) in enumerate([(300, 200), (0, 7), (7, 293)]):
        part = table.slice(first, size)
        pq.write_table(part, target / f"{number}.parquet", row_group_size=90 * number + 50)


def results_of(run: Path) -> dict[str, bytes]:
    """Every file of a run but its manifest, which names the inputs, and what is made of it; findings
    without the file and the row that they are about.
    """
    files = sorted(path for path in run.rglob("*") if path.is_file())
    return {
        path.relative_to(run).as_posix(): _without_places(path) or path.read_bytes()
        for path in files
        if path.name not in ("manifest.json", "datapackage.json")
    }


def _without_places(path: Path) -> bytes | None:
    if path.stem not in ("quarantine", "warnings"):
        return None
    found = pl.read_parquet(path).drop(ORIGIN_SCHEMA)
    return found.sort(pl.all()).write_csv().encode()


@pytest.mark.parametrize("name", spread(POLICIES, 1))
def test_order_files_and_threads_change_no_byte(
    month_runs: dict[str, MonthRun], tmp_path: Path, name: str
) -> None:
    job = month_runs[name].job
    first = results_of(month_runs[name].folder)
    assert len(first) > 20
    for number, (rearrange, threads) in enumerate([(shuffled, 2), (split, 1)]):
        records = tmp_path / f"stays{number}"
        rearrange(job.stays.path, records)
        again = replace(job, stays=RecordsInput(records), output=tmp_path / f"runs{number}")
        found = results_of(
            run_month(again, run_id="audit", threads=threads, accept=EVERYTHING).folder
        )
        assert found.keys() == first.keys()
        differing = [file for file, content in found.items() if content != first[file]]
        assert not differing, (number, differing)
