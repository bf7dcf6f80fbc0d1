"""Supervision straight from jobs and runs: the same clues as from its own file; what cannot be told apart."""

import shutil
from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.supervise.from_jobs import open_supervise
from drgpay.supervise.supervision import supervise
from tests.supervise.test_booking import BEFORE, run_of


@pytest.fixture(scope="module")
def region(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("from-jobs") / "region"
    shutil.copytree(settled_year, folder, ignore=shutil.ignore_patterns("history"))
    return folder


def test_jobs_and_runs_and_a_file_find_the_same(region: Path) -> None:
    now, back = (region / f"{one}.toml" for one in reversed(BEFORE))
    by_jobs = supervise(open_supervise([now], [back]))
    runs = [region / "runs" / run_of(region, one) for one in BEFORE]
    by_runs = supervise(open_supervise([runs[1]], [runs[0]]))
    file = region / "own.toml"
    file.write_text(
        'name = "own"\nhospitals = "hospitals.csv"\n'
        f'[[months]]\nrun = "runs/{runs[1].name}"\nstays = "stays/{BEFORE[1]}.parquet"\n'
        f'[[lookback]]\nrun = "runs/{runs[0].name}"\nstays = "stays/{BEFORE[0]}.parquet"\n',
        encoding="utf-8",
    )
    by_file = supervise(open_supervise([file]))
    assert by_jobs.clues.height > 0
    assert by_jobs.clues.equals(by_file.clues)
    assert by_runs.clues.equals(by_file.clues)
    assert by_jobs.periods == (BEFORE[1],)


def test_what_cannot_be_told_apart_is_asked(region: Path, tmp_path: Path) -> None:
    job = region / f"{BEFORE[0]}.toml"
    copied = tmp_path / "region"
    shutil.copytree(region, copied)
    run = copied / "runs" / run_of(copied, BEFORE[0])
    shutil.copytree(run, run.with_name(f"{BEFORE[0]}-another"))
    with pytest.raises(DrgpayError, match="2 "):
        open_supervise([copied / job.name])
    assert open_supervise([run]).runs[0].run == run
    shutil.rmtree(copied / "runs")
    with pytest.raises(DrgpayError, match=r"drgpay run"):
        open_supervise([copied / job.name])
    alone = tmp_path / "alone" / "runs" / run.name
    shutil.copytree(region / "runs" / run.name, alone)
    with pytest.raises(DrgpayError, match=run.name):
        open_supervise([alone])
