"""What commands leave that are killed in the middle, and that the next one clears it away."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.cli.in_process import ends_well
from tests.modes import open_to_others
from tests.run.small_region import small_region

STALLED = Path(__file__).with_name("stalled_command.py")
Stalled = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def stalled() -> Iterator[Stalled]:
    """Start a command that stands still at a function; killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, STALLED, *map(str, words)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(STALLED.parents[2])},
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """The job of a small month."""
    return small_region(sample_data, tmp_path_factory.mktemp("killed") / "region").parent


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(".*") if path.name != ".drgpay.duckdb.lock")


def killed_then_again(
    stalled: Stalled,
    place: Path,
    where: list[str],
    command: list[object],
) -> None:
    """A killed command leaves something that nobody reads; the same command clears it away.

    A command that still runs keeps what it has.
    """
    first = stalled(*where, *command)
    (left,) = hidden(place)
    assert (place / left).stat().st_mode & 0o077 == 0, "nobody else gets in"
    assert any(path.is_file() and path.stat().st_size for path in (place / left).rglob("*"))
    second = stalled(*where, *command)
    assert left in hidden(place)
    assert len(hidden(place)) == 2
    first.kill()
    first.wait()
    ends_well(*command)
    assert left not in hidden(place)
    assert len(hidden(place)) == 1
    second.kill()
    second.wait()


def test_group_that_is_killed(tmp_path: Path, region: Path, stalled: Stalled) -> None:
    out = tmp_path / "groups.parquet"
    command = ["group", region / "small.parquet", "--scheme", "chs-drg-2.0", "--out", out]
    killed_then_again(stalled, tmp_path, ["drgpay.base.whole_file:give"], command)
    assert pl.read_parquet(out).height
    assert out.stat().st_mode & 0o777 == 0o600


def test_group_visits_that_are_killed_while_they_are_spilled(
    tmp_path: Path, region: Path, stalled: Stalled
) -> None:
    out = tmp_path / "entries.parquet"
    command = [
        *("group-visits", region / "visits" / "2026-10.parquet"),
        *("--items", region / "visit_items" / "2026-10.parquet", "--scheme", "open-apg-1"),
        *("--policy", region / "policy.toml", "--out", out),
    ]
    where = [
        "drgpay.records.visits.ranges:MAX_OPEN_ROWS=1",
        "drgpay.records.spill:Spill.frames",
    ]
    process = stalled(*where, *command)
    # One for the file that is written, one for the rows that are spilled.
    assert len(hidden(tmp_path)) == 2
    assert list(tmp_path.glob(".drgpay-*.partial/content/*.arrow"))
    assert all((tmp_path / name).stat().st_mode & 0o077 == 0 for name in hidden(tmp_path))
    process.kill()
    process.wait()
    ends_well(*command)
    assert hidden(tmp_path) == []
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_report_and_an_export_that_are_killed(
    tmp_path: Path, region: Path, stalled: Stalled
) -> None:
    runs = tmp_path / "runs"
    ends_well("run", region / "small.toml", "--output", runs, "--run-id", "2026-10-a")
    where = ["drgpay.base.whole_file:give"]
    killed_then_again(stalled, runs, where, ["report", runs / "2026-10-a"])
    assert (runs / "2026-10-a.html").stat().st_mode & 0o777 == 0o600
    export = [
        *("runs", "sql", "SELECT * FROM runs", "--output", runs),
        *("--format", "parquet", "--out", tmp_path / "cases.parquet"),
    ]
    killed_then_again(stalled, tmp_path, where, export)
    assert (tmp_path / "cases.parquet").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_killed(tmp_path: Path, region: Path, stalled: Stalled) -> None:
    out = tmp_path / "check"
    command = [
        *("check", region / "small.parquet", "--scheme", "chs-drg-2.0"),
        *("--policy", region / "policy.toml", "--hospitals", region / "hospitals.csv"),
        *("--period", "2026-10", "--out", out),
    ]
    process = stalled("drgpay.run.staging:put_in_place", *command)
    (left,) = hidden(tmp_path)
    process.kill()
    process.wait()
    assert (tmp_path / left).stat().st_mode & 0o077 == 0
    ends_well(*command)
    assert hidden(tmp_path) == []
    assert open_to_others(out) == {}


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on(
    tmp_path: Path, region: Path, stalled: Stalled, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    command = ["run", region / "small.toml", "--output", runs, "--run-id"]
    process = stalled("drgpay.run.pipeline:write_manifest", *command, "2026-10-a")
    assert hidden(runs) == [".2026-10-a.lock", ".2026-10-a.partial"]
    ends_well(*command, "2026-10-b")
    assert hidden(runs) == [".2026-10-a.lock", ".2026-10-a.partial"], "it is alive"
    process.kill()
    process.wait()
    ends_well(*command, "2026-10-c")
    assert hidden(runs) == [".2026-10-a.partial"], "stages stay, a lock nobody holds does not"
    ends_well(*command, "2026-10-a")
    assert hidden(runs) == []
    assert open_to_others(runs) == {}
