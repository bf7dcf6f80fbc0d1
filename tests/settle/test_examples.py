"""Worked numbers of settlement (examples E1-E3, C14, C18-C22), through the code that a run uses."""

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
    assert settled.pools["point_value"].to_list() == [100_0000]
    line = settled.lines.row(0, named=True)
    assert line["standard_fen"] == fen("24227.05")
    assert line["fund_amount_fen"] == fen("-14531.23")
    assert line["fund_fen"] == fen("20685.81")
    assert line["prepayment_fen"] == 0
    assert line["carried_fen"] == fen("-14531.23")
    assert settled.cases["case_fund_fen"].to_list()[0] == fen("-14531.23")


def test_e2_a_hospital_month() -> None:
    """174,098 points x 64 = 11,142,272.00."""
    settled = settle(policy("11142272.00"), case(1, "174098"))
    assert settled.pools["point_value"].to_list() == [64_0000]
    assert settled.lines["standard_fen"].to_list() == [fen("11142272.00")]


def test_e3_half_up_to_the_fen() -> None:
    """0.4527 x 6,495.34 = 2,940.4404...; cost 66,789.00 leaves -63,848.56."""
    # 10,000.4527 points share 64,956,340.45 of patients' money and budget.
    settled = settle(
        policy("64889551.45"),
        case(1, "0.4527", patient="66789.00", total="66789.00"),
        case(2, "10000", hospital_id="H2"),
    )
    assert settled.pools["point_value"].to_list() == [6495_3400]
    line = settled.lines.row(0, named=True)
    assert line["standard_fen"] == fen("2940.44")
    assert line["fund_amount_fen"] == fen("-63848.56")


def test_c14_point_value_by_cost() -> None:
    pool = PoolSums("employee", 0, 0, 0, fen("1000000"), 20_000 * 10_000)
    assert point_value(pool, "cost", 4) == 50_0000
    cases = [case(1, "3000", hospital_id="H1"), case(2, "17000", hospital_id="H2")]
    settled = settle(policy("1000000.00"), *cases)
    assert settled.pools["point_value"].to_list() == [50_0000]
    assert settled.lines["standard_fen"].to_list() == [fen("150000.00"), fen("850000.00")]


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
    assert settled.pools["point_value"].to_list() == [50_0017]
    assert settled.lines["standard_fen"].to_list() == [fen("750030.50"), fen("249968.50")]
    assert settled.pools["fund_amount_fen"].to_list() == [fen("599999.00")]
    assert settled.pools["remainder_fen"].to_list() == [fen("1.00")]


def test_c20_out_of_area_same_price() -> None:
    local = case(1, "18000", patient="400000", total="900000", fund="500000")
    outside = case(2, "200", patient="4000", total="9000", fund="5000", out_of_area=True)
    settled = settle(policy("500000.00"), local, outside)
    assert settled.pools["point_value"].to_list() == [50_0000]
    line = settled.lines.filter("out_of_area").row(0, named=True)
    assert line["standard_fen"] == fen("10000.00")
    assert line["home_fund_bill_fen"] == fen("6000.00")
    assert line["prepayment_fen"] == 0
    assert settled.pools["remainder_fen"].to_list() == [0]


def test_pooled_outside_cases_bring_their_home_funds_money() -> None:
    local = case(1, "100", patient="1000", total="5000", fund="4000")
    outside = case(2, "100", patient="500", total="2500", fund="2000", out_of_area=True)
    settled = settle(policy("4000.00", out_of_area="pooled"), local, outside)
    row = settled.pools.row(0, named=True)
    assert row["from_home_funds_fen"] == fen("2000")
    assert row["point_value"] == 37_5000  # (4,000 + 2,000 + 1,500) / 200
    assert row["fund_amount_fen"] + row["remainder_fen"] == fen("6000")


def test_excluded_outside_cases_and_fee_cases_are_paid_item_by_item() -> None:
    local = case(1, "100", patient="1000", total="5000", fund="4000")
    outside = case(2, "100", patient="500", total="2500", fund="2000", out_of_area=True)
    fee = case(3, "0", patient="10", total="110", fund="100", case_class="fee")
    settled = settle(policy("4000.00", out_of_area="excluded"), local, outside, fee)
    assert settled.pools["point_value"].to_list() == [50_0000]
    lines = settled.lines.select("out_of_area", "payment", "standard_fen", "fund_amount_fen")
    assert lines.rows() == [
        (False, "item_by_item", fen("110"), fen("100")),
        (False, "points", fen("5000"), fen("4000")),
        (True, "item_by_item", fen("2500"), fen("2000")),
    ]


