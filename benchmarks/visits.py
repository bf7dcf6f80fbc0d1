"""Measure visits: grouped and settled, beside polars reading both tables and writing the entries.

    python benchmarks/visits.py [--visits N] [--pairs N] [--shuffled] [--data FOLDER]

The floor reads visits and lines whole, joins nothing, and writes a table of as many entries with
the columns of entries.parquet, as a process of its own. Data are made once with `drgpay sample`.
The two run in turn, so that a slower moment of the machine meets both; the first pair only warms
the file cache; the median of the ratios is printed.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.compare import measure

_PERIOD = "2026-10"
_HISTORY_VISITS = 20_000
_FLOOR = """
import sys, polars as pl
visits, items, entries, out = sys.argv[1:]
pl.read_parquet(visits); pl.read_parquet(items)
pl.scan_parquet(entries).sink_parquet(out)
"""
_SHUFFLE = """
import sys, polars as pl
table, out = sys.argv[1:]
pl.read_parquet(table).sample(fraction=1, shuffle=True, seed=1).write_parquet(out)
"""
_JOB = """\
period = "{period}"
policy = "policy.toml"
output = "{output}"

[inputs]
hospitals = "hospitals.csv"

[outpatient]
visits = "{prefix}visits"
items = "{prefix}visit_items"
scheme = "open-apg-1"
catalogue = "visit_catalogue"
enrolment = "enrolment.csv"
"""
_DRGPAY = [sys.executable, "-m", "drgpay.cli.main"]


def region(data: Path, visits: int) -> Path:
    """A sample region with visits, made when it is not there yet."""
    folder = data / f"{visits}-visits"
    if not folder.exists():
        command = [*_DRGPAY, "sample", "--out", str(folder), "--stays", "300"]
        command += ["--history-months", "2", "--history-stays", "3000"]
        command += ["--visits", str(visits), "--history-visits", str(_HISTORY_VISITS)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def shuffled(folder: Path) -> None:
    """Both tables in an order of their own, beside the sorted ones."""
    for name in ("visits", "visit_items"):
        path = folder / f"shuffled_{name}" / f"{_PERIOD}.parquet"
        if not path.exists():
            path.parent.mkdir()
            # A process of its own: the peak of a command counts that of who starts it.
            table = folder / name / f"{_PERIOD}.parquet"
            subprocess.run([sys.executable, "-c", _SHUFFLE, str(table), str(path)], check=True)


def compare(folder: Path, work: Path, pairs: int, prefix: str) -> None:
    """Run the job and the floor in turn and print one row."""
    job = folder / "visits_only.toml"
    job.write_text(_JOB.format(period=_PERIOD, output=work.resolve(), prefix=prefix))
    tables = [
        folder / f"{prefix}{name}" / f"{_PERIOD}.parquet" for name in ("visits", "visit_items")
    ]
    entries, ratios, ours, floors = folder / "entries.parquet", [], [], []
    for number in range(pairs + 1):
        ours_now = measure([*_DRGPAY, "run", str(job), "--run-id", "measured"])
        if not entries.exists():
            shutil.copy(work / "measured" / "entries.parquet", entries)
        shutil.rmtree(work / "measured")
        command = [*map(str, (*tables, entries)), str(work / "floor.parquet")]
        floor_now = measure([sys.executable, "-c", _FLOOR, *command])
        if number:
            ours.append(ours_now)
            floors.append(floor_now)
            ratios.append(ours_now.seconds / floor_now.seconds)
    print(
        f"drgpay {statistics.median(run.seconds for run in ours):8.2f} s"
        f" {max(run.peak_gb for run in ours):6.2f} GB   polars"
        f" {statistics.median(run.seconds for run in floors):8.2f} s"
        f" {max(run.peak_gb for run in floors):6.2f} GB   ratio"
        f" {statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def main() -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=10_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    given = parser.parse_args()
    folder = region(given.data, given.visits)
    if given.shuffled:
        shuffled(folder)
    work = given.data / "work-visits"
    work.mkdir(parents=True, exist_ok=True)
    compare(folder, work, given.pairs, "shuffled_" if given.shuffled else "")


if __name__ == "__main__":
    main()
