"""Pools, minus rows, payment deductions and refusals of a month."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Budget, EqualMonths, MonthsByCost
from drgpay.settle.budget import annual_reserve_fen, month_budget_fen
from drgpay.settle.differences import PaidMonth, differences_of
from drgpay.settle.ledger import ledger_of_correction, ledger_of_month
from drgpay.settle.lines import NO_ADJUSTMENTS, NO_PAYMENTS
from drgpay.settle.month import settle_month
from drgpay.settle.pools import pools_of
from drgpay.settle.settled import Settled
from tests.settle.test_values import case, fen, policy, settle

OCTOBER = Period(2026, 10)


def minus(number: int, points: str, step: int = 1, **change: Any) -> dict[str, Any]:
    row = {
        "case_id": f"c{number}",
        "hospital_id": "H1",
        "account": "employee",
        "out_of_area": False,
        "step": step,
        "applies_to": "hospital",
        "kind": "up_coding",
        "points": int(Decimal(points) * 10_000),
        "code": "hospital_minus",
        "evidence": None,
    }
    return row | change


def held_back(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Payment deductions: hospital, account, yuan."""
    given = [(hospital, account, fen(yuan)) for hospital, account, yuan in rows]
    return pl.DataFrame(given, schema=NO_PAYMENTS.schema, orient="row")


def settle_with(
    rules: Policy,
    *cases: dict[str, Any],
    adjustments: list[dict[str, Any]] | None = None,
    payments: pl.DataFrame = NO_PAYMENTS,
) -> Settled:
    rows = pl.DataFrame(adjustments or [], schema=ADJUSTMENT_SCHEMA)
    return settle_month(pl.DataFrame(list(cases)), rows, rules, OCTOBER, payments)


@pytest.mark.parametrize("column", ["total_fen", "patient_fen", "points"])
def test_sums_beyond_what_can_be_settled_stop(column: str) -> None:
    """21 amounts of 9e15 yuan would wrap around at 64 bits and look like small ones."""
    cases = pl.DataFrame([case(number, "1") for number in range(21)])
    huge = cases.with_columns(pl.lit(9 * 10**17).alias(column))
    with pytest.raises(
        DrgpayError, match=f"the {column} of all cases adds up to 18900000000000000000"
    ):
        settle_month(huge, NO_ADJUSTMENTS, policy("100"), Period(2026, 10))


def test_merged_accounts_share_budget_and_value_and_keep_their_lines() -> None:
    rules = policy("1000.00", "employee", "resident", merged_accounts=(("resident", "employee"),))
    settled = settle(rules, case(1, "10"), case(2, "30", account="resident"))
    row = settled.pools.row(0, named=True)
    assert (row["pool"], row["accounts"]) == ("resident+employee", ["resident", "employee"])
    assert (row["budget_fen"], row["point_value"]) == (fen("2000"), 50_0000)
    assert settled.pools.height == 1
    assert settled.lines.select("account", "pool", "standard_fen").rows() == [
        ("employee", "resident+employee", fen("500")),
        ("resident", "resident+employee", fen("1500")),
    ]
    assert [pool.name for pool in pools_of(policy("1"))] == ["employee", "resident"]


def test_an_account_with_a_budget_and_no_cases_keeps_it_as_remainder() -> None:
    settled = settle(policy("1000.00", "employee", "resident"), case(1, "10"))
    row = settled.pools.row(1, named=True)
    assert (row["pool"], row["point_value"], row["points"]) == ("resident", None, 0)
    assert row["budget_fen"] == row["remainder_fen"] == fen("1000")
    assert row["fund_amount_fen"] == 0


def test_an_account_without_budget_and_cases_has_no_row() -> None:
    settled = settle(policy("1000.00"), case(1, "10"))
    assert settled.pools["pool"].to_list() == ["employee"]


def test_an_account_of_item_by_item_stays_does_not_stop_the_run() -> None:
    fee = case(2, "0", account="resident", total="90", fund="80", patient="10", case_class="fee")
    settled = settle(policy("1000.00", "employee", "resident"), case(1, "10"), fee)
    row = settled.pools.row(1, named=True)
    assert (row["point_value"], row["remainder_fen"]) == (None, fen("1000"))
    line = settled.lines.row(1, named=True)
    assert (line["payment"], line["fund_amount_fen"]) == ("item_by_item", fen("80"))
    assert (line["prepayment_fen"], line["in_pool"]) == (fen("68"), False)


def test_outside_stays_without_local_ones_have_no_price_and_are_paid_item_by_item() -> None:
    outside = case(1, "200", patient="40", total="90", fund="50", out_of_area=True)
    settled = settle(policy("1000.00"), outside)
    row = settled.pools.row(0, named=True)
    assert (row["point_value"], row["remainder_fen"]) == (None, fen("1000"))
    line = settled.lines.row(0, named=True)
    assert (line["payment"], line["home_fund_bill_fen"]) == ("item_by_item", fen("50"))
    assert settled.cases["case_fund_fen"].to_list() == [fen("50")]


