"""The month-end run: point values, statements and each case's part (docs/settlement.md)."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from drgpay.policy.model import Policy
from drgpay.records.period import Period
from drgpay.settle.budget import has_budget, month_budget_fen
from drgpay.settle.case_parts import with_parts
from drgpay.settle.lines import (
    LINE,
    LINE_SCHEMA,
    NO_PAYMENTS,
    Row,
    line_rows,
    with_bearing_line,
    with_payment,
)
from drgpay.settle.pools import Pool, pools_of
from drgpay.settle.prepayment import (
    deductions_by_account,
    lines_for_deductions,
    prepaid_lines,
    refuse_prepaying_too_much,
)
from drgpay.settle.pricing import price_pool


@dataclass(frozen=True)
class Settled:
    """A settled month in scaled integers: money in fen, points in 1/10,000.

    values: one row a pool with cases or a budget, in the order of the policy: pool (its accounts
    joined by +), accounts (list), budget_fen, from_home_funds_fen, total_fen, patient_fen,
    other_fen, points, point_value (null where the pool has no case paid by points; places as
    the policy says), fund_amount_fen, remainder_fen.
        budget + from_home_funds = fund_amount + remainder.
    statements: one row a line, sorted by LINE: hospital_id, account, out_of_area, payment, pool,
    in_pool (paid by points out of the budget), paid_here (by the region's fund, not by the
    patients' home funds), cases, points (with the minus), minus_points (of
    the adjustments that apply to the hospital, <= 0), total_fen, fund_fen, patient_fen,
    other_fen, standard_fen, distributed_fen (a part of standard_fen), fund_amount_fen,
    prepayment_fen (after deductions), deduction_fen (payment deductions filed), deducted_fen
    (taken from the prepayment), carried_fen (negative fund amount, less the deductions not
    taken; <= 0), home_fund_bill_fen.
    cases: the cases given, sorted by case_id, with payment, standard_fen, case_fund_fen.
    adjustments: ALL adjustments given, with payment and standard_fen, both null where
    applies_to is `case` (the row is in the points of its case). A `hospital` row has the LINE
    that bears it and its (negative) part of that line's standard.
        The standards of the cases and hospital rows of a line add up to the line's.
    """

    values: pl.DataFrame
    statements: pl.DataFrame
    cases: pl.DataFrame
    adjustments: pl.DataFrame


def settle_month(
    cases: pl.DataFrame,
    adjustments: pl.DataFrame,
    policy: Policy,
    period: Period,
    payments: pl.DataFrame = NO_PAYMENTS,
) -> Settled:
    """Settle the cases of a month.

    cases: sorted by case_id; case_id, hospital_id, account, out_of_area, case_class, points,
    total_fen, fund_fen, patient_fen, other_fen. adjustments: sorted by case_id and step; case_id,
    hospital_id, account, out_of_area, step, applies_to, points (lines.NO_ADJUSTMENTS where there
    are none). payments: hospital_id, account, amount_fen: what is held back from the prepayment.
    Each pool balances to the fen. Raises DrgpayError for a missing budget, for a pool whose
    stays are paid by points and earned none, and for fund amounts or prepayments beyond the
    budget unless settlement.may_exceed_budget.
    """
    rules = policy.settlement
    cases = with_payment(cases, policy)
    adjustments = with_bearing_line(adjustments, cases)
    deductions = deductions_by_account(payments, policy.records.accounts)
    others = lines_for_deductions(deductions, cases)
    lines = line_rows(cases, adjustments, others, policy)
    values, settled = [], []
    for pool in pools_of(policy):
        mine = [line for line in lines if line["pool"] == pool.name]
        budget = _budget_fen(pool, mine, policy, period)
        if budget is None:
            continue
        priced = price_pool(pool.name, mine, budget, rules)
        prepaid = prepaid_lines(priced.lines, _of_pool(deductions, pool), rules)
        available = budget + priced.totals["from_home_funds_fen"]
        refuse_prepaying_too_much(pool.name, prepaid, available, rules)
        settled += prepaid
        values.append(
            {"pool": pool.name, "accounts": pool.accounts, "budget_fen": budget, **priced.totals}
        )
    values_frame = pl.DataFrame(values, schema=VALUE_SCHEMA)
    statements = pl.DataFrame(settled, schema=STATEMENT_SCHEMA).sort(LINE)
    parts = with_parts(cases, adjustments, statements, values_frame, rules)
    return Settled(values_frame, statements, *parts)


VALUE_SCHEMA = {
    "pool": pl.String(),
    "accounts": pl.List(pl.String()),
    "budget_fen": pl.Int64(),
    "from_home_funds_fen": pl.Int64(),
    "total_fen": pl.Int64(),
    "patient_fen": pl.Int64(),
    "other_fen": pl.Int64(),
    "points": pl.Int64(),
    "point_value": pl.Int64(),
    "fund_amount_fen": pl.Int64(),
    "remainder_fen": pl.Int64(),
}

STATEMENT_SCHEMA = {
    **LINE_SCHEMA,
    "prepayment_fen": pl.Int64(),
    "deduction_fen": pl.Int64(),
    "deducted_fen": pl.Int64(),
    "carried_fen": pl.Int64(),
    "home_fund_bill_fen": pl.Int64(),
}


def _budget_fen(pool: Pool, lines: list[Row], policy: Policy, period: Period) -> int | None:
    """The budgets of the accounts together; None for a pool without lines and without a budget."""
    in_use = {line["account"] for line in lines}
    accounts = [
        account
        for account in pool.accounts
        if account in in_use or has_budget(policy.budget, account, period)
    ]
    if not accounts:
        return None
    return sum(
        month_budget_fen(policy.budget, account, period, policy.budget_key) for account in accounts
    )


def _of_pool(deductions: Mapping[tuple[str, str], int], pool: Pool) -> dict[tuple[str, str], int]:
    return {key: amount for key, amount in deductions.items() if key[1] in pool.accounts}
