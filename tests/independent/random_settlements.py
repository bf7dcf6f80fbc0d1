"""Random settlements from a number alone: months with their rows, a correction, a year, visits.

Points are given here, so that everything can happen often: rows on earlier stays, points that have
no value, rates, deductions above what is due.
"""

import random
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from drgpay.policy.model import Policy

from .policies import changed
from .recomputation.capitation import Enrolled
from .recomputation.records import HeldBack
from .recomputation.settlement import Case, Minus, Taken

ACCOUNTS = ("employee", "resident")
LEVELS = {"H1": "3A", "H2": "2A", "H3": "2A", "H4": "1", "H9": "0"}
HOSPITALS = ("H1", "H2", "H3", "H4")
MONTHS = (1, 2, 3)
_POINTS = (0, 1, 333_350, 10_000)
_RATES = [
    {"account": account, "level": level, "yuan": str(Decimal(9_000 - 700 * place) + odd)}
    for account, odd in (("employee", Decimal("86.9352")), ("resident", Decimal("0.5")))
    for place, level in enumerate(("3A", "2A", "1", "0"))
]
_BANDS = [
    [{"up_to": "0.0501", "share": "1"}, {"up_to": "0.5", "share": "0.3333"}, {"share": "0"}],
    [{"share": "0.85"}],
]


@dataclass(frozen=True)
class Period:
    """What a month, a correction or a year is settled from."""

    cases: list[Case]
    minus: list[Minus]
    taken: list[Taken]
    held_back: list[HeldBack]


@dataclass(frozen=True)
class Settlement:
    """A random region: its months, the first one corrected, its year, and visits of a month."""

    policy: Policy
    months: dict[int, Period]
    corrected: Period
    year: Period
    reserve: Decimal
    scores: dict[str, Decimal]
    visits: list[Case]
    contracts: dict[str, str | None]
    enrolment: list[Enrolled]


def random_settlement(number: int, base: Policy) -> Settlement:
    """The settlement of a number."""
    rng = random.Random(f"settlement {number}")
    few = rng.random() < 0.25  # pools in which rows can take all points
    months: dict[int, Period] = {}
    earlier: list[Case] = []
    for month in MONTHS:
        months[month] = _period(rng, f"M{month}", earlier, few)
        earlier += months[month].cases
    year = _period(
        rng, "", [], few, [_changed(rng, case) for case in earlier if rng.random() < 0.9]
    )
    first = months[1]
    kept = [_changed(rng, case) for case in first.cases if rng.random() < 0.85]
    corrected = _period(rng, "K", [], few, [*kept, *_cases(rng, "K", few)])
    visits = [replace(case, case_id=f"V{case.case_id}") for case in _cases(rng, "V", few=False)]
    contracts = {case.case_id: rng.choice([None, "H1", "H2", "X9"]) for case in visits}
    return Settlement(
        changed(base, _rules(rng)),
        months,
        corrected,
        year,
        Decimal(rng.randrange(10**8)).scaleb(-2),
        {hospital: Decimal(rng.randrange(0, 10_001)).scaleb(-2) for hospital in LEVELS},
        visits,
        contracts,
        [Enrolled(one, account, None, 10) for one in ("H1", "H2") for account in ACCOUNTS],
    )


