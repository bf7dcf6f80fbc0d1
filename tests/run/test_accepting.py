"""A month with findings that move money stops until somebody takes them on, as they were printed."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.run import stay_month
from drgpay.run.job import Job, load_job
from drgpay.run.month_end import run_month
from drgpay.run.results import write_cases
from drgpay.run.stops import RunStoppedError, parse_accepted
from tests.run.no_books import without_books


@pytest.fixture(autouse=True)
def _nobody_reads_books() -> Iterator[None]:
    with without_books():
        yield


@pytest.fixture
def job(sample_data: Path, tmp_path: Path) -> Job:
    """The stays of the sample month, without the hospital H3390017 in the table of hospitals."""
    folder = tmp_path / "region"
    shutil.copytree(sample_data, folder)
    text = (folder / "2026-10.toml").read_text(encoding="utf-8").split("[outpatient]")[0]
    path = folder / "2026-10.toml"
    path.write_text(text.replace("../runs", "runs"), encoding="utf-8")
    policy = folder / "policy.toml"
    rules = policy.read_text(encoding="utf-8")
    policy.write_text(rules.replace("share = 0.05", "share = 0.01"), encoding="utf-8")
    return load_job(path)


def without_hospital(job: Job) -> None:
    text = job.hospitals.read_text(encoding="utf-8")
    job.hospitals.write_text(re.sub(r"(?m)^H3390017,.*\n", "", text), encoding="utf-8")


def test_a_hospital_that_the_table_lacks_stops_with_its_money(job: Job) -> None:
    without_hospital(job)
    stays = pl.read_parquet(job.stays.path).filter(pl.col("hospital_id") == "H3390017")
    with pytest.raises(RunStoppedError) as caught:
        run_month(job)
    found = {(stop.code, stop.subject): stop.yuan for stop in caught.value.stops}
    assert found["hospital_refused", "H3390017"] == stays["total_cost"].sum()
    assert found["refused_share", "H3390017"] == stays["total_cost"].sum()
    assert not [path for path in job.output.glob("*") if path.is_dir()]


def test_no_case_is_written_before_what_stops_the_run_is_known(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def noted(*given: Any) -> Path:
        written.append(write_cases(*given))
        return written[-1]

    monkeypatch.setattr(stay_month, "write_cases", noted)
    without_hospital(job)
    with pytest.raises(RunStoppedError):
        run_month(job)
    assert written == []
    codes = ("refused_share", "hospital_refused")
    run_month(job, accept=[parse_accepted(code, "Li") for code in codes])
    assert len(written) == 1


def test_two_people_who_accept_the_same_get_the_same_bytes(job: Job) -> None:
    without_hospital(job)
    codes = ("refused_share", "hospital_refused")
    first = run_month(job, accept=[parse_accepted(code, "Li") for code in codes])
    again = run_month(job, accept=[parse_accepted(code, "Wu", "known") for code in codes[::-1]])
    assert again.folder == first.folder
    assert again.repeated
    manifest = json.loads((first.folder / "manifest.json").read_text(encoding="utf-8"))
    assert {one["code"] for one in manifest["accepted"]} == set(codes)
    assert {one["by"] for one in manifest["accepted_by"]} == {"Li"}


def test_what_was_not_needed_is_no_part_of_the_run(job: Job) -> None:
    plain = run_month(job)
    accepted = run_month(job, accept=[parse_accepted("unknown_level", "Li")])
    assert accepted.folder == plain.folder
    assert "accepted" not in json.loads((plain.folder / "manifest.json").read_text("utf-8"))


def test_more_money_stops_again_and_a_correction_takes_over(job: Job) -> None:
    without_hospital(job)
    paid = run_month(
        job, accept=[parse_accepted(code, "Li") for code in ("refused_share", "hospital_refused")]
    )
    correction = replace(job, corrects=paid.folder)
    assert run_month(correction).folder != paid.folder
    path = job.stays.path
    stays = pl.read_parquet(path)
    one = stays.filter(pl.col("hospital_id") == "H3390017").head(1)
    late = one.with_columns(case_id=pl.lit("LATE"), person_id=pl.lit("LATE"))
    pl.concat([stays, late]).write_parquet(path)
    with pytest.raises(RunStoppedError) as caught:
        run_month(correction)
    assert {stop.subject for stop in caught.value.stops} == {"H3390017"}


def test_a_level_that_nobody_knows(job: Job) -> None:
    text = job.hospitals.read_text(encoding="utf-8")
    job.hospitals.write_text(re.sub(r"(?m)^(H3390017,[^,]*),[^,]*", r"\1,三甲", text), "utf-8")
    with pytest.raises(
        RunStoppedError, match="unknown_level of H3390017: its level 三甲 is none of"
    ):
        run_month(job)


def test_a_job_takes_findings_on(job: Job) -> None:
    without_hospital(job)
    with pytest.raises(RunStoppedError) as caught:
        run_month(job)
    pasted = caught.value.to_paste().replace('by = ""', 'by = "Li"')
    with job.path.open("a", encoding="utf-8") as file:
        file.write(f"\n{pasted}\n")
    assert run_month(load_job(job.path)).folder.is_dir()
