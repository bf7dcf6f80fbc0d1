"""Archives: complete, the same bytes each time, and verified where they are unpacked."""

import hashlib
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any

import polars as pl
import pyrage
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.results.manifest import read_manifest
from drgpay.run import kept_rules
from drgpay.run.archive import keep
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.verify import verify_run
from tests.cli.in_process import Run, ends_well
from tests.cli.program import drgpay as program
from tests.run.small_region import small_job, small_region


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A region with a month, and a correction of it that lies beside it."""
    region = tmp_path_factory.mktemp("keep") / "region"
    first = run_month(load_job(small_region(sample_data, region)), run_id="first").folder
    stays = pl.read_parquet(region / "small.parquet")
    stays.head(stays.height - 1).write_parquet(region / "corrected.parquet")
    (region / "small.toml").rename(region / "first.toml")
    job = small_job(region, "corrected.parquet", first)
    run_month(load_job(job), run_id="second")
    job.rename(region / "second.toml")
    return region


@pytest.fixture
def runs(region: Path) -> Path:
    return region / "runs"


def unpacked(path: Path, to: Path) -> Path:
    with tarfile.open(path) as tar:
        tar.extractall(to, filter="data")
    return to / path.stem


def sums_hold(folder: Path) -> bool:
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    named = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}
    there = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    return named == there


def about(folder: Path) -> Any:
    return json.loads((folder / "archive.json").read_text("utf-8"))


def test_an_archive_is_verified_where_it_is_unpacked(
    region: Path, runs: Path, tmp_path: Path, drgpay: Run
) -> None:
    place = tmp_path / "out" / "2026-10.tar"
    jobs = [word for name in ("first", "second") for word in ("--job", region / f"{name}.toml")]
    status, out, err = drgpay("keep", runs / "second", "--to", place, *jobs, "--lang", "en")
    assert (status, err) == (0, "")
    assert hashlib.sha256(place.read_bytes()).hexdigest() in out
    assert place.stat().st_mode & 0o077 == 0
    folder = unpacked(place, tmp_path / "unpacked")
    assert sums_hold(folder)
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["first", "second"]
    assert sorted(path.name for path in (folder / "jobs").iterdir()) == [
        "first.toml",
        "second.toml",
    ]
    for name in ("first", "second"):
        verified = verify_run(folder / "runs" / name)
        assert {
            check.key: check.status for check in verified.checks if check.status != "right"
        } == {}
        assert verified.evidence in (folder / "README.txt").read_text("utf-8")
    told = about(folder)
    assert [one["run"] for one in told["runs"]] == ["first", "second"]
    kept = {one["what"]: one["kept"] for one in told["runs"][0]["inputs"]}
    assert kept["inputs.stays"] is None
    assert (folder / kept["inputs.hospitals"]).read_bytes() == (
        region / "hospitals.csv"
    ).read_bytes()
    assert (folder / kept["policy"]).is_file()
    assert (folder / kept["scheme"] / "scheme.toml").is_file()
    assert not list(folder.rglob("small.parquet"))
    assert (folder / "program" / "uv.lock").is_file()
    assert "portalocker" in (folder / "program" / "drgpay" / "base" / "file_lock.py").read_text()


@pytest.mark.slow
def test_the_program_in_the_archive_verifies_it(runs: Path, region: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    keep([runs / "first"], folder, [region / "first.toml"])
    assert folder.stat().st_mode & 0o077 == 0
    assert sums_hold(folder)
    ended = program("verify", folder / "runs" / "first", PYTHONPATH=str(folder / "program"))
    assert ended.returncode == 0, ended.stdout.decode() + ended.stderr.decode()


def test_the_same_runs_make_the_same_bytes(region: Path, runs: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(region, tmp_path / "copy"))
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    one, other = tmp_path / "1" / "a.tar", tmp_path / "2" / "a.tar"
    first = keep([runs / "first", runs / "second"], one, [region / "first.toml"])
    second = keep([copy / "runs" / "second", copy / "runs" / "first"], other, [copy / "first.toml"])
    assert first.sha256 == second.sha256
    assert one.read_bytes() == other.read_bytes()


def test_records_are_encrypted_for_who_keeps_them(
    region: Path, runs: Path, tmp_path: Path, drgpay: Run
) -> None:
    key = pyrage.x25519.Identity.generate()
    status, out, err = drgpay(
        *("keep", runs / "first", "--to", tmp_path / "a", "--job", region / "first.toml"),
        *("--records", "--recipient", key.to_public(), "--json", "--lang", "en"),
    )
    assert (status, err) == (0, "")
    (stays,) = [one for one in json.loads(out)["inputs"] if one["what"] == "inputs.stays"]
    secret = (tmp_path / "a" / stays["kept"]).read_bytes()
    plain = (region / "small.parquet").read_bytes()
    assert plain[:64] not in secret
    assert pyrage.decrypt(secret, [key]) == plain
    assert hashlib.sha256(plain).hexdigest() == stays["sha256"]


def test_nothing_is_overwritten(runs: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "a.tar", tmp_path / "folder"):
        (place.mkdir if place.suffix == "" else place.touch)()
        with pytest.raises(DrgpayError, match="is there already"):
            keep([runs / "first"], place)
    assert (tmp_path / "a.tar").read_bytes() == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "folder"]


def test_what_is_damaged_or_renamed_is_not_archived(runs: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs / "first", tmp_path / "first"))
    (run / "values.parquet").write_bytes(b"x")
    with pytest.raises(DrgpayError, match="drgpay verify"):
        keep([run], tmp_path / "a.tar")
    with pytest.raises(DrgpayError, match="rename it to first"):
        keep([run.rename(tmp_path / "other")], tmp_path / "a.tar")
    assert not (tmp_path / "a.tar").exists()


def test_without_its_job_it_is_told_what_is_not_found(
    runs: Path, tmp_path: Path, drgpay: Run
) -> None:
    run = Path(shutil.copytree(runs / "second", tmp_path / "runs" / "second"))
    status, _, err = drgpay("keep", run, "--to", tmp_path / "a.tar", "--lang", "en")
    assert status == 0
    assert "the run first is named" in err
    assert "hospitals.csv is not in the archive" in err
    assert "small.parquet" not in err, "records are left out by default"
    folder = unpacked(tmp_path / "a.tar", tmp_path)
    assert about(folder)["runs_not_found"] == ["first"]


def test_a_scheme_that_is_not_shipped_is_found_in_the_archive(
    runs: Path, region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep([runs / "first"], tmp_path / "a", [region / "first.toml"])
    monkeypatch.setattr(kept_rules, "shipped_schemes", list)
    assert verify_run(runs / "first").status == "unknown"
    assert verify_run(tmp_path / "a" / "runs" / "first").status == "right"


def test_a_run_that_was_forgotten_is_archived_with_the_record_of_it(
    runs: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(runs / "first", tmp_path / "runs" / "first"))
    ends_well(
        *("forget", "--runs", copy.parent, "--before", "2027-01-01", "--by", "W", "--force", "-q")
    )
    evidence = read_manifest(runs / "first").evidence
    keep([copy], tmp_path / "a")
    verified = verify_run(tmp_path / "a" / "runs" / "first")
    assert (verified.status, verified.evidence) == ("forgotten", evidence)


def test_mistakes_about_keys(
    runs: Path, region: Path, tmp_path: Path, drgpay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("keep", runs / "first", "--to", tmp_path / "a", "--job", region / "first.toml")
    english = ("--lang", "en")
    status, _, err = drgpay(*words, "--records", *english)
    assert (status, "--recipient" in err) == (2, True)
    status, _, err = drgpay(*words, "--recipient", "age1x", *english)
    assert (status, "--records" in err) == (2, True)
    status, _, err = drgpay(*words, "--records", "--recipient", "age1x", *english)
    assert (status, "no public age key" in err) == (2, True)
    monkeypatch.setitem(sys.modules, "pyrage", None)
    status, _, err = drgpay(*words, "--records", "--recipient", "age1x", *english)
    assert (status, "drgpay[keep]" in err) == (2, True)
    assert list(tmp_path.iterdir()) == []
