"""The worked numbers of the specification, by the recomputation alone: so it can be trusted."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from drgpay.policy.calibration import Coefficients
from drgpay.policy.load import load_policy

from .policies import changed
from .random_policy import DEDUCTIONS, coefficient_rules
from .random_runs import BASE
from .recomputation.adjusting import earn
from .recomputation.calibration import Catalogue, Group, Sum
from .recomputation.classes import points_of, reference_mean
from .recomputation.clearing import pool_of_year
from .recomputation.coefficients import coefficient, mixed
from .recomputation.prepayment import settle_month
from .recomputation.records import Filed, Stay, Violation
from .recomputation.rounding import ceiling, half_up, largest_remainder
from .recomputation.settlement import Case
from .test_points import crafted_stay

POLICY = load_policy(BASE).policy


def rules(**more: Any) -> Coefficients:
    return Coefficients.model_validate(coefficient_rules("group", "0.5", "0.5", 1, **more))


def catalogue(own: str, level: str, coefficients: Coefficients | None = None) -> Catalogue:
    """A group of base 200 and mean 20,000, all mean 10,000; hospital H1 and level 3A have a mean."""
    sums = [Sum(1, Fraction(mean), Fraction(1)) for mean in (own, level)]
    return Catalogue(
        rules=coefficients or rules(),
        groups={
            "AA11": Group(Decimal("20000.00"), stability="stable", base_points=Decimal("200.0000"))
        },
        of_hospital={("AA11", "H1"): sums[0]},
        of_level={("AA11", "3A"): sums[1]},
        of_groups={},
        bed_days={},
        eligible=1,
        trimmed=0,
        all_cost=Fraction(100_000),
        all_cases=10,
    )


def stay(cost: str, **more: Any) -> Stay:
    bare = replace(crafted_stay(random.Random(0), 0), hospital_id="H1", level="3A", drg="AA11")
    given: dict[str, Any] = {"status": "grouped", "payment_unit": "drg", "complete": True} | more
    return replace(bare, total_cost=Decimal(cost), **given)


def test_rounding_examples() -> None:
    assert half_up(Fraction("0.4527") * Fraction("6495.34"), 2) == Decimal("2940.44")  # E3
    assert half_up(Fraction(-5, 1000), 2) == Decimal("-0.01")
    quotas = [Fraction("33.335"), Fraction("33.335"), Fraction("33.33")]
    shares = [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert largest_remainder(Decimal("100.00"), quotas) == shares  # C18
    assert [ceiling(Fraction(1234 * thousandths, 1000)) for thousandths in (1, 2)] == [2, 3]  # C11


def test_coefficient_examples() -> None:
    assert mixed(Fraction("1.08"), Fraction("0.96"), rules()) == Decimal("1.0200")  # C8
    neighbour = {"level_order": ["1", "3A", "4"], "from_higher": "0.90", "from_lower": "1.10"}
    by_level = Coefficients.model_validate(
        coefficient_rules("group", "0", "1", 1, missing_part="neighbour") | {"neighbour": neighbour}
    )
    c9 = catalogue("20000", "21000", by_level)
    found = [coefficient(c9, "AA11", level, None) for level in ("1", "3A", "4")]
    assert found == [Decimal("0.9450"), Decimal("1.0500"), Decimal("1.1550")]


@pytest.mark.parametrize(
    ("example", "formula", "cost", "complete", "points"),
    [
        ("C2", "with_coefficient", "20000.00", True, "220.0000"),
        ("C3", "with_coefficient", "5000.00", False, "55.0000"),
        ("C4", "with_coefficient", "19900.00", False, "200.0000"),
        ("C5", "without_coefficient", "5000.00", False, "50.0000"),
        ("C7", "with_coefficient", "8000.00", True, "48.0000"),
        ("C12", "with_coefficient", "1.00", True, "70.8549"),
    ],
)
def test_point_examples(example: str, formula: str, cost: str, complete: bool, points: str) -> None:
    """Base 200, mean 20,000, all_mean 10,000, coefficient 1.1."""
    row = {"bed_day_class": "psychiatry", "points_per_day": "2.36182972"}
    policy = changed(
        POLICY,
        {"points.incomplete_formula": formula, "points.bed_days": [row]}
        | {"points.base_level": None},
    )
    case = stay(
        cost,
        drg="QYA0" if example == "C7" else "AA11",
        status="ambiguous" if example == "C7" else "grouped",
        payment_unit="bed_day" if example == "C12" else "drg",
        bed_day_class="psychiatry",
        length_of_stay=30,
        complete=complete,
    )
    found = points_of(case, catalogue("22000", "22000"), policy.points)
    assert found.points_before == Decimal(points)


def test_readmission_and_deduction_examples() -> None:
    """C6 and C13."""
    policy = changed(POLICY, {"points.readmission.days": 15, "points.deductions": DEDUCTIONS})
    first = stay("20000.00", case_id="A")
    later = first.discharge_date + timedelta(days=15)
    again = replace(first, case_id="B", admission_date=later, discharge_date=later)
    of_group = catalogue("22000", "22000")
    assert earn([first, again], of_group, policy.points, Filed()).points == {
        "A": Decimal("110.0000"),
        "B": Decimal("220.0000"),
    }
    coded_up = Filed(violations=(Violation("A", "up_coding", serious=True),))
    earned = earn([first], of_group, policy.points, coded_up)
    assert earned.points["A"] == 0
    assert [row.points for row in earned.adjustments] == [Decimal("-220"), Decimal("-400")]


def test_reference_mean_example() -> None:
    """C10: the standard mixes own and level, the band is the level's."""
    policy = changed(POLICY, {"points.bounds": "strict", "points.high_bands": [{"ratio": 2}]})
    of_group = catalogue("12000", "10000")
    group = of_group.groups["AA11"]
    assert reference_mean(stay("1.00"), group, of_group, policy.points) == 11_400
    costs = ("3999.99", "4000.00", "20000.00", "20000.01")
    classes = [points_of(stay(cost), of_group, policy.points).case_class for cost in costs]
    assert classes == ["low", "normal", "normal", "high"]


