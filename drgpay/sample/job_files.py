"""What a run of the sample needs beside its records: policy, catalogue and a job file a month."""

from importlib.resources import files
from pathlib import Path
from string import Template

import polars as pl

from drgpay.records.dataset import RecordsInput
from drgpay.run.calibration import make_catalogue
from drgpay.run.job import load_job
from drgpay.run.month_end import ProgressBar, no_progress
from drgpay.sample.filings import write_filings
from drgpay.sample.plan import SamplePlan

# The budget lies a little below what item-by-item payment costs, as budgets do.
_BUDGET_SHARE_OF_COST = 0.97
_RESERVE_SHARE = 0.05
_ROUND_TO_YUAN = 10_000
_MONTHS = 12

_JOB = """\
# One month of the sample region: drgpay run {period}.toml
# Paths start at the folder of this file.

period = "{period}"
scheme = "{scheme}"
catalogue = "catalogue"
policy = "policy.toml"
output = "{output}"

[inputs]
stays = "stays/{period}.parquet"
hospitals = "hospitals.csv"
"""
_FILED = """\
reviews = "filings/{period}/reviews.csv"
deductions = "filings/{period}/deductions.csv"
"""

_YEAR = """\
# The annual clearing of the sample region: drgpay clear {year}.toml
# Paths start at the folder of this file. The months are looked for in the output folder.

year = {year}
scheme = "{scheme}"
catalogue = "catalogue"
policy = "policy.toml"
output = "{output}"
readmissions_across_months = true

[inputs]
stays = "stays"
hospitals = "hospitals.csv"
"""


def write_job_files(
    plan: SamplePlan, folder: Path, output: str = "runs", progress: ProgressBar = no_progress
) -> list[Path]:
    """Write policy.toml, catalogue/ (from history/, if there is any) and YYYY-MM.toml beside the
    records that `write_region` left in the folder, filings/YYYY-MM/ for each month to settle, and
    YYYY.toml for each whole year. Returns the job and year files.
    """
    template = files("drgpay.sample").joinpath("policy.toml.template").read_text(encoding="utf-8")
    policy = folder / "policy.toml"
    budget = _annual_budgets(plan, folder)
    policy.write_text(Template(template).substitute(budget=budget), encoding="utf-8")
    if plan.history:
        make_catalogue(
            RecordsInput(folder / "history"),
            plan.scheme,
            str(policy),
            folder / "hospitals.csv",
            folder / "catalogue",
            progress,
        )
    jobs = []
    for period in plan.settled:
        jobs.append(folder / f"{period}.toml")
        text = _JOB.format(period=period, scheme=plan.scheme, output=output)
        jobs[-1].write_text(text, encoding="utf-8")
        if plan.history:  # without a catalogue nobody knows which stays are dear
            write_filings(load_job(jobs[-1]), folder / "filings" / str(period))
            jobs[-1].write_text(text + _FILED.format(period=period), encoding="utf-8")
    jobs += _year_files(plan, folder, output)
    return jobs


def _year_files(plan: SamplePlan, folder: Path, output: str) -> list[Path]:
    """A year file for each year of which every month is settled."""
    years = [month.first_day.year for month in plan.settled]
    files = []
    for year in sorted({year for year in years if years.count(year) == _MONTHS}):
        files.append(folder / f"{year}.toml")
        text = _YEAR.format(year=year, scheme=plan.scheme, output=output)
        files[-1].write_text(text, encoding="utf-8")
    return files


def _annual_budgets(plan: SamplePlan, folder: Path) -> str:
    """`account = yuan` for each account, from what the settled months cost item by item."""
    months = [str(month) for month in plan.settled] or [str(month) for month in plan.history]
    name = "stays" if plan.settled else "history"
    cost = (
        pl.scan_parquet([folder / name / f"{month}.parquet" for month in months])
        .filter(~pl.col("out_of_area") & (pl.col("payment_unit") != "fee"))
        .group_by("account")
        .agg(pl.col("fund_cost").sum())
        .sort("account")
        .collect()
    )
    return ", ".join(
        f"{account} = {_annual(float(fund) / len(months)):.2f}"
        for account, fund in cost.iter_rows()
    )


def _annual(month_yuan: float) -> float:
    annual = month_yuan * 12 * _BUDGET_SHARE_OF_COST / (1 - _RESERVE_SHARE)
    return max(round(annual / _ROUND_TO_YUAN), 1) * _ROUND_TO_YUAN
