"""A month that is checked in files: the same results, and a killed run goes on with its buckets."""

from dataclasses import replace
from pathlib import Path

import pytest

from drgpay.results.manifest import output_hashes
from drgpay.run import stay_month
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from tests.run.no_books import without_books
from tests.run.small_region import small_region


class KilledError(BaseException):
    """Stands for whatever ends a process without asking."""


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_checked_buckets(
    sample_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = load_job(small_region(sample_data, tmp_path / "region"))
    with without_books():
        at_once = run_month(job, run_id="a").folder
    monkeypatch.setattr("drgpay.run.checked_stage.MOST_AT_ONCE", 0)
    monkeypatch.setattr("drgpay.grouper.checked_month.BUCKET_ROWS", 500)
    other = replace(job, output=tmp_path / "runs")

    def killed(*_given: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch, pytest.raises(KilledError), without_books():
        patch.setattr(stay_month, "settle_stays", killed)
        run_month(other, run_id="a")
    left = list((tmp_path / "runs/.a.partial/stages/checked.files").iterdir())
    assert len(left) > 1
    assert all(path.stat().st_mode & 0o077 == 0 for path in left)
    with without_books():
        again = run_month(other, run_id="a")
    assert again.reused == ("checked",)
    assert output_hashes(again.folder) == output_hashes(at_once)
    assert not list((tmp_path / "runs").glob(".a.partial"))
