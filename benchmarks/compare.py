"""Measure drgpay beside polars on the same file and print ratios.

    python benchmarks/compare.py [--quick] [--data FOLDER]
    python benchmarks/compare.py --growth 1 3 5       a month of so many million stays

The floor is what polars needs to read a file of stays and write it with one more column, as a
process of its own. Data are made once with `drgpay sample`. Each pair of commands is run in turn,
so that a slower moment of the machine meets both; the median of the ratios is printed, of wall time
and of processor time, which suffers less from what else the machine does.
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
    processor: float
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
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6)


def compare(name: str, ours: list[str], stays: Path, work: Path, pairs: int) -> None:
    """Run ours and the floor in turn and print one row."""
    floor = [sys.executable, "-c", _FLOOR, str(stays), str(work / "floor.parquet")]
    pairs_run = [(measure(ours), measure(floor)) for _ in range(pairs + 1)]
    counted = pairs_run[1:] or pairs_run  # the first pair warms the file cache
    ours_run, floors = [one for one, _ in counted], [floor for _, floor in counted]
    wall = [one.seconds / floor.seconds for one, floor in counted]
    processor = [one.processor / floor.processor for one, floor in counted]
    print(
        f"{name:32}"
        f" {statistics.median(run.seconds for run in ours_run):7.2f}"
        f" {statistics.median(run.processor for run in ours_run):7.2f}"
        f" {max(run.peak_gb for run in ours_run):6.2f}"
        f" {statistics.median(run.seconds for run in floors):9.2f}"
        f" {statistics.median(run.processor for run in floors):7.2f}"
        f" {max(run.peak_gb for run in floors):6.2f}"
        f" {statistics.median(wall):8.2f} ({min(wall):.2f} to {max(wall):.2f})"
        f" {statistics.median(processor):7.2f} ({min(processor):.2f} to {max(processor):.2f})",
        flush=True,
    )


_HEADINGS = (
    f"{'':32} {'drgpay':>7} {'cpu s':>7} {'GB':>6} {'polars':>9} {'cpu s':>7} {'GB':>6}"
    f" {'wall ratio':>22} {'cpu ratio':>20}"
)


def grown(region: Path, times: int) -> Path:
    """A job of the region's month with `times` as many stays: copies of them under other ids."""
    import polars as pl

    if times == 1:
        return region / "2026-10.toml"
    stays = region / "stays" / f"2026-10-times-{times}.parquet"
    if not stays.exists():
        ids = ("case_id", "person_id")
        month = pl.scan_parquet(region / "stays" / "2026-10.parquet")
        copies = [
            month.with_columns(pl.col(name) + f"x{number}" for name in ids)
            for number in range(times)
        ]
        pl.concat(copies).sink_parquet(stays, row_group_size=262_144)
    job = region / f"2026-10-times-{times}.toml"
    lines = (region / "2026-10.toml").read_text("utf-8").splitlines()
    # Filings are of the first stays, under their ids as they were.
    kept = [
        line for line in lines if not line.startswith(("reviews", "deductions", "technologies"))
    ]
    job.write_text("\n".join(kept).replace("2026-10.parquet", stays.name), encoding="utf-8")
    return job


def growth(data: Path, millions: list[int], scale: int, pairs: int, work: Path) -> None:
    """A month of more and more stays: what takes more memory with them, does not stay flat."""
    million = 1_000_000 // scale
    base = region(data, million, history=True)
    for times in millions:
        job = grown(base, times)
        stays = base / "stays" / ("2026-10.parquet" if times == 1 else f"{job.stem}.parquet")
        shutil.rmtree(work / "runs", ignore_errors=True)
        command = [*_DRGPAY, "run", str(job), "--output", str(work / "runs")]
        compare(f"run a month of {times * million:,} stays", command, stays, work, pairs)


def compare_processor(name: str, ours: list[str], floor: list[str], pairs: int) -> None:
    """Run ours and a bare copy in turn, the first pair to warm the caches; print both and the ratios of
    their processor time.
    """
    measured = [(measure(ours), measure(floor)) for _ in range(pairs + 1)][1:]
    for called, runs in zip((name, "bare copy"), zip(*measured, strict=True), strict=True):
        print(
            f"{called:15} {statistics.median(one.processor for one in runs):6.2f} s of its process"
            f" {statistics.median(one.seconds for one in runs):7.2f} s"
            f" {max(one.peak_gb for one in runs):6.2f} GB"
        )
    ratios = [one.processor / other.processor for one, other in measured]
    print(f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


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
    parser.add_argument("--growth", type=int, nargs="+", metavar="MILLIONS")
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    work: Path = options.data / "work"
    work.mkdir(parents=True, exist_ok=True)

    print(_HEADINGS)
    if options.growth:
        growth(options.data, options.growth, scale, options.pairs, work)
        shutil.rmtree(work)
        return
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
