"""Measure scenarios over a month that is open: amounts at once, whole simulations, sweeps.

    python benchmarks/scenarios.py [--stays 1000000] [--data FOLDER] [--whole]

The month is made once with `drgpay sample` and `drgpay run`. Everything is measured in one process of
its own, whose stages are kept from an earlier one: seconds of wall time and of processor time, and
the peak memory of the process so far.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import drgpay

_SCENARIOS: dict[str, dict[str, Any]] = {
    "bound of low stays": {"policy": {"points.low_ratio": 0.35}},
    "coefficients as of level 2A": {
        "policy": {"points.base_level": {"groups": ["ES11", "XR19", "IU29"], "level": "2A"}}
    },
    "bound of high stays": {"policy": {"points.high_bands.2.ratio": 2.5}},
    "formula of high stays": {"policy": {"points.high_formula": "excess"}},
    "reference mean of the level": {"policy": {"points.reference_mean": "level"}},
    "few cases at cost": {"policy": {"points.few_cases_rule": "at_cost"}},
    "factor of readmissions": {"policy": {"points.readmission.factor": 0.3}},
    "days of readmissions": {"policy": {"points.readmission.days": 30}},
    "budget": {"budget": {"times": 1.02}},
    "prepaid share": {"policy": {"settlement.prepay_ratio": 0.8}},
    "remainder": {"policy": {"settlement.distribute_remainder": "all"}},
}

_SWEEPS = {
    "sweep of 100 points, low_ratio": ("points.low_ratio", 0.301, 0.4),
    "sweep of 100 points, readmission": ("points.readmission.factor", 0.301, 0.4),
    "sweep of 100 points, prepay_ratio": ("settlement.prepay_ratio", 0.801, 0.9),
}


@contextmanager
def measured(name: str) -> Iterator[None]:
    """Print what the block takes."""
    wall, before = time.perf_counter(), os.times()
    yield
    now = os.times()
    busy = now.user + now.system - before.user - before.system
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{name:40} {time.perf_counter() - wall:7.2f} s {busy:7.2f} s {peak:6.2f} GB", flush=True)


def settled_month(data: Path, stays: int) -> tuple[Path, Path]:
    """The job of a sample month and the folder of its run, made when they are not there yet."""
    folder = data / f"{stays}-settled"
    job = folder / "2026-10.toml"
    drgpay_command = [sys.executable, "-m", "drgpay.cli.main", "--quiet"]
    if not folder.exists():
        sample = ["sample", "--out", str(folder), "--stays", str(stays), "--history-stays", "5000"]
        subprocess.run([*drgpay_command, *sample], check=True, stdout=subprocess.DEVNULL)
        command = [*drgpay_command, "run", str(job)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        drgpay.simulate_scenarios({"name": "base"}, job=job)  # keeps the stages
    run = next(path for path in (folder / "runs").glob("2026-10-*") if path.is_dir())
    return job, run


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stays", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--whole", action="store_true", help="whole simulations, with every table")
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is None:
        job, run = settled_month(given.data, given.stays)
        whole = ["--whole"] if given.whole else []
        command = [sys.executable, __file__, *whole, "--child", str(job), str(run)]
        subprocess.run(command, check=True)
        return
    job, run = given.child
    print(f"{'what':40} {'wall':>9} {'processor':>9} {'peak':>9}")
    with measured("open"):
        base = drgpay.open_base(job=job, run=run)
    with measured("first amounts"):
        drgpay.scenario_amounts({"name": "base"}, base=base)
    for name, scenario in _SCENARIOS.items():
        with measured(name):
            drgpay.scenario_amounts({"name": name, **scenario}, base=base)
    if given.whole:
        for name, scenario in _SCENARIOS.items():
            with measured(f"whole: {name}"):
                drgpay.simulate_scenarios({"name": name, **scenario}, base=base)
    for name, (path, first, last) in _SWEEPS.items():
        sweep = {"path": path, "from": first, "to": last, "step": 0.001}
        with measured(name):
            drgpay.simulate_scenarios({"name": name, "sweep": [sweep]}, base=base)


if __name__ == "__main__":
    main()
