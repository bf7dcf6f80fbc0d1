"""How a clearing grows: years of more and more cases, each a process of its own.

    python benchmarks/clearing.py [--millions 1 3 10] [--data FOLDER]

Regions are made with `drgpay sample` and their months settled once; then each year is cleared. Time,
processor time and peak memory are the operating system's, of the whole process.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

_DRGPAY = [sys.executable, "-m", "drgpay.cli.main"]
_YEAR = 2026


def region_of(cases: int, data: Path) -> Path:
    """A region with the settled months of a year of some cases; made once."""
    region = data / f"year-{cases}"
    if not region.exists():
        a_month = ["--stays", str(cases // 12), "--months", "12", "--last", f"{_YEAR}-12"]
        history = ["--history-months", "12", "--history-stays", "20000"]
        making = region.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        subprocess.run([*_DRGPAY, "sample", "--out", making, *a_month, *history], check=True)
        for month in range(1, 13):
            subprocess.run([*_DRGPAY, "run", making / f"{_YEAR}-{month:02}.toml"], check=True)
        making.rename(region)
    return region


def cleared(region: Path) -> tuple[float, float, float]:
    """Clear the year of a region: seconds, seconds of processors, peak in GB."""
    for folder in (region / "runs").glob(f"{_YEAR}-*"):
        if not folder.name.startswith(tuple(f"{_YEAR}-{month:02}-" for month in range(1, 13))):
            shutil.rmtree(folder)
    start = time.perf_counter()
    process = subprocess.Popen(
        [*_DRGPAY, "clear", region / f"{_YEAR}.toml"], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"the clearing of {region} failed")
    seconds = time.perf_counter() - start
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def main() -> None:
    """Print a row a size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", nargs="*", type=float, default=[1, 3, 10])
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    given = parser.parse_args()
    given.data.mkdir(parents=True, exist_ok=True)
    print("| cases | seconds | of processors | peak |\n|---|---|---|---|")
    for millions in given.millions:
        seconds, used, peak = cleared(region_of(int(millions * 1_000_000), given.data))
        print(f"| {millions:g} million | {seconds:.1f} s | {used:.1f} s | {peak:.2f} GB |")


if __name__ == "__main__":
    main()
