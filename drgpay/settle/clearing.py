"""The annual clearing (清算): final budget, final value, what each hospital still gets.

docs/settlement.md, "Annual clearing". Pure functions over frames in scaled integers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Clearing, Settlement
from drgpay.settle.assessment import assessed_hospitals, assessed_lines
from drgpay.settle.bands import shared_by_bands
from drgpay.settle.budget import shared_budget
from drgpay.settle.lines import (
    LINE,
    NO_PAYMENTS,
    Row,
    line_key,
)
from drgpay.settle.narrow import NarrowCases
from drgpay.settle.pools import pools_of
from drgpay.settle.prepayment import (
    deductible_lines,
    deductions_by_account,
    home_fund_bill,
    lines_for_deductions,
)
from drgpay.settle.pricing import Rules, price_pool, spent_by_points, yuan
from drgpay.settle.settled import Settled
from drgpay.settle.walk import PaidCases, PaidPool, borne, pool_schema, settled
from drgpay.tables.schemas import calculated_schema

_ERRORS = Sentences("errors/settle")


@dataclass(frozen=True)
class YearBudget:
    """What a pool had for the year, in fen.

    budget_fen: the sum of the months' budgets as given. reserve_fen: what was held back from them,
    from which the fund bears its part of an overrun.
    """

    budget_fen: int
    reserve_fen: int


def clear_year(
    cases: pl.DataFrame,
    adjustments: pl.DataFrame,
    months: pl.DataFrame,
    budgets: Mapping[str, YearBudget],
    scores: pl.DataFrame | None,
    policy: Policy,
    year: int,
    payments: pl.DataFrame = NO_PAYMENTS,
    levels: Mapping[str, str] | None = None,
) -> Settled:
    """Clear a year.

    cases, adjustments: EarnedPoints of the whole year (as for settle_month).
    months: the statements of all months (Settled.lines, one below the other; of a corrected
    month those of its last correction, whose differences were paid); needed are LINE,
    prepayment_fen, deduction_fen, home_fund_bill_fen.
    budgets: by pool name (pools.pools_of); every pool of the policy with cases needs one.
    scores: hospital_id, score (Int64, 1/10,000) of the year's assessment; None without one.
    payments: payment deductions filed for the clearing itself, beyond those of the months:
    hospital_id, account, amount_fen. levels: hospital_id -> level, needed by method rate.
    Raises DrgpayError for a policy without [clearing]; a pool without a budget, or whose stays
    earned no points; a final budget below what was prepaid (unless settlement.may_exceed_budget);
    a hospital without a score, with two, or with one out of range; scores that the policy does
    not ask for.
    """
    narrow = NarrowCases.of(cases)
    paid = pay_year(narrow, adjustments, months, budgets, scores, policy, year, payments, levels)
    return paid.with_cases(cases)


def pay_year(
    cases: NarrowCases,
    adjustments: pl.DataFrame,
    months: pl.DataFrame,
    budgets: Mapping[str, YearBudget],
    scores: pl.DataFrame | None,
    policy: Policy,
    year: int,
    payments: pl.DataFrame = NO_PAYMENTS,
    levels: Mapping[str, str] | None = None,
) -> PaidCases:
    """Clear a year, of whose cases settlement needs no more than NarrowCases; else as clear_year."""
    rules, sharing = policy.settlement, policy.clearing
    if sharing is None:
        raise DrgpayError(*_ERRORS("no_clearing", year=year))
    deductions = deductions_by_account(payments, policy.records.accounts)
    paid_before = _paid_by_line(months, policy)
    others = [*paid_before.values(), *lines_for_deductions(deductions, cases.kinds)]
    found = borne(cases, adjustments, others, policy)
    with_cases = {row["hospital_id"] for row in found.lines if row["in_pool"] and _earned(row)}
    assessed = assessed_hospitals(scores, sharing.assessment, sorted(with_cases), year)
    _refuse_unknown_pools(budgets, policy, year)

    def paid() -> Iterator[PaidPool]:
        for pool in pools_of(policy):
            mine = found.of(pool)
            if not mine and pool.name not in budgets:
                continue
            if pool.name not in budgets:
                raise DrgpayError(*_ERRORS("year_without_budget", year=year, pool=pool.name))
            final = _final_budget(pool.name, mine, budgets[pool.name], policy, sharing)
            final_fen = final["budget_final_fen"]
            priced = price_pool(pool.name, mine, final_fen, Rules(rules, levels, final=True))
            available = final_fen + priced.totals["from_home_funds_fen"]
            mine = assessed_lines(priced.lines, assessed, sharing.assessment)
            mine = _settled_up(mine, paid_before, deductions)
            _refuse_budget_below_prepaid(pool.name, mine, available, _payments(months, mine), rules)
            sums = _sums([line for line in mine if line["in_pool"]])
            yield PaidPool(pool, {**final, "available_fen": final_fen}, priced, mine, sums)

    # What the region does not pay comes from home funds; assessment and deductions are in payable.
    elsewhere = pl.when("paid_here").then(0).otherwise("fund_amount_fen")
    amount = pl.col("payable_fen") + elsewhere
    cleared = settled(found, paid(), POOL_SCHEMA, CLEARED_SCHEMA, amount, policy)
    assessment = _assessment_table(cleared.settled.lines)
    return replace(cleared, settled=replace(cleared.settled, assessment=assessment))


POOL_SCHEMA = pool_schema("pools")

CLEARED_SCHEMA = calculated_schema("cleared_statements")

_PAID = ["prepayment_fen", "deduction_fen", "home_fund_bill_fen"]


def _paid_by_line(months: pl.DataFrame, policy: Policy) -> dict[tuple[str, ...], Row]:
    """What the months paid, held back and billed, by line."""
    sums = months.group_by(LINE).agg(pl.col(_PAID).sum()).sort(LINE).rows(named=True)
    for row in sums:
        if row["account"] not in policy.records.accounts:
            raise DrgpayError(*_ERRORS("paid_in_other_account", account=row["account"]))
    return {line_key(row): row for row in sums}


def _refuse_unknown_pools(budgets: Mapping[str, YearBudget], policy: Policy, year: int) -> None:
    known = [pool.name for pool in pools_of(policy)]
    unknown = sorted(set(budgets) - set(known))
    if unknown:
        raise DrgpayError(
            *_ERRORS("budget_of_other_pool", year=year, pool=unknown[0], known=listed(known))
        )


def _earned(line: Row) -> bool:
    return bool(line["cases"] or line["points"])


def _final_budget(
    pool: str, lines: list[Row], year: YearBudget, policy: Policy, sharing: Clearing
) -> Row:
    """B_final: F and the retained part of the surplus, or B and the shared part of the overrun.

    What home funds pay for pooled outside cases stands on both sides and is left out.
    """
    shared_out = shared_budget(pool, year.budget_fen, lines, policy)
    budget_fen, spent = shared_out["budget_fen"], spent_by_points(lines)
    surplus = max(budget_fen - spent, 0)
    overrun = max(spent - budget_fen, 0)
    retained = shared_by_bands(surplus, budget_fen, sharing.surplus_retained, sharing.band_rule)
    shared = shared_by_bands(overrun, budget_fen, sharing.overrun_shared, sharing.band_rule)
    if not sharing.overrun_beyond_reserve:
        shared = min(shared, year.reserve_fen)
    return {
        **shared_out,
        "reserve_fen": year.reserve_fen,
        "fund_fen": spent,
        "surplus_fen": surplus,
        "overrun_fen": overrun,
        "retained_fen": retained,
        "shared_fen": shared,
        "budget_final_fen": min(spent, budget_fen) + retained + shared,
    }


def _settled_up(
    lines: list[Row],
    paid: Mapping[tuple[str, ...], Row],
    deductions: Mapping[tuple[str, str], int],
) -> list[Row]:
    """The lines with what is payable, withheld and still to pay, by the region and home funds."""
    lines = [dict(line) for line in lines]
    for line in lines:
        before = paid.get(line_key(line), dict.fromkeys(_PAID, 0))
        line["deduction_fen"] = before["deduction_fen"]
        line["prepaid_fen"] = before["prepayment_fen"]
        line["home_fund_billed_fen"] = before["home_fund_bill_fen"]
    by_account = {(line["hospital_id"], line["account"]) for line in lines}
    for (hospital, account), amount in deductions.items():
        if (hospital, account) in by_account:
            deductible_lines(lines, hospital, account)[0]["deduction_fen"] += amount
    for line in lines:
        fund = line["fund_amount_fen"] if line["paid_here"] else 0
        line["payable_fen"] = (
            fund - line["assessment_fen"] + line["redistributed_fen"] - line["deduction_fen"]
        )
        line["withheld_fen"] = fund - line["payable_fen"]
        line["clearing_fen"] = line["payable_fen"] - line["prepaid_fen"]
        line["home_fund_bill_fen"] = home_fund_bill(line)
        line["home_fund_clearing_fen"] = line["home_fund_bill_fen"] - line["home_fund_billed_fen"]
    return lines


def _payments(months: pl.DataFrame, lines: list[Row]) -> int:
    """How many prepayments the months made to the lines of the pool."""
    inside = {tuple(line[key] for key in LINE) for line in lines if line["in_pool"]}
    paid = months.filter(pl.col("prepayment_fen") > 0).select(LINE)
    return sum(key in inside for key in paid.iter_rows())


def _refuse_budget_below_prepaid(
    pool: str, lines: list[Row], available_fen: int, payments: int, rules: Settlement
) -> None:
    """What was paid in the year is more than the year has: somebody must say that this is so."""
    prepaid = sum(line["prepaid_fen"] for line in lines if line["in_pool"])
    # Each prepayment and the standard it comes from were rounded, by half a fen at most.
    if prepaid - available_fen > payments and not rules.may_exceed_budget:
        said = {"pool": pool, "available": yuan(available_fen), "prepaid": yuan(prepaid)}
        raise DrgpayError(*_ERRORS("final_budget_below_prepaid", key=rules.key, **said))


_SUMS = [
    "assessment_fen",
    "redistributed_fen",
    "deduction_fen",
    "withheld_fen",
    "payable_fen",
    "prepaid_fen",
    "clearing_fen",
]


def _sums(lines: list[Row]) -> Row:
    return {column: sum(line[column] for line in lines) for column in _SUMS}


def _assessment_table(statements: pl.DataFrame) -> pl.DataFrame:
    """One row an assessed hospital."""
    return (
        statements.filter(pl.col("score").is_not_null())
        .group_by("hospital_id", "score", "factor")
        .agg(pl.col("fund_amount_fen", "assessment_fen", "redistributed_fen").sum())
        .sort("hospital_id")
    )
