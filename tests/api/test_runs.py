"""Statements, archives, forgetting, batches and projects: the commands, called from Python."""

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import drgpay
from tests.run.small_region import small_region


@pytest.fixture(scope="module")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    region = tmp_path_factory.mktemp("api") / "region"
    drgpay.run_job(small_region(sample_data, region), run_id="october", language="en")
    return region


@pytest.fixture
def runs(region: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(region / "runs", tmp_path / "runs"))


def test_statements_and_what_forgetting_leaves_of_them(runs: Path) -> None:
    run = runs / "october"
    hospital = pl.read_parquet(run / "cases.parquet")["hospital_id"][0]
    written = drgpay.write_statements(run, [hospital], language="en")
    assert (written.hospitals, written.folder.name) == ((hospital,), "october-statements")
    assert "october-statements" in repr(written)
    book = written.folder / f"{hospital}.xlsx"
    (due,) = drgpay.forget_runs(runs, date(2027, 1, 1), dry_run=True, force=True)
    assert (due.state, due.found.beside) == ("would_go", (f"october-statements/{hospital}.xlsx",))
    (kept,) = drgpay.forget_runs(runs, "2027-01-01", by="Wang")
    assert (kept.state, book.exists()) == ("kept", True)
    assert "2026" in repr(kept)
    (gone,) = drgpay.forget_runs(runs, "2027-01-01", by="Wang", note="old", force=True)
    assert (gone.state, gone.remark, book.exists()) == ("gone", None, False)
    assert drgpay.verify_run(run).status == "forgotten"
    assert drgpay.forget_runs(runs, "2027-01-01", by="Wang", force=True) == []
    with pytest.raises(drgpay.DrgpayError, match="nobody is named"):
        drgpay.forget_runs(runs, "2027-01-01")
    with pytest.raises(drgpay.DrgpayError, match="is no date"):
        drgpay.forget_runs(runs, "1.1.2027", by="Wang")


def test_an_archive(region: Path, runs: Path, tmp_path: Path) -> None:
    job = region / "small.toml"
    archive = drgpay.keep_runs([runs / "october"], tmp_path / "a.tar", jobs=[job])
    again = drgpay.keep_runs(
        [str(runs / "october")], str(tmp_path / "b" / "a.tar"), jobs=[str(job)]
    )
    assert (archive.runs, archive.sha256) == (("october",), again.sha256)
    assert {one.of_persons for one in archive.left_out} == {True}
    assert "october" not in repr(archive)
    with pytest.raises(drgpay.DrgpayError, match="is there already"):
        drgpay.keep_runs([runs / "october"], tmp_path / "a.tar")


def test_a_batch(region: Path, tmp_path: Path) -> None:
    log, out = tmp_path / "log.jsonl", tmp_path / "runs"
    (wrong,) = drgpay.run_batch([region / "nowhere.toml"], log=log, output=out, language="en")
    assert (wrong.state, wrong.status) == ("failed", 2)
    assert "nowhere.toml" in wrong.said
    assert json.loads(log.read_text("utf-8").splitlines()[-1]) | {"time": ""} == {
        "time": "",
        "event": "batch_ended",
        "status": 2,
    }
    with pytest.raises(drgpay.DrgpayError, match="no job is named"):
        drgpay.run_batch([])
    with pytest.raises(drgpay.DrgpayError, match="--log"):
        drgpay.run_batch([], retry=True)


def test_a_project(tmp_path: Path) -> None:
    stays = tmp_path / "stays.csv"
    stays.write_text("结算ID,定点医药机构编号,性别\n1,H1,男\n2,H1,女\n", "utf-8")
    started = drgpay.init_project(tmp_path / "2026", stays=stays, year=2026, language="en")
    assert started.gaps
    assert "gaps=" in repr(started)
    assert (tmp_path / "2026" / "README.md").is_file()
    for wrong, name in (({"year": 26}, "year"), ({"all_mean": Decimal("NaN")}, "weight 1")):
        with pytest.raises(drgpay.DrgpayError, match=name):
            drgpay.init_project(tmp_path / "x", **wrong)
    with pytest.raises(drgpay.DrgpayError, match="belong together"):
        drgpay.init_project(tmp_path / "x", visits=stays)
