"""A simulation: scenarios over one base, computed and compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.progress import Clock, ProgressBar, no_progress
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.policy.model import Policy
from drgpay.simulate.base import Base, open_base
from drgpay.simulate.cache import StageCache, cache_folder
from drgpay.simulate.compare import Comparison, SchemeComparison, compare, compare_schemes
from drgpay.simulate.decomposition import decomposition
from drgpay.simulate.guards import Noticed, noticed
from drgpay.simulate.paths import with_values
from drgpay.simulate.plan import Plan, base_plan, plan_of
from drgpay.simulate.scenario import Conflict, Scenario, conflicts_of, load_scenario
from drgpay.simulate.settling import hospital_amounts
from drgpay.simulate.stages import Stages, State
from drgpay.simulate.sweep import Swept, compared, grid_of, sweep
from drgpay.simulate.target import Found, TargetMissedError, find
from drgpay.simulate.visits import VisitComparison, compare_visits
from drgpay.simulate.wording import target_words

_ERRORS = Sentences("errors/simulate")


@dataclass(frozen=True, repr=False)
class Simulation(Shown):
    """What scenarios come to, in scaled integers.

    before, after: the base and the whole stack; with a target, `after` has the value that was found.
    noticed: what a run under the stack would stop at. effects: see `decomposition`. waterfall: step, scenario, hospital_id, the amount compared,
    change_fen, change_ratio against the step before. `reused` and `computed` are names of stages.
    """

    base: Base
    scenarios: tuple[Scenario, ...]
    conflicts: tuple[Conflict, ...]
    before: State
    after: State
    comparison: Comparison
    effects: pl.DataFrame
    waterfall: pl.DataFrame
    schemes: SchemeComparison | None
    visits: VisitComparison | None
    swept: Swept | None
    found: Found | None
    noticed: tuple[Noticed, ...]
    seconds: dict[str, float]
    reused: tuple[str, ...]
    computed: tuple[str, ...]

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "period", self.base.period
        yield "base", self.base.run.run_id if self.base.run else self.base.job.path.name
        yield "scenarios", ", ".join(one.name for one in self.scenarios)
        yield "hospitals", self.comparison.hospitals.height
        for values in self.comparison.values.iter_rows(named=True):
            before, after = values["point_value_before"], values["point_value_after"]
            yield f"point_value_{values['pool']}", f"{before} -> {after}"
        yield "stops", self.noticed or None


def simulate(
    files: Sequence[Path],
    run: Path | None = None,
    job: Path | None = None,
    progress: ProgressBar = no_progress,
    cache: Path | None = None,
    threads: int | None = None,
) -> Simulation:
    """Compute scenario files in their order over one base and compare.

    run, job: the base, else that of the files. cache: where stages are kept; by default
    `cache_folder` of the job's output. Nothing is written but the cache. Raises DrgpayError for
    every mistake in scenarios and inputs, and for a base whose files changed since its run;
    TargetMissedError for a target that no value reaches.
    """
    clock = Clock()
    scenarios = [load_scenario(path) for path in files]
    return simulate_over(
        open_stages(scenarios, run, job, progress, cache, threads), scenarios, clock
    )


def open_stages(
    scenarios: Sequence[Scenario],
    run: Path | None = None,
    job: Path | None = None,
    progress: ProgressBar = no_progress,
    cache: Path | None = None,
    threads: int | None = None,
) -> Stages:
    """The base of scenarios with its stages, for `simulate_over`; arguments and errors as `simulate`."""
    base = open_base(scenarios, run, job)
    stored = (
        StageCache(cache, named=True)
        if cache is not None
        else StageCache(cache_folder(base.job.output))
    )
    return Stages(base, stored, progress, threads)


def simulate_over(
    stages: Stages, given: Sequence[Scenario], clock: Clock | None = None
) -> Simulation:
    """Compute scenarios in their order over a base that is open; stages that it has are used again.

    Raises DrgpayError and TargetMissedError as `simulate`.
    """
    clock, scenarios = clock or Clock(), tuple(given)
    base, stored, progress = stages.base, stages.cache, stages.progress
    stored.count_anew()
    sweeps = [one for scenario in scenarios for one in scenario.file.sweep]
    last = str(scenarios[-1].path) if scenarios else ""
    grid = grid_of(sweeps, last) if sweeps else []
    plan = plan_of(base, scenarios, stored)
    if grid:
        with_values(plan.policy, grid[0], last)  # a wrong path is told before the base is settled
    clock.lap("open")
    visits = compare_visits(stages, plan, last)
    if visits:
        clock.lap("visits")
    before = stages.base_state
    _refuse_other_results(base, before)
    clock.lap("base")
    found = _answer(stages, plan, scenarios)
    if found:
        if found.value is None:
            raise TargetMissedError(found, target_words(found))
        plan = replace(plan, policy=_at(plan, found, last))
        clock.lap("target")
    after = stages.state(plan)
    clock.lap("scenario")
    comparison = compare(before, after, base.settling.amount)
    middle = _middle(stages, plan)
    effects = decomposition(stages, before, middle, after)
    waterfall = _waterfall(stages, scenarios, before, after)
    schemes = compare_schemes(before, after)
    stops = noticed(stages, after, visits.stops if visits else ())
    clock.lap("compare")
    swept = None
    if grid:
        with progress("sweeping", len(grid)) as advance:
            swept = sweep(stages, plan, grid, last, advance)
        clock.lap("sweep")
    return Simulation(
        base,
        scenarios,
        tuple(conflicts_of(scenarios, base.period)),
        before,
        after,
        comparison,
        effects,
        waterfall,
        schemes,
        visits,
        swept,
        found,
        stops,
        clock.seconds,
        tuple(stored.used),
        tuple(stored.made),
    )


def _answer(stages: Stages, plan: Plan, scenarios: Sequence[Scenario]) -> Found | None:
    asking = [scenario for scenario in scenarios if scenario.file.target]
    if len(asking) > 1:
        raise DrgpayError(*_ERRORS("two_targets", first=asking[0].path, other=asking[1].path))
    for scenario in asking:
        if scenario.file.target:
            return find(stages, plan, scenario.file.target, str(scenario.path))
    return None


def _at(plan: Plan, found: Found, where: str) -> Policy:
    value = found.value
    given = int(value) if value is not None and found.target.places == 0 else value
    return with_values(plan.policy, {found.target.path: given}, where)


def _middle(stages: Stages, plan: Plan) -> State:
    """The base's rules over the scenario's stays: its volumes, and what its [records] let pass."""
    rules, records = base_plan(stages.base).policy, plan.policy.records
    if not plan.volumes and records == rules.records:
        return stages.base_state
    settlement = rules.settlement.model_copy(update={"may_exceed_budget": True})
    policy = rules.model_copy(update={"settlement": settlement, "records": records})
    return stages.state(replace(base_plan(stages.base), policy=policy, volumes=plan.volumes))


def _waterfall(
    stages: Stages, scenarios: Sequence[Scenario], before: State, after: State
) -> pl.DataFrame:
    """What each file adds to those before it; the last step ends at the whole stack."""
    amount = stages.base.settling.amount
    amounts = hospital_amounts(before.settled, amount)

    def step(number: int, name: str, now: pl.DataFrame) -> pl.DataFrame:
        return compared(amounts, now, amount).select(
            pl.lit(number, pl.Int64).alias("step"),
            pl.lit(name).alias("scenario"),
            pl.exclude("bin"),
        )

    steps = [step(0, "", amounts).clear()]
    for number, scenario in enumerate(scenarios, start=1):
        state = after
        if number < len(scenarios):
            state = stages.state(plan_of(stages.base, scenarios[:number], stages.cache))
        now = hospital_amounts(state.settled, amount)
        steps.append(step(number, scenario.name, now))
        amounts = now
    return pl.concat(steps)


def _refuse_other_results(base: Base, before: State) -> None:
    """The base must be the run to the fen; another version of the program may differ."""
    if base.run is None:
        return
    columns = ["hospital_id", "account", "out_of_area", "payment", "points", "fund_amount_fen"]
    columns += ["payable_fen", "clearing_fen"] if base.year else []
    paid = base.run.scaled("statements").select(columns)
    if not paid.equals(before.settled.lines.select(columns)):
        raise DrgpayError(
            *_ERRORS(
                "base_not_reproduced",
                now=base.basis["program"],
                run=base.run.run_id,
                program=base.run.manifest.program,
            )
        )