def test_fund_only_values_price_the_fund_part_alone() -> None:
    settled = settle(policy("4000.00", method="fund_only"), case(1, "100", patient="1000"))
    assert settled.pools["point_value"].to_list() == [40_0000]
    assert settled.lines["fund_amount_fen"].to_list() == [fen("4000")]


def test_distributed_remainder_leaves_nothing() -> None:
    cases = [case(1, "15000.1"), case(2, "4999.2", hospital_id="H2")]
    settled = settle(policy("1000000.00", distribute_remainder="all"), *cases)
    assert settled.pools["remainder_fen"].to_list() == [0]
    assert settled.lines["fund_amount_fen"].sum() == fen("1000000.00")
    assert settled.cases["case_fund_fen"].sum() == fen("1000000.00")


def test_accounts_have_values_of_their_own() -> None:
    cases = [case(1, "100", patient="0"), case(2, "400", account="resident")]
    settled = settle(policy("20000.00", "employee", "resident"), *cases)
    assert settled.pools.select("pool", "point_value").rows() == [
        ("employee", 200_0000),
        ("resident", 50_0000),
    ]


def test_prepayment_is_a_share_of_the_fund_amount() -> None:
    settled = settle(policy("1000.03", prepay_ratio=Decimal("0.85")), case(1, "1"))
    assert settled.lines["prepayment_fen"].to_list() == [fen("850.03")]  # 850.0255


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


def test_c21_what_deductions_take_is_kept_by_the_fund() -> None:
    """B = F = 100.00, 100 stays of 1 point, one set to 0: the value stays 1.0000 and 1.00 is kept."""
    settled, row = _c21("fund")
    assert row["point_value"] == 1_0000
    assert (row["points"], row["deducted_points"]) == (99_0000, 1_0000)
    others = settled.lines.filter(pl.col("hospital_id") != "H000")
    assert others["fund_amount_fen"].to_list() == [1_00] * 99
    assert (row["fund_amount_fen"], row["kept_fen"], row["remainder_fen"]) == (99_00, 1_00, 0)
    assert deductions_above_payable(settled.lines, CORE.settlement) == []


def test_c21_in_the_pool_the_others_value_rises() -> None:
    settled, row = _c21("pool")
    assert row["point_value"] == 1_0101
    others = settled.lines.filter(pl.col("hospital_id") != "H000")
    assert others["fund_amount_fen"].to_list() == [1_01] * 99
    assert (row["fund_amount_fen"], row["kept_fen"], row["remainder_fen"]) == (99_99, 0, 1)
    found = deductions_above_payable(settled.lines, CORE.settlement)
    assert [(one.code, one.hospital_id, one.amount_fen) for one in found] == [
        ("deduction_above_payable", "H000", 1_01)
    ]


def _c21(deducted_points: str) -> tuple[Settled, dict[str, Any]]:
    cases = [
        case(number, "1" if number else "0", hospital_id=f"H{number:03d}", total="1", fund="1")
        | {"case_id": f"c{number:03d}"}
        for number in range(100)
    ]
    taken = pl.DataFrame(
        [
            {
                **{name: cases[0][name] for name in ("case_id", "hospital_id", "account")},
                "out_of_area": False,
                "step": 1,
                "applies_to": "case",
                "kind": "split_stay",
                "points": -1_0000,
                "reason": "points * 0",
                "evidence": None,
            }
        ],
        schema=ADJUSTMENT_SCHEMA,
    )
    with_policy = policy("100.00", deducted_points=deducted_points)
    settled = settle_month(pl.DataFrame(cases), taken, with_policy, OCTOBER)
    return settled, settled.pools.row(0, named=True)


