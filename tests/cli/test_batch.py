"""Batches: every job is run, whatever becomes of the others, and a later batch goes on."""

import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from drgpay.run.batch import BatchLog, Outcome, left_to_do, run_batch, worst
from tests.accepting import IN_JOB
from tests.cli.in_process import Run
from tests.cli.program import interrupted
from tests.run.small_region import small_job, small_region


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A region with a job that runs, one that stops, one that is wrong and a year without months."""
    region = tmp_path_factory.mktemp("batch") / "region"
    good = small_region(sample_data, region).rename(region / "good.toml")
    text = good.read_text("utf-8")
    (region / "stops.toml").write_text(text.removesuffix(IN_JOB), "utf-8")
    (region / "wrong.toml").write_text(text.replace("small.parquet", "nowhere.parquet"), "utf-8")
    return region


def events(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


@pytest.mark.slow
def test_one_that_fails_stops_no_other_and_a_retry_runs_what_failed(
    region: Path, tmp_path: Path, drgpay: Run
) -> None:
    log, out = tmp_path / "batch.jsonl", tmp_path / "runs"
    jobs = [region / f"{name}.toml" for name in ("wrong", "stops", "good")]
    status, text, err = drgpay(
        "batch", *jobs, "--log", log, "--out", out, "--jobs", 2, "--json", "--lang", "en"
    )
    assert status == 2, err
    told = json.loads(text)
    assert told["status"] == 2
    wrong, stopped, good = told["jobs"]
    assert [one["job"] for one in told["jobs"]] == [str(job) for job in jobs]
    assert (wrong["state"], wrong["status"]) == ("failed", 2)
    assert wrong["code"].startswith("records.")
    assert "nowhere.parquet" in wrong["said"]
    assert (stopped["state"], stopped["status"]) == ("stopped", 2)
    assert stopped["code"]
    assert (good["state"], good["status"], good["said"]) == ("ok", 0, "")
    assert (out / good["run"] / "manifest.json").is_file()
    assert [event["event"] for event in events(log)] == [
        *("batch_started", "job_started", "job_started"),
        *[event["event"] for event in events(log)[3:-1]],
        "batch_ended",
    ]
    assert log.stat().st_mode & 0o077 == 0

    (region / "stops.toml").write_text((region / "good.toml").read_text("utf-8"), "utf-8")
    status, text, _ = drgpay("batch", "--log", log, "--retry", "--out", out, "--lang", "en")
    assert status == 2
    assert "good.toml" not in text
    assert "unchanged" in text  # the job that stopped is now that of the run
    assert left_to_do(log, []) == [region / "wrong.toml"]
    status, text, _ = drgpay("batch", jobs[2], "--log", log, "--retry", "--json")
    assert (status, json.loads(text)["jobs"]) == (0, [])


def test_what_reads_other_runs_waits_for_them(tmp_path: Path) -> None:
    began: list[str] = []
    jobs = [tmp_path / name for name in ("a.toml", "b.toml", "year.toml", "c.toml", "d.toml")]
    for job in jobs:
        job.write_text("period = '2026-10'\n", "utf-8")
    jobs[2].write_text("year = 2026\n", "utf-8")
    jobs[4].write_text("corrects = 'runs/x'\n", "utf-8")

    def tell(event: Any) -> None:
        if event["event"] == "job_started":
            began.append(f"+{Path(event['job']).stem}")
        if event["event"] == "job_ended":
            began.append(f"-{Path(event['job']).stem}")

    outcomes = run_batch(jobs, lambda job, year: ["sleep", "0.2"], 3, tell)
    assert [outcome.state for outcome in outcomes] == ["ok"] * 5
    assert began.index("+year") > max(began.index("-a"), began.index("-b"))
    assert began.index("+b") < began.index("-a")
    assert began.index("+d") > max(began.index("-year"), began.index("-c"))


def test_a_process_that_is_killed_is_the_worst(tmp_path: Path) -> None:
    job = tmp_path / "job.toml"
    (killed,) = run_batch([job], lambda job, year: ["sh", "-c", "kill -9 $$"])
    assert (killed.state, killed.status) == ("failed", 137)
    others = [Outcome("", "failed", "", "", "", status, 0, "") for status in (0, 2, 1)]
    assert worst(others) == 1
    assert worst([*others, killed]) == 137
    assert worst(others[:2]) == 2
    assert worst([]) == 0


def test_the_log_of_a_batch_that_was_killed(tmp_path: Path) -> None:
    log, jobs = tmp_path / "log", [tmp_path / "a.toml", tmp_path / "b.toml", tmp_path / "c.toml"]
    told = BatchLog(log)
    told.tell({"event": "batch_started", "jobs": [str(job) for job in jobs]})
    told.tell({"event": "job_started", "job": str(jobs[0])})
    told.tell({"event": "job_ended", "job": str(jobs[0]), "state": "ok"})
    told.tell({"event": "job_started", "job": str(jobs[1])})
    with log.open("a", encoding="utf-8") as file:
        file.write('{"event": "job_en')
    assert left_to_do(log, []) == jobs[1:]
    assert left_to_do(log, jobs[:2]) == [jobs[1]]


def test_what_is_no_log(tmp_path: Path, drgpay: Run) -> None:
    log = tmp_path / "log"
    log.write_text("no\nlog\n", "utf-8")
    status, _, err = drgpay("batch", "--log", log, "--retry", "--lang", "en")
    assert (status, "line 1" in err) == (2, True)
    status, _, err = drgpay("batch", "--retry", "--lang", "en")
    assert (status, "--log" in err) == (2, True)
    assert drgpay("batch", "--lang", "en")[0] == 2
    status, _, err = drgpay("batch", "x.toml", "--log", tmp_path, "--lang", "en")
    assert (status, "cannot be written" in err) == (2, True)


def test_no_job_goes_on_when_a_batch_is_interrupted(region: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "region").mkdir()
    shutil.copytree(region, tmp_path / "region", dirs_exist_ok=True)
    job = small_job(tmp_path / "region", "stays/2026-10.parquet")
    status, _, err = interrupted(
        signal.SIGTERM,
        lambda: log.exists() and "job_started" in log.read_text("utf-8"),
        *("batch", job, "--log", log, "--out", tmp_path / "runs", "--lang", "en"),
    )
    assert status == 143, err
    assert left_to_do(log, []) == [job]
    assert (
        str(job)
        not in subprocess.run(
            ["ps", "-eo", "args"], capture_output=True, text=True, check=True
        ).stdout
    )
