"""Write the outpatient side of a region: visits, their lines, enrolment, pharmacies."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from drgpay.sample.contractors import write_enrolment
from drgpay.sample.hospitals import write_hospitals
from drgpay.sample.visit_plan import VisitPlan
from drgpay.sample.visit_tables import load_visit_tables
from drgpay.sample.visits import ITEM_SCHEMA, VISIT_SCHEMA, month_visits

_ROWS_PER_GROUP = 262_144

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class VisitSummary:
    """What was written."""

    visits: int
    lines: int
    files: tuple[Path, ...]


def write_visits(plan: VisitPlan, folder: Path, progress: Progress | None = None) -> VisitSummary:
    """Write visits/, visit_items/, visit_history/ and visit_item_history/ with YYYY-MM.parquet,
    enrolment.csv, and hospitals.csv with the pharmacies, beside what `write_region` wrote.

    `progress` is told the file and how many of all visits are done. The same plan gives the same
    bytes.
    """
    tables = load_visit_tables()
    write_hospitals(tables.providers, folder / "hospitals.csv")
    enrolment = folder / "enrolment.csv"
    write_enrolment(plan.persons, plan.region.seed, tables.contractors, enrolment)
    files = [folder / "hospitals.csv", enrolment]
    everything = sum(visits for _, _, visits in plan.parts)
    done = lines = 0
    for name, month, visits in plan.parts:
        folders = ("visit_history", "visit_item_history") if name else ("visits", "visit_items")
        paths = [folder / each / f"{month}.parquet" for each in folders]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        files += paths
        with (
            pq.ParquetWriter(paths[0], VISIT_SCHEMA, compression="zstd") as of_visits,
            pq.ParquetWriter(paths[1], ITEM_SCHEMA, compression="zstd") as of_items,
        ):
            for table, items in month_visits(tables, plan, month, visits):
                of_visits.write_table(table, row_group_size=_ROWS_PER_GROUP)
                of_items.write_table(items, row_group_size=_ROWS_PER_GROUP)
                done += table.num_rows
                lines += items.num_rows
                if progress:
                    progress(f"{folders[0]}/{month}.parquet", done, everything)
    return VisitSummary(everything, lines, tuple(files))
