"""Budgets and rates of the sample's policy, from what its records cost item by item."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from drgpay.sample.plan import Month, SamplePlan
from drgpay.sample.visit_plan import VisitPlan

# The budget lies a little below what item-by-item payment costs, as budgets do.
_BUDGET_SHARE_OF_COST = 0.97
_RESERVE_SHARE = 0.05
_ROUND_TO_YUAN = 10_000
_MONTHS_OF_YEAR = 12


def annual_budgets(plan: SamplePlan, folder: Path, year: int) -> str:
    """`account = yuan` for each account, from what the settled months of a year cost item by item."""
    months = _months(plan.settled or plan.history, year)
    name = "stays" if plan.settled else "history"
    cost = (
        pl.scan_parquet([folder / name / f"{month}.parquet" for month in months], glob=False)
        .filter(~pl.col("out_of_area") & (pl.col("payment_unit") != "fee"))
        .group_by("account")
        .agg(pl.col("fund_cost").sum())
        .sort("account")
        .collect()
    )
    return _budgets(cost, len(months))


def visit_money(plan: VisitPlan, folder: Path, year: int) -> dict[str, str]:
    """visit_budget: as `annual_budgets`. rates: rows of outpatient.capitation.rates that give the
    contractors together a little less than their persons cost.
    """
    months = _months(plan.region.settled or plan.history, year)
    name = "visits" if plan.region.settled else "visit_history"
    visits = pl.scan_parquet(
        [folder / name / f"{month}.parquet" for month in months], glob=False
    ).filter(~pl.col("out_of_area") & pl.col("account").is_not_null())
    fund = pl.col("fund_cost").sum()
    paid = visits.filter(pl.col("visit_type") != "special").group_by("account").agg(fund)
    contracted = (
        visits.filter(pl.col("contractor_id").is_not_null()).group_by("account").agg(fund).collect()
    )
    heads = (
        pl.read_csv(folder / "enrolment.csv", glob=False)
        .group_by("account")
        .agg(pl.col("heads").sum())
    )
    rates = [
        f'{{ account = "{account}", yuan_a_year = {_rate(float(cost), len(months), count):.2f} }},'
        for account, cost, count in contracted.join(heads, on="account").sort("account").iter_rows()
    ]
    return {
        "visit_budget": _budgets(paid.sort("account").collect(), len(months)),
        "rates": "\n    ".join(rates),
    }


def _months(months: Sequence[Month], year: int) -> list[str]:
    """Those of the year; all where there is none in it."""
    return [str(month) for month in months if month.year == year] or [str(one) for one in months]


def _budgets(cost: pl.DataFrame, months: int) -> str:
    return ", ".join(
        f"{account} = {_annual(float(fund) / months):.2f}" for account, fund in cost.iter_rows()
    )


def _annual(month_yuan: float) -> float:
    annual = month_yuan * _MONTHS_OF_YEAR * _BUDGET_SHARE_OF_COST / (1 - _RESERVE_SHARE)
    return max(round(annual / _ROUND_TO_YUAN), 1) * _ROUND_TO_YUAN


def _rate(fund_yuan: float, months: int, heads: int) -> int:
    return max(round(fund_yuan / months * _MONTHS_OF_YEAR * _BUDGET_SHARE_OF_COST / heads), 1)
