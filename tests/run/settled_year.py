"""A small region with twelve settled months: made once for all files of tests, to be copied."""

import os
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from drgpay.base.file_lock import take_lock
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.sample.job_files import write_job_files
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import write_region
from tests.run.no_books import without_books

YEAR = [f"2026-{month:02}" for month in range(1, 13)]
WITH_BOOKS = ("2026-01", "2026-03", "2026-10")
"""The months that have workbooks, which take most of the time of a run."""
_PLAN = SamplePlan(
    stays_per_month=150,
    months=12,
    history_months=4,
    last_period="2026-12",
    seed=11,
    history_stays_per_month=1500,
)


def settled_year(factory: pytest.TempPathFactory) -> Path:
    """The region with its months in runs/. Processes that test beside each other share it: the first
    makes it, the others wait.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    region, made = shared / "settled-year", shared / "settled-year.made"
    while (lock := take_lock(shared / "settled-year.lock")) is None:
        time.sleep(0.1)
    try:
        if not made.exists():
            write_region(_PLAN, region)
            write_job_files(_PLAN, region)
            for period in YEAR:
                with nullcontext() if period in WITH_BOOKS else without_books():
                    run_month(load_job(region / f"{period}.toml"))
            made.touch()
    finally:
        os.close(lock)
    return region
