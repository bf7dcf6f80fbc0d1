"""Random small regions: cases, minus rows, payment deductions, scores and policies."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import polars as pl
from hypothesis import strategies as st

from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.policy.settlement import (
    Assessment,
    AssessmentBand,
    Budget,
    Clearing,
    EqualMonths,
    SharingBand,
)
from drgpay.settle.lines import PAYMENT_SCHEMA

CORE = load_policy("zhejiang-2019-core").policy
HOSPITALS = ("H1", "H2", "H3")
ANCHOR_POINTS = 3000_0001
ACCOUNTS = ("employee", "resident")

CASE_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "hospital_id": pl.String(),
    "account": pl.String(),
    "out_of_area": pl.Boolean(),
    "case_class": pl.String(),
    "points": pl.Int64(),
    "total_fen": pl.Int64(),
    "fund_fen": pl.Int64(),
    "patient_fen": pl.Int64(),
    "other_fen": pl.Int64(),
}


@dataclass(frozen=True)
class Region:
    """A region's month or year, as settle_month and clear_year take it."""

    cases: pl.DataFrame
    adjustments: pl.DataFrame
    payments: pl.DataFrame
    policy: Policy


@st.composite
def regions(draw: st.DrawFn, *, may_exceed: bool = True) -> Region:
    """A region in which every pool that has cases paid by points earns some."""
    cases = [draw(_cases(number)) for number in range(draw(st.integers(1, 14)))]
    minus = [
        _minus_row(case, draw(st.integers(1, 900_000)), step)
        for case in cases
        if draw(st.integers(0, 4)) == 0
        for step in range(1, draw(st.integers(1, 2)) + 1)
    ]
    payments = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "hospital_id": st.sampled_from([*HOSPITALS, "H9"]),
                    "account": st.sampled_from(ACCOUNTS),
                    "amount_fen": st.integers(1, 500_000_00),
                }
            ),
            max_size=2,
        )
    )
    # A large local case in each account keeps every pool's points above zero.
    for account in ACCOUNTS:
        if any(row["account"] == account for row in cases) or draw(st.booleans()):
            cases.append(_anchor(len(cases), account))
    return Region(
        pl.DataFrame(cases, schema=CASE_SCHEMA),
        pl.DataFrame(minus, schema=ADJUSTMENT_SCHEMA),
        pl.DataFrame(payments, schema=PAYMENT_SCHEMA),
        draw(policies(may_exceed=may_exceed)),
    )


@st.composite
def policies(draw: st.DrawFn, *, may_exceed: bool) -> Policy:
    """The core policy with any settlement, budget and clearing."""
    merged: tuple[tuple[str, ...], ...] = draw(st.sampled_from([(), (ACCOUNTS,)]))
    rules = CORE.settlement.model_copy(
        update={
            "method": draw(st.sampled_from(["residual", "fund_only", "cost"])),
            "deducted_points": draw(st.sampled_from(["fund", "pool"])),
            "out_of_area": draw(st.sampled_from(["same_price", "pooled", "excluded"])),
            "distribute_remainder": draw(st.sampled_from(["none", "all"])),
            "value_places": draw(st.integers(0, 6)),
            "prepay_ratio": draw(st.sampled_from([Decimal("0.85"), Decimal("0.97"), Decimal(1)])),
            "merged_accounts": merged,
            "may_exceed_budget": may_exceed,
        }
    )
    return CORE.model_copy(
        update={"settlement": rules, "budget": draw(_budgets()), "clearing": draw(_clearings())}
    )


@st.composite
def _cases(draw: st.DrawFn, number: int) -> dict[str, Any]:
    fund, patient, other = (draw(st.integers(0, 90_000_00)) for _ in range(3))
    fee = draw(st.integers(0, 5)) == 0
    return {
        "case_id": f"c{number:03d}",
        "hospital_id": draw(st.sampled_from(HOSPITALS)),
        "account": draw(st.sampled_from(ACCOUNTS)),
        "out_of_area": draw(st.integers(0, 3)) == 0,
        "case_class": "fee" if fee else "normal",
        "points": 0 if fee else draw(st.integers(0, 500_0000)),
        "total_fen": fund + patient + other,
        "fund_fen": fund,
        "patient_fen": patient,
        "other_fen": other,
    }


def _anchor(number: int, account: str) -> dict[str, Any]:
    return {
        "case_id": f"c{number:03d}",
        "hospital_id": "H1",
        "account": account,
        "out_of_area": False,
        "case_class": "normal",
        "points": ANCHOR_POINTS,
        "total_fen": 2_000_000_01,
        "fund_fen": 1_500_000_01,
        "patient_fen": 400_000_00,
        "other_fen": 100_000_00,
    }


def _minus_row(case: dict[str, Any], points: int, step: int) -> dict[str, Any]:
    keys = ("case_id", "hospital_id", "account", "out_of_area")
    return {key: case[key] for key in keys} | {
        "step": step,
        "applies_to": "hospital",
        "kind": "fraud",
        "points": -points,
        "code": "hospital_minus",
        "evidence": None,
    }


def _budgets() -> st.SearchStrategy[Budget]:
    amounts = st.integers(1_000_00, 90_000_000_00).map(lambda fen: Decimal(fen).scaleb(-2))
    return st.builds(
        Budget,
        annual_yuan=st.fixed_dictionaries(dict.fromkeys(ACCOUNTS, amounts)),
        reserve_ratio=st.sampled_from([Decimal(0), Decimal("0.05"), Decimal("0.3")]),
        months=st.just(EqualMonths(rule="equal")),
        month_yuan=st.just({}),
    )


@st.composite
def _clearings(draw: st.DrawFn) -> Clearing:
    shares = st.integers(0, 10_000).map(lambda n: Decimal(n).scaleb(-4))
    kinds: tuple[Literal["fund", "redistribute"], ...] = ("fund", "redistribute")
    withheld = draw(st.sampled_from(kinds))
    highest = 12_000 if withheld == "redistribute" else 10_000
    factors = st.integers(5_000, highest).map(lambda n: Decimal(n).scaleb(-4))
    assessment = Assessment(
        maximum_score=Decimal(100),
        bands=(
            AssessmentBand(score_from=Decimal(90), factor=draw(factors)),
            AssessmentBand(score_from=Decimal(60), factor=draw(factors)),
            AssessmentBand(score_from=Decimal(0), factor=draw(factors)),
        ),
        withheld=withheld,
    )

    def bands() -> tuple[SharingBand, ...]:
        return (
            SharingBand(up_to=Decimal("0.05"), share=draw(shares)),
            SharingBand(up_to=Decimal("0.1"), share=draw(shares)),
            SharingBand(share=draw(shares)),
        )

    return Clearing(
        band_rule=draw(st.sampled_from(["marginal", "whole"])),
        surplus_retained=bands(),
        overrun_shared=bands(),
        overrun_beyond_reserve=draw(st.booleans()),
        assessment=draw(st.sampled_from([None, assessment])),
    )


def scores_of(policy: Policy, *scores: str) -> pl.DataFrame | None:
    """A table of scores of HOSPITALS, if the policy assesses them."""
    if policy.clearing is None or policy.clearing.assessment is None:
        return None
    given = [int(Decimal(score) * 10_000) for score in scores]
    return pl.DataFrame({"hospital_id": list(HOSPITALS), "score": given})
