"""Stays exactly at the bounds of their class, and returns on the last day that counts."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from drgpay.grouper.scheme import load_scheme
from drgpay.points.calibrate import calibrate as drgpay_calibrate
from drgpay.points.catalogue import Catalogue
from drgpay.points.readmission import followed, previous_stays
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from tests.spread import spread

from . import by_drgpay
from .by_drgpay import frame_of
from .comparing import compare_catalogue, compare_points
from .policies import changed
from .random_runs import BASE
from .recomputation.adjusting import earn
from .recomputation.calibration import calibrate
from .recomputation.readmission import readmissions
from .recomputation.records import Filed, Stay

MEANS = {"AA11": 10_000, "BB11": 5_000, "CC11": 400, "UU11": 20_000}
HOSPITALS = {"H1": "3A", "H2": "2A", "H3": "2A"}
LEVEL_MEANS = {"3A": Decimal("1.1"), "2A": Decimal("0.95")}
"""The mean of a level, and of each of its hospitals, against the region's."""
STATUSES = {"QYA0": "ambiguous", "0000": "ungrouped"}
RATIOS = ("0.4", "1.2", "2", "2.5", "3", "1", "0.3999", "7")
CLASSES = {"fee", "bed_day", "ungrouped", "ambiguous", "few_cases", "incomplete"}
CLASSES |= {"low", "high", "normal"}
FIRST_DAY = date(2026, 9, 1)
REGION = load_policy(BASE).policy


def crafted_stay(rng: random.Random, number: int) -> Stay:
    """A stay whose cost lies at a bound of its group, or a fen beside it."""
    drg = rng.choice([*MEANS] * 4 + ["XX11", *STATUSES])
    hospital = rng.choice([*HOSPITALS])
    of_level = rng.choice([Decimal(1), LEVEL_MEANS[HOSPITALS[hospital]]])
    cost = Decimal(rng.choice(RATIOS)) * MEANS.get(drg, 1_000) * of_level
    cost = (cost + Decimal(rng.choice(["0", "0.01", "-0.01"]))).quantize(Decimal("0.01"))
    unit, day_class = rng.choice(
        [("drg", None)] * 18 + [("bed_day", "long_stay"), ("bed_day", "psychiatry"), ("fee", None)]
    )
    # A course of stays of one person that never overlap: the next begins 0 to 30 days later.
    admitted = FIRST_DAY + timedelta(days=number % 7 * 20 + rng.randrange(10))
    days = rng.randrange(10)
    return Stay(
        case_id=f"C{rng.randrange(10**6):06d}-{number}",
        hospital_id=hospital,
        level=HOSPITALS[hospital],
        person_id=f"P{number // 7}",
        account=rng.choice(["employee", "resident"]),
        out_of_area=rng.random() < 0.1,
        admission_date=admitted,
        discharge_date=admitted + timedelta(days=days),
        settlement_date=admitted + timedelta(days=days),
        length_of_stay=days,
        payment_unit=unit,
        bed_day_class=day_class,
        complete=rng.random() < 0.9,
        status=STATUSES.get(drg, "grouped"),
        drg=drg,
        total_cost=cost,
        fund_cost=cost,
        patient_cost=Decimal("0.00"),
        other_cost=Decimal("0.00"),
    )


def crafted_history(stay: Stay) -> list[Stay]:
    """Past stays of groups whose means are round, as are those of levels; UU11 has too few."""
    costs = {"H1": ("1.3", "0.9"), "H2": ("0.8", "1.1"), "H3": ("1.0", "0.9")}
    return [
        replace(
            stay,
            case_id=f"{drg}{hospital}{factor}{number}",
            hospital_id=hospital,
            level=HOSPITALS[hospital],
            payment_unit="drg",
            complete=True,
            length_of_stay=5,
            status="grouped",
            drg=drg,
            total_cost=(Decimal(factor) * mean).quantize(Decimal("0.01")),
        )
        for drg, mean in MEANS.items()
        for number in range(1 if drg == "UU11" else 4)
        for hospital, factors in costs.items()
        for factor in factors[: 1 if drg == "UU11" else 2]
    ]


def catalogue_by_drgpay(history: list[Stay], policy: Policy) -> Catalogue:
    scheme = load_scheme("chs-drg-1.1")
    return drgpay_calibrate(frame_of(history), len(history), scheme, policy, "crafted", "crafted")


@pytest.mark.parametrize("bounds", ["strict", "inclusive"])
@pytest.mark.parametrize("bounds_mean", ["reference", "level"])
@pytest.mark.parametrize("reference", spread(["region", "level", "own_and_level"], 1))
def test_stays_at_the_bounds(bounds: str, bounds_mean: str, reference: str) -> None:
    """Costs exactly at, a fen below and a fen above each bound, under every comparison."""
    rules: dict[str, Any] = {
        "points.bounds": bounds,
        "points.bounds_mean": bounds_mean,
        "points.reference_mean": reference,
        "points.own_mean_weight": "0.7" if reference == "own_and_level" else None,
        "calibration.trim": {"method": "none"},
    }
    policy = changed(REGION, rules)
    rng = random.Random(f"{bounds}{bounds_mean}{reference}")
    stays = [crafted_stay(rng, number) for number in range(500)]
    history = crafted_history(stays[0])
    found, expected = catalogue_by_drgpay(history, policy), calibrate(history, policy.calibration)
    compare_catalogue(found, expected, HOSPITALS)
    earned = earn(stays, expected, policy.points, Filed())
    assert {case.case_class for case in earned.cases.values()} == CLASSES
    points = by_drgpay.earned(stays, found, policy, Filed())
    tables = by_drgpay.point_tables(points)
    compare_points(tables, stays, earned)
    # The test is about stays for which the comparison matters.
    other = changed(policy, {"points.bounds": "strict" if bounds == "inclusive" else "inclusive"})
    turned = [
        case
        for case, e in earn(stays, expected, other.points, Filed()).cases.items()
        if e.case_class != earned.cases[case].case_class
    ]
    assert len(turned) > 5


