"""A cleared year of a small region as a base for scenarios."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.run.clearing import run_clearing
from drgpay.run.year_job import load_year_job
from drgpay.simulate.base import open_base
from drgpay.simulate.cache import StageCache
from drgpay.simulate.plan import Plan, plan_of
from drgpay.simulate.scenario import load_scenario
from drgpay.simulate.stages import Stages
from tests.run.no_books import without_books


@dataclass(frozen=True)
class Year:
    """A region with twelve paid months and its clearing."""

    folder: Path
    job: Path
    run: Path
    stages: Stages

    def write(self, text: str, name: str = "scenario.toml") -> Path:
        """A scenario file in the region."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def plan(self, text: str) -> Plan:
        """The plan of a scenario of a text; name is added."""
        scenario = load_scenario(self.write(f'name = "x"\n{text}'))
        return plan_of(self.stages.base, [scenario], self.stages.cache)


def cleared_year(settled: Path, folder: Path) -> Year:
    """Copy a region with settled months and clear the year."""
    shutil.copytree(settled, folder)
    job = folder / "2026.toml"
    with without_books():
        run = run_clearing(load_year_job(job)).folder
    base = open_base([], run, job)
    return Year(folder, job, run, Stages(base, StageCache(folder / "cache")))


def first_hospital(year: Year) -> str:
    """The hospital with the most cases."""
    statements = pl.read_parquet(year.run / "statements.parquet")
    cases = statements.group_by("hospital_id").agg(pl.col("cases").sum())
    return str(cases.sort("cases", "hospital_id", descending=[True, False])["hospital_id"][0])