def test_minus_rows_take_part_in_the_largest_remainder() -> None:
    """C13's kind: the case is at 0, the hospital loses 400 points; value 1 yuan."""
    settled = settle_with(
        policy("33.34", deducted_points="pool"),
        case(1, "0"),
        case(2, "433.335"),
        adjustments=[minus(1, "-400")],
    )
    line = settled.lines.row(0, named=True)
    assert (line["points"], line["minus_points"]) == (33_3350, -400_0000)
    assert settled.pools["point_value"].to_list() == [1_0001]
    assert line["standard_fen"] == fen("33.34")
    assert settled.adjustments["standard_fen"].to_list() == [fen("-400.04")]
    assert settled.cases["standard_fen"].to_list() == [0, fen("433.38")]


def test_ties_between_a_case_and_its_minus_row_go_to_the_case() -> None:
    """33.335, -3.335 and 0.5 at 1 yuan: two equal remainders of half a fen, one fen left."""
    settled = settle_with(
        policy("30.50", deducted_points="pool"),
        case(1, "33.335"),
        case(2, "0.5"),
        adjustments=[minus(1, "-3.335")],
    )
    assert settled.pools["point_value"].to_list() == [1_0000]
    assert settled.cases["standard_fen"].to_list() == [33_34, 50]
    assert settled.adjustments["standard_fen"].to_list() == [-3_34]


def test_a_hospital_may_become_negative() -> None:
    settled = settle_with(
        policy("100.00", deducted_points="pool"),
        case(1, "10"),
        case(2, "110", hospital_id="H2"),
        adjustments=[minus(1, "-20"), minus(1, "-1", step=2, applies_to="case")],
    )
    line = settled.lines.row(0, named=True)
    assert (line["points"], line["fund_amount_fen"]) == (-10_0000, fen("-10"))
    assert (line["prepayment_fen"], line["carried_fen"]) == (0, fen("-10"))
    assert settled.adjustments.select("payment", "standard_fen").rows() == [
        ("points", fen("-20")),
        (None, None),
    ]


def test_the_minus_of_an_excluded_outside_case_lands_on_the_local_line() -> None:
    outside = case(2, "100", patient="500", total="2500", fund="2000", out_of_area=True)
    settled = settle_with(
        policy("900.00", out_of_area="excluded", deducted_points="pool"),
        case(1, "100"),
        outside,
        adjustments=[minus(2, "-10", out_of_area=True)],
    )
    assert settled.pools["point_value"].to_list() == [10_0000]
    assert settled.adjustments.select("out_of_area", "payment", "standard_fen").rows() == [
        (False, "points", fen("-100"))
    ]


def test_method_cost_prices_by_total_cost_and_may_not_overspend() -> None:
    costs = {"total": "1000", "fund": "600", "patient": "400"}
    settled = settle(policy("650.00", method="cost"), case(1, "10", **costs))
    assert settled.pools["point_value"].to_list() == [100_0000]
    assert settled.lines["fund_amount_fen"].to_list() == [fen("600")]
    assert settled.pools["remainder_fen"].to_list() == [fen("50")]
    message = "fund amounts of the pool employee are 600.00 yuan, 50.00 more than the budget of 550"
    with pytest.raises(DrgpayError, match=message):
        settle(policy("550.00", method="cost"), case(1, "10", **costs))
    allowed = policy("550.00", method="cost", may_exceed_budget=True)
    settled = settle(allowed, case(1, "10", **costs))
    assert settled.pools["remainder_fen"].to_list() == [fen("-50")]
    ledger = ledger_of_month(OCTOBER, settled)
    remainder = ledger.filter(pl.col("kind") == "remainder").select("debit", "credit", "amount_fen")
    assert remainder.rows() == [("fund", "rounding", 5000), ("rounding", "reserve", 5000)]


def test_prepayments_beyond_the_budget_are_refused() -> None:
    """H2 is negative and waits for the clearing; 97% of the others are more than the budget."""
    cases = [case(1, "100"), case(2, "1", hospital_id="H2", patient="910")]
    rules = policy("100.00", prepay_ratio=Decimal("0.97"))
    message = "the prepayments of the pool employee are 970.00 yuan, more than the budget of 100.00"
    with pytest.raises(DrgpayError, match=message):
        settle(rules, *cases)
    of_visits = rules.settlement.under("outpatient.settlement")
    with pytest.raises(DrgpayError) as refused:
        settle(rules.model_copy(update={"settlement": of_visits}), *cases)
    assert refused.value.remedy.startswith("check that the budget is in yuan")
    assert "lower outpatient.settlement.prepay_ratio," in refused.value.remedy
    allowed = policy("100.00", prepay_ratio=Decimal("0.97"), may_exceed_budget=True)
    assert settle(allowed, *cases).lines["prepayment_fen"].to_list() == [fen("970"), 0]


