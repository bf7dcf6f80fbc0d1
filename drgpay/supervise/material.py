"""What rules look at: the stays of all named runs with their groups, points and persons, and tables.

Persons are numbers here: no id of a person is held beyond the reading. Stays wait in Arrow files, a file
a run, and a rule loads the columns that it asks for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from drgpay.base.exact import POINT_SCALE
from drgpay.grouper.compiled import CompiledScheme
from drgpay.points.catalogue import Catalogue
from drgpay.policy.model import Policy
from drgpay.records.arrow_files import read_arrow

STAY_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "person": pl.Int32(),
    "month": pl.String(),
    "current": pl.Boolean(),
    "run": pl.Int32(),
    "hospital_id": pl.String(),
    "level": pl.String(),
    "kind": pl.String(),
    "account": pl.String(),
    "out_of_area": pl.Boolean(),
    "admission_date": pl.Date(),
    "discharge_date": pl.Date(),
    "settlement_date": pl.Date(),
    "length_of_stay": pl.Int64(),
    "sex": pl.Float64(),
    "age": pl.Float64(),
    "age_days": pl.Float64(),
    "weight_g": pl.Float64(),
    "department": pl.String(),
    "discharge_type": pl.Float64(),
    "principal_diagnosis": pl.String(),
    "other_diagnoses": pl.List(pl.String()),
    "procedures": pl.List(pl.String()),
    "payment_unit": pl.String(),
    "bed_day_class": pl.String(),
    "complete": pl.Boolean(),
    "status": pl.String(),
    "mdc": pl.String(),
    "adrg": pl.String(),
    "drg": pl.String(),
    "severity": pl.String(),
    "case_class": pl.String(),
    "stability": pl.String(),
    "base_points": pl.Int64(),
    "coefficient": pl.Int64(),
    "points": pl.Int64(),
    "points_before_return": pl.Int64(),
    "total_fen": pl.Int64(),
    "fund_fen": pl.Int64(),
    "patient_fen": pl.Int64(),
    "other_fen": pl.Int64(),
    "exam_fen": pl.Int64(),
    "admission_route": pl.String(),
    "doctor": pl.Int32(),
    "self_pay_fen": pl.Int64(),
    "icu_days": pl.Int64(),
}
"""A stay. person, doctor: numbers, in the order of the ids, which no table of a result has. month: that
the run settled (2026-10), of a clearing the month of settlement. current: of a run that is looked at,
not only looked back on. run: its number in Material.runs. points: as they were paid, after all
adjustments of the run; points_before_return: before the step of readmission, else the same; 1/10,000.
admission_route, doctor, self_pay_fen, icu_days: of stays_ext, null without. level, kind: of the table of
hospitals; kind is `general` where it says none."""


NUMBERED = ("person", "admission_route", "doctor", "self_pay_fen", "icu_days")
"""Columns of stays that are laid into a file of their own beside the wide one, once all persons are known."""


def numbers_file(file: Path) -> Path:
    """The file of NUMBERED beside a file of stays."""
    return file.with_suffix(".numbers.arrow")


VISIT_SCHEMA: dict[str, pl.DataType] = {
    "visit_id": pl.String(),
    "visit": pl.UInt32(),
    "person": pl.Int32(),
    "run": pl.Int32(),
    "current": pl.Boolean(),
    "hospital_id": pl.String(),
    "account": pl.String(),
    "out_of_area": pl.Boolean(),
    "visit_date": pl.Date(),
    "visit_type": pl.String(),
    "department": pl.String(),
    "principal_diagnosis": pl.String(),
    "other_diagnoses": pl.List(pl.String()),
    "sex": pl.Float64(),
    "age": pl.Float64(),
    "total_fen": pl.Int64(),
    "fund_fen": pl.Int64(),
}
"""A valid visit of a run that names its visits. visit: its number, by which lines name it. person: null of
persons who have no stay; the rest as STAY_SCHEMA."""

LINE_SCHEMA: dict[str, pl.DataType] = {
    "visit": pl.UInt32(),
    "item_code": pl.String(),
    "item_kind": pl.String(),
    "quantity": pl.Float64(),
    "amount_fen": pl.Int64(),
}
"""A line of a visit; a refund is negative."""

VISITS = "visits"
"""What rules name that need visits, as they name a table."""


@dataclass(frozen=True)
class Rated:
    """By what the stays of one run were grouped and paid. period: 2026-10, or 2026 of a clearing."""

    run_id: str
    period: str
    current: bool
    compiled: CompiledScheme
    catalogue: Catalogue
    policy: Policy


@dataclass(frozen=True)
class Material:
    """What rules look at. files: the Arrow files of stays, one a run, in the order of `runs`.

    runs: the oldest first. values: hospital_id (null: any other), account, value (Float64): yuan a point in
    the newest run that is looked at, what a deduction booked now would use. tables: those of the
    region that are given, as supervise/tables_given.py reads them; visits and items among them where runs
    have them, by `visits` and `items`. first_day, last_day: of discharge, of the current stays; known_from:
    the first day that the named runs cover. read, refused: stays of the records, and those of them that
    were in quarantine and are not looked at. earlier: HIT_SCHEMA of the rules that a rule comes after, by
    their names; without those that were not run.
    """

    files: tuple[Path, ...]
    runs: tuple[Rated, ...]
    values: pl.DataFrame
    tables: Mapping[str, pl.DataFrame]
    hospitals: pl.DataFrame
    known_from: date
    last_day: date
    read: int = 0
    refused: int = 0
    earlier: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    visit_files: tuple[Path, ...] = ()
    line_files: tuple[Path, ...] = ()
    visits_read: int = 0
    visits_refused: int = 0

    def stays(self, *columns: str, current: bool | None = None) -> pl.DataFrame:
        """Some columns of the stays of all runs, sorted by case_id within each run.

        current: True of the runs that are looked at alone, False of those looked back on.
        """
        taken = [
            file
            for file, run in zip(self.files, self.runs, strict=True)
            if current is None or run.current == current
        ]
        parts = [_columns_of(file, columns) for file in taken]
        empty = pl.DataFrame(schema={name: STAY_SCHEMA[name] for name in columns})
        return pl.concat([empty, *parts])

    def visits(self, *columns: str, current: bool | None = None) -> pl.DataFrame:
        """Some columns of the visits, sorted by visit_id within each run; current as of `stays`."""
        names = [*dict.fromkeys([*columns, "current"])]
        parts = [read_arrow(file, names) for file in self.visit_files]
        empty = pl.DataFrame(schema={name: VISIT_SCHEMA[name] for name in names})
        every = pl.concat([empty, *parts])
        chosen = every if current is None else every.filter(pl.col("current") == current)
        return chosen.select(columns)

    def lines(self, *columns: str) -> pl.DataFrame:
        """Some columns of the lines of the visits, by visit and code."""
        parts = [read_arrow(file, columns) for file in self.line_files]
        return pl.concat(
            [pl.DataFrame(schema={name: LINE_SCHEMA[name] for name in columns}), *parts]
        )

    def has(self, name: str) -> bool:
        """Whether a table is given; `visits`: those of a run; `lists.NAME`: rows of that list."""
        if name.startswith("lists."):
            return self.listed(name.removeprefix("lists.")) is not None
        return bool(self.visit_files) if name == VISITS else name in self.tables

    def table(self, name: str) -> pl.DataFrame | None:
        """A table of the region, None where it is not given."""
        return self.tables.get(name)

    def listed(self, name: str) -> pl.DataFrame | None:
        """The rows (code, code2) of one of the `lists`, None where no list of that name is given."""
        lists = self.tables.get("lists")
        if lists is None:
            return None
        rows = lists.filter(pl.col("list") == name).select("code", "code2")
        return rows if rows.height else None

    @property
    def newest(self) -> Rated:
        """The newest of the runs that are looked at."""
        return [run for run in self.runs if run.current][-1]

    def is_covered(self, first: date) -> bool:
        """Whether the named runs go back to a day."""
        return self.known_from <= first


POINT = POINT_SCALE
"""How many units of a `points` column are one point."""


def _columns_of(file: Path, columns: Sequence[str]) -> pl.DataFrame:
    """Columns of a file of stays and of that of their numbers."""
    numbered = [name for name in columns if name in NUMBERED]
    wide = [name for name in columns if name not in NUMBERED]
    parts = [read_arrow(file, wide)] if wide else []
    parts += [read_arrow(numbers_file(file), numbered)] if numbered else []
    return pl.concat(parts, how="horizontal").select(columns)
