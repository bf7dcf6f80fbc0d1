"""What is hashed is what is read; evidence is content; outputs never lie over inputs."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset
from drgpay.run.input_files import InputFiles, noted
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.pipeline import Finished
from drgpay.settle.month import pay_month
from tests.run.no_books import without_books

Region = Path


@pytest.fixture
def region(sample_data: Path, tmp_path: Path) -> Region:
    """The stays of the sample month in two files, with the job that settles them."""
    folder = tmp_path / "region"
    shutil.copytree(sample_data, folder)
    job = (folder / "2026-10.toml").read_text(encoding="utf-8").split("[outpatient]")[0]
    job = job.replace("stays/2026-10.parquet", "stays").replace("../runs", "runs")
    (folder / "2026-10.toml").write_text(job, encoding="utf-8")
    stays = pl.read_parquet(folder / "stays" / "2026-10.parquet")
    (folder / "stays" / "2026-10.parquet").unlink()
    stays[:900].write_parquet(folder / "stays" / "a.parquet")
    stays[900:].write_parquet(folder / "stays" / "b.parquet")
    return folder


def run(region: Region) -> Path:
    return settled(region).folder


def settled(region: Region) -> Finished:
    with without_books():
        return run_month(load_any_job(region / "2026-10.toml"))


def test_names_and_order_of_files_are_no_evidence(region: Region) -> None:
    first = run(region)
    outputs = json.loads((first / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    (region / "stays" / "a.parquet").rename(region / "stays" / "z.parquet")
    (region / "hospitals.csv").rename(region / "list.csv")
    job = (region / "2026-10.toml").read_text(encoding="utf-8")
    (region / "2026-10.toml").write_text(job.replace("hospitals.csv", "list.csv"), encoding="utf-8")
    again = settled(region)
    assert again.folder == first
    assert again.repeated
    assert outputs


def test_findings_name_files_and_their_names_are_no_evidence(region: Region) -> None:
    for name in ("a", "b"):
        path = region / "stays" / f"{name}.parquet"
        stays = pl.read_parquet(path)
        first = pl.int_range(pl.len()) == 0
        stays.with_columns(sex=pl.when(~first).then("sex")).write_parquet(path)
    there = run(region)
    table = pl.read_parquet(there / "quarantine.parquet")
    assert set(table["source_file"]) == {"a.parquet", "b.parquet"}
    (region / "stays" / "a.parquet").rename(region / "stays" / "z.parquet")
    again = settled(region)
    assert (again.folder, again.repeated) == (there, True)
    assert pl.read_parquet(there / "quarantine.parquet").equals(table)


def test_the_folder_of_a_partition_is_evidence(region: Region) -> None:
    first = run(region)
    stays = region / "stays"
    for account in ("employee", "resident"):
        frame = pl.concat(
            [pl.read_parquet(stays / "a.parquet"), pl.read_parquet(stays / "b.parquet")]
        )
        folder = region / "parts" / f"account={account}"
        folder.mkdir(parents=True)
        part = frame.filter(pl.col("account") == account).drop("account")
        part.write_parquet(folder / "stays.parquet")
    job = (region / "2026-10.toml").read_text(encoding="utf-8")
    (region / "2026-10.toml").write_text(
        job.replace('stays = "stays"', 'stays = "parts"'), encoding="utf-8"
    )
    second = run(region)
    manifest = json.loads((second / "manifest.json").read_text(encoding="utf-8"))
    assert {one["folder"]["account"] for one in manifest["inputs"]["stays"]} == {
        "employee",
        "resident",
    }
    assert second != first


@pytest.mark.parametrize(
    "name", ["stays/a.parquet", "hospitals.csv", "policy.toml", "filings/2026-10/reviews.csv",
             "catalogue/groups.csv"],
)  # fmt: skip
def test_a_file_that_changes_while_it_is_read_stops_the_run(
    region: Region, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def change_and_settle(*arguments: object, **named: object) -> object:
        path = region / name
        content, about = path.read_bytes(), path.stat()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        # Times can be set back; the content cannot be hidden.
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
        return pay_month(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("drgpay.run.stay_month.pay_month", change_and_settle)
    with pytest.raises(DrgpayError, match="changed while it was being read") as caught:
        run(region)
    assert Path(name).name in caught.value.problem
    assert not [path for path in (region / "runs").glob("*") if path.is_dir()]


def test_every_input_of_a_job_is_noted(sample_data: Path) -> None:
    job = load_any_job(sample_data / "2026-10.toml")
    seen = {path.name for path in noted(job)._seen}
    assert {"policy.toml", "hospitals.csv", "reviews.csv", "deductions.csv", "enrolment.csv",
            "2026-10.parquet", "groups.csv", "scheme.toml", "sets.csv"} <= seen  # fmt: skip


def test_an_untouched_old_file_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("a", encoding="utf-8")
    inputs = InputFiles()
    sha256 = inputs.sha256(path)
    inputs.refuse_changed()
    path.write_text("b", encoding="utf-8")
    assert inputs.sha256(path) == sha256
    with pytest.raises(DrgpayError, match=r"old\.csv was changed"):
        inputs.refuse_changed()
    path.unlink()
    with pytest.raises(DrgpayError, match=r"old\.csv was changed"):
        inputs.refuse_changed()


@pytest.mark.parametrize("out", ["stays/a.parquet", "stays/groups.parquet", "link.parquet"])
def test_nothing_is_written_over_its_input(
    region: Region, out: str, compiled: Callable[[str], CompiledScheme]
) -> None:
    before = (region / "stays" / "a.parquet").read_bytes()
    (region / "link.parquet").symlink_to(region / "stays" / "a.parquet")
    with pytest.raises(DrgpayError, match="input"):
        group_dataset(open_dataset(region / "stays"), compiled("chs-drg-2.0"), region / out)
    assert (region / "stays" / "a.parquet").read_bytes() == before
    assert sorted(path.name for path in (region / "stays").iterdir()) == ["a.parquet", "b.parquet"]


def test_runs_do_not_lie_among_the_records(region: Region) -> None:
    job = (region / "2026-10.toml").read_text(encoding="utf-8")
    (region / "2026-10.toml").write_text(
        job.replace('output = "runs"', 'output = "stays/runs"'), encoding="utf-8"
    )
    with pytest.raises(DrgpayError, match="would lie in the input folder"):
        run(region)
