"""The points of each class, without adjustments."""

from typing import Any

import pytest
from pydantic import ValidationError

from drgpay.base.errors import DrgpayError
from tests.points.standard_stay import (
    CORE,
    OWN_COEFFICIENT,
    catalogue,
    earned,
    filings,
    final,
    one,
    with_,
)

HIGH: dict[str, Any] = {"total_fen": 10_000_000}  # 5 times the mean; high from 2 times


@pytest.mark.parametrize(
    ("formula", "points"),
    [
        ("review_only", "220.0000"),
        ("excess", "820.0000"),  # 220 + 200 x (5 - 2)
        ("cost_less_cap", "780.0000"),  # 1,000 - (2 - 1) x 220
        ("cost_less_cap_coef", "820.0000"),  # 1,000 - (2 - 1.1) x 200
        ("at_cost", "1000.0000"),
    ],
)
def test_high_formulas(formula: str, points: str) -> None:
    assert one(with_(high_formula=formula), **HIGH) == ("high", points)


@pytest.mark.parametrize(
    ("formula", "points"),
    [
        ("review_only", "260.0000"),
        ("excess", "270.0000"),  # 260 + 200 x (5,500 / 10,000 - 0.5): the mean of the level
        ("cost_less_cap", "185.0000"),  # 55 + 0.5 x 260
        ("cost_less_cap_coef", "215.0000"),  # 55 + 0.8 x 200
        ("at_cost", "55.0000"),
    ],
)
@pytest.mark.parametrize("floor", ["normal", "none"])
def test_a_high_stay_earns_what_a_normal_one_does_at_least(
    formula: str, points: str, floor: str
) -> None:
    """Above the mean of its level, far below the region's: formulas at cost give less than 260."""
    of = catalogue(
        coefficients=[
            {
                "drg": "G1",
                "level": "3A",
                "level_cases": 1,
                "level_total_fen": 1_000_000,
                "coefficient": 1_3000,
            }
        ]
    )
    policy = with_(
        high_formula=formula,
        high_floor=floor,
        reference_mean="level",
        high_bands=[{"ratio": "0.5"}],
    )
    least = points if floor == "none" or formula == "excess" else "260.0000"
    assert one(policy, of, total_fen=550_000) == ("high", least)


def test_the_floor_is_that_of_the_class_alone() -> None:
    """An approved review, and every adjustment after it, may give less."""
    policy = with_(
        high_formula="at_cost",
        high_bands=[{"ratio": "0.5"}],
        reviews={**CORE.points.reviews.model_dump(), "quota_share": 1},
    )
    review = filings(reviews=[{"case_id": "0", "unreasonable_fen": 100_000}])
    result = earned({"total_fen": 1_100_000}, points=policy, filings=review)
    assert result.cases["points_before"].to_list() == [220_0000]
    assert final(result) == ["100.0000"]


def test_bounds_by_the_level_and_ratios_by_the_reference_mean() -> None:
    """High by the level's mean of 10,000, cheap by the hospital's own of 60,000: no excess."""
    of = catalogue(
        coefficients=[
            {**OWN_COEFFICIENT, "hospital_total_fen": 6_000_000, "hospital_cases": 1},
            {
                "drg": "G1",
                "level": "3A",
                "level_cases": 1,
                "level_total_fen": 1_000_000,
                "coefficient": 1_0000,
            },
        ]
    )
    policy = with_(
        high_formula="excess",
        reference_mean="own_and_level",
        own_mean_weight="1",
        bounds_mean="level",
        ratio_mean="reference",
        high_bands=[{"ratio": 2}],
    )
    result = earned({"total_fen": 3_000_000}, {"total_fen": 15_000_000}, points=policy, of=of)
    assert result.cases["case_class"].to_list() == ["high", "high"]
    assert final(result) == ["220.0000", "320.0000"]  # 220 + 200 x (150,000 / 60,000 - 2)
    row = result.cases.row(0, named=True)
    assert (row["reference_mean_fen"], row["bounds_mean_fen"]) == (6_000_000, 1_000_000)
    assert row["cost_ratio"] == 5000


def test_two_means_must_be_named() -> None:
    with pytest.raises(ValidationError, match="needs ratio_mean"):
        with_(bounds_mean="level", reference_mean="region")
    assert with_(bounds_mean="level", reference_mean="level").ratio_mean is None


def test_points_never_fall_below_zero() -> None:
    of = catalogue(
        coefficients=[
            {
                "drg": "G1",
                "level": "3A",
                "level_cases": 1,
                "level_total_fen": 100_000,
                "coefficient": 1_0000,
            }
        ]
    )
    for formula in ("excess", "cost_less_cap", "cost_less_cap_coef"):
        policy = with_(
            high_formula=formula,
            high_floor="none",
            reference_mean="level",
            high_bands=[{"ratio": 3}],
        )
        least = "200.0020" if formula == "excess" else "0.0000"  # 200 x (3,000.01 / 1,000 - 3)
        assert one(policy, of, total_fen=300_001) == ("high", least)


def test_low_stays_are_paid_as_incomplete_ones_or_at_cost() -> None:
    assert one(total_fen=500_000) == ("low", "55.0000")
    assert one(with_(low_formula="at_cost"), total_fen=500_000) == ("low", "50.0000")


