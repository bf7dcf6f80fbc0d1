"""One parameter or several over many values: a table of measures and one of hospitals.

Stays are added up as far as points and settlement cannot tell them apart (few_rows.py); what comes
out is what the whole computation gives (tests compare them).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import as_decimal
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.policy.model import Policy
from drgpay.settle.settled import Settled
from drgpay.simulate.compare import BINS, bin_of, change_ratio
from drgpay.simulate.corners import over_corners
from drgpay.simulate.few_rows import Earning
from drgpay.simulate.guards import open_stops
from drgpay.simulate.paths import with_values
from drgpay.simulate.plan import Plan, check_policy
from drgpay.simulate.scenario import Sweep
from drgpay.simulate.settling import hospital_amounts
from drgpay.simulate.small_month import added_up
from drgpay.simulate.stages import Stages

_ERRORS = Sentences("errors/simulate")

MOST_POINTS = 1000
MOST_WHOLE_POINTS = 100
"""Of parameters for which the records are checked or the catalogue is calibrated again each time."""
_QUICK = {"settlement", "budget", "clearing", "points"}

Setting = dict[str, Any]


@dataclass(frozen=True)
class Swept:
    """A sweep over its grid, in scaled integers.

    paths: the swept parameters. points: number, the values (text, a column a path), the amount
    compared (fund_amount_fen; of a year final_amount_fen), change_fen, gained_fen (by the winners),
    losers, winners (beyond 0.1 %), beyond_5 (hospitals beyond 5 % either way), smallest_ratio and
    largest_ratio (change, 1/10,000), stops (findings of the settlement at which a run would stop and
    that the base did not accept). values: number, pool, point_value (a decimal), remainder_fen.
    hospitals: number, hospital_id, the amount, change_fen, change_ratio, bin.
    """

    paths: tuple[str, ...]
    points: pl.DataFrame
    values: pl.DataFrame
    hospitals: pl.DataFrame


def grid_of(sweeps: Sequence[Sweep], where: str) -> list[Setting]:
    """The points of the grid, the last parameter running fastest.

    Raises DrgpayError for more than MOST_POINTS points (MOST_WHOLE_POINTS where each takes the whole
    computation) and for a parameter that is swept twice.
    """
    count = prod(sweep.count for sweep in sweeps)
    slow = [sweep.path for sweep in sweeps if sweep.path.split(".")[0] not in _QUICK]
    most = MOST_WHOLE_POINTS if slow else MOST_POINTS
    if count > most:
        told = " x ".join(str(sweep.count) for sweep in sweeps)
        facts = {"where": where, "count": count, "told": told, "most": most}
        if slow:
            raise DrgpayError(*_ERRORS("many_whole_points", path=slow[0], **facts))
        raise DrgpayError(*_ERRORS("many_points", **facts))
    paths = [sweep.path for sweep in sweeps]
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise DrgpayError(*_ERRORS("swept_twice", where=where, path=twice[0]))
    return [
        dict(zip(paths, values, strict=True))
        for values in product(*(sweep.points() for sweep in sweeps))
    ]


def sweep(
    stages: Stages,
    plan: Plan,
    grid: Sequence[Setting],
    where: str,
    advance: Callable[[int], None] = lambda points: None,
) -> Swept:
    """The measures of every point of a grid, compared with the base.

    Raises DrgpayError for unknown paths and impossible values before anything is computed.
    """
    policies = [with_values(plan.policy, setting, where) for setting in grid]
    for policy in policies:
        check_policy(stages.base, plan, policy, where)
    most_places = max(policy.settlement.value_places for policy in policies)
    amount = stages.base.settling.amount
    before = hospital_amounts(stages.base_state.settled, amount)
    settle = evaluator(stages, plan, grid, where)
    points, values, hospitals = [], [], []
    for number, (setting, policy) in enumerate(zip(grid, policies, strict=True), start=1):
        try:
            settled = settle(policy)
        except DrgpayError as error:
            told = listed(f"{path} = {value}" for path, value in setting.items())
            problem = _ERRORS.words(
                "at_setting", where=where, setting=told, problem=error.problem_words
            )
            raise DrgpayError(problem, error.remedy_words) from None
        found = compared(before, hospital_amounts(settled, amount), amount)
        measures = _measures(number, setting, found, amount)
        stops = pl.lit(open_stops(stages, settled, policy), pl.Int64)
        points.append(measures.with_columns(stops=stops))
        values.append(_values(number, settled, policy, most_places))
        hospitals.append(found.select(pl.lit(number).cast(pl.Int64).alias("number"), pl.all()))
        advance(1)
    return Swept(tuple(grid[0]), pl.concat(points), pl.concat(values), pl.concat(hospitals))


def compared(before: pl.DataFrame, after: pl.DataFrame, amount: str) -> pl.DataFrame:
    """hospital_id, the amount after, change_fen, change_ratio, bin of hospital_amounts."""
    both = before.join(after, on="hospital_id", how="full", coalesce=True, suffix="_after")
    return (
        both.with_columns(pl.exclude("hospital_id").fill_null(0))
        .sort("hospital_id")
        .with_columns(change_fen=pl.col(f"{amount}_after") - pl.col(amount))
        .select(
            "hospital_id",
            pl.col(f"{amount}_after").alias(amount),
            "change_fen",
            change_ratio=change_ratio("change_fen", amount),
            bin=bin_of(pl.col("change_fen"), pl.col(amount)),
        )
    )


def _measures(number: int, setting: Setting, found: pl.DataFrame, amount: str) -> pl.DataFrame:
    change = pl.col("change_fen")
    losing, gaining = pl.col("bin").is_in(BINS[:2]), pl.col("bin").is_in(BINS[3:])
    return found.select(
        pl.lit(number).cast(pl.Int64).alias("number"),
        *(pl.lit(str(value)).alias(path) for path, value in setting.items()),
        pl.col(amount).sum(),
        change.sum(),
        gained_fen=change.filter(change > 0).sum(),
        losers=losing.sum().cast(pl.Int64),
        winners=gaining.sum().cast(pl.Int64),
        beyond_5=pl.col("bin").is_in([BINS[0], BINS[-1]]).sum().cast(pl.Int64),
        smallest_ratio=pl.col("change_ratio").min(),
        largest_ratio=pl.col("change_ratio").max(),
    )


def _values(number: int, settled: Settled, policy: Policy, most_places: int) -> pl.DataFrame:
    places = policy.settlement.value_places
    return settled.pools.select(
        pl.lit(number).cast(pl.Int64).alias("number"),
        "pool",
        as_decimal("point_value", places).cast(pl.Decimal(18, most_places)),
        "remainder_fen",
    )


_OF_CHECKS = (
    "points.bed_days",
    "points.incomplete_if",
    "points.outside_drg_if",
    "points.age_factors",
)
"""Parameters of [points] that the checked stays depend on."""
_PHASE_IN = "points.phase_in"


def evaluator(
    stages: Stages, plan: Plan, grid: Sequence[Setting], where: str
) -> Callable[[Policy], Settled]:
    """What settles the plan's month or year under a policy that differs in the swept parameters alone.

    The statements and values of the result are those of the whole.
    """
    paths = {path for setting in grid for path in setting}
    areas = {path.split(".")[0] for path in paths}
    if "outpatient" in areas:
        raise DrgpayError(*_ERRORS("visits_swept", where=where))
    if not areas <= _QUICK or any(path.startswith(_OF_CHECKS) for path in paths):
        return _whole_again(stages, plan)
    phased_in = plan.policy.points.phase_in or any(path.startswith(_PHASE_IN) for path in paths)
    if "points" in areas and phased_in:
        return over_corners(stages, plan, grid, where)
    return _over_few_rows(stages, plan)


def _whole_again(stages: Stages, plan: Plan) -> Callable[[Policy], Settled]:
    """Checks, catalogue and points differ; what was grouped stands.

    What the plan itself needs is kept: most parameters leave the stays or the catalogue as they are.
    """
    stages.stays_of(plan)
    stages.catalogue_of(plan)

    def settled(policy: Policy) -> Settled:
        there = replace(plan, policy=policy)
        with stages.passing():
            stays, filings = stages.stays_of(there)
            catalogue = stages.catalogue_of(there)
        points = stages.earned(there, catalogue, stays, filings)
        return stages.base.settling.settle(
            added_up(points), points.adjustments, policy, filings.payments, plan.levels
        )

    return settled


def _over_few_rows(stages: Stages, plan: Plan) -> Callable[[Policy], Settled]:
    """The stays are those of the plan; where only the settlement differs, so are the points."""
    earning = Earning.of(stages, plan)
    payments, levels = earning.filings.payments, plan.levels

    def settled(policy: Policy) -> Settled:
        points = earning.few_rows(policy.points)
        return stages.base.settling.settle(
            points.cases, points.adjustments, policy, payments, levels
        )

    return settled
