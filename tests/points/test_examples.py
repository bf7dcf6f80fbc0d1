"""Worked numbers of the points of stays (C2-C7, C10-C13, E5), through the code that a run uses."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from drgpay.points.calibrate import base_points
from drgpay.points.reviews import quota_of
from drgpay.policy.points import Reviews
from tests.points.standard_stay import (
    CORE,
    MEAN_20_000,
    catalogue,
    earned,
    filings,
    final,
    one,
    rows,
    with_,
)


def test_c1_base_points() -> None:
    assert base_points(MEAN_20_000, Fraction(1_000_000)) == 200_0000


def test_c2_complete_case() -> None:
    assert one() == ("normal", "220.0000")


def test_c3_incomplete_case() -> None:
    assert one(complete=False, total_fen=500_000) == ("incomplete", "55.0000")


def test_c4_the_cap_is_the_base_without_coefficient() -> None:
    assert one(complete=False, total_fen=1_990_000) == ("incomplete", "200.0000")


def test_c5_jinhua_2017_has_no_coefficient_inside() -> None:
    jinhua = with_(incomplete_formula="without_coefficient")
    assert one(jinhua, complete=False, total_fen=500_000) == ("incomplete", "50.0000")


def test_c6_readmission_halves_the_previous_stay() -> None:
    first = {"person_id": "P"}
    again = {
        "person_id": "P",
        "admission_date": date(2026, 10, 24),
        "discharge_date": date(2026, 10, 30),
    }
    result = earned(first, again)
    assert final(result) == ["110.0000", "220.0000"]
    assert rows(result) == [("0", "readmission", "case", "-110.0000")]


def test_c7_ambiguous_guigang_2022() -> None:
    assert one(drg="XQY", status="ambiguous", total_fen=800_000) == ("ambiguous", "48.0000")


ZHOUSHAN = catalogue(
    {"mean_fen": 1_500_000, "base_points": 150_0000},
    coefficients=[
        {
            "drg": "G1",
            "level": "3A",
            "hospital_id": "H1",
            "hospital_cases": 5,
            "hospital_total_fen": 6_000_000,
            "coefficient": 7600,  # 12,000 / 15,000 x 0.7 + 10,000 / 15,000 x 0.3
        },
        {
            "drg": "G1",
            "level": "3A",
            "level_cases": 10,
            "level_total_fen": 10_000_000,
            "coefficient": 7600,
        },
    ],
)


def test_c10_standard_of_the_hospital_and_its_level() -> None:
    """Zhoushan 2023 draft: own 12,000 x 0.7 + level 10,000 x 0.3 = 11,400."""
    mixed = with_(reference_mean="own_and_level", own_mean_weight="0.7")
    assert earned(points=mixed, of=ZHOUSHAN).cases["reference_mean_fen"][0] == 1_140_000
    # The same as points: 150 x 0.76 = 114, at a mean of 10,000 a standard of 11,400.
    assert one(of=ZHOUSHAN, total_fen=1_000_000) == ("normal", "114.0000")


@pytest.mark.parametrize(
    ("cost_fen", "name"),
    [(399_999, "low"), (400_000, "normal"), (2_000_000, "normal"), (2_000_001, "high")],
)
def test_c10_normal_band_is_that_of_the_level(cost_fen: int, name: str) -> None:
    """4,000 to 20,000 is 0.4 to 2 times the level's 10,000, not the standard's 11,400."""
    points = with_(
        reference_mean="own_and_level",
        own_mean_weight="0.7",
        bounds_mean="level",
        ratio_mean="reference",
        high_bands=[{"ratio": 2}],
    )
    assert one(points, ZHOUSHAN, total_fen=cost_fen)[0] == name


@pytest.mark.parametrize(("share", "quota"), [("0.001", 2), ("0.002", 3), ("0", 0), ("1", 1234)])
def test_c11_the_review_quota_rounds_up(share: str, quota: int) -> None:
    rule = Reviews.model_validate({**CORE.points.reviews.model_dump(), "quota_share": share})
    assert quota_of(1234, rule) == quota
    down = rule.model_copy(update={"quota_rounding": "down"})
    assert quota_of(1234, down) == quota - (0 < Decimal(share) < 1)


@pytest.mark.parametrize("age", [5, 6])
def test_c23_factor_by_age(age: int) -> None:
    """Base 100, children / 1.1: 90.9091; the case row keeps the base and the factor."""
    points = with_(age_factors=[{"groups": ["G1"], "rule": "NL < 6", "divide": "1.1"}])
    of = catalogue({"base_points": 100_0000}, coefficients=[])
    row = earned({"age": float(age)}, points=points, of=of).cases.row(0, named=True)
    assert row["base_points"] == 100_0000
    assert (row["points"], row["age_divide"], row["formula"]) == (
        (90_9091, 1_1000, "(base_points / 1.1) * coefficient")
        if age < 6
        else (100_0000, None, "base_points * coefficient")
    )


def test_c12_bed_days_hezhou_2022() -> None:
    row = {"bed_day_class": "psychiatry", "points_per_day": Decimal("2.36182972")}
    stay: dict[str, Any] = {
        "payment_unit": "bed_day",
        "bed_day_class": "psychiatry",
        "length_of_stay": 30,
    }
    assert one(with_(bed_days=[row]), **stay) == ("bed_day", "70.8549")


def test_c13_serious_up_coding() -> None:
    found = filings(deductions=[{"case_id": "0", "kind": "up_coding", "serious": True}])
    result = earned({}, filings=found)
    assert final(result) == ["0.0000"]
    assert rows(result) == [
        ("0", "up_coding", "case", "-220.0000"),
        ("0", "up_coding", "hospital", "-400.0000"),
    ]


@pytest.mark.parametrize(
    ("cost_fen", "bounds", "name"),
    [
        (3_000_000, "strict", "normal"),
        (3_000_001, "strict", "high"),
        (3_000_000, "inclusive", "high"),
        (2_999_999, "inclusive", "normal"),
        (400_000, "strict", "normal"),
        (399_999, "strict", "low"),
        (400_000, "inclusive", "low"),
        (400_001, "inclusive", "normal"),
    ],
)
def test_e5_bounds_are_exact(cost_fen: int, bounds: str, name: str) -> None:
    """A group of mean 10,000 with ratio 3 flags above 30,000; at the bound the stay is normal."""
    points = with_(bounds=bounds, high_bands=[{"ratio": 3}])
    assert one(points, catalogue({"mean_fen": 1_000_000}), total_fen=cost_fen)[0] == name
