"""Ctrl-C and SIGTERM: one line, an exit status that shells know, nothing half-written."""

import shutil
import signal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.words import Sentences
from tests.cli.program import drgpay, interrupted
from tests.spread import spread

_ERRORS = Sentences("errors/cli")
STAGED, UNWRITTEN = (_ERRORS.said(key, "en") for key in ("staged", "unwritten"))
SIGNALS = ((signal.SIGINT, 130), (signal.SIGTERM, 143))


@pytest.fixture(scope="module")
def many_stays(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """Stays that take some seconds to group."""
    path = tmp_path_factory.mktemp("many") / "stays.parquet"
    stays = pl.read_parquet(sample_data / "stays" / "2026-10.parquet")
    pl.concat([stays] * 400).write_parquet(path)
    return path


@pytest.mark.parametrize(("number", "status"), spread(SIGNALS, 1))
def test_group_leaves_nothing(
    tmp_path: Path, many_stays: Path, number: signal.Signals, status: int
) -> None:
    def begun() -> bool:
        return any(tmp_path.glob(".*partial*"))

    arguments = ("group", many_stays, "--scheme", "chs-drg-2.0", "--out", tmp_path / "g.parquet")
    ended = interrupted(number, begun, *arguments, "--threads", 1)
    assert ended == (status, "", f"drgpay: interrupted; {UNWRITTEN}.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "status"), spread(SIGNALS, 1))
def test_group_writes_over_nothing(
    tmp_path: Path, many_stays: Path, number: signal.Signals, status: int
) -> None:
    out = tmp_path / "g.parquet"
    out.write_bytes(b"what lay here before")
    arguments = ("group", many_stays, "--scheme", "chs-drg-2.0", "--out", out, "--threads", 1)
    assert interrupted(number, lambda: any(tmp_path.glob(".*")), *arguments)[0] == status
    assert out.read_bytes() == b"what lay here before"


@pytest.mark.parametrize(("number", "status"), SIGNALS)
@pytest.mark.slow
def test_a_run_goes_on_after_it(
    tmp_path: Path, sample_data: Path, number: signal.Signals, status: int
) -> None:
    region = tmp_path / "region"
    shutil.copytree(sample_data, region, ignore=shutil.ignore_patterns("history"))
    runs = tmp_path / "runs"
    arguments = ("run", region / "2026-10.toml", "--out", runs)

    def stage_is_kept() -> bool:
        return any(runs.glob(".*.partial/stages.json"))

    ended, out, err = interrupted(number, stage_is_kept, *arguments)
    assert ended == status
    assert out == ""
    assert err.splitlines()[-1] == f"drgpay: interrupted; {STAGED}."
    assert "Traceback" not in err
    assert not any(runs.glob("[!.]*")), "no run, no database"
    assert any(runs.glob(".*.partial/stages.json"))
    whole = drgpay(*arguments)
    assert whole.returncode == 0
    assert not any(runs.glob(".*.partial"))
    [folder] = runs.glob("2026-10-*/")
    assert drgpay("verify", folder).returncode == 0


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path, many_stays: Path) -> None:
    """As of a program in the background, or under nohup."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        out = tmp_path / "g.parquet"
        arguments = ("group", many_stays, "--scheme", "chs-drg-2.0", "--out", out)
        ended = interrupted(signal.SIGINT, lambda: any(tmp_path.glob(".*")), *arguments)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended[0] == 0
    assert out.exists()