def test_c22_a_rate_is_a_value() -> None:
    """Weight 1.25, coefficient 1.1, rate 9,986.9352: standard 13,732.04; the budget sets nothing."""
    rates = [{"account": "employee", "level": "3A", "yuan": "9986.9352"}]
    raw = CORE.settlement.model_dump() | {
        "method": "rate",
        "rates": rates,
        "value_places": 6,
        "may_exceed_budget": True,
    }
    by_rate = policy("10000.00").model_copy(update={"settlement": Settlement.model_validate(raw)})
    stay = case(1, "137.5", patient="4000", total="15000", fund="11000")
    settled = settle_month(
        pl.DataFrame([stay]), NO_ADJUSTMENTS, by_rate, OCTOBER, levels={"H1": "3A"}
    )
    line = settled.lines.row(0, named=True)
    assert line["point_value"] == 99_869352
    assert line["standard_fen"] == fen("13732.04")
    assert line["fund_amount_fen"] == fen("9732.04")
    assert settled.pools.select("point_value", "remainder_fen").rows() == [(None, fen("267.96"))]
    columns = ["account", "level", "point_value", "points", "fund_amount_fen"]
    assert settled.rates.select(columns).rows() == [
        ("employee", "3A", 99_869352, 137_5000, fen("9732.04"))
    ]
    with pytest.raises(DrgpayError, match="no rate for the account employee and the level 2A"):
        settle_month(pl.DataFrame([stay]), NO_ADJUSTMENTS, by_rate, OCTOBER, levels={"H1": "2A"})
    with pytest.raises(DrgpayError, match="has no level"):
        settle_month(pl.DataFrame([stay]), NO_ADJUSTMENTS, by_rate, OCTOBER)


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
        "reason": "",
        "evidence": None,
    }


@pytest.mark.parametrize(
    ("deducted_points", "kind", "waits"),
    [("fund", "readmission_earlier", True), ("fund", "fraud", False), ("pool", "fraud", True)],
)
def test_rows_wait_where_the_points_have_no_value_with_them(
    deducted_points: str, kind: str, waits: bool
) -> None:
    """10 points, and a row that takes 30."""
    row = minus_of_hospital("c1", kind, -30_0000)
    settled = settle_month(
        pl.DataFrame([case(1, "10", fund="100", total="100")]),
        pl.DataFrame([row], schema=ADJUSTMENT_SCHEMA),
        policy("100.00", deducted_points=deducted_points),
        OCTOBER,
    )
    assert settled.pools["point_value"].to_list() == [10_0000]
    assert settled.adjustments["waiting"].to_list() == [waits]
    line = settled.lines.row(0, named=True)
    points = (line["points"], line["minus_points"], line["waiting_points"])
    assert points == ((10_0000, 0, -30_0000) if waits else (-20_0000, -30_0000, 0))
    assert line["standard_fen"] == (fen("100") if waits else fen("-200"))
    assert settled.adjustments["standard_fen"].to_list() == [0 if waits else fen("-300")]


def test_points_that_stay_at_zero_stop_the_month() -> None:
    row = minus_of_hospital("c0", "readmission_earlier", -1)
    with pytest.raises(DrgpayError, match="earned no points"):
        settle_month(
            pl.DataFrame([case(1, "0")]),
            pl.DataFrame([row], schema=ADJUSTMENT_SCHEMA),
            policy("100.00"),
            OCTOBER,
        )


def test_item_by_item_payment_can_come_off_the_budget_first() -> None:
    given = policy("1000.00")
    assert given.budget
    less = given.model_copy(
        update={"budget": given.budget.model_copy(update={"less_item_by_item": True})}
    )
    fee = case(2, "0", case_class="fee", total="300", fund="250", patient="50")
    cases = (case(1, "10", total="900", fund="700"), fee)
    for with_policy, budget, value in ((given, "1000", 100_0000), (less, "750", 75_0000)):
        row = settle(with_policy, *cases).pools.row(0, named=True)
        assert row["budget_given_fen"] == fen("1000")
        assert (row["item_by_item_fen"], row["item_share"]) == (fen("250"), 2500)
        assert (row["budget_fen"], row["point_value"]) == (fen(budget), value)
        assert row["fund_fen"] == fen("700")
    dear = case(3, "0", case_class="fee", total="1000", fund="1000")
    with pytest.raises(DrgpayError, match="more than its budget of 1,000"):
        settle(less, *cases, dear)


def test_the_share_of_a_line_that_earned_nothing_stays_in_the_remainder() -> None:
    """Standard + kept are in proportion; H1 lost all of its points, so its share is not paid."""
    row = minus_of_hospital("c1", "fraud", -10_0000)
    settled = settle_month(
        pl.DataFrame([case(1, "10"), case(2, "10", hospital_id="H2")]),
        pl.DataFrame([row], schema=ADJUSTMENT_SCHEMA),
        policy("200.50", value_places=0, distribute_remainder="all"),
        OCTOBER,
    )
    assert settled.pools["point_value"].to_list() == [10]
    columns = ["standard_fen", "kept_fen", "distributed_fen"]
    assert settled.lines.select(columns).rows() == [
        (0, fen("100"), 0),
        (fen("100.25"), 0, fen("0.25")),
    ]
    assert settled.pools["remainder_fen"].to_list() == [fen("0.25")]


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
