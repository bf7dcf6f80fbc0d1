"""case_records.parquet: codes, department and kinds of cost of the stays that a run paid."""

from pathlib import Path

import polars as pl

from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from tests.run.small_region import small_region


def test_a_run_keeps_the_records_of_its_stays(sample_data: Path, tmp_path: Path) -> None:
    job = small_region(sample_data, tmp_path / "region")
    folder = run_month(load_any_job(job), "en").folder
    kept, cases = (
        pl.read_parquet(folder / f"{name}.parquet") for name in ("case_records", "cases")
    )
    assert kept.select("case_id", "hospital_id").equals(cases.select("case_id", "hospital_id"))
    assert (folder / "case_records.parquet").stat().st_mode & 0o077 == 0
    stays = pl.read_parquet(job.parent / "small.parquet")
    said = kept.select("case_id").join(stays, on="case_id", how="left", maintain_order="left")
    assert kept["department"].equals(said["department"])
    assert kept["procedures"].fill_null("").equals(said["procedures"].list.join("|"))
    assert kept["drug_cost"].equals(said["drug_cost"])
    assert "person_id" not in kept.columns


def test_what_cannot_be_read_of_them_refuses_no_stay(sample_data: Path, tmp_path: Path) -> None:
    job = small_region(sample_data, tmp_path / "region")
    usual = run_month(load_any_job(job), "en")
    stays = pl.read_parquet(job.parent / "small.parquet")
    stays.with_columns(drug_cost=pl.lit("about ten")).write_parquet(job.parent / "small.parquet")
    other = run_month(load_any_job(job), "en")
    assert usual.stays and other.stays
    assert other.stays.cases.equals(usual.stays.cases)
    assert other.stays["case_records"]["drug_cost"].null_count() == other.stays.cases.height
