"""A paid month of few hospitals, and a catalogue of another scheme made of it."""

from dataclasses import dataclass
from pathlib import Path

from drgpay.records.dataset import RecordsInput
from drgpay.run.calibration import make_catalogue
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from tests.run.no_books import without_books
from tests.run.small_region import small_region


@dataclass(frozen=True)
class PaidMonth:
    """October under 2.0; `catalogue` is of the scheme `other`."""

    job: Path
    run: Path
    catalogue: Path
    other: str = "chs-drg-1.1"


def paid_month(sample_data: Path, folder: Path) -> PaidMonth:
    """Settle it in a folder."""
    job = small_region(sample_data, folder)
    paid = PaidMonth(job, run_without_books(job), folder / "other")
    stays, policy = RecordsInput(folder / "small.parquet"), str(folder / "policy.toml")
    make_catalogue(stays, paid.other, policy, folder / "hospitals.csv", paid.catalogue)
    return paid


def run_without_books(job: Path) -> Path:
    """Run a job; its folder."""
    with without_books():
        return run_month(load_job(job)).folder
