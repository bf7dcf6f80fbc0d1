"""Amounts at once are those of the whole computation, whatever a scenario changes."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.simulate.few_rows import Earning
from drgpay.simulate.paths import with_values
from drgpay.simulate.plan import Plan, base_plan
from drgpay.simulate.small_month import added_up
from drgpay.simulate.stages import Stages
from tests.simulate.region import Region
from tests.simulate.year import Year
from tests.spread import drawn

GROUPS = ("ES11", "XR19", "IU29", "FM19", "OR19")

VALUES: dict[str, tuple[Any, ...]] = {
    "points.low_ratio": ("0", "0.31", "0.55", "1"),
    "points.low_formula": ("at_cost",),
    "points.bounds": ("inclusive",),
    "points.always_low_groups": (GROUPS[:2],),
    "points.incomplete_formula": ("without_coefficient",),
    "points.high_bands": (
        [{"ratio": "1.2"}],
        [{"ratio": "0.3"}],  # below the bound of the low ones
        [{"ratio": "2", "levels": ["3A"]}],
        [{"ratio": "1.5", "accounts": ["resident"]}, {"ratio": "3", "base_points_from": "80"}],
    ),
    "points.high_formula": ("excess", "cost_less_cap", "cost_less_cap_coef", "at_cost"),
    "points.high_floor": ("none",),
    "points.reference_mean": ("level",),
    "points.ambiguous_ratio": ("0", "0.9"),
    "points.ungrouped_rule": ("fixed_points",),
    "points.ungrouped_points": ("60",),
    "points.few_cases_rule": ("at_cost",),
    "points.age_factors": ([{"rule": "NL >= 70", "times": "1.2"}],),
    "points.no_coefficient_groups": (GROUPS,),
    "points.base_level": ({"groups": GROUPS, "level": "2A"},),
    "points.readmission.days": (0, 3, 300),
    "points.readmission.factor": ("0", "0.77"),
    "points.readmission.scope": ("region",),
    "points.reviews.quota_share": ("0", "0.0011"),
    "points.reviews.over_quota": ("refuse",),
    "points.reviews.quota_scope": ("region",),
    "points.reviews.classes": (["high"],),
    "points.volume_caps": (
        [{"groups": [GROUPS[0]], "cases_a_month": 2, "factor": "0.8"}],
        [{"groups": GROUPS[1:], "cases_a_month": 0, "factor": "0.4"}],
    ),
    "points.tcm": ({"groups": GROUPS[:3], "uplift": "0.2", "max_points": "9"},),
    "points.new_technologies": (
        [
            {
                "technology": "x",
                "groups": GROUPS[2:],
                "share_by_year": {"2026": "0.13"},
                "filed": False,
            }
        ],
    ),
    "settlement.method": ("fund_only", "cost"),
    "settlement.out_of_area": ("pooled", "excluded"),
    "settlement.value_places": (2,),
    "settlement.distribute_remainder": ("all",),
    "settlement.deducted_points": ("pool",),
    "settlement.merged_accounts": ([["employee", "resident"]],),
    "settlement.prepay_ratio": ("0.7",),
}
"""Values of parameters, by their path."""

POLICY = st.lists(st.sampled_from(sorted(VALUES)), max_size=5, unique=True).flatmap(
    lambda paths: st.fixed_dictionaries({path: st.sampled_from(VALUES[path]) for path in paths})
)


def _check(stages: Stages, values: dict[str, Any]) -> None:
    """Both ways say the same in every table that both have, or refuse it with the same sentence."""
    plan = _planned(stages, values)
    if plan is None:
        return
    earning = Earning.of(stages, plan)
    few, whole = earning.few_rows(plan.policy.points), _earned(stages, plan)
    assert few.adjustments.equals(whole.adjustments)
    expected = added_up(whole)
    assert few.cases.equals(expected.select(few.cases.columns))

    def settled(cases: pl.DataFrame) -> Any:
        return stages.base.settling.settle(
            cases, whole.adjustments, plan.policy, earning.filings.payments, plan.levels
        )

    try:
        right = settled(whole.cases)
    except DrgpayError as error:
        with pytest.raises(DrgpayError) as found:
            settled(few.cases)
        assert str(found.value) == str(error)
        return
    quick = settled(few.cases)
    for table in ("lines", "pools", "rates", "assessment"):
        assert getattr(quick, table).equals(getattr(right, table)), table


def _planned(stages: Stages, values: dict[str, Any]) -> Plan | None:
    plan = base_plan(stages.base)
    try:
        return replace(plan, policy=with_values(plan.policy, values, "x"))
    except DrgpayError:
        return None  # values that do not go together


def _earned(stages: Stages, plan: Plan) -> Any:
    stays, filings = stages.stays_of(plan)
    return stages.earned(plan, stages.catalogue_of(plan), stays, filings)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"points.low_ratio": "0.55", "points.high_formula": "excess"},
        {"points.readmission.days": 300, "points.readmission.factor": "0.3"},
        {
            "points.volume_caps": VALUES["points.volume_caps"][1],
            "points.reviews.over_quota": "refuse",
        },
    ],
)
def test_few_rows_are_the_whole(region: Region, values: dict[str, Any]) -> None:
    _check(region.stages, values)


@pytest.mark.slow
@drawn(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=POLICY)
def test_random_scenarios_of_a_month(region: Region, values: dict[str, Any]) -> None:
    _check(region.stages, values)


@pytest.mark.slow
@drawn(12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=POLICY)
def test_random_scenarios_of_a_year(year: Year, values: dict[str, Any]) -> None:
    _check(year.stages, values)
