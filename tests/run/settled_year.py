"""A small region with twelve settled months: made once for all files of tests, to be copied."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.sample.job_files import write_job_files
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import write_region
from tests.once import made_once
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
    """The region with its months in runs/."""
    return made_once(factory, "settled-year", _settle)


def _settle(region: Path) -> None:
    write_region(_PLAN, region)
    write_job_files(_PLAN, region)
    for period in YEAR:
        with nullcontext() if period in WITH_BOOKS else without_books():
            run_month(load_job(region / f"{period}.toml"))