# ---------------------------------------------------------------------------------- readmission


def compare_readmissions(stays: list[Stay], policy: Policy) -> None:
    found = followed(previous_stays(frame_of(stays)), policy.points.readmission)
    assert dict(found.iter_rows()) == readmissions(stays, policy.points.readmission)


@pytest.mark.parametrize("scope", ["hospital", "region"])
@pytest.mark.parametrize("days", [0, 10, 15])
def test_readmissions_at_the_day(scope: str, days: int) -> None:
    """Returns after 0, 1 and around 10 and 15 days; chains; an exempt group (C6)."""
    policy = changed(
        REGION,
        {
            "points.readmission.scope": scope,
            "points.readmission.days": days,
            "points.readmission.exempt_groups": ["BB11"],
        },
    )
    rng = random.Random(days)
    stays: list[Stay] = []
    for number in range(600):
        stay = replace(crafted_stay(rng, number), person_id=f"P{number // 12}")
        if number // 12 % 9 == 0:
            stay = replace(stay, person_id=None)
        stay = replace(stay, drg=rng.choice(["AA11"] * 6 + ["BB11", "QYA0", "XX11"]))
        if rng.random() < 0.8:
            stay = replace(stay, hospital_id="H1")
        if number % 12:  # the next stay of a person, never before the one before has ended
            gap = timedelta(days=rng.choice([0, 0, 1, 9, 10, 11, 14, 15, 16]))
            admitted = stays[-1].discharge_date + gap
            discharged = admitted + timedelta(days=rng.choice([0, 0, 1, 5]))
            stay = replace(stay, admission_date=admitted, discharge_date=discharged)
        stays.append(replace(stay, status=STATUSES.get(stay.drg, "grouped")))
    assert len(readmissions(stays, policy.points.readmission)) > 20
    rng.shuffle(stays)
    compare_readmissions(stays, policy)


def test_readmission_after_overlapping_stays() -> None:
    """The previous discharge before C is A's; B lies within A and ended a week earlier."""
    policy = changed(REGION, {"points.readmission.days": 15})
    stay = replace(crafted_stay(random.Random(0), 0), drg="AA11", status="grouped")
    stay = replace(stay, payment_unit="drg")
    a, b, c = (
        replace(
            stay,
            case_id=name,
            admission_date=FIRST_DAY + timedelta(days=first),
            discharge_date=FIRST_DAY + timedelta(days=last),
        )
        for name, first, last in (("A", 0, 9), ("B", 1, 2), ("C", 11, 13))
    )
    assert readmissions([a, b, c], policy.points.readmission) == {"A": "C"}
    compare_readmissions([a, b, c], policy)


LIKE = {
    "few": [{"groups": ["*3", "*5"], "like": ["*1"], "times": "1.35"}],
    "several": [
        {"groups": ["UU11"], "like": ["AA11", "CC11"], "times": "0.8"},
        {"groups": ["*9", "UU11"], "like": ["BB11"], "times": "2"},
    ],
}


@pytest.mark.parametrize("per", ["group", "level"])
@pytest.mark.parametrize("rows", LIKE)
def test_groups_that_are_priced_like_others(rows: str, per: str) -> None:
    """Groups of few cases, and some that past years do not know at all, in catalogue and points."""
    policy = changed(
        REGION,
        {
            "calibration.stand_ins": LIKE[rows],
            "calibration.coefficients.per": per,
            "calibration.coefficients.hospital_weight": "0" if per == "level" else "0.5",
            "calibration.coefficients.level_weight": "1" if per == "level" else "0.5",
            "points.few_cases_rule": "base",
        },
    )
    rng = random.Random(rows)
    stays = [crafted_stay(rng, number) for number in range(300)]
    scheme = load_scheme("chs-drg-1.1")
    codes = sorted({"UU11", *(drg.code for *_, drg in scheme.paths())})
    unknown = [f"{drg[:3]}{ending}" for drg in MEANS for ending in "359"]
    stays = [
        replace(stay, drg=rng.choice([*unknown, stay.drg])) if stay.status == "grouped" else stay
        for stay in stays
    ]
    history = crafted_history(stays[0])
    expected = calibrate(history, policy.calibration, codes)
    found = catalogue_by_drgpay(history, policy)
    compare_catalogue(found, expected, HOSPITALS)
    priced = {drg for drg, group in expected.groups.items() if group.stability == "stand_in"}
    assert priced == {one.drg for one in found.info.stand_ins}
    assert len(priced) > 1 if rows == "few" else "UU11" in priced
    compare_points(
        by_drgpay.point_tables(by_drgpay.earned(stays, found, policy, Filed())),
        stays,
        earn(stays, expected, policy.points, Filed()),
    )
