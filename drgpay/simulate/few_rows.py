"""The points of a month or a year as few rows, for the money of hospitals at once (docs/scenarios.md).

Most stays are priced with those that are alike (alike_stays.py). Those that an adjustment can concern
hang on other stays or on filings: they go the way of a run, and take the place of what they were
among the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from drgpay.points.reviews import discharges
from drgpay.policy.points import AgeFactor, Points
from drgpay.simulate.alike_stays import AlikeStays, UnpricedError
from drgpay.simulate.plan import Plan
from drgpay.simulate.small_month import added_up, merged, without
from drgpay.simulate.stages import Among, Stages


@dataclass(frozen=True)
class FewRows:
    """What a settlement takes: cases as of small_month.py, adjustments as of EarnedPoints."""

    cases: pl.DataFrame
    adjustments: pl.DataFrame


class Earning:
    """Finds the points of the stays of a plan under one [points] after another."""

    @classmethod
    def of(cls, stages: Stages, plan: Plan) -> "Earning":
        """Over the stays and the catalogue of a plan; the last one is kept in memory."""
        return stages.remembered("earning", stages.stays_key(plan), lambda: cls(stages, plan))

    def __init__(self, stages: Stages, plan: Plan) -> None:
        self.plan = plan
        self.stays, self.filings = stages.stays_of(plan)
        self._stages = stages
        self._catalogue = stages.catalogue_of(plan)
        self._concerned_last: tuple[pl.Series, pl.DataFrame] | None = None
        self._last: tuple[Points, FewRows] | None = None
        self._found: tuple[tuple[AgeFactor, ...], AlikeStays] | None = None

    def few_rows(self, points: Points) -> FewRows:
        """The points of all stays, the same to the last place as case by case.

        points: those of the plan, or others over the same stays. A phase-in looks at each stay by
        itself, so with one, and where a stay has no price, all go the way of a run. Raises
        DrgpayError as that does.
        """
        policy = self.plan.policy.model_copy(update={"points": points})
        if self._last is None or self._last[0] != points:
            self._last = points, self._few_rows(replace(self.plan, policy=policy))
        return self._last[1]

    def _few_rows(self, plan: Plan) -> FewRows:
        if plan.policy.points.phase_in is None:
            try:
                return self._quick(plan)
            except UnpricedError:
                pass
        earned = self._stages.earned(plan, self._catalogue, self.stays, self.filings)
        return FewRows(added_up(earned), earned.adjustments)

    def _quick(self, plan: Plan) -> FewRows:
        points = plan.policy.points
        sums = self._alike(points).before_adjustments(self._catalogue, points)
        returns = self._stages.returns(plan, self.stays, self.filings)
        concerned = self._concerned(points, returns)
        among = Among(returns, self._discharges)
        earned = self._stages.earned(plan, self._catalogue, concerned, self.filings, among)
        rest = without(sums, earned.cases, "points_before")
        return FewRows(merged(rest, added_up(earned)), earned.adjustments)

    def _concerned(self, points: Points, returns: pl.DataFrame) -> pl.DataFrame:
        """The stays that an adjustment can concern; one more does no harm."""
        ids = pl.concat([returns.select("case_id"), self._filed])
        named = self._named.join(ids, on="case_id", how="semi")["place"]
        of_groups = self._alike(points).places_of({*_groups(points)})
        places = pl.concat([named, of_groups]).unique().sort()
        if self._concerned_last is None or not self._concerned_last[0].equals(places):
            rows = self.stays[places.filter(places < self.stays.height)]
            self._concerned_last = places, rows
        return self._concerned_last[1]

    @cached_property
    def _filed(self) -> pl.DataFrame:
        """case_id of what is filed."""
        tables = self.filings.of_cases.values()
        return pl.concat(table.select("case_id") for table, _ in tables)

    @cached_property
    def _named(self) -> pl.DataFrame:
        """case_id and place (the row in stays) of all stays that a return or a filing can name."""
        pairs, before = self._stages.pairs(self.stays)
        ids = pl.concat([one.select("case_id") for one in (pairs, before, self._filed)]).unique()
        places = self.stays["case_id"].search_sorted(ids["case_id"]).cast(pl.UInt32)
        return ids.with_columns(place=places)

    @cached_property
    def _discharges(self) -> pl.DataFrame:
        return discharges(self.stays)

    def _alike(self, points: Points) -> AlikeStays:
        """The stays by what points see of them, found once."""
        factors = points.age_factors
        if self._found is None or self._found[0] != factors:
            self._found = factors, AlikeStays.of(self.stays, points)
        return self._found[1]


def _groups(points: Points) -> Iterator[str]:
    """Groups whose stays are adjusted without being named by a return or a filing."""
    for cap in points.volume_caps:
        yield from cap.groups
    for technology in points.new_technologies:
        yield from () if technology.filed else technology.groups
    yield from points.tcm.groups if points.tcm else ()
