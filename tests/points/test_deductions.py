"""Deductions for violations (C13 stands in test_examples.py)."""

from typing import Any

import pytest

from drgpay.base.errors import DrgpayError
from tests.points.standard_stay import catalogue, earned, filings, final, rows, with_


def deduction(kind: str, serious: bool = False, **more: Any) -> dict[str, Any]:
    return {"case_id": "0", "kind": kind, "serious": serious, **more}


@pytest.mark.parametrize(
    ("kind", "serious", "minus"),
    [
        ("split_stay", False, None),
        ("split_stay", True, "-200.0000"),
        ("hanging_bed", True, "-200.0000"),
        ("up_coding", False, "-400.0000"),
        ("fraud", False, "-1000.0000"),
        ("other", False, "-400.0000"),
    ],
)
def test_zhejiang_2021(kind: str, serious: bool, minus: str | None) -> None:
    result = earned({}, filings=filings(deductions=[deduction(kind, serious)]))
    assert final(result) == ["0.0000"]
    taken = [("0", kind, "case", "-220.0000")]
    assert rows(result) == taken + ([("0", kind, "hospital", minus)] if minus else [])


def test_a_factor_leaves_a_part_and_the_reason_is_the_evidence() -> None:
    rule = {"kind": "late", "case_factor": "0.9", "base_times": "0.5", "base_times_serious": 1}
    found = filings(deductions=[deduction("late", reason="病案首页迟交")])
    result = earned({}, points=with_(deductions=[rule]), filings=found)
    assert final(result) == ["198.0000"]
    assert result.adjustments.select("step", "points", "reason", "evidence").rows() == [
        (1, -22_0000, "points * 0.9", "病案首页迟交"),
        (2, -100_0000, "- 0.5 * base_points", "病案首页迟交"),
    ]


def test_two_findings_on_one_case_come_in_the_order_of_the_policy() -> None:
    found = filings(deductions=[deduction("fraud"), deduction("split_stay", True)])
    assert rows(earned({}, filings=found)) == [
        ("0", "split_stay", "case", "-220.0000"),
        ("0", "split_stay", "hospital", "-200.0000"),
        ("0", "fraud", "case", "0.0000"),
        ("0", "fraud", "hospital", "-1000.0000"),
    ]


def test_points_before_stand_for_missing_base_points() -> None:
    found = filings(deductions=[deduction("up_coding")])
    ungrouped = earned({"drg": "G9", "total_fen": 3_000_000}, filings=found)
    assert rows(ungrouped)[1] == ("0", "up_coding", "hospital", "-360.0000")
    assert ungrouped.adjustments["reason"][1] == "- 2 * points_before"
    at_cost = with_(few_cases_rule="at_cost", few_cases_ratio=1)
    of = catalogue({"stable": False, "base_points": None})
    few = earned({"total_fen": 3_000_000}, points=at_cost, of=of, filings=found)
    assert rows(few)[1] == ("0", "up_coding", "hospital", "-600.0000")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(DrgpayError, match="the case 0 is of the unknown kind rudeness"):
        earned(filings=filings(deductions=[deduction("rudeness")]))
