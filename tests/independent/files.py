"""Records and filings as files: read beside drgpay, and written for it."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

from drgpay.base.period import Period
from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
from drgpay.grouper.scheme import load_scheme
from drgpay.policy.model import Policy
from drgpay.records.checks import check_stays
from drgpay.records.dataset import open_dataset
from drgpay.records.hospitals import read_hospitals

from .random_region import YEAR
from .recomputation.records import Filed, Review, Stay, UsedTechnology, Violation


@cache
def compiled(scheme: str) -> CompiledScheme:
    """A scheme, compiled once."""
    return compile_scheme(load_scheme(scheme))


class GroupedRecords:
    """The valid stays of a file as it lies there, with the groups that drgpay gives them."""

    def __init__(self, folder: Path, scheme: str, policy: Policy) -> None:
        self.folder = folder
        self.compiled = compiled(scheme)
        self.hospitals = read_hospitals(folder / "hospitals.csv")
        with (folder / "hospitals.csv").open(encoding="utf-8") as file:
            self.levels = {row["hospital_id"]: row["level"] for row in csv.DictReader(file)}
        self.policy = policy

    def stays(self, name: str, month: int | None = None) -> list[Stay]:
        """Of a file or folder; with a month only its own."""
        grouped = read_grouped_stays(open_dataset(self.folder / name), self.compiled)
        days = Period(YEAR, month).days if month else None
        sexes = sex_of_diagnosis(self.compiled)
        valid = check_stays(grouped, self.policy, self.hospitals, days, sexes, name).valid
        groups = {row[0]: row[1:] for row in valid.select("case_id", "status", "drg").iter_rows()}
        columns = [part for part in Stay.__annotations__ if part not in ("level", "status", "drg")]
        rows = pq.read_table(self.folder / name, columns=columns).to_pylist()
        return [
            Stay(
                **row,
                level=self.levels[row["hospital_id"]],
                status=groups[row["case_id"]][0],
                drg=groups[row["case_id"]][1],
            )
            for row in rows
            if row["case_id"] in groups
        ]


def write_filings(folder: Path, filed: Filed) -> None:
    """reviews.csv, deductions.csv and technologies.csv."""
    folder.mkdir(parents=True)
    deductions = [asdict(row) for row in filed.violations]
    deductions += [
        {
            "kind": "payment",
            "hospital_id": row.hospital_id,
            "account": row.account,
            "amount_yuan": row.amount,
        }
        for row in filed.held_back
    ]
    for name, rows, columns in (
        ("reviews", [asdict(row) for row in filed.reviews], list(Review.__annotations__)),
        (
            "deductions",
            deductions,
            [*Violation.__annotations__, "hospital_id", "account", "amount_yuan"],
        ),
        (
            "technologies",
            [asdict(row) for row in filed.technologies],
            list(UsedTechnology.__annotations__),
        ),
    ):
        write_csv(folder / f"{name}.csv", rows, columns)


def write_csv(path: Path, rows: Iterable[Mapping[str, object]], columns: list[str]) -> None:
    """A table; what a row lacks is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {k: str(v).lower() if isinstance(v, bool) else v for k, v in row.items()}
            )
