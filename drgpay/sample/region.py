"""Write a region: its hospitals, the stays of past years and the stays to be settled."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drgpay.sample.admissions import draw_admissions
from drgpay.sample.coding import draw_coding
from drgpay.sample.costs import draw_costs
from drgpay.sample.faults import add_faults
from drgpay.sample.hospitals import write_hospitals
from drgpay.sample.journeys import Place, add_journeys
from drgpay.sample.plan import Month, SamplePlan
from drgpay.sample.region_tables import RegionTables, build_tables
from drgpay.sample.table import STAY_SCHEMA, stay_table

ROWS_PER_GROUP = 262_144
_YEARLY_VOLUME_GROWTH = 0.02

Progress = Callable[[str, int, int], None]

__all__ = ["RegionSummary", "SamplePlan", "write_region"]


@dataclass(frozen=True)
class RegionSummary:
    """What was written, and how much of the scheme the stays reach."""

    hospitals: int
    history_stays: int
    stays: int
    groups: int  # of the scheme, ambiguous groups and fallbacks left out
    covered: int  # of them with stays that lead there
    files: tuple[Path, ...]


def write_region(plan: SamplePlan, folder: Path, progress: Progress | None = None) -> RegionSummary:
    """Write hospitals.csv, history/YYYY-MM.parquet and stays/YYYY-MM.parquet.

    `progress` is told the file being written and how many of all stays are done.
    The same plan gives the same bytes; a month does not depend on the months before it.
    """
    region = build_tables(plan)
    for name in ("history", "stays"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    hospitals = folder / "hospitals.csv"
    write_hospitals(region.hospitals, hospitals)
    parts = [("history", month, _volume(plan, month)) for month in plan.history]
    parts += [("stays", month, plan.stays_per_month) for month in plan.settled]
    everything = sum(rows for _, _, rows in parts)
    done = 0
    files = [hospitals]
    for name, month, rows in parts:
        files.append(folder / name / f"{month}.parquet")
        with pq.ParquetWriter(files[-1], STAY_SCHEMA, compression="zstd") as writer:
            for table in month_tables(region, plan, month, rows):
                writer.write_table(table, row_group_size=ROWS_PER_GROUP)
                done += table.num_rows
                if progress:
                    progress(f"{name}/{month}.parquet", done, everything)
    return RegionSummary(
        hospitals=len(region.hospitals),
        history_stays=sum(rows for name, _, rows in parts if name == "history"),
        stays=sum(rows for name, _, rows in parts if name == "stays"),
        groups=region.group_count,
        covered=len(region.covered),
        files=tuple(files),
    )


def month_tables(
    region: RegionTables, plan: SamplePlan, month: Month, rows: int
) -> Iterator[pa.Table]:
    """The stays of a month in parts of one row group; each covers the whole month by date."""
    for part, first in enumerate(range(0, rows, ROWS_PER_GROUP)):
        rng = np.random.default_rng(np.random.SeedSequence([plan.seed, month.number, part]))
        count = min(ROWS_PER_GROUP, rows - first)
        stays, returning = draw_admissions(region, month, first, count, rng)
        add_journeys(region, _place(plan, month, part), stays, returning)
        costs = draw_costs(region, stays, plan.months_before_last(month), rng)
        coding = draw_coding(region, stays, rng)
        add_faults(region, stays, coding, costs, rng)
        yield stay_table(region, month, first, stays, coding, costs)


def _place(plan: SamplePlan, month: Month, part: int) -> Place:
    """The part of a month, with as many stays as it has in the smallest month of the plan."""
    smallest = min([plan.stays_per_month, *(_volume(plan, each) for each in plan.history[:1])])
    rows = min(max(smallest - part * ROWS_PER_GROUP, 0), ROWS_PER_GROUP)
    return Place(plan.seed, month, part, rows)


def _volume(plan: SamplePlan, month: Month) -> int:
    """Fewer stays in earlier years."""
    years: float = (plan.months_before_last(month) - plan.months + 1) / 12
    latest = plan.history_stays_per_month or plan.stays_per_month
    earlier: float = latest / (1 + _YEARLY_VOLUME_GROWTH) ** years
    return max(1, round(earlier))
