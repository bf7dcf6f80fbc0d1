"""Budgets, rates, and what a month finds or refuses (docs/examples/settlement.md has its figures)."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.policy.settlement import (
    Budget,
    EqualMonths,
    PlausibleValueChange,
    Settlement,
    WeightedMonths,
)
from drgpay.settle.budget import month_budget_fen
from drgpay.settle.findings import deductions_above_payable, implausible_values
from drgpay.settle.lines import NO_ADJUSTMENTS
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled

CORE = load_policy("zhejiang-2019-core").policy
OCTOBER = Period(2026, 10)


def fen(yuan: str | int) -> int:
    return int(Decimal(yuan) * 100)


def policy(budget_yuan: str, *accounts: str, **settlement: Any) -> Policy:
    """The core policy with a budget of some accounts for October and other settlement rules."""
    amount = Decimal(budget_yuan)
    budget = Budget(
        annual_yuan={},
        reserve_ratio=Decimal(0),
        months=EqualMonths(rule="equal"),
        month_yuan={"2026-10": dict.fromkeys(accounts or ["employee"], amount)},
    )
    rules = CORE.settlement.model_copy(update=settlement)
    return CORE.model_copy(update={"budget": budget, "settlement": rules})


def case(number: int, points: str, **change: Any) -> dict[str, Any]:
    """A case; amounts in yuan."""
    amounts = {"total": "0", "fund": "0", "patient": "0", "other": "0"}
    given = {key: str(change.pop(key)) for key in list(change) if key in amounts}
    return {
        "case_id": f"c{number}",
        "hospital_id": "H1",
        "account": "employee",
        "out_of_area": False,
        "case_class": "normal",
        "points": int(Decimal(points) * 10_000),
        **{f"{key}_fen": fen(value) for key, value in (amounts | given).items()},
        **change,
    }


def settle(with_policy: Policy, *cases: dict[str, Any]) -> Settled:
    return settle_month(pl.DataFrame(list(cases)), NO_ADJUSTMENTS, with_policy, OCTOBER)


def test_the_months_share_the_year_exactly() -> None:
    budget = Budget(
        annual_yuan={"employee": Decimal("1000000.01")},
        reserve_ratio=Decimal("0.05"),
        months=WeightedMonths(rule="weights", weights=tuple(Decimal(n) for n in range(1, 13))),
        month_yuan={},
    )
    shares = [month_budget_fen(budget, "employee", Period(2026, month)) for month in range(1, 13)]
    assert sum(shares) == fen("950000.01")
    assert shares == sorted(shares)
    equal = budget.model_copy(update={"months": EqualMonths(rule="equal")})
    thirds = {month_budget_fen(equal, "employee", Period(2026, month)) for month in range(1, 13)}
    assert max(thirds) - min(thirds) <= 1


def test_missing_budgets_are_named() -> None:
    with pytest.raises(DrgpayError, match=r"no \[budget\]"):
        month_budget_fen(None, "employee", OCTOBER)
    with pytest.raises(DrgpayError, match=r"no \[outpatient\.budget\]; add outpatient\.budget\."):
        month_budget_fen(None, "employee", OCTOBER, "outpatient.budget")
    with pytest.raises(DrgpayError, match="no budget for the account resident"):
        month_budget_fen(
            Budget(
                annual_yuan={"employee": Decimal(1)},
                reserve_ratio=Decimal(0),
                months=EqualMonths(rule="equal"),
                month_yuan={},
            ),
            "resident",
            OCTOBER,
        )


@pytest.mark.parametrize(("deducted_points", "found"), [("fund", []), ("pool", [1_01])])
def test_a_deduction_beyond_what_was_payable_is_found(
    deducted_points: str, found: list[int]
) -> None:
    """C21: where the pool keeps it, it takes 1.01 of a hospital whose stay cost 1.00."""
    cases = [
        case(number, "1" if number else "0", hospital_id=f"H{number:03d}", total="1", fund="1")
        | {"case_id": f"c{number:03d}"}
        for number in range(100)
    ]
    taken = minus_of_hospital("c000", "split_stay", -1_0000)
    row = taken | {"hospital_id": "H000", "applies_to": "case"}
    settled = settle_month(
        pl.DataFrame(cases),
        pl.DataFrame([row], schema=ADJUSTMENT_SCHEMA),
        policy("100.00", deducted_points=deducted_points),
        OCTOBER,
    )
    said = deductions_above_payable(settled.lines, CORE.settlement)
    assert [one.amount_fen for one in said] == found
    assert {(one.code, one.hospital_id) for one in said} <= {("deduction_above_payable", "H000")}


def test_a_rate_asks_for_the_level_of_the_hospital() -> None:
    rates = [{"account": "employee", "level": "3A", "yuan": "9986.9352"}]
    raw = CORE.settlement.model_dump() | {"method": "rate", "rates": rates, "value_places": 6}
    by_rate = policy("10000.00").model_copy(update={"settlement": Settlement.model_validate(raw)})
    with pytest.raises(DrgpayError, match="has no level"):
        settle(by_rate, case(1, "137.5"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"distribute_remainder": "all"}, 'distribute_remainder = "none"'),
        ({"value_places": 4}, "value_places = 6"),
        ({"rates": []}, "rates are given exactly when"),
        ({"method": "residual"}, "rates are given exactly when"),
    ],
)
def test_rates_that_cannot_be_paid_are_refused(change: dict[str, Any], said: str) -> None:
    rates = [{"account": "employee", "level": "3A", "yuan": "9986.9352"}]
    raw = CORE.settlement.model_dump() | {"method": "rate", "rates": rates, "value_places": 6}
    Settlement.model_validate(raw)
    with pytest.raises(ValidationError, match=said):
        Settlement.model_validate(raw | change)


def minus_of_hospital(case_id: str, kind: str, points: int) -> dict[str, Any]:
    """An adjustment that applies to the hospital H1."""
    return {
        "case_id": case_id,
        "hospital_id": "H1",
        "account": "employee",
        "out_of_area": False,
        "step": 1,
        "applies_to": "hospital",
        "kind": kind,
        "points": points,
        "evidence": None,
    }


def test_points_that_stay_at_zero_stop_the_month() -> None:
    row = minus_of_hospital("c0", "readmission_earlier", -1)
    with pytest.raises(DrgpayError, match="earned no points"):
        settle_month(
            pl.DataFrame([case(1, "0")]),
            pl.DataFrame([row], schema=ADJUSTMENT_SCHEMA),
            policy("100.00"),
            OCTOBER,
        )


def _values(**change: Any) -> pl.DataFrame:
    row = {"pool": "employee", "cases": 100, "budget_fen": fen("1000"), "fund_fen": fen("1000")}
    row |= {"point_value": 10_0000, "points": 100_0000, "deducted_points": 0}
    return pl.DataFrame([row | change])


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"budget_fen": fen("500")}, []),
        ({"budget_fen": fen("1500")}, []),
        ({"budget_fen": fen("499.99")}, ["plausible_budget"]),
        ({"budget_fen": fen("1500.01")}, ["plausible_budget"]),
        ({"budget_fen": fen("1500.01"), "cases": 99}, []),
        ({"budget_fen": fen("0.1"), "fund_fen": 0}, []),
        ({"point_value": 12_0000}, []),
        ({"point_value": 8_0000}, []),
        ({"point_value": 12_0001}, ["plausible_value_change"]),
        ({"point_value": 7_9999}, ["plausible_value_change"]),
        ({"point_value": 7_9999, "cases": 99}, []),
        ({"point_value": None}, []),
        (
            {"budget_fen": fen("0.1"), "point_value": 1},
            ["plausible_budget", "plausible_value_change"],
        ),
    ],
)
def test_budgets_and_values_beyond_the_limits_are_found(
    change: dict[str, Any], codes: list[str]
) -> None:
    before = {"employee": Decimal("10.0000")}
    found = implausible_values(_values(**change), before, CORE.settlement, OCTOBER)
    assert [one.code for one in found] == codes
    assert all(one.pool == "employee" and "10,000" in one.said.en for one in found)


def test_what_is_not_compared_and_what_has_other_limits() -> None:
    moved = _values(point_value=13_0000)
    before = {"employee": Decimal("10.0000")}
    october = implausible_values(moved, before, CORE.settlement, OCTOBER)
    assert [(one.code, one.amount_fen) for one in october] == [
        ("plausible_value_change", fen("300"))
    ]
    change = PlausibleValueChange(by_month={"10": Decimal("0.3")})
    wider = CORE.settlement.model_copy(update={"plausible_value_change": change})
    assert implausible_values(moved, before, wider, OCTOBER) == []
    assert implausible_values(moved, None, CORE.settlement, OCTOBER) == []
    assert implausible_values(moved, {"resident": Decimal(1)}, CORE.settlement, OCTOBER) == []
    for method in ("cost", "rate"):
        of_method = CORE.settlement.model_copy(update={"method": method})
        assert implausible_values(moved, before, of_method, OCTOBER) == []
        far = _values(budget_fen=fen("9000"), point_value=13_0000)
        found = implausible_values(far, before, of_method, OCTOBER)
        assert [one.code for one in found] == ["plausible_budget"]
        assert found[0].yuan == Decimal("8000.00")


def test_shipped_policies_allow_more_around_the_new_year() -> None:
    for name in ("illustrative", "zhejiang-2019-core"):
        shipped = load_policy(name).policy
        for rules in (shipped.settlement, shipped.outpatient and shipped.outpatient.settlement):
            if rules:
                limits = [rules.plausible_value_change.in_month(month) for month in (1, 2, 3, 4)]
                assert limits == [Decimal("0.2"), Decimal("0.4"), Decimal("0.4"), Decimal("0.2")]
