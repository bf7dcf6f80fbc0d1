"""Scenarios over a base: a month or a cleared year."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.api.arguments import checked
from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language, chosen
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.simulate.at_once import Amounts, amount_frames, amounts_at_once
from drgpay.simulate.outcome import Simulation, open_stages, simulate_over
from drgpay.simulate.output import write_simulation
from drgpay.simulate.scenario import Scenario, scenario_of
from drgpay.simulate.scenario import load_scenario as _load_scenario
from drgpay.simulate.stages import Stages
from drgpay.simulate.tables import machine_tables

_ERRORS = Sentences("errors/api")

ScenarioLike = str | Path | Mapping[str, Any] | Scenario
"""A scenario: its file, a dict with the keys of one, or what `load_scenario` gave."""


@dataclass(frozen=True, repr=False)
class ScenarioBase(Shown):
    """A base that is open: its inputs, and in memory the stages that scenarios have computed of it."""

    stages: Stages

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        base = self.stages.base
        yield "period", base.period
        yield "run", base.run.run_id if base.run else None
        yield "job", base.job.path
        yield "scheme", base.rules.scheme.info.id
        yield "policy", base.rules.policy.policy.id


@checked
def load_scenario(scenario: str | Path | Mapping[str, Any]) -> Scenario:
    """A scenario of its file, or of a dict with the keys of one: {"name": ..., "policy": {...}}.

    Values of a dict are read as a file would be: 0.9 is 0.9. Its paths start at the working folder,
    those of a file at the file. Raises DrgpayError with the path of every wrong key.
    Source: docs/scenarios.md lists the keys.
    """
    return (
        _load_scenario(Path(scenario))
        if isinstance(scenario, str | Path)
        else scenario_of(scenario)
    )


@checked
def open_base(
    *,
    job: str | Path | None = None,
    run: str | Path | None = None,
    cache: str | Path | None = None,
    threads: int | None = None,
) -> ScenarioBase:
    """Open the base of scenarios once; `simulate_scenarios` takes it again and again, as it was then.

    job, run, cache: as in `simulate_scenarios`. What scenarios need of the base is computed by the
    first and kept in memory. Raises DrgpayError for every mistake in the inputs, and for a run whose
    files changed since. Source: docs/scenarios.md.
    """
    return ScenarioBase(_stages((), run, job, cache, threads))


@checked
def simulate_scenarios(
    scenarios: ScenarioLike | Sequence[ScenarioLike],
    *,
    base: ScenarioBase | None = None,
    run: str | Path | None = None,
    job: str | Path | None = None,
    cache: str | Path | None = None,
    threads: int | None = None,
) -> Simulation:
    """Settle a month or clear a year again under scenarios, in order, and compare with the base.

    scenarios: files, dicts with the keys of one, or Scenario objects; one or several that stack.
    run, job: the base, else that of the scenarios: a month's run and its job, or a year's clearing and
    its year file. base: instead of these one that `open_base` opened. cache: the folder where stages
    are kept, by default in the job's output; nothing else is written. Returns scaled integers (fen,
    1/10,000); `simulation_tables` has decimals. Raises DrgpayError for every mistake in the scenarios
    and for a base whose files changed since its run. Source: docs/scenarios.md.
    """
    stack = _stack(scenarios)
    if base is None:
        return simulate_over(_stages(stack, run, job, cache, threads), stack)
    if not (run is None and job is None and cache is None and threads is None):
        raise DrgpayError(*_ERRORS("base_and_more"))
    return simulate_over(base.stages, stack)


@checked
def scenario_amounts(
    scenarios: ScenarioLike | Sequence[ScenarioLike], *, base: ScenarioBase
) -> Amounts:
    """What hospitals get under scenarios, at once: no case is looked at, as a slider needs it.

    scenarios: as in `simulate_scenarios`. base: one that `open_base` opened; the first call finds what
    no parameter moves. Returns scaled integers (fen, 1/10,000): statement lines, values, hospitals with
    their change; `amount_tables` has decimals. They are those of `simulate_scenarios` to the fen.
    Raises DrgpayError for every mistake in the scenarios, and for sweeps, targets and [outpatient].
    Source: docs/scenarios.md.
    """
    return amounts_at_once(base.stages, _stack(scenarios))


@checked
def amount_tables(amounts: Amounts) -> dict[str, pl.DataFrame]:
    """Amounts for readers: tables by name, as exact decimals.

    hospitals, values: as of `simulation_tables`; statements of the scenarios, of a year also pools and
    assessment. No error. Source: docs/scenarios.md.
    """
    return amount_frames(amounts)


def _stack(scenarios: ScenarioLike | Sequence[ScenarioLike]) -> list[Scenario]:
    listed: Sequence[ScenarioLike] = (
        [scenarios] if isinstance(scenarios, str | Path | Mapping | Scenario) else scenarios
    )
    return [one if isinstance(one, Scenario) else load_scenario(one) for one in listed]


def _stages(
    scenarios: Sequence[Scenario],
    run: str | Path | None,
    job: str | Path | None,
    cache: str | Path | None,
    threads: int | None,
) -> Stages:
    return open_stages(
        scenarios,
        Path(run) if run else None,
        Path(job) if job else None,
        cache=Path(cache) if cache else None,
        threads=threads,
    )


@checked
def simulation_tables(simulation: Simulation) -> dict[str, pl.DataFrame]:
    """A simulation for readers: its tables by name, as exact decimals.

    hospitals, levels, counties, groups, classes, accounts: cases, points, costs and fund amounts
    (yuan) before and after, change and change_rate; values, effects (which sum to the change),
    waterfall; migration and quality where groups change; visit_... where [outpatient] does; sweep...,
    target. Of a year also final_amount, whose change is told. No error.
    Source: docs/scenarios.md.
    """
    return machine_tables(simulation)


@checked
def save_simulation(
    simulation: Simulation,
    out: str | Path | None = None,
    *,
    with_cases: bool = False,
    language: Language | None = None,
) -> Path:
    """Leave the folder of a simulation (Parquet, Excel, HTML, scenario files) and return it.

    By default it lies in the output of the base's job. Raises DrgpayError if `out` exists.
    Source: docs/scenarios.md.
    """
    return write_simulation(
        simulation, Path(out) if out else None, language or chosen(), with_cases
    )
