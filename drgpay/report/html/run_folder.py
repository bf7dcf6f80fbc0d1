"""Run folders as a report reads them: the manifest and the Parquet files, nothing else."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.errors import DrgpayError

_NEEDED = {
    "cases": {
        "status",
        "drg",
        "case_class",
        "reference_mean",
        "points",
        "total_cost",
        "standard_amount",
        "fund_amount",
        "fund_cost",
    },
    "statements": {
        "hospital_id",
        "name",
        "level",
        "account",
        "out_of_area",
        "payment",
        "pool",
        "in_pool",
        "cases",
        "points",
        "standard_amount",
        "distributed",
        "patient_cost",
        "other_cost",
        "fund_amount",
        "fund_cost",
        "difference",
        "deducted",
        "prepayment",
        "home_fund_bill",
    },
    "values": {
        "pool",
        "budget",
        "from_home_funds",
        "total_cost",
        "patient_cost",
        "other_cost",
        "points",
        "point_value",
        "fund_amount",
        "remainder",
    },
    "adjustments": {"case_id", "applies_to", "kind", "points"},
    "ledger": {"entry", "pool", "kind", "debit", "credit", "amount"},
}
_MONTH = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True)
class RunFolder:
    """A finished run of a month. `manifest` is manifest.json as it was written."""

    path: Path
    manifest: dict[str, Any]

    @property
    def run_id(self) -> str:
        """The id that the manifest gives, whatever the folder is called now."""
        return str(self.manifest["run"])

    @property
    def period(self) -> str:
        """The month, `2026-10`."""
        return str(self.manifest["period"])

    @property
    def year(self) -> str:
        """The year of the month."""
        return self.period[:4]

    @property
    def parameters(self) -> dict[str, Any]:
        """The policy's sections and keys."""
        found: dict[str, Any] = self.manifest["policy"]["parameters"]
        return found

    @property
    def region(self) -> str:
        """The region whose policy it is."""
        return str(self.parameters["policy"]["region"])

    def frame(self, table: str) -> pl.DataFrame:
        """A small table of the run, whole."""
        return self.scan(table).collect()

    def scan(self, table: str) -> pl.LazyFrame:
        """A table of the run, lazily; DrgpayError if a column is missing or it is no Parquet."""
        path = self.path / f"{table}.parquet"
        scan = pl.scan_parquet(path)
        try:
            missing = _NEEDED[table] - set(scan.collect_schema().names())
        except (pl.exceptions.PolarsError, OSError) as error:
            detail = str(error).splitlines()[0]
            raise DrgpayError(
                f"{path} is not a readable Parquet file ({detail})", "settle the month again"
            ) from None
        if missing:
            raise DrgpayError(
                f"{path} has no column {min(missing)}: another version of drgpay wrote it",
                "settle the month again with this version",
            )
        return scan


def open_run(path: Path) -> RunFolder:
    """The run in a folder; raises DrgpayError if it is not the folder of a month's run."""
    if not path.is_dir():
        raise DrgpayError(f"there is no folder {path}", "name the folder of a run")
    file = path / "manifest.json"
    if not file.is_file():
        raise DrgpayError(
            f"{path} is not the folder of a run: it has no manifest.json",
            "name a folder that drgpay run made",
        )
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        raise DrgpayError(f"{file} is not readable JSON", "settle the month again") from None
    run = RunFolder(path, manifest)
    try:
        complete = bool(run.run_id and run.region and run.manifest["counts"]["read"])
        month = bool(_MONTH.fullmatch(run.period))
    except (KeyError, TypeError):
        complete = month = False
    if not (complete and month):
        raise DrgpayError(
            f"{file} is not the manifest of a month's run", "name a folder that drgpay run made"
        )
    for table in _NEEDED:
        if not (path / f"{table}.parquet").is_file():
            raise DrgpayError(f"{path} has no {table}.parquet", "settle the month again")
    return run


def runs_of_the_year(run: RunFolder, given: Iterable[Path]) -> list[RunFolder]:
    """The run and those given with it, by month.

    Raises DrgpayError if one is of another year or region, or a month comes twice.
    """
    months = {run.period: run}
    for path in given:
        other = open_run(path)
        if other.year != run.year:
            raise DrgpayError(
                f"{path} is a run of {other.period}, {run.path} one of {run.period}",
                f"give runs of {run.year} to --with",
            )
        if other.region != run.region:
            raise DrgpayError(
                f"{path} is a run of {other.region}, {run.path} one of {run.region}",
                "give runs of the same region to --with",
            )
        if months.get(other.period, other).run_id != other.run_id:
            raise DrgpayError(
                f"{months[other.period].path} and {path} are both runs of {other.period}",
                "give one run a month",
            )
        months.setdefault(other.period, other)
    return [months[period] for period in sorted(months)]


def runs_beside(run: RunFolder) -> list[RunFolder]:
    """The run and, of the other months of its year, the latest run that lies beside it.

    Runs of another region, and what this version cannot read, are passed over.
    """
    latest: dict[str, tuple[int, str, RunFolder]] = {}
    for folder in run.path.resolve().parent.iterdir():
        if folder.name.startswith(".") or not (folder / "manifest.json").is_file():
            continue
        try:
            other = open_run(folder)
            other.scan("values")
        except DrgpayError:
            continue
        if (other.year, other.region) != (run.year, run.region) or other.period == run.period:
            continue
        written = (folder / "manifest.json").stat().st_mtime_ns
        candidate = (written, other.run_id, other)
        if other.period not in latest or candidate[:2] > latest[other.period][:2]:
            latest[other.period] = candidate
    months = {period: found for period, (_, _, found) in latest.items()} | {run.period: run}
    return [months[period] for period in sorted(months)]
