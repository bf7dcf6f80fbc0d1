"""What a run of the sample needs beside its records: policy, catalogue and a job file a month."""

from importlib.resources import files
from pathlib import Path
from string import Template

import polars as pl

from drgpay.records.dataset import RecordsInput
from drgpay.run.calibration import make_catalogue
from drgpay.run.month_end import ProgressBar, no_progress
from drgpay.sample.plan import SamplePlan

# The budget lies a little below what item-by-item payment costs, as budgets do.
_BUDGET_SHARE_OF_COST = 0.97
_RESERVE_SHARE = 0.05
_ROUND_TO_YUAN = 10_000

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


def write_job_files(
    plan: SamplePlan, folder: Path, output: str = "runs", progress: ProgressBar = no_progress
) -> list[Path]:
    """Write policy.toml, catalogue/ (from history/, if there is any) and YYYY-MM.toml beside the
    records that `write_region` left in the folder. Returns the job files.
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
    return jobs


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
