"""A month of a sample region with filings, and its runs under two policies."""

import random
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.dataset import RecordsInput
from drgpay.run.calibration import make_catalogue
from drgpay.run.job import FilingPaths, Job, load_job
from drgpay.run.month_end import run_month
from drgpay.sample.job_files import write_job_files
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import write_region
from tests.accepting import EVERYTHING

from .files import GroupedRecords, write_filings
from .random_region import random_filings
from .random_runs import BASE
from .recomputation.records import Filed, Stay

PLAN = SamplePlan(stays_per_month=500, months=1, history_stays_per_month=100, seed=11)
MONTH = 10
POLICIES = ["sample", "illustrative"]
"""same_price without distribution, and pooled with it."""


@dataclass(frozen=True)
class Region:
    """A folder with a sample region, its catalogue, its job and filings."""

    folder: Path

    @cached_property
    def job(self) -> Job:
        job = load_job(self.folder / "2026-10.toml")
        paths = [self.folder / "filed" / f"{name}.csv" for name in FilingPaths.__annotations__]
        return replace(job, filings=FilingPaths(*paths))

    def history(self, policy: Policy) -> list[Stay]:
        """The past stays that are valid by a policy."""
        return GroupedRecords(self.folder, PLAN.scheme, policy).stays("history")

    def stays(self, policy: Policy) -> list[Stay]:
        """The stays of the month that are valid by a policy."""
        records = GroupedRecords(self.folder, PLAN.scheme, policy)
        return records.stays("stays/2026-10.parquet", MONTH)

    @cached_property
    def filed(self) -> Filed:
        """Only what both policies know."""
        stays = self.stays(load_policy(BASE).policy)
        filed = random_filings(random.Random(7), stays, MONTH, [])
        return replace(filed, technologies=())


def build_region(folder: Path) -> Region:
    """Write the region, its policy, catalogue, job and filings."""
    write_region(PLAN, folder)
    write_job_files(PLAN, folder)
    region = Region(folder)
    write_filings(folder / "filed", region.filed)
    return region


@dataclass(frozen=True)
class MonthRun:
    """A finished run of the region's month."""

    job: Job
    policy: Policy
    folder: Path


def run_with(region: Region, folder: Path, name: str) -> MonthRun:
    """Run the month by a policy and the catalogue made with it, leaving both in `folder`."""
    job = replace(region.job, output=folder / "runs")
    if name != "sample":
        catalogue = folder / "catalogue"
        history, hospitals = region.folder / "history", region.job.hospitals
        make_catalogue(RecordsInput(history), PLAN.scheme, str(BASE), hospitals, catalogue)
        job = replace(job, policy=str(BASE), catalogue=catalogue)
    run = run_month(job, run_id="audit", threads=1, accept=EVERYTHING)
    return MonthRun(job, load_policy(job.policy).policy, run.folder)