def test_few_cases() -> None:
    of = catalogue({"stable": False})
    assert one(of=of) == ("few_cases", "200.0000")  # without coefficient
    at_cost = with_(few_cases_rule="at_cost", few_cases_ratio="0.8")
    assert one(at_cost, of) == ("few_cases", "160.0000")
    without_base = catalogue({"stable": False, "base_points": None})
    assert one(at_cost, without_base) == ("few_cases", "160.0000")
    with pytest.raises(DrgpayError, match="no points for the few_cases case 0 of the group G1"):
        earned(of=without_base)


@pytest.mark.parametrize(
    ("cost", "points"),
    [
        (500_000, "50.0000"),  # at cost is less than the base points of 200
        (90_000_000, "200.0000"),
    ],
)
@pytest.mark.parametrize("stability", ["unstable_cases", "stand_in"])
def test_an_incomplete_stay_without_a_mean_to_compare_with(
    stability: str, cost: int, points: str
) -> None:
    of = catalogue({"stability": stability})
    assert one(of=of, complete=False, total_fen=cost) == ("incomplete", points)


def test_an_incomplete_stay_at_cost_is_paid_its_cost_at_most() -> None:
    of = catalogue({"stability": "unstable_cases", "base_points": None})
    for ratio, points in (("0.8", "160.0000"), ("1.5", "200.0000")):
        policy = with_(few_cases_rule="at_cost", few_cases_ratio=ratio)
        assert one(policy, of, complete=False) == ("incomplete", points)
    with pytest.raises(DrgpayError, match="no points for the incomplete case 0 of the group G1"):
        earned({"complete": False}, of=of)


@pytest.mark.parametrize("change", [{"status": "ungrouped", "drg": "0000"}, {"drg": "G9"}])
def test_ungrouped_and_not_in_the_catalogue(change: dict[str, Any]) -> None:
    assert one(with_(ungrouped_ratio="0.5"), **change) == ("ungrouped", "100.0000")
    fixed = with_(ungrouped_rule="fixed_points", ungrouped_points="40.5")
    assert one(fixed, **change) == ("ungrouped", "40.5000")


def test_fee_stays_are_outside_the_pool() -> None:
    assert one(payment_unit="fee") == ("fee", "0.0000")


def test_points_are_rounded_half_up_at_the_fourth_place() -> None:
    """200.0005 x 1.1000 = 220.00055 exactly, a half at the fifth place."""
    assert one(of=catalogue({"base_points": 200_0005})) == ("normal", "220.0006")


BED_DAYS: dict[str, Any] = {
    "payment_unit": "bed_day",
    "bed_day_class": "long",
    "length_of_stay": 10,
    "drg": "0000",
    "status": "ungrouped",
}


def test_bed_days_in_yuan_become_points_as_costs_do() -> None:
    rows = [{"bed_day_class": "long", "yuan_per_day": "420.00"}]
    assert one(with_(bed_days=rows), **BED_DAYS) == ("bed_day", "42.0000")


def test_the_first_bed_day_row_that_fits_prices_the_stay() -> None:
    rows = [
        {"bed_day_class": "long", "levels": ["3A"], "points_per_day": 3},
        {"bed_day_class": "long", "points_per_day": 2},
    ]
    assert one(with_(bed_days=rows), **BED_DAYS) == ("bed_day", "30.0000")
    assert one(with_(bed_days=rows), **BED_DAYS, level="1") == ("bed_day", "20.0000")


CALIBRATED = with_(bed_days=[{"bed_day_class": "long", "calibrated": True}])
MEAN_DAYS: list[dict[str, Any]] = [
    {"bed_day_class": "long", "level": None, "cases": 9, "days": 300, "total_fen": 10_000_000},
    {"bed_day_class": "long", "level": "3A", "cases": 3, "days": 7, "total_fen": 1_000_000},
    {"bed_day_class": "other", "level": "1", "cases": 3, "days": 1, "total_fen": 1_000_000},
]


@pytest.mark.parametrize(
    ("level", "points"),
    [
        ("3A", "142.8571"),  # 10,000 / 7 / 10,000 x 100 x 10 days: the day is not rounded
        ("1", "33.3333"),  # no row of its level: 100,000 / 300 / 10,000 x 100 x 10
    ],
)
def test_calibrated_bed_days(level: str, points: str) -> None:
    of = catalogue(bed_days=MEAN_DAYS)
    assert one(CALIBRATED, of, **BED_DAYS, level=level) == ("bed_day", points)


def test_a_bed_day_that_nothing_prices_is_refused() -> None:
    for of in (catalogue(), catalogue(bed_days=MEAN_DAYS[1:])):
        with pytest.raises(DrgpayError, match="bed-day class long earns at the level 2A"):
            earned({**BED_DAYS, "level": "2A"}, points=CALIBRATED, of=of)


def test_every_row_says_its_formula() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"complete": False},
        {"total_fen": 100},
        {"payment_unit": "fee"},
        {"drg": "G9"},
    ]
    assert earned(*changes).cases["formula"].to_list() == [
        "base_points * coefficient",
        "min(base_points * coefficient * total_cost / mean_cost, base_points)",
        "min(base_points * coefficient * total_cost / mean_cost, base_points)",
        "item by item",
        "total_cost / all_mean * 100 * 0.6",
    ]
