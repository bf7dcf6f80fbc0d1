"""What a month prepays of each line, and what it holds back (docs/settlement.md, "Prepayment")."""

from collections.abc import Iterable
from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_PLACES, POINT_SCALE, half_up, refuse_large_sums, scaled
from drgpay.base.words import Sentences
from drgpay.policy.settlement import Settlement
from drgpay.settle.lines import Row
from drgpay.settle.pricing import BudgetError, yuan

_ERRORS = Sentences("errors/settle")


def deductions_by_account(
    payments: pl.DataFrame, accounts: tuple[str, ...]
) -> dict[tuple[str, str], int]:
    """The payment deductions of each hospital and account, in fen, sorted.

    payments: hospital_id, account, amount_fen. Raises DrgpayError for an unknown account.
    """
    refuse_large_sums(payments, ("amount_fen",), _ERRORS.words("all_deductions"))
    sums = payments.group_by("hospital_id", "account").agg(pl.col("amount_fen").sum())
    for hospital, account, _ in sums.sort("hospital_id", "account").iter_rows():
        if account not in accounts:
            raise DrgpayError(
                *_ERRORS("deduction_of_other_account", hospital=hospital, account=account)
            )
    return {(hospital, account): amount for hospital, account, amount in sorted(sums.iter_rows())}


def lines_for_deductions(deductions: Iterable[tuple[str, str]], cases: pl.DataFrame) -> list[Row]:
    """Keys of lines for hospitals without local cases in an account, to bear its deduction."""
    if not deductions:
        return []
    local = cases.filter(~pl.col("out_of_area")).select("hospital_id", "account").unique()
    return [
        {"hospital_id": hospital, "account": account, "out_of_area": False, "payment": "points"}
        for hospital, account in sorted(set(deductions) - set(local.rows()))
    ]


def prepaid_lines(
    lines: list[Row], deductions: dict[tuple[str, str], int], rules: Settlement
) -> list[Row]:
    """The lines with prepayment_fen, deduction_fen, deducted_fen, carried_fen, home_fund_bill_fen.

    A negative fund amount gives no prepayment and is carried into the clearing; so is what a
    deduction takes beyond the prepayment of its hospital and account. The home funds of outside
    patients are billed the fund amount, which the hospital gets from them and not from this
    budget. Where outside cases are pooled, their item-by-item cost joined the budget: that is
    billed, and the hospital is prepaid from the pool.
    """
    lines = [dict(line) for line in lines]
    ratio = scaled(rules.prepay_ratio, POINT_PLACES)
    for line in lines:
        fund, here = line["fund_amount_fen"], line["paid_here"]
        share = half_up(Fraction(fund * ratio, POINT_SCALE)) if fund > 0 else 0
        line["prepayment_fen"] = share if here else 0
        line["deduction_fen"] = line["deducted_fen"] = 0
        line["carried_fen"] = min(fund, 0) if here else 0
        line["home_fund_bill_fen"] = home_fund_bill(line)
    for (hospital, account), amount in deductions.items():
        mine = deductible_lines(lines, hospital, account)
        for line in mine:
            taken = min(amount, line["prepayment_fen"])
            line["prepayment_fen"] -= taken
            line["deducted_fen"] += taken
            line["deduction_fen"] += taken
            amount -= taken
        mine[0]["deduction_fen"] += amount
        mine[0]["carried_fen"] -= amount
    return lines


def home_fund_bill(line: Row) -> int:
    """What the home funds pay for a line of outside patients, in fen."""
    if not line["out_of_area"]:
        return 0
    return int(line["fund_fen"] if line["paid_here"] else line["fund_amount_fen"])


def deductible_lines(lines: list[Row], hospital: str, account: str) -> list[Row]:
    """The lines that bear a deduction, in this order: local before outside, points before items."""
    return sorted(
        (
            line
            for line in lines
            if (line["hospital_id"], line["account"]) == (hospital, account) and line["paid_here"]
        ),
        key=lambda line: (line["out_of_area"], line["payment"] != "points"),
    )


def refuse_prepaying_too_much(
    pool: str, lines: list[Row], available_fen: int, rules: Settlement
) -> None:
    """Negative fund amounts wait for the clearing, so the positive ones can exceed the budget."""
    inside = [line for line in lines if line["in_pool"]]
    prepaid = sum(line["prepayment_fen"] for line in inside)
    # Standard and prepayment of a line are rounded, by half a fen at most each.
    if prepaid - available_fen > len(inside) and not rules.may_exceed_budget:
        said = {"pool": pool, "prepaid": yuan(prepaid), "available": yuan(available_fen)}
        raise BudgetError(*_ERRORS("prepaid_too_much", key=rules.key, **said))
