"""A small sample region, and what drgpay makes of it under any policy."""

import csv
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
from drgpay.grouper.scheme import load_scheme
from drgpay.points.calibrate import calibrate
from drgpay.points.cases import points_of_stays
from drgpay.points.catalogue import Catalogue
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.checks import check_stays
from drgpay.records.dataset import RecordsInput, open_dataset
from drgpay.records.hospitals import read_hospitals
from drgpay.report.month import cases_table, statements_table, values_table
from drgpay.run.calibration import make_catalogue
from drgpay.run.job import Job, load_job
from drgpay.sample.job_files import write_job_files
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import write_region
from drgpay.settle.month import settle_month

from .recomputation import Stay

PLAN = SamplePlan(stays_per_month=1500, months=1, history_stays_per_month=300, seed=5)
MONTH = (2026, 10)
ILLUSTRATIVE = Path(__file__).parents[2] / "policies" / "illustrative.toml"

Row = dict[str, Any]


@dataclass(frozen=True)
class MonthFrames:
    """The tables that drgpay would write for the month."""

    cases: pl.DataFrame
    statements: pl.DataFrame
    values: pl.DataFrame


@dataclass(frozen=True)
class Region:
    """A folder with a sample region, its catalogue and its job."""

    folder: Path

    @cached_property
    def job(self) -> Job:
        return load_job(self.folder / "2026-10.toml")

    @cached_property
    def policies(self) -> dict[str, Policy]:
        return {
            "sample": load_policy(self.folder / "policy.toml").policy,
            "illustrative": load_policy(ILLUSTRATIVE).policy,
        }

    @cached_property
    def compiled(self) -> CompiledScheme:
        return compile_scheme(load_scheme(self.job.scheme))

    @cached_property
    def hospitals(self) -> pl.DataFrame:
        return read_hospitals(self.job.hospitals)

    @cached_property
    def grouped(self) -> dict[str, pl.DataFrame]:
        """History and month as drgpay reads and groups them."""
        return {
            "history": read_grouped_stays(open_dataset(self.folder / "history"), self.compiled),
            "month": read_grouped_stays(open_dataset(self.job.stays.path), self.compiled),
        }

    @cached_property
    def rows(self) -> dict[str, list[Row]]:
        """History and month as they lie in their Parquet files."""
        columns = [name for name in Stay.__annotations__ if name not in ("level", "status", "drg")]
        return {
            "history": pq.read_table(self.folder / "history", columns=columns).to_pylist(),
            "month": pq.read_table(self.job.stays.path, columns=columns).to_pylist(),
        }

    def valid(self, name: str, policy: Policy) -> pl.DataFrame:
        """The stays that pass drgpay's checks."""
        sexes = sex_of_diagnosis(self.compiled)
        days = self.job.period.days if name == "month" else None
        checked = check_stays(self.grouped[name], policy, self.hospitals, days, sexes, name)
        assert checked.valid.height + checked.quarantine.height == self.grouped[name].height
        return checked.valid

    def stays(self, name: str, valid: pl.DataFrame) -> list[Stay]:
        """The rows of the files that drgpay found valid, with the groups that it gave them."""
        groups = {
            case: (status, drg)
            for case, status, drg in valid.select("case_id", "status", "drg").iter_rows()
        }
        with self.job.hospitals.open(encoding="utf-8") as file:
            levels = {row["hospital_id"]: row["level"] for row in csv.DictReader(file)}
        stays = []
        for row in self.rows[name]:
            if row["case_id"] in groups:
                status, drg = groups[row["case_id"]]
                level = levels[row["hospital_id"]]
                stays.append(Stay(**row, level=level, status=status, drg=drg))
        assert len(stays) == valid.height
        return stays

    def catalogue(self, valid: pl.DataFrame, policy: Policy) -> Catalogue:
        """drgpay's calibration."""
        read = len(self.rows["history"])
        return calibrate(valid, read, self.compiled.scheme, policy, "catalogue", "history")

    def month(self, valid: pl.DataFrame, catalogue: Catalogue, policy: Policy) -> MonthFrames:
        """drgpay's points and settlement."""
        cases = points_of_stays(valid, catalogue, policy.points)
        settled = settle_month(cases, policy, self.job.period)
        return MonthFrames(
            cases_table(settled),
            statements_table(settled, self.hospitals),
            values_table(settled, policy.settlement.value_places),
        )


def build_region(folder: Path) -> Region:
    """Write the region, its policy, catalogue and job."""
    write_region(PLAN, folder)
    write_job_files(PLAN, folder)
    return Region(folder)


def job_with(region: Region, folder: Path, policy: str) -> Job:
    """The region's job with a policy and the catalogue made with it, leaving runs in `folder`."""
    if policy == "sample":
        return replace(region.job, output=folder)
    catalogue = folder / "catalogue"
    history, hospitals = region.folder / "history", region.job.hospitals
    make_catalogue(
        RecordsInput(history), region.job.scheme, str(ILLUSTRATIVE), hospitals, catalogue
    )
    return replace(region.job, output=folder, policy=str(ILLUSTRATIVE), catalogue=catalogue)


def changed(policy: Policy, changes: dict[str, Any]) -> Policy:
    """A policy with other values at some dotted paths."""
    raw = policy.model_dump()
    for path, value in changes.items():
        *sections, key = path.split(".")
        place = raw
        for section in sections:
            place = place[section]
        place[key] = value
    return Policy.model_validate(raw)
