"""Scenarios over a base: a month or a cleared year."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from drgpay.api.arguments import checked
from drgpay.base.language import Language
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.outcome import simulate as _simulate
from drgpay.simulate.output import write_simulation
from drgpay.simulate.tables import machine_tables


@checked
def simulate_scenarios(
    scenarios: str | Path | Sequence[str | Path],
    *,
    run: str | Path | None = None,
    job: str | Path | None = None,
    cache: str | Path | None = None,
    threads: int | None = None,
) -> Simulation:
    """Settle a month or clear a year again under scenario files, in order, and compare with the base.

    run, job: the base, else that of the files: a month's run and its job, or a year's clearing and its
    year file. cache: the folder where stages are kept, by default
    in the job's output; nothing else is written. Returns scaled integers (fen, 1/10,000);
    `simulation_tables` has decimals. Raises DrgpayError for every mistake in the files and for a
    base whose files changed since its run. Source: docs/scenarios.md.
    """
    files = [scenarios] if isinstance(scenarios, str | Path) else scenarios
    return _simulate(
        [Path(file) for file in files],
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
    language: Language = "zh",
) -> Path:
    """Leave the folder of a simulation (Parquet, Excel, HTML, scenario files) and return it.

    By default it lies in the output of the base's job. Raises DrgpayError if `out` exists.
    Source: docs/scenarios.md.
    """
    return write_simulation(simulation, Path(out) if out else None, language, with_cases)
