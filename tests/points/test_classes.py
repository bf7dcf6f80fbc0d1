"""The class of a stay: the first that applies."""

from typing import Any

import pytest

from tests.points.standard_stay import catalogue, one, with_

UNSTABLE = {"drg": "G2", "stable": False}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"payment_unit": "fee", "status": "ambiguous"}, "fee"),
        ({"status": "ambiguous", "drg": "XQY", "complete": False}, "ambiguous"),
        ({"status": "ungrouped", "drg": "0000", "complete": False}, "ungrouped"),
        ({"status": "ungrouped", "drg": None}, "ungrouped"),
        ({"drg": "G9"}, "ungrouped"),
        ({"drg": "G2", "complete": False}, "incomplete"),
        ({"drg": "G2", "total_fen": 1}, "few_cases"),
        ({"drg": "G3", "complete": False}, "incomplete"),
        ({"drg": "G3", "total_fen": 799_999}, "low"),
        ({"drg": "G3", "total_fen": 800_000}, "few_cases"),
        ({"drg": "G3", "total_fen": 90_000_000}, "few_cases"),
        ({"drg": "G4", "total_fen": 1}, "few_cases"),
        ({"drg": "G5", "total_fen": 1}, "few_cases"),
        ({"complete": False, "total_fen": 20_000_000}, "incomplete"),
        ({"total_fen": 799_999}, "low"),
        ({"total_fen": 800_000}, "normal"),
        ({"total_fen": 20_000_000}, "high"),
        ({}, "normal"),
    ],
)
def test_the_first_class_that_applies(change: dict[str, Any], name: str) -> None:
    varies = {"drg": "G3", "stability": "unstable_cv"}
    stand_in = {"drg": "G4", "stability": "stand_in"}
    without_base = {"drg": "G5", "stability": "unstable_cv", "base_points": None}
    of = catalogue({}, UNSTABLE, varies, stand_in, without_base)
    assert one(with_(few_cases_rule="at_cost"), of, **change)[0] == name


@pytest.mark.parametrize(("cost", "points"), [(500_000, "55.0000"), (20_000_000, "200.0000")])
def test_groups_that_are_always_low(cost: int, points: str) -> None:
    assert one(with_(always_low_groups=["G1"]), total_fen=cost) == ("low", points)


@pytest.mark.parametrize(
    ("stability", "name"),
    [("unstable_cv", "low"), ("unstable_cases", "few_cases"), ("stand_in", "few_cases")],
)
def test_always_low_needs_a_mean_to_compare_with(stability: str, name: str) -> None:
    assert one(with_(always_low_groups=["G1"]), catalogue({"stability": stability}))[0] == name


def test_an_incomplete_stay_of_an_always_low_group_is_incomplete() -> None:
    assert one(with_(always_low_groups=["G1"]), complete=False)[0] == "incomplete"


def test_high_bands_go_by_base_points_level_and_account() -> None:
    bands = [
        {"ratio": "1.2", "base_points_from": 500},
        {"ratio": "1.5", "levels": ["1"]},
        {"ratio": 2, "accounts": ["resident"]},
        {"ratio": 3},
    ]
    points = with_(high_bands=bands)
    cost: dict[str, Any] = {"total_fen": 5_000_000}  # 2.5 times the mean
    assert one(points, **cost)[0] == "normal"
    assert one(points, **cost, account="resident")[0] == "high"
    assert one(points, total_fen=3_200_000, level="1")[0] == "high"


def test_a_stay_that_no_band_fits_is_never_high() -> None:
    points = with_(high_bands=[{"ratio": "1.2", "levels": ["1"]}])
    assert one(points, total_fen=90_000_000)[0] == "normal"
