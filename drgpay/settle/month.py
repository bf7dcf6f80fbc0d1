"""The month-end run: point values, statements and each case's part (docs/settlement.md)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.exact import FEN_PLACES, POINT_PLACES, POINT_SCALE, apportion, half_up, scaled, wide
from drgpay.policy.model import Policy, Settlement
from drgpay.records.period import Period
from drgpay.settle.apportion import largest_remainder
from drgpay.settle.budget import month_budget_fen
from drgpay.settle.value import Pool, point_value

LINE = ["hospital_id", "account", "out_of_area", "payment"]
"""A statement line: `payment` is `points`, or `item_by_item` for stays outside the pool."""


@dataclass(frozen=True)
class Settled:
    """A settled month in scaled integers: money in fen, points in 1/10,000.

    values: one row an account (see `_values`). statements: one row a LINE. cases: the cases with
    payment, standard_fen and case_fund_fen beside their columns, sorted by case_id.
    """

    values: pl.DataFrame
    statements: pl.DataFrame
    cases: pl.DataFrame


def settle_month(cases: pl.DataFrame, policy: Policy, period: Period) -> Settled:
    """Settle the cases of a month.

    cases: sorted by case_id; case_id, hospital_id, account, out_of_area, case_class, points,
    total_fen, fund_fen, patient_fen, other_fen. Every account of the policy that has cases is
    settled; each balances to the fen. Raises DrgpayError for a missing budget and for an account
    without points.
    """
    rules = policy.settlement
    cases = cases.with_columns(payment=_payment(rules))
    lines = (
        cases.group_by(LINE)
        .agg(
            pl.len().cast(pl.Int64).alias("cases"),
            pl.col("points", "total_fen", "fund_fen", "patient_fen", "other_fen").sum(),
        )
        .sort(LINE)
    )
    accounts = [name for name in policy.records.accounts if name in set(lines["account"])]
    settled = [
        _settle_account(lines.filter(pl.col("account") == account), account, policy, period)
        for account in accounts
    ]
    values = pl.DataFrame([row for row, _ in settled])
    statements = pl.concat([frame for _, frame in settled]).sort(LINE)
    return Settled(values, statements, _settle_cases(cases, statements, values, rules))


def _payment(rules: Settlement) -> pl.Expr:
    by_item = pl.col("case_class") == "fee"
    if rules.out_of_area == "excluded":
        by_item |= pl.col("out_of_area")
    return pl.when(by_item).then(pl.lit("item_by_item")).otherwise(pl.lit("points"))


def _settle_account(
    lines: pl.DataFrame, account: str, policy: Policy, period: Period
) -> tuple[dict[str, Any], pl.DataFrame]:
    """The value and the statement lines of one account."""
    rules = policy.settlement
    in_pool = pl.col("payment") == "points"
    if rules.out_of_area == "same_price":
        in_pool &= ~pl.col("out_of_area")
    pooled = lines.filter(in_pool)
    budget = month_budget_fen(policy.budget, account, period)
    # Pooled outside cases bring along what their home funds pay for them item by item.
    from_home = int(pooled.filter("out_of_area")["fund_fen"].sum())
    pool = Pool(
        account=account,
        budget_fen=budget + from_home,
        patient_fen=int(pooled["patient_fen"].sum()),
        other_fen=int(pooled["other_fen"].sum()),
        total_fen=int(pooled["total_fen"].sum()),
        points=int(pooled["points"].sum()),
    )
    value = point_value(pool, rules.method, rules.value_places)
    rows = [
        _statement_line(row, value, rules)
        for row in lines.with_columns(in_pool=in_pool).iter_rows(named=True)
    ]
    inside = [row for row in rows if row["in_pool"]]
    remainder = pool.budget_fen - sum(row["fund_amount_fen"] for row in inside)
    earned = any(row["standard_fen"] for row in inside)  # else nothing to be in proportion to
    if rules.distribute_remainder == "all" and remainder > 0 and earned:
        shares = apportion(remainder, [row["standard_fen"] for row in inside])
        for row, share in zip(inside, shares, strict=True):
            row["distributed_fen"] = share
            row["standard_fen"] += share
            row["fund_amount_fen"] += share
        remainder = 0
    for row in rows:
        _prepay(row, rules)
    frame = pl.DataFrame(rows).drop("in_pool")
    return {
        "account": account,
        "budget_fen": budget,
        "from_home_funds_fen": from_home,
        "patient_fen": pool.patient_fen,
        "other_fen": pool.other_fen,
        "points": pool.points,
        "point_value": value,
        "fund_amount_fen": sum(row["fund_amount_fen"] for row in inside),
        "remainder_fen": remainder,
    }, frame


def _statement_line(row: dict[str, Any], value: int, rules: Settlement) -> dict[str, Any]:
    """standard = points x value, to the fen; the fund pays what patients and others did not."""
    if row["payment"] == "item_by_item":
        standard, fund = row["total_fen"], row["fund_fen"]
    else:
        scale = 10 ** (POINT_PLACES + rules.value_places - FEN_PLACES)
        standard = half_up(Fraction(row["points"] * value, scale))
        paid_by_others = row["patient_fen"] + row["other_fen"]
        fund = standard if rules.method == "fund_only" else standard - paid_by_others
    return {**row, "standard_fen": standard, "distributed_fen": 0, "fund_amount_fen": fund}


def _prepay(row: dict[str, Any], rules: Settlement) -> None:
    """Prepay a part of the fund amount; a negative one waits for the clearing.

    The home funds of outside patients are billed the fund amount, which the hospital gets from
    them and not from this budget. Where outside cases are pooled, their item-by-item cost joined
    the budget: that is billed, and the hospital is prepaid from the pool.
    """
    fund, outside = row["fund_amount_fen"], bool(row["out_of_area"])
    pooled = outside and rules.out_of_area == "pooled"
    from_budget = pooled or not outside
    ratio = scaled(rules.prepay_ratio, POINT_PLACES)
    prepaid = half_up(Fraction(fund * ratio, POINT_SCALE)) if fund > 0 else 0
    row["prepayment_fen"] = prepaid if from_budget else 0
    row["carried_fen"] = min(fund, 0) if from_budget else 0
    row["home_fund_bill_fen"] = row["fund_fen"] if pooled else fund if outside else 0


def _settle_cases(
    cases: pl.DataFrame, statements: pl.DataFrame, values: pl.DataFrame, rules: Settlement
) -> pl.DataFrame:
    """Each case's part of its hospital's standard, summing to the statement to the fen."""
    of_line = statements.select(
        *LINE,
        line=pl.int_range(pl.len(), dtype=pl.Int32),
        standard_fen="standard_fen",
        distributed_fen="distributed_fen",
        line_points="points",
    ).join(values.select("account", "point_value"), on="account", how="left")
    priced = cases.select(*LINE, "points").join(of_line, on=LINE, how="left", maintain_order="left")
    # A case's exact part is points x value; with a distributed remainder in the standard, the
    # same share of the whole standard.
    scale = 10 ** (POINT_PLACES + rules.value_places - FEN_PLACES)
    by_points = (pl.col("payment") == "points") & (pl.col("line_points") > 0)
    spread = by_points & (pl.col("distributed_fen") > 0)
    share = largest_remainder(
        priced.with_columns(standard_fen=pl.when(by_points).then("standard_fen").otherwise(0)),
        "standard_fen",
        quota=pl.when(spread)
        .then(wide("standard_fen") * wide("points"))
        .when(by_points)
        .then(wide("points") * wide("point_value"))
        .otherwise(wide(0)),
        denominator=pl.when(spread).then(wide("line_points")).otherwise(wide(scale)),
    )
    by_item = pl.col("payment") == "item_by_item"
    paid_by_others = pl.col("patient_fen") + pl.col("other_fen")
    residual = pl.col("share") if rules.method == "fund_only" else pl.col("share") - paid_by_others
    return (
        cases.with_columns(share=share)
        .with_columns(
            standard_fen=pl.when(by_item).then("total_fen").otherwise("share"),
            case_fund_fen=pl.when(by_item).then("fund_fen").otherwise(residual),
        )
        .drop("share")
    )
