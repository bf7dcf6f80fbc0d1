"""The month-end run: point values, statements and each case's part (docs/settlement.md)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import polars as pl

from drgpay.base.language import listed
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.policy.model import Policy
from drgpay.settle.budget import budget_keys, has_budget, month_budget_fen, shared_budget
from drgpay.settle.findings import LEAST_STAYS, budget_findings
from drgpay.settle.lines import NO_PAYMENTS, Row
from drgpay.settle.narrow import NarrowCases
from drgpay.settle.pools import Pool, pools_of
from drgpay.settle.prepayment import (
    deductions_by_account,
    lines_for_deductions,
    prepaid_lines,
    refuse_prepaying_too_much,
)
from drgpay.settle.pricing import BudgetError, Rules, price_pool, spent_by_points
from drgpay.settle.settled import Settled
from drgpay.settle.walk import PaidCases, PaidPool, borne, pool_schema, settled
from drgpay.tables.schemas import calculated_schema

_ERRORS = Sentences("errors/settle")


def settle_month(
    cases: pl.DataFrame,
    adjustments: pl.DataFrame,
    policy: Policy,
    period: Period,
    payments: pl.DataFrame = NO_PAYMENTS,
    levels: Mapping[str, str] | None = None,
) -> Settled:
    """Settle the cases of a month.

    cases: sorted by case_id; case_id, hospital_id, account, out_of_area, case_class, points,
    total_fen, fund_fen, patient_fen, other_fen. adjustments: sorted by case_id and step; case_id,
    hospital_id, account, out_of_area, step, applies_to, points (lines.NO_ADJUSTMENTS where there
    are none). payments: hospital_id, account, amount_fen: what is held back from the prepayment.
    levels: hospital_id -> level (lines.levels_of), needed by method rate.
    Each pool balances to the fen. Raises DrgpayError for a missing budget, for a pool whose
    stays are paid by points and earned none, and for fund amounts or prepayments beyond the
    budget unless settlement.may_exceed_budget.
    """
    narrow = NarrowCases.of(cases)
    paid = pay_month(narrow, adjustments, policy, period, payments, levels)
    return paid.with_cases(cases)


def pay_month(
    cases: NarrowCases,
    adjustments: pl.DataFrame,
    policy: Policy,
    period: Period,
    payments: pl.DataFrame = NO_PAYMENTS,
    levels: Mapping[str, str] | None = None,
) -> PaidCases:
    """Settle the cases of a month, of which settlement needs no more than NarrowCases; else as
    settle_month.
    """
    deductions = deductions_by_account(payments, policy.records.accounts)
    others = lines_for_deductions(deductions, cases.kinds)
    found = borne(cases, adjustments, others, policy)

    def paid() -> Iterator[PaidPool]:
        rules = policy.settlement
        for pool in pools_of(policy):
            mine = found.of(pool)
            given = _budget_fen(pool, mine, policy, period)
            if given is None:
                continue
            with _doubting_budget(pool, given, mine, policy, period):
                budget = shared_budget(pool.name, given, mine, policy)
                priced = price_pool(pool.name, mine, budget["budget_fen"], Rules(rules, levels))
                prepaid = prepaid_lines(priced.lines, _of_pool(deductions, pool), rules)
                available = budget["budget_fen"] + priced.totals["from_home_funds_fen"]
                refuse_prepaying_too_much(pool.name, prepaid, available, rules)
            shared = {**budget, "available_fen": budget["budget_fen"]}
            yield PaidPool(pool, shared, priced, prepaid, {})

    amount = pl.col("fund_amount_fen")
    return settled(found, paid(), VALUE_SCHEMA, STATEMENT_SCHEMA, amount, policy)


VALUE_SCHEMA = pool_schema("values")

STATEMENT_SCHEMA = calculated_schema("statements")


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


@contextmanager
def _doubting_budget(
    pool: Pool, given_fen: int, lines: Sequence[Row], policy: Policy, period: Period
) -> Iterator[None]:
    """Where a budget cannot be paid with and is implausible, this is what has to be said of it."""
    try:
        yield
    except BudgetError:
        rules, stays = policy.settlement, sum(line["cases"] for line in lines if line["in_pool"])
        found = budget_findings(pool.name, given_fen, spent_by_points(lines), rules)
        doubt = next(found, None) if stays >= LEAST_STAYS else None
        if doubt is None:
            raise
        keys = listed(budget_keys(policy, pool.accounts, period))
        doubted = _ERRORS("doubtful_budget", said=doubt.said, keys=keys, key=rules.key)
        raise BudgetError(*doubted) from None


def _of_pool(deductions: Mapping[tuple[str, str], int], pool: Pool) -> dict[tuple[str, str], int]:
    return {key: amount for key, amount in deductions.items() if key[1] in pool.accounts}