def _rules(rng: random.Random) -> dict[str, Any]:
    method = rng.choice(["residual", "residual", "residual", "fund_only", "cost", "rate"])
    by_rate = method == "rate"
    budgets = {
        f"2026-{month:02d}": {
            account: str(Decimal(rng.randrange(10**6, 10**8)).scaleb(-2)) for account in ACCOUNTS
        }
        for month in MONTHS
    }
    withheld = rng.choice(["fund", "redistribute", None])
    best = "1.0333" if withheld == "redistribute" else "1"
    bands = [
        {"score_from": score, "factor": factor}
        for score, factor in zip(("90", "60.5", "0"), (best, "0.9777", "0.5"), strict=True)
    ]
    settlement = {
        "method": method,
        "rates": _RATES if by_rate else [],
        "deducted_points": rng.choice(["fund", "fund", "pool"]),
        "value_places": rng.choice([6, 7] if by_rate else [0, 2, 4, 4, 6]),
        "prepay_ratio": rng.choice(["0.85", "0.97", "1", "0.3333"]),
        "out_of_area": rng.choice(["same_price", "pooled", "excluded"]),
        "distribute_remainder": "none" if by_rate else rng.choice(["none", "all"]),
        "merged_accounts": rng.choice([[], [["resident", "employee"]]]),
        "may_exceed_budget": rng.random() < 0.9,
    }
    assessment = {"maximum_score": 100, "bands": bands, "withheld": withheld}
    return {
        **{f"settlement.{key}": value for key, value in settlement.items()},
        "budget.month_yuan": budgets,
        "budget.less_item_by_item": rng.random() < 0.4,
        "clearing.band_rule": rng.choice(["marginal", "whole"]),
        "clearing.surplus_retained": rng.choice(_BANDS),
        "clearing.overrun_shared": rng.choice(_BANDS),
        "clearing.overrun_beyond_reserve": rng.random() < 0.5,
        "clearing.assessment": assessment if withheld else None,
    }


def _period(
    rng: random.Random,
    prefix: str,
    earlier: list[Case],
    few: bool,
    cases: list[Case] | None = None,
) -> Period:
    cases = _cases(rng, prefix, few) if cases is None else cases
    minus = [
        Minus(case.case_id, step, -_amount(rng, few))
        for case in cases
        if rng.random() < 0.15
        for step in range(2, 2 + 2 * rng.choice([1, 1, 2]), 2)
    ]
    # A stay paid item by item has no row.
    by_points = [case for case in earlier if case.case_class != "fee" and not case.out_of_area]
    minus += [
        Minus(
            case.case_id,
            1,
            -_amount(rng, few) if rng.random() < 0.8 else _amount(rng, few),
            deducted=rng.random() < 0.5,
            earlier=(case.hospital_id, case.account, case.out_of_area),
        )
        for case in rng.sample(by_points, min(len(by_points), rng.randrange(4)))
    ]
    taken = [
        Taken(case.case_id, 1, -_amount(rng, few=False))
        for case in cases
        if case.case_class != "fee" and rng.random() < 0.15
    ]
    held = [
        HeldBack(hospital, account, Decimal(rng.randrange(1, 10**6)).scaleb(-2))
        for hospital in ("H1", "H9")
        for account in ACCOUNTS
        if rng.random() < 0.2
    ]
    return Period(cases, minus, taken, held)


def _cases(rng: random.Random, prefix: str, few: bool) -> list[Case]:
    cases = [
        _case(rng, f"{prefix}{place:02d}") for place in range(rng.randrange(2, 6 if few else 22))
    ]
    rng.shuffle(cases)
    return cases


def _case(rng: random.Random, case_id: str) -> Case:
    case_class = rng.choice(["normal", "normal", "normal", "high", "fee"])
    parts = [Decimal(rng.choice([0, 3_333, rng.randrange(10**6)])).scaleb(-2) for _ in range(3)]
    return Case(
        case_id=case_id,
        hospital_id=rng.choice(HOSPITALS),
        account=rng.choice(ACCOUNTS),
        out_of_area=rng.random() < 0.25,
        case_class=case_class,
        points=Decimal(0) if case_class == "fee" else _amount(rng, few=False),
        total_cost=sum(parts, Decimal(0)),
        fund_cost=parts[0],
        patient_cost=parts[1],
        other_cost=parts[2],
    )


def _changed(rng: random.Random, case: Case) -> Case:
    return _case(rng, case.case_id) if rng.random() < 0.25 else case


def _amount(rng: random.Random, few: bool) -> Decimal:
    most = 60_000_000 if few else 2_500_000
    return Decimal(rng.choice([*_POINTS, *[rng.randrange(most) for _ in range(5)]])).scaleb(-4)
