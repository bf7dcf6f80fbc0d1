"""Measure drgpay beside polars on the same file and print ratios.

    python benchmarks/compare.py [--quick] [--data FOLDER]

The floor is what polars needs to read a file of stays and write it with one more column, as a
process of its own. Data are made once with `drgpay sample`. Each pair of commands is run in turn,
so that a slower moment of the machine meets both; the median of the ratios is printed.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_FLOOR = (
    "import sys, polars as pl\n"
    "pl.scan_parquet(sys.argv[1]).with_columns(pl.lit('x').alias('one_more'))"
    ".sink_parquet(sys.argv[2])"
)
_LOADING = (
    "import time; start = time.perf_counter()\n"
    "from drgpay.grouper.compiled_cache import load_compiled\n"
    "load_compiled('chs-drg-2.0'); print(time.perf_counter() - start)"
)
_DRGPAY = [sys.executable, "-m", "drgpay.cli.main"]


@dataclass(frozen=True)
class Measured:
    """One run of a command as a process."""

    seconds: float
    peak_gb: float


def measure(command: list[str]) -> Measured:
    """Run a command and take its wall time and peak memory from the operating system."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Measured(seconds, usage.ru_maxrss / 1e6)


def compare(name: str, ours: list[str], stays: Path, work: Path, pairs: int) -> None:
    """Run ours and the floor in turn and print one row."""
    floor = [sys.executable, "-c", _FLOOR, str(stays), str(work / "floor.parquet")]
    ratios, our_runs, floor_runs = [], [], []
    for number in range(pairs + 1):
        ours_now, floor_now = measure(ours), measure(floor)
        if number:  # the first pair warms the file cache
            our_runs.append(ours_now)
            floor_runs.append(floor_now)
            ratios.append(ours_now.seconds / floor_now.seconds)
    print(
        f"{name:34} {statistics.median(run.seconds for run in our_runs):7.2f} s"
        f" {max(run.peak_gb for run in our_runs):6.2f} GB"
        f" {statistics.median(run.seconds for run in floor_runs):9.2f} s"
        f" {max(run.peak_gb for run in floor_runs):6.2f} GB"
        f" {statistics.median(ratios):8.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def region(data: Path, stays: int, history: bool) -> Path:
    """A sample region, made when it is not there yet."""
    folder = data / f"{stays}{'-with-history' if history else ''}"
    if not folder.exists():
        months = ["--history-stays", "5000"] if history else ["--history-months", "0"]
        command = [*_DRGPAY, "sample", "--out", str(folder), "--stays", str(stays), *months]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def reference_rate(file: Path) -> float:
    """Stays a second of the plain evaluator, on the first 20,000 stays of a file."""
    import pyarrow.parquet as pq

    from drgpay.grouper.reference import Stay, group_stay
    from drgpay.grouper.scheme import load_scheme

    scheme = load_scheme("chs-drg-2.0")
    names = list(Stay.__dataclass_fields__)
    rows = pq.ParquetFile(file).read_row_group(0, columns=names).slice(0, 20_000).to_pylist()
    for row in rows:
        for name in ("other_diagnoses", "procedures"):
            row[name] = tuple(row[name])
    stays = [Stay(**row) for row in rows]
    start = time.perf_counter()
    for stay in stays:
        group_stay(scheme, stay)
    return len(stays) / (time.perf_counter() - start)


def main() -> None:
    """Print the table of docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    work: Path = options.data / "work"
    work.mkdir(parents=True, exist_ok=True)

    print(f"{'':34} {'drgpay':>9} {'peak':>9} {'polars':>11} {'peak':>9} {'ratio':>8}")
    for stays in (4_000_000 // scale, 12_000_000 // scale):
        file = region(options.data, stays, history=False) / "stays" / "2026-10.parquet"
        out = ["--scheme", "chs-drg-2.0", "--out", str(work / "groups.parquet")]
        name = f"group {stays:,} stays"
        compare(name, [*_DRGPAY, "group", str(file), *out], file, work, options.pairs)
    print(f"reference evaluator: {reference_rate(file):,.0f} stays a second, one at a time")

    stays = 1_000_000 // scale
    folder = region(options.data, stays, history=True)
    job = [*_DRGPAY, "run", str(folder / "2026-10.toml"), "--output", str(work / "runs")]
    name = f"run a month of {stays:,} stays"
    shutil.rmtree(work / "runs", ignore_errors=True)
    compare(name, job, folder / "stays" / "2026-10.parquet", work, options.pairs)

    for name, command in {
        "drgpay --help": [*_DRGPAY, "--help"],
        "drgpay scheme show chs-drg-2.0": [*_DRGPAY, "scheme", "show", "chs-drg-2.0"],
    }.items():
        runs = [measure(command) for _ in range(options.pairs)]
        print(f"{name:34} {statistics.median(run.seconds for run in runs):7.2f} s")
    for name, kept in {
        "import and load 2.0, compiled before": str(work / "compiled"),
        "import, load and compile 2.0": "",
    }.items():
        loads = []
        for _ in range(options.pairs + 1):
            said = subprocess.run(
                [sys.executable, "-c", _LOADING],
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, "DRGPAY_CACHE": kept},
            )
            loads.append(float(said.stdout))
        print(f"{name:36} {statistics.median(loads[1:]):5.2f} s")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
