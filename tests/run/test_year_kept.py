"""A clearing is kept, forgotten and verified as its months are; statements with cases are of months."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.results.forgotten import record_of
from drgpay.results.manifest import read_manifest
from drgpay.run.archive import keep
from drgpay.run.clearing import run_clearing
from drgpay.run.forgetting import Forgotten, forget_old
from drgpay.run.statements import write_statements
from drgpay.run.verify import verify_run
from drgpay.run.year_job import load_any_year_job
from tests.run.visit_year import visit_year_region

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def year(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the runs of a year of stays and visits, and its clearing, `year`."""
    region = visit_year_region(sample_data, tmp_path_factory.mktemp("year") / "region")
    run_clearing(load_any_year_job(region / "both.toml"), "en", "year")
    return region / "runs"


@pytest.fixture
def runs(year: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(year, tmp_path / "runs"))


def forgotten(runs: Path, before: date) -> dict[str, Forgotten]:
    return {one.found.run.run_id: one for one in forget_old(runs, before, "Wang")}


def test_an_archive_of_a_year_has_its_months_and_is_verified_there(
    year: Path, tmp_path: Path
) -> None:
    archive = keep([year / "year"], tmp_path / "a")
    named = {
        about["run"]
        for month in read_manifest(year / "year").inputs["months"]
        for about in month["runs"]
    }
    assert set(archive.runs) == {"year", *named}
    assert archive.missing == ()
    assert verify_run(tmp_path / "a" / "runs" / "year").status == "right"


def test_months_that_are_forgotten_leave_their_year_to_be_verified(runs: Path) -> None:
    # The day before which the months ended, and the year did not.
    done = forgotten(runs, date(2026, 12, 31))
    assert "year" not in done
    assert {one.state for one in done.values()} == {"gone"}
    verified = verify_run(runs / "year")
    assert {check.status for check in verified.checks} == {"right", "forgotten"}
    assert verified.status == "forgotten"
    # What no record says was decided is missing.
    record_of(next(runs.glob("2026-01-*/manifest.json")).parent).unlink()
    assert verify_run(runs / "year").status == "unknown"


def test_a_year_is_forgotten_with_its_months(runs: Path) -> None:
    year = runs / "year"
    ids = {*pl.read_parquet(year / "cases.parquet")["case_id"]}
    ids |= {*pl.read_parquet(year / "visits.parquet")["visit_id"]}
    evidence, money = read_manifest(year).evidence, (year / "statements.parquet").read_bytes()
    beside = runs / "year-statements"
    beside.mkdir()
    shutil.copyfile(max((year / "statements").iterdir()), beside / "H.xlsx")
    done = forgotten(runs, date(2027, 1, 1))
    assert {one.state for one in done.values()} == {"gone"}
    assert done["year"].found.beside == ("year-statements/H.xlsx",)
    assert (year / "statements.parquet").read_bytes() == money
    left = [pl.read_parquet(path) for path in year.glob("*.parquet")]
    names = (pl.String, pl.Categorical, pl.Enum)
    texts = {
        text
        for frame in left
        for column in frame
        if isinstance(column.dtype, names)
        for text in column.cast(pl.String)
    }
    assert texts.isdisjoint(ids)
    verified = verify_run(year)
    assert (verified.status, verified.evidence) == ("forgotten", evidence)
    assert {check.status for check in verified.checks} == {"right", "forgotten"}


def test_statements_with_cases_are_of_months(year: Path, tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="is a clearing, not the run of a month"):
        write_statements(year / "year", "en", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
