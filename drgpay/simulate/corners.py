"""Sweeps of numbers of [points] under a phase-in, which looks at each stay by itself.

All cases are computed at the corners of the grid, and at its points only those that differ between
corners, or hang on other stays or filings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import polars as pl

from drgpay.points.cases import EarnedPoints
from drgpay.policy.model import Policy
from drgpay.records.filings import Filings
from drgpay.settle.settled import Settled
from drgpay.simulate.paths import with_values
from drgpay.simulate.plan import Plan
from drgpay.simulate.small_month import added_up, merged
from drgpay.simulate.stages import Stages

_MOST_CORNER_AXES = 3


def over_corners(
    stages: Stages, plan: Plan, grid: Sequence[Mapping[str, Any]], where: str
) -> Callable[[Policy], Settled]:
    """What settles the plan under a policy whose swept parameters of [points] lie between corners."""
    stays, filings = stages.stays_of(plan)
    catalogue = stages.catalogue_of(plan)
    payments = filings.payments
    fixed = list[pl.DataFrame]()  # of the cases that no setting touches
    corners = _corners(grid)
    if corners and not (
        filings.reviews.height and plan.policy.points.reviews.over_quota == "refuse"
    ):
        policies = [with_values(plan.policy, corner, where) for corner in corners]
        earned = [
            stages.earned(replace(plan, policy=one), catalogue, stays, filings) for one in policies
        ]
        touched = _linked(stays, filings, plan.policy)
        for other in earned[1:]:
            touched = touched | _differs(earned[0].cases, other.cases)
        steady = EarnedPoints(earned[0].cases.filter(~touched), earned[0].adjustments.clear())
        fixed.append(added_up(steady))
        stays = stays.filter(touched)

    def settled(policy: Policy) -> Settled:
        points = stages.earned(replace(plan, policy=policy), catalogue, stays, filings)
        cases = merged(*fixed, added_up(points))
        return stages.base.settling.settle(cases, points.adjustments, policy, payments, plan.levels)

    return settled


def _corners(grid: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The smallest and largest values of every parameter, in all combinations.

    The class and the points of a single case rise or fall steadily, or not at all, with every
    number of [points]: a bound is passed once, and each formula is a product or a limited one. A
    case that has the same class, formula and points at all corners has them in between. Nothing
    is returned where that is not so: for parameters that are no numbers, and for too many.
    """
    values = {path: [setting[path] for setting in grid] for path in grid[0]}
    numeric = all(
        isinstance(value, int | Decimal) and not isinstance(value, bool)
        for listed in values.values()
        for value in listed
    )
    if not numeric or len(values) > _MOST_CORNER_AXES:
        return []
    ends = [sorted({min(listed), max(listed)}) for listed in values.values()]
    return [dict(zip(values, corner, strict=True)) for corner in product(*ends)]


def _linked(stays: pl.DataFrame, filings: Filings, policy: Policy) -> pl.Series:
    """Stays whose points may hang on other stays or on filings: they are always computed again."""
    points = policy.points
    filed = [table.select("case_id") for table, _ in filings.of_cases.values()]
    ids = pl.concat(filed)["case_id"].unique()
    capped = [group for cap in points.volume_caps for group in cap.groups]
    again = stays.select("person_id").hash_rows().is_duplicated() & stays["person_id"].is_not_null()
    found = stays.select(pl.col("case_id").is_in(ids.implode()) | pl.col("drg").is_in(capped))
    return found.to_series().fill_null(False) | again


def _differs(one: pl.DataFrame, other: pl.DataFrame) -> pl.Series:
    columns = ("case_class", "formula", "points_before", "points")
    differs = pl.Series([False]).new_from_index(0, one.height)
    for column in columns:
        differs = differs | one[column].ne_missing(other[column])
    return differs
