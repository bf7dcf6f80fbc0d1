"""A small settled month and a cleared year, for tests of what reports show of them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.base.period import Period
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.results.part import STAYS
from drgpay.results.results import (
    Results,
    RunFacts,
    booking_frames,
    case_frames,
    line_frames,
)
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.ledger import ledger_of_clearing, ledger_of_month
from drgpay.settle.lines import NO_PAYMENTS
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled

GROUPS = {f"AA{number:02d}": f"示例病组{number}" for number in range(60)}
HOSPITALS = pl.DataFrame(
    {
        "hospital_id": ["H1", "H2", "H3", "H4"],
        "name": ["市第一医院", "市第二医院", "县医院", "镇卫生院"],
        "level": ["3A", "2B", "1", "own level"],
    }
)
PERIOD = Period.parse("2026-03")


@dataclass(frozen=True)
class Region:
    """A settled month with what it was made of."""

    policy: Policy
    settled: Settled
    ledger: pl.DataFrame
    tables: Results


def policy_with(settlement: dict[str, Any], name: str = "illustrative") -> Policy:
    """A shipped policy with a budget that fits a few hundred cases."""
    policy = load_policy(name).policy
    assert policy.budget
    budget = policy.budget.model_copy(
        update={
            "annual_yuan": {"employee": Decimal("48000000"), "resident": Decimal("36000000")},
            "month_yuan": {},
        }
    )
    rules = policy.settlement.model_copy(update=settlement)
    return policy.model_copy(update={"budget": budget, "settlement": rules})


def settled_region(seed: int, policy: Policy, cases: int = 400) -> Region:
    """A month of random cases with adjustments of every reach."""
    rng = random.Random(seed)
    rows = [_case(rng, number) for number in range(cases)]
    adjustments = [
        {**dict.fromkeys(ADJUSTMENT_SCHEMA), **row}
        for case in rows
        for row in _adjustments(rng, case)
    ]
    frame = pl.DataFrame(rows, schema_overrides=_SCHEMA)
    adjusted = pl.DataFrame(adjustments, schema=ADJUSTMENT_SCHEMA)
    payments = pl.DataFrame(
        {"hospital_id": ["H1"], "account": ["employee"], "amount_fen": [123_456]},
        schema=NO_PAYMENTS.schema,
    )
    settled = settle_month(frame, adjusted, policy, PERIOD, payments)
    ledger = ledger_of_month(PERIOD, settled)
    findings = pl.DataFrame(
        {
            "case_id": ["X1", "X2"],
            "hospital_id": ["H1", "H2"],
            "settlement_date": [date(2026, 3, 1)] * 2,
            "code": ["bad_type", "cost_identity"],
            "column": ["total_cost", None],
            "message": ["12.345", "1.00"],
        }
    )
    counts = {"read": cases + 2, "valid": cases, "quarantined": 2, "warnings": 0}
    facts = _facts(policy, "2026-03-test", str(PERIOD), counts)
    frames = _frames(settled, ledger, policy)
    frames |= {"quarantine": findings, "warnings": findings.clear()}
    return Region(policy, settled, ledger, Results(STAYS, facts, frames))


def _frames(settled: Settled, ledger: pl.DataFrame, policy: Policy) -> dict[str, pl.DataFrame]:
    return {
        **case_frames(STAYS, settled),
        **line_frames(settled, policy, HOSPITALS),
        **booking_frames(STAYS, ledger),
    }


def _facts(policy: Policy, run_id: str, period: str, counts: Mapping[str, int]) -> RunFacts:
    rules = policy.settlement
    return RunFacts(
        run_id=run_id,
        period=period,
        region="示例市",
        policy="示例政策",
        scheme="示例方案",
        catalogue="catalogue",
        method=rules.method,
        value_places=rules.value_places,
        deducted_points=rules.deducted_points,
        counts=counts,
    )


def cleared_region(region: Region, budget_yuan: int) -> Results:
    """The month as a whole year."""
    settled = region.settled
    adjustments = settled.adjustments.select(list(ADJUSTMENT_SCHEMA))
    scores = pl.DataFrame(
        {"hospital_id": HOSPITALS["hospital_id"], "score": [950_000, 850_000, 700_000, 500_000]}
    )
    pools = settled.pools["pool"].to_list()
    cleared = clear_year(
        settled.cases.drop("payment", "standard_fen", "case_fund_fen"),
        adjustments,
        settled.lines,
        {pool: YearBudget(budget_yuan * 100, 20_000_000) for pool in pools},
        scores if region.policy.clearing and region.policy.clearing.assessment else None,
        region.policy,
        2026,
    )
    ledger = ledger_of_clearing(2026, region.ledger, cleared)
    facts = _facts(region.policy, "2026-test", "2026", {})
    line = ["hospital_id", "account", "out_of_area", "payment"]
    prepaid = region.tables.statements.select(*line, "prepayment", period=pl.lit(str(PERIOD)))
    return Results(STAYS, facts, _frames(cleared, ledger, region.policy), {"prepayments": prepaid})


_SCHEMA: dict[str, pl.DataType] = {
    "bed_day_class": pl.String(),
    "admission_date": pl.Date(),
    **dict.fromkeys(("age", "age_days"), pl.Decimal(18, 4)),
    **dict.fromkeys(("age_times", "age_divide"), pl.Int64()),
}


def _case(rng: random.Random, number: int) -> dict[str, Any]:
    by_item = rng.random() < 0.05
    total = rng.randrange(200_000, 3_000_000)
    patient, other = rng.randrange(total // 2), rng.randrange(total // 20)
    base, coefficient = rng.randrange(200_000, 4_000_000), rng.randrange(8_000, 12_000)
    points = 0 if by_item else -(-base * coefficient // 10_000)
    mean = rng.randrange(300_000, 2_000_000)
    return {
        "case_id": f"C{number:05d}",
        "hospital_id": rng.choice(["H1", "H1", "H2", "H3"]),
        "level": "3A",
        "account": rng.choice(["employee", "resident"]),
        "out_of_area": rng.random() < 0.1,
        "payment_unit": "fee" if by_item else "drg",
        "bed_day_class": None,
        "complete": True,
        "age": None,
        "age_days": None,
        "admission_date": date(2026, 3, 1),
        "discharge_date": date(2026, 3, 9),
        "settlement_date": date(2026, 3, 9),
        "status": "grouped",
        "mdc": "A",
        "adrg": "AA0",
        "drg": rng.choice([*GROUPS]),
        "severity": "9",
        "case_class": "fee" if by_item else "normal",
        "stability": "stable",
        "base_points": base,
        "age_times": None,
        "age_divide": None,
        "coefficient": coefficient,
        "mean_fen": mean,
        "reference_mean_fen": mean,
        "bounds_mean_fen": mean,
        "cost_ratio": (total * 20_000 + mean) // (2 * mean),
        "high_ratio": 30_000,
        "length_of_stay": 8,
        "formula": "item by item" if by_item else "base_points * coefficient",
        "points_before": 0 if by_item else (2 * base * coefficient + 10_000) // 20_000,
        "points": points,
        "total_fen": total,
        "fund_fen": total - patient - other,
        "patient_fen": patient,
        "other_fen": other,
    }


def _adjustments(rng: random.Random, case: dict[str, Any]) -> list[dict[str, Any]]:
    """Some cases are halved, some lose everything and twice their base points."""
    of_case = {name: case[name] for name in ("case_id", "hospital_id", "account", "out_of_area")}
    case["points"] = case["points_before"]
    if case["payment_unit"] == "fee" or rng.random() < 0.8:
        return []
    exact = case["base_points"] * case["coefficient"]
    if rng.random() < 0.5:
        case["points"] = (exact + 10_000) // 20_000
        halved = {"code": "readmission", "factor": 5_000, "days": 15, "evidence": "C99999"}
        change = case["points"] - case["points_before"]
        row = {**of_case, "step": 1, "applies_to": "case", "kind": "readmission", "points": change}
        return [{**row, **halved}]
    case["points"] = 0
    minus = -2 * case["base_points"]
    deducted = {**of_case, "kind": "up_coding", "evidence": "finding"}
    all_points = {"points": -case["points_before"], "code": "deduction", "factor": 0}
    twice = {"code": "hospital_minus_serious", "factor": 20_000, "base": "base_points"}
    return [
        {**deducted, "step": 1, "applies_to": "case", **all_points},
        {**deducted, "step": 2, "applies_to": "hospital", "points": minus, **twice},
    ]
