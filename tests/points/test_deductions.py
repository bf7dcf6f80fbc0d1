"""Deductions for violations (docs/examples/points.md has the usual ones)."""

from typing import Any

import pytest

from drgpay.base.errors import DrgpayError
from tests.points.standard_stay import catalogue, earned, filings, reasons, rows, with_


def deduction(kind: str, serious: bool = False, **more: Any) -> dict[str, Any]:
    return {"case_id": "0", "kind": kind, "serious": serious, **more}


def test_points_before_stand_for_missing_base_points() -> None:
    found = filings(deductions=[deduction("up_coding")])
    ungrouped = earned({"drg": "G9", "total_fen": 3_000_000}, filings=found)
    assert rows(ungrouped)[1] == ("0", "up_coding", "hospital", "-360.0000")
    assert reasons(ungrouped.adjustments)[1] == "- 2 * points_before"
    at_cost = with_(few_cases_rule="at_cost", few_cases_ratio=1)
    of = catalogue({"stable": False, "base_points": None})
    few = earned({"total_fen": 3_000_000}, points=at_cost, of=of, filings=found)
    assert rows(few)[1] == ("0", "up_coding", "hospital", "-600.0000")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(DrgpayError, match="the case 0 is of the unknown kind rudeness"):
        earned(filings=filings(deductions=[deduction("rudeness")]))


@pytest.mark.parametrize(
    ("filed", "said"),
    [
        ({"document": "2026-9"}, "2026-9"),
        ({"document": "2026-9", "clue_id": "3f9c1a7b20de"}, "2026-9 3f9c1a7b20de"),
        ({"document": "clue 3f9c1a7b20de", "clue_id": "3f9c1a7b20de"}, "clue 3f9c1a7b20de"),
        ({"reason": "split", "clue_id": "3f9c1a7b20de"}, "split 3f9c1a7b20de"),
        ({"clue_id": "3f9c1a7b20de"}, "3f9c1a7b20de"),
        ({}, None),
    ],
)
def test_a_deduction_names_the_clue_that_led_to_it(filed: dict[str, Any], said: str | None) -> None:
    done = earned(filings=filings(deductions=[deduction("up_coding", **filed)]))
    assert set(done.adjustments["evidence"]) == {said}
