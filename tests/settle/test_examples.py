"""Worked numbers of settlement (examples E1-E3, C14, C18-C20), through the code that a run uses."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from drgpay.errors import DrgpayError
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Budget, EqualMonths, WeightedMonths
from drgpay.records.period import Period
from drgpay.settle.budget import month_budget_fen
from drgpay.settle.lines import NO_ADJUSTMENTS
from drgpay.settle.month import Settled, settle_month
from drgpay.settle.value import PoolSums, point_value

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


def test_e1_the_fund_part_is_the_residual_and_may_be_negative() -> None:
    """Standard 24,227.05; patient 26,006.32; other 12,751.96: the fund part is -14,531.23."""
    costs = {"patient": "26006.32", "other": "12751.96", "total": "59444.09", "fund": "20685.81"}
    big = case(2, "1000", hospital_id="H2", patient="0")
    # A value of 100 yuan a point: budget = 124,227.05 - 38,758.28 for 1,242.2705 points.
    settled = settle(policy("85468.77"), case(1, "242.2705", **costs), big)
    assert settled.values["point_value"].to_list() == [100_0000]
    line = settled.statements.row(0, named=True)
    assert line["standard_fen"] == fen("24227.05")
    assert line["fund_amount_fen"] == fen("-14531.23")
    assert line["fund_fen"] == fen("20685.81")
    assert line["prepayment_fen"] == 0
    assert line["carried_fen"] == fen("-14531.23")
    assert settled.cases["case_fund_fen"].to_list()[0] == fen("-14531.23")


def test_e2_a_hospital_month() -> None:
    """174,098 points x 64 = 11,142,272.00."""
    settled = settle(policy("11142272.00"), case(1, "174098"))
    assert settled.values["point_value"].to_list() == [64_0000]
    assert settled.statements["standard_fen"].to_list() == [fen("11142272.00")]


def test_e3_half_up_to_the_fen() -> None:
    """0.4527 x 6,495.34 = 2,940.4404...; cost 66,789.00 leaves -63,848.56."""
    # 10,000.4527 points share 64,956,340.45 of patients' money and budget.
    settled = settle(
        policy("64889551.45"),
        case(1, "0.4527", patient="66789.00", total="66789.00"),
        case(2, "10000", hospital_id="H2"),
    )
    assert settled.values["point_value"].to_list() == [6495_3400]
    line = settled.statements.row(0, named=True)
    assert line["standard_fen"] == fen("2940.44")
    assert line["fund_amount_fen"] == fen("-63848.56")


def test_c14_point_value_by_cost() -> None:
    pool = PoolSums("employee", 0, 0, 0, fen("1000000"), 20_000 * 10_000)
    assert point_value(pool, "cost", 4) == 50_0000
    cases = [case(1, "3000", hospital_id="H1"), case(2, "17000", hospital_id="H2")]
    settled = settle(policy("1000000.00"), *cases)
    assert settled.values["point_value"].to_list() == [50_0000]
    assert settled.statements["standard_fen"].to_list() == [fen("150000.00"), fen("850000.00")]


def test_c18_largest_remainder_inside_a_hospital() -> None:
    """100.00 over cases with 33.335, 33.335 and 33.33: the tie goes to the first case_id."""
    # A value of 1 yuan a point.
    settled = settle(policy("100.00"), case(1, "33.335"), case(2, "33.335"), case(3, "33.33"))
    assert settled.cases["standard_fen"].to_list() == [33_34, 33_33, 33_33]


def test_c19_value_rounded_down_and_remainder() -> None:
    settled = settle(
        policy("600000.00"),
        case(1, "15000.1", patient="300000", other="50000"),
        case(2, "4999.2", hospital_id="H2", patient="50000"),
    )
    assert settled.values["point_value"].to_list() == [50_0017]
    assert settled.statements["standard_fen"].to_list() == [fen("750030.50"), fen("249968.50")]
    assert settled.values["fund_amount_fen"].to_list() == [fen("599999.00")]
    assert settled.values["remainder_fen"].to_list() == [fen("1.00")]


def test_c20_out_of_area_same_price() -> None:
    local = case(1, "18000", patient="400000", total="900000", fund="500000")
    outside = case(2, "200", patient="4000", total="9000", fund="5000", out_of_area=True)
    settled = settle(policy("500000.00"), local, outside)
    assert settled.values["point_value"].to_list() == [50_0000]
    line = settled.statements.filter("out_of_area").row(0, named=True)
    assert line["standard_fen"] == fen("10000.00")
    assert line["home_fund_bill_fen"] == fen("6000.00")
    assert line["prepayment_fen"] == 0
    assert settled.values["remainder_fen"].to_list() == [0]


def test_pooled_outside_cases_bring_their_home_funds_money() -> None:
    local = case(1, "100", patient="1000", total="5000", fund="4000")
    outside = case(2, "100", patient="500", total="2500", fund="2000", out_of_area=True)
    settled = settle(policy("4000.00", out_of_area="pooled"), local, outside)
    row = settled.values.row(0, named=True)
    assert row["from_home_funds_fen"] == fen("2000")
    assert row["point_value"] == 37_5000  # (4,000 + 2,000 + 1,500) / 200
    assert row["fund_amount_fen"] + row["remainder_fen"] == fen("6000")


def test_excluded_outside_cases_and_fee_cases_are_paid_item_by_item() -> None:
    local = case(1, "100", patient="1000", total="5000", fund="4000")
    outside = case(2, "100", patient="500", total="2500", fund="2000", out_of_area=True)
    fee = case(3, "0", patient="10", total="110", fund="100", case_class="fee")
    settled = settle(policy("4000.00", out_of_area="excluded"), local, outside, fee)
    assert settled.values["point_value"].to_list() == [50_0000]
    lines = settled.statements.select("out_of_area", "payment", "standard_fen", "fund_amount_fen")
    assert lines.rows() == [
        (False, "item_by_item", fen("110"), fen("100")),
        (False, "points", fen("5000"), fen("4000")),
        (True, "item_by_item", fen("2500"), fen("2000")),
    ]


def test_fund_only_values_price_the_fund_part_alone() -> None:
    settled = settle(policy("4000.00", method="fund_only"), case(1, "100", patient="1000"))
    assert settled.values["point_value"].to_list() == [40_0000]
    assert settled.statements["fund_amount_fen"].to_list() == [fen("4000")]


def test_distributed_remainder_leaves_nothing() -> None:
    cases = [case(1, "15000.1"), case(2, "4999.2", hospital_id="H2")]
    settled = settle(policy("1000000.00", distribute_remainder="all"), *cases)
    assert settled.values["remainder_fen"].to_list() == [0]
    assert settled.statements["fund_amount_fen"].sum() == fen("1000000.00")
    assert settled.cases["case_fund_fen"].sum() == fen("1000000.00")


def test_accounts_have_values_of_their_own() -> None:
    cases = [case(1, "100", patient="0"), case(2, "400", account="resident")]
    settled = settle(policy("20000.00", "employee", "resident"), *cases)
    assert settled.values.select("pool", "point_value").rows() == [
        ("employee", 200_0000),
        ("resident", 50_0000),
    ]


def test_prepayment_is_a_share_of_the_fund_amount() -> None:
    settled = settle(policy("1000.03", prepay_ratio=Decimal("0.85")), case(1, "1"))
    assert settled.statements["prepayment_fen"].to_list() == [fen("850.03")]  # 850.0255


def test_no_points_no_value() -> None:
    with pytest.raises(DrgpayError, match="employee earned no points"):
        settle(policy("100.00"), case(1, "0"))


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