def case(name: str, points: str, patient: str, *, outside: bool = False) -> Case:
    cost, zero = Decimal(patient), Decimal("0.00")
    hospital = f"H{name[1]}"
    return Case(
        name, hospital, "employee", outside, "normal", Decimal(points), cost, zero, cost, zero
    )


@pytest.mark.parametrize(
    ("cases", "budget", "value", "standards", "remainder", "bill"),
    [
        (  # C19
            [case("C1", "15000.1000", "300000.00"), case("C2", "4999.2000", "100000.00")],
            "600000.00",
            "50.0017",
            ["750030.50", "249968.50"],
            "1.00",
            "0.00",
        ),
        (  # C20
            [
                case("C1", "18000.0000", "400000.00"),
                case("C3", "200.0000", "4000.00", outside=True),
            ],
            "500000.00",
            "50.0000",
            ["900000.00", "10000.00"],
            "0.00",
            "6000.00",
        ),
    ],
)
def test_settlement_examples(
    cases: list[Case], budget: str, value: str, standards: list[str], remainder: str, bill: str
) -> None:
    policy = changed(
        POLICY,
        {"settlement.out_of_area": "same_price", "settlement.distribute_remainder": "none"},
    )
    month = settle_month(cases, [], policy, {"employee": Decimal(budget)})
    assert month.settled.values["employee"].point_value == Decimal(value)
    assert month.settled.values["employee"].remainder == Decimal(remainder)
    lines = month.settled.lines
    assert [line.standard_amount for line in lines.values()] == list(map(Decimal, standards))
    assert month.prepaid[[*lines][-1]].home_fund_bill == Decimal(bill)


@pytest.mark.parametrize(
    ("example", "cost", "final"),
    [("C16", "112000000.00", "105500000.00"), ("C17", "96000000.00", "99400000.00")],
)
def test_clearing_examples(example: str, cost: str, final: str) -> None:
    assert POLICY.clearing
    of_year = pool_of_year(Decimal("100000000.00"), Decimal("6000000.00"), Decimal(cost), POLICY)
    assert of_year.budget_final == Decimal(final), example
