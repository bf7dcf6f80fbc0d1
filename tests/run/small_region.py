"""A region with a month of few hospitals, quickly settled."""

import shutil
from pathlib import Path

import polars as pl

from tests.accepting import IN_JOB


def small_region(sample_data: Path, folder: Path) -> Path:
    """The sample region with the October of four hospitals and without filings; its job file."""
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("history"))
    stays = pl.read_parquet(folder / "stays" / "2026-10.parquet")
    stays.filter(pl.col("hospital_id").rank("dense") <= 4).write_parquet(folder / "small.parquet")
    return small_job(folder, "small.parquet")


def small_job(region: Path, stays: str, corrects: Path | None = None) -> Path:
    """A job of October in a region, without filings; results go to region/runs."""
    job = region / "small.toml"
    lines = [f'corrects = "{corrects}"'] if corrects else []
    lines += [
        'period = "2026-10"',
        'scheme = "chs-drg-2.0"',
        'catalogue = "catalogue"',
        'policy = "policy.toml"',
        'output = "runs"',
        "[inputs]",
        f'stays = "{stays}"',
        'hospitals = "hospitals.csv"',
    ]
    job.write_text("\n".join(lines) + IN_JOB, encoding="utf-8")
    return job
