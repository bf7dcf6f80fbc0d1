"""Factors by age: where the base counts, the factor counts (docs/examples/points.md)."""

from typing import Any

import pytest
from pydantic import ValidationError

from drgpay.base.errors import DrgpayError
from drgpay.points.age_factors import refuse_wrong_age_rules
from tests.points.standard_stay import (
    CORE,
    catalogue,
    earned,
    filings,
    final,
    one,
    reasons,
    rows,
    with_,
)

CHILD: dict[str, Any] = {"age": 3.0}
HALF: dict[str, Any] = {"rule": "NL < 6", "divide": 2}


def by_age(*factors: dict[str, Any], **more: Any) -> Any:
    return with_(age_factors=factors or [HALF], **more)


@pytest.mark.parametrize(
    ("formula", "points"),
    [
        ("review_only", "110.0000"),
        ("excess", "410.0000"),  # 110 + 100 x (5 - 2)
        ("cost_less_cap", "890.0000"),  # 1,000 - (2 - 1) x 110
        ("cost_less_cap_coef", "910.0000"),  # 1,000 - (2 - 1.1) x 100
        ("at_cost", "1000.0000"),
    ],
)
def test_high_formulas(formula: str, points: str) -> None:
    policy = by_age(high_formula=formula, high_bands=[{"ratio": 2}])
    assert one(policy, total_fen=10_000_000, **CHILD) == ("high", points)


def test_bands_go_by_the_base_with_its_factor() -> None:
    """Base 200 has the ratio 1.5, 100 has 3: a child at 2.5 times the mean is normal."""
    bands = [{"base_points_from": 101, "ratio": "1.5"}, {"ratio": 3}]
    policy = by_age(high_bands=bands)
    assert one(policy, total_fen=5_000_000)[0] == "high"
    assert one(policy, total_fen=5_000_000, **CHILD)[0] == "normal"
    exactly = by_age({"rule": "NL < 6", "divide": "1.1"}, high_bands=bands)
    assert one(exactly, catalogue({"base_points": 111_1000}), total_fen=5_000_000, **CHILD)[0] == (
        "high"  # 111.1 / 1.1 is 101 exactly
    )


def test_bounds_and_means_stay() -> None:
    result = earned(CHILD, {}, points=by_age())
    for column in ("mean_fen", "reference_mean_fen", "bounds_mean_fen", "cost_ratio"):
        assert result.cases[column].n_unique() == 1
    assert result.cases["base_points"].to_list() == [200_0000, 200_0000]


def test_technologies_and_deductions_use_the_base_with_its_factor() -> None:
    laser = {"technology": "l", "groups": ["G1"], "share_by_year": {"2026": 1}, "filed": False}
    policy = by_age({"rule": "NL < 6", "times": "0.3333"}, new_technologies=[laser])
    found = filings(deductions=[{"case_id": "0", "kind": "up_coding", "document": "D 7"}])
    result = earned(CHILD, points=policy, filings=found)
    assert rows(result) == [
        ("0", "new_technology", "case", "66.6600"),
        ("0", "up_coding", "case", "-139.9860"),
        ("0", "up_coding", "hospital", "-133.3200"),
    ]
    assert reasons(result.adjustments) == [
        "+ (base_points * 0.3333) * 1 in 2026",
        "points * 0",
        "- 2 * (base_points * 0.3333)",
    ]
    assert result.adjustments["evidence"].to_list() == ["l", "D 7", "D 7"]


def test_a_review_of_a_high_child() -> None:
    reviews = {**CORE.points.reviews.model_dump(), "quota_share": 1}
    policy = by_age(reviews=reviews, high_bands=[{"ratio": 2}])
    found = filings(reviews=[{"case_id": "0", "unreasonable_fen": 2_000_000}])
    assert final(earned({"total_fen": 10_000_000, **CHILD}, points=policy, filings=found)) == [
        "310.0000"  # 110 + 100 x (80,000 / 20,000 - 2)
    ]


@pytest.mark.parametrize(
    ("stay", "points"),
    [
        ({"age": 0.0, "age_days": 28.0}, "44.0000"),  # the first row that fits
        ({"age": 0.0, "age_days": 29.0}, "110.0000"),
        ({"age": 0.0, "age_days": None}, "110.0000"),  # a missing number is in no comparison
        ({"age": 6.0}, "220.0000"),
        ({"age": 80.0}, "264.0000"),
        ({"age": 80.0, "drg": "G2"}, "220.0000"),
    ],
)
def test_the_first_row_that_fits_group_and_age(stay: dict[str, Any], points: str) -> None:
    policy = by_age(
        {"groups": ["G1"], "rule": "XSRTL <= 28", "times": "0.2"},
        HALF,
        {"groups": ["G1"], "rule": "NL >= 80", "times": "1.2"},
    )
    coefficients = [
        {"drg": drg, "level": "3A", "hospital_id": "H1", "coefficient": 1_1000}
        for drg in ("G1", "G2")
    ]
    of = catalogue({}, {"drg": "G2"}, coefficients=coefficients)
    assert one(policy, of, **stay) == ("normal", points)


def test_results_hold_no_age_that_nothing_is_paid_by() -> None:
    assert earned({}).cases.select("age", "age_days").row(0) == (None, None)
    assert earned({}, points=by_age()).cases["age"].to_list() == [50]


def test_a_stay_without_an_age_is_not_paid_without_its_factor_in_silence() -> None:
    with pytest.raises(DrgpayError, match="needs the age of every stay"):
        earned({}, {"age": None}, points=by_age())


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        ({"rule": "NL < six", "divide": 2}, "age_factors.1.rule is no rule"),
        ({"rule": "XB = 1", "divide": 2}, "asks for XB; it may ask for NL and XSRTL"),
        ({"rule": "ZYZD in S1", "divide": 2}, "asks for ZYZD"),
    ],
)
def test_a_wrong_rule_is_refused(factor: dict[str, Any], said: str) -> None:
    with pytest.raises(DrgpayError, match=said):
        refuse_wrong_age_rules(by_age(HALF, factor), "policy.toml")


@pytest.mark.parametrize("factor", [{}, {"times": 2, "divide": 2}, {"times": 0}])
def test_one_of_times_and_divide(factor: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        by_age({"rule": "NL < 6", **factor})