def test_deductions_are_taken_from_the_lines_in_order_and_never_below_zero() -> None:
    rules = policy("100.00", "employee", "resident", prepay_ratio=Decimal(1))
    fee = case(2, "0", total="90", fund="80", patient="10", case_class="fee")
    resident = case(3, "1", account="resident")
    payments = held_back(
        ("H1", "employee", "150"), ("H1", "employee", "10"), ("H1", "resident", "1")
    )
    settled = settle_with(rules, case(1, "10"), fee, resident, payments=payments)
    columns = ["account", "payment", "prepayment_fen", "deducted_fen", "deduction_fen"]
    assert settled.lines.select(*columns, "carried_fen").rows() == [
        ("employee", "item_by_item", fen("20"), fen("60"), fen("60"), 0),
        ("employee", "points", 0, fen("100"), fen("100"), 0),
        ("resident", "points", fen("99"), fen("1"), fen("1"), 0),
    ]


def test_a_deduction_of_a_hospital_without_stays_is_carried() -> None:
    settled = settle_with(
        policy("100.00"), case(1, "10"), payments=held_back(("H7", "employee", "5"))
    )
    line = settled.lines.row(1, named=True)
    assert (line["hospital_id"], line["cases"], line["in_pool"]) == ("H7", 0, True)
    assert (line["deduction_fen"], line["deducted_fen"], line["carried_fen"]) == (500, 0, -500)


def test_a_deduction_of_an_unknown_account_is_refused() -> None:
    with pytest.raises(DrgpayError, match="of the hospital H1 names the account retired, which"):
        settle_with(policy("100.00"), case(1, "10"), payments=held_back(("H1", "retired", "5")))


def test_cases_without_a_budget_are_refused() -> None:
    with pytest.raises(DrgpayError, match="no budget for the account resident"):
        settle(policy("100.00"), case(1, "10"), case(2, "10", account="resident"))


def test_months_share_by_cost() -> None:
    costs = tuple(Decimal(cost) for cost in (*[100] * 11, 300))
    budget = Budget(
        annual_yuan={"employee": Decimal("1400.00")},
        reserve_ratio=Decimal(0),
        months=MonthsByCost(rule="cost", cost_yuan=costs),
        month_yuan={},
    )
    shares = [month_budget_fen(budget, "employee", Period(2026, month)) for month in (1, 11, 12)]
    assert shares == [fen("100"), fen("100"), fen("300")]


def test_the_reserve_of_a_year() -> None:
    budget = Budget(
        annual_yuan={"employee": Decimal("1000000.01")},
        reserve_ratio=Decimal("0.05"),
        months=EqualMonths(rule="equal"),
        month_yuan={},
    )
    assert annual_reserve_fen(budget, "employee") == fen("50000.00")
    assert annual_reserve_fen(budget, "resident") == 0


def test_a_correction_tells_late_changed_withdrawn_and_repriced_cases() -> None:
    rules = policy("1000.00", prepay_ratio=Decimal("0.9"))
    kept, gone = case(1, "10"), case(2, "5", hospital_id="H2")
    more, moved = case(3, "4"), case(4, "1", hospital_id="H2")
    paid = settle(rules, kept, gone, more, moved)  # a point is worth 50 yuan
    late = case(5, "1", hospital_id="H2")
    now = settle(
        rules,
        kept,
        more | {"points": 7_0000},
        moved | {"hospital_id": "H3"},
        late | {"points": 2_0000},
    )
    found = differences_of(PaidMonth(paid.lines, paid.cases, paid.adjustments), now)
    changes = found.cases.select(
        "case_id", "hospital_id", "change", "points_difference", "standard_difference_fen"
    )
    assert changes.rows() == [
        ("c2", "H2", "withdrawn", -5_0000, fen("-250")),
        ("c3", "H1", "changed", 3_0000, fen("150")),
        ("c4", "H2", "changed", -1_0000, fen("-50")),
        ("c4", "H3", "changed", 1_0000, fen("50")),
        ("c5", "H2", "late", 2_0000, fen("100")),
    ]
    columns = [
        "hospital_id",
        "prepayment_paid_fen",
        "prepayment_now_fen",
        "prepayment_difference_fen",
    ]
    assert found.statements.select(columns).rows() == [
        ("H1", fen("630"), fen("765"), fen("135")),
        ("H2", fen("270"), fen("90"), fen("-180")),
        ("H3", 0, fen("45"), fen("45")),
    ]
    repriced = differences_of(
        PaidMonth(paid.lines, paid.cases, paid.adjustments), settle(rules, kept, gone, more)
    )
    assert repriced.cases["change"].to_list() == ["repriced", "repriced", "repriced", "withdrawn"]
    ledger = ledger_of_correction(OCTOBER, ledger_of_month(OCTOBER, paid), now)
    prepaid = ledger.filter(pl.col("kind") == "prepayment")
    assert prepaid.select("hospital_id", "debit", "credit", "amount_fen").rows() == [
        ("H1", "hospital", "fund", fen("135")),
        ("H2", "fund", "hospital", fen("180")),
        ("H3", "hospital", "fund", fen("45")),
    ]


def test_nothing_is_settled_of_nothing() -> None:
    empty = pl.DataFrame([case(1, "1")]).clear()
    settled = settle_month(empty, NO_ADJUSTMENTS, policy("100.00"), OCTOBER)
    assert settled.pools["remainder_fen"].to_list() == [fen("100")]
    assert settled.lines.is_empty()
