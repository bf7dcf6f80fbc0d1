"""A run that is killed or finds its disk full loses nothing and leaves nothing half-written."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from drgpay.results.manifest import output_hashes, read_manifest
from tests.run.small_region import small_region
from tests.spread import spread

DRIVER = Path(__file__).with_name("fault_driver.py")
Outcome = dict[str, Any]


class Driver:
    """Processes that write a run into a folder, each with a fault or without."""

    def __init__(self, what: str, output: Path) -> None:
        self.output = output
        self._process = subprocess.Popen(
            [sys.executable, DRIVER, what, output],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, **command: object) -> Outcome:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        outcome: Outcome = json.loads(self._process.stdout.readline())
        assert outcome["ended"] != "crashed", outcome["said"]
        return outcome

    def close(self) -> None:
        self._process.communicate(timeout=30)


@contextmanager
def driver(what: str, output: Path) -> Iterator[Driver]:
    made = Driver(what, output)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """The job of a small month."""
    return small_region(sample_data, tmp_path_factory.mktemp("faults") / "region")


def clear(output: Path) -> None:
    shutil.rmtree(output, ignore_errors=True)


def results(output: Path) -> dict[str, Any]:
    """The bytes of the one run in a folder; its manifest without the seconds."""
    (run,) = [path for path in output.iterdir() if not path.name.startswith(".")]
    manifest = dict(read_manifest(run).content)
    del manifest["seconds"]
    hashes = output_hashes(run)
    assert {name: file["sha256"] for name, file in manifest["outputs"].items()} == hashes
    return {"run": run.name, "manifest": manifest, "files": hashes}


def nothing_or(expected: dict[str, Any], output: Path) -> bool:
    """There is no run under a final name, or the whole one."""
    shown = [path for path in output.glob("*") if not path.name.startswith(".")]
    if shown:
        assert results(output) == expected
    return bool(shown)


def left_over(output: Path) -> list[str]:
    return [path.name for path in output.glob(".*")]


def survive(run: Driver, commands: list[dict[str, object]]) -> list[Outcome]:
    """Fail as each command says, then run undisturbed; what the second runs said."""
    clear(run.output)
    assert run.run()["ended"] == "done"
    expected = results(run.output)
    again = []
    for command in commands:
        clear(run.output)
        failed = run.run(**command)
        there = nothing_or(expected, run.output)
        if failed["ended"] == "refused":
            assert str(run.output) in failed["said"], failed
            assert left_over(run.output) == [], command
        second = run.run()
        assert second["ended"] == "done", (command, second)
        assert second["repeated"] == there
        assert results(run.output) == expected, command
        assert left_over(run.output) == []
        again.append(second | {"first": failed["ended"]})
    return again


@pytest.mark.parametrize("every", spread([3, 1], 1))
def test_a_run_killed_at_any_call_is_resumed(tmp_path: Path, every: int) -> None:
    with driver("toy", tmp_path / "runs") as run:
        whole = run.run()
        assert whole["calls"] > 20
        killed = [{"fault": "kill", "at": at} for at in range(1, whole["calls"] + 1, every)]
        again = survive(run, [*killed, *({"fault": "torn", "at": at} for at in whole["writes"])])
    assert sum(outcome["first"] == "killed" for outcome in again) > 0.9 * len(again)
    assert [] in [outcome["reused"] for outcome in again]
    assert ["numbers", "squares", "total"] in [outcome["reused"] for outcome in again]


@pytest.mark.parametrize("every", spread([3, 2], 1))
def test_a_disk_that_is_full_at_any_call(tmp_path: Path, every: int) -> None:
    with driver("toy", tmp_path / "runs") as run:
        calls = run.run()["calls"]
        again = survive(run, [{"fault": "full", "at": at} for at in range(1, calls + 1, every)])
    ends = [outcome["first"] for outcome in again]
    assert ends.count("refused") > 5
    assert ends.count("done") > 1, "a stage that cannot be kept does not stop the run"


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    with driver("toy", tmp_path / "runs") as run:
        again = survive(run, [{"fsize": size} for size in (0, 500, 1_000_000)])
    ends = [outcome["first"] for outcome in again]
    assert ends[0] == "refused"
    assert ends[-1] == "done"


@pytest.mark.slow
def test_a_month_killed_at_many_calls(tmp_path: Path, month: Path) -> None:
    with driver(str(month), tmp_path / "runs") as run:
        renamed = run.run()["renamed"]
        points = [*random.Random(3).sample(range(1, renamed), 3), renamed]
        again = survive(run, [{"fault": "kill", "at": at} for at in points])
    assert {outcome["first"] for outcome in again} == {"killed"}
    assert "checked" in again[-1]["reused"], "what was grouped is not grouped again"


@pytest.mark.slow
def test_a_month_on_a_full_disk(tmp_path: Path, month: Path) -> None:
    with driver(str(month), tmp_path / "runs") as run:
        again = survive(run, [{"fsize": size} for size in (1_000, 9_000)])
    assert "refused" in {outcome["first"] for outcome in again}


def test_a_small_file_system(tmp_path: Path, month: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root only")
    try:
        with driver(str(month), small / "runs") as run:
            failed = run.run()
        assert failed["ended"] == "refused"
        assert "No space left on device" in failed["said"]
        assert list((small / "runs").iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


_RUN_MONTH = """
import sys
from dataclasses import replace
from pathlib import Path
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
job, output = map(Path, sys.argv[1:])
run_month(replace(load_job(job), output=output))
"""
# The run alone: `drgpay run` enters it in the database next, which cleans up after itself later.


@pytest.mark.slow
def test_a_month_killed_at_any_time(tmp_path: Path, month: Path) -> None:
    runs = tmp_path / "runs"
    with driver(str(month), runs) as run:
        run.run()
        expected = results(runs)
        clear(runs)
        for seconds in (0.7, 1.3):
            process = subprocess.Popen(
                [sys.executable, "-c", _RUN_MONTH, month, runs],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(seconds)
            process.kill()
            process.wait()
            nothing_or(expected, runs)
        assert run.run()["ended"] == "done"
        assert results(runs) == expected
        assert left_over(runs) == []


@pytest.mark.parametrize("times", spread([2, 5], 1))
def test_processes_that_write_the_same_run_at_once(tmp_path: Path, times: int) -> None:
    runs = tmp_path / "runs"
    drivers = [Driver("toy", runs) for _ in range(3)]
    try:
        for _ in range(times):
            clear(runs)
            for each in drivers:
                assert each._process.stdin
                each._process.stdin.write("{}\n")
                each._process.stdin.flush()
            outcomes: list[Outcome] = []
            for each in drivers:
                assert each._process.stdout
                outcomes.append(json.loads(each._process.stdout.readline()))
            results(runs)
            assert left_over(runs) == []
            assert sum(o["ended"] == "done" and not o["repeated"] for o in outcomes) == 1
            for outcome in outcomes:
                assert outcome["ended"] == "done" or "another process" in outcome["said"], outcome
    finally:
        for each in drivers:
            each.close()
