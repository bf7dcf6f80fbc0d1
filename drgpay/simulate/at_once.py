"""The money of all hospitals under scenarios, at once: what a slider of a parameter shows.

No case is looked at (few_rows.py): statements, values, winners and losers are those of the whole
simulation, in a fifth of a second over a million stays of a base that is open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.results.results import line_frames
from drgpay.settle.settled import Settled
from drgpay.simulate.base import Base
from drgpay.simulate.compare import paired_values, ranked_hospitals
from drgpay.simulate.few_rows import Earning
from drgpay.simulate.guards import open_stops
from drgpay.simulate.plan import Plan, plan_of
from drgpay.simulate.scenario import Scenario
from drgpay.simulate.stages import Stages
from drgpay.simulate.tables import decimals

_ERRORS = Sentences("errors/simulate")


@dataclass(frozen=True, repr=False)
class Amounts(Shown):
    """What scenarios come to for hospitals, in scaled integers.

    settled: statement lines, pools, rates and assessment of the scenarios; its cases are sums.
    hospitals, values: as `Comparison` has them. stops: findings at which a run would stop and that the
    base did not accept.
    """

    base: Base
    scenarios: tuple[Scenario, ...]
    plan: Plan
    settled: Settled
    hospitals: pl.DataFrame
    values: pl.DataFrame
    stops: int

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "period", self.base.period
        yield "scenarios", ", ".join(one.name for one in self.scenarios)
        yield "hospitals", self.hospitals.height
        yield "winners", int((self.hospitals["change_fen"] > 0).sum())
        yield "losers", int((self.hospitals["change_fen"] < 0).sum())
        yield "stops", self.stops or None


def amounts_at_once(stages: Stages, given: Sequence[Scenario]) -> Amounts:
    """The amounts of stays under scenarios in their order, compared with the base.

    What no parameter of [points], [settlement], [budget] and [clearing] moves is found by the first
    call and kept in memory. Raises DrgpayError as `simulate_over`, and for a sweep, a target and
    parameters of visits, whose answers are of the whole simulation alone.
    """
    scenarios, base = tuple(given), stages.base
    plan = plan_of(base, scenarios, stages.cache)
    _refuse_more(scenarios, plan, base)
    before, amount = stages.base_state, base.settling.amount
    earning = Earning.of(stages, plan)
    points = earning.few_rows(plan.policy.points)
    settled = base.settling.settle(
        points.cases, points.adjustments, plan.policy, earning.filings.payments, plan.levels
    )
    places = [one.policy.settlement.value_places for one in (before.plan, plan)]
    return Amounts(
        base,
        scenarios,
        plan,
        settled,
        ranked_hospitals(before, settled, amount),
        paired_values([before.settled, settled], places),
        open_stops(stages, settled, plan.policy),
    )


def _refuse_more(scenarios: Sequence[Scenario], plan: Plan, base: Base) -> None:
    asked = {
        "[[sweep]]": any(one.file.sweep for one in scenarios),
        "[target]": any(one.file.target for one in scenarios),
        "[outpatient]": plan.policy.outpatient != base.rules.policy.outpatient,
    }
    for what, there in asked.items():
        if there:
            raise DrgpayError(*_ERRORS("not_at_once", where=scenarios[-1].path, what=what))


def amount_frames(found: Amounts) -> dict[str, pl.DataFrame]:
    """The tables of amounts for readers, by name, as exact decimals.

    hospitals and values as a simulation has them; of the scenario alone statements, of a year also
    pools and assessment.
    """
    lines = line_frames(found.settled, found.plan.policy, found.plan.hospitals)
    return {
        **{name: frame for name, frame in lines.items() if name != "values"},
        "hospitals": decimals(found.hospitals),
        "values": decimals(found.values),
    }
