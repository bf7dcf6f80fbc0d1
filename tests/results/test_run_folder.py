"""What a part of a run wrote is read back as it was settled, of a month and a year, stays and visits."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import UnreadableError
from drgpay.policy.model import Policy
from drgpay.results.manifest import Manifest
from drgpay.results.month import pool_rows
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.results.results import Results
from drgpay.results.run_folder import PaidPart, RunFolder
from tests.report.settled_region import cleared_region, policy_with, settled_region
from tests.report.visit_region import outpatient_region


def left_in(folder: Path, results: Results, policy: Policy) -> PaidPart:
    """A folder with the tables of a part, and with as much of a manifest as reading them needs."""
    part = results.part
    for name, frame in results.frames.items():
        frame.write_parquet(folder / f"{part.file(name)}.parquet")
    scheme = {"scheme": {"id": "any", "sha256": "0"}}
    content: dict[str, Any] = {
        "run": "r",
        "kind": "clearing" if results.is_year else "month",
        "period": results.facts.period,
        "policy": {"parameters": policy.model_dump(mode="json")},
        "corrects": None,
        "counts": {},
        "outputs": {f"{part.file(name)}.parquet": {"sha256": "0"} for name in results.frames},
        **({part.section: scheme} if part.section else scheme),
    }
    return RunFolder(folder, Manifest(folder / "manifest.json", content)).of(part)


def test_stays_of_a_month(tmp_path: Path) -> None:
    region = settled_region(3, policy_with({"may_exceed_budget": True}))
    run = left_in(tmp_path, region.tables, region.policy)
    cases = run.scaled("cases")
    assert cases.equals(region.settled.cases.select(cases.columns))
    lines = run.scaled("statements")
    assert lines.equals(region.settled.lines.select(lines.columns))
    pools = run.scaled_pools()
    assert pools.equals(region.settled.pools.select(pools.columns))
    assert run.scaled("adjustments").height == region.settled.adjustments.height
    assert run.scaled("ledger").equals(region.ledger)
    assert run.frame("statements").equals(region.tables.statements)


def test_visits_of_a_month(tmp_path: Path) -> None:
    region = outpatient_region(4)
    run = left_in(tmp_path, region.tables, region.policy)
    cases = run.scaled("cases")
    assert cases.equals(region.settled.cases.select(cases.columns))
    assert run.scaled("adjustments").height == 0
    enrolment = run.enrolment()
    assert enrolment is not None
    assert enrolment.equals(region.tables["enrolment"])
    assert run.file("cases").name == "visits.parquet"


def test_stays_of_a_year(tmp_path: Path) -> None:
    region = settled_region(5, policy_with({"may_exceed_budget": True}))
    year = cleared_region(region, 3_000_000)
    run = left_in(tmp_path, year, region.policy)
    assert run.pools.equals(pool_rows(year.pools))
    assert run.frame("assessment").equals(year["assessment"])
    in_pools = run.scaled("statements").filter("in_pool")
    assert in_pools["clearing_fen"].sum() == run.scaled_pools()["clearing_fen"].sum()


@pytest.mark.parametrize(("part", "other"), [(STAYS, VISITS), (VISITS, STAYS)])
def test_a_part_is_not_the_other(part: Part, other: Part, tmp_path: Path) -> None:
    region = settled_region(6, policy_with({})) if part == STAYS else outpatient_region(6)
    run = left_in(tmp_path, region.tables, region.policy)
    assert run.parts == (part,)
    assert other not in run.parts


def test_a_column_that_is_gone_is_named(tmp_path: Path) -> None:
    region = settled_region(7, policy_with({"may_exceed_budget": True}))
    run = left_in(tmp_path, region.tables, region.policy)
    path = tmp_path / "statements.parquet"
    pl.read_parquet(path).drop("fund_amount").write_parquet(path)
    with pytest.raises(UnreadableError, match=r"statements\.parquet has no column fund_amount"):
        run.scaled("statements")
