"""Write a run in processes that are killed or refused at a chosen point, for test_faults.py.

    python fault_driver.py toy|JOB OUTPUT < commands > outcomes

A line of commands is a JSON object for one process, forked from this one, so that Python and the
libraries start only once. `fault` (kill, torn, full), `at` (the number of the call that fails; 0:
none) and `fsize` (RLIMIT_FSIZE in bytes) say what happens to it. `torn` writes the file and cuts it
in half before the process dies. The outcome, one line a command:

    {"ended": "done" | "refused" | "killed" | "crashed", "calls": n, "writes": [1, 5], "renamed": 20, "reused": [...],
     "repeated": bool, "said": "the sentence"}
"""

import errno
import json
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.records.writing import write_frame
from drgpay.results.manifest import write_manifest
from drgpay.run import stages
from drgpay.run.job import load_job
from drgpay.run.stages import run_folder

TOY_ID = "2026-10-toy"
WRITERS = {(stages, "write_stage_file"), (pl.DataFrame, "write_parquet"), (Path, "write_text")}
CALLS = WRITERS | {
    (os, name) for name in ("rename", "replace", "mkdir", "unlink", "rmdir", "fsync", "open")
}


def toy_run(output: Path) -> dict[str, Any]:
    """Three stages and four files, one of them in a subfolder."""
    basis = {"kind": "month", "period": "2026-10", "sum": 4_950}
    with run_folder(output, TOY_ID, basis) as run:
        numbers = run.stage("numbers", lambda: pl.DataFrame({"n": range(100), "of": ["x"] * 100}))
        squares = run.stage("squares", lambda: numbers.with_columns(square=pl.col("n") ** 2))
        total = run.stage("total", lambda: squares.group_by("of").agg(pl.col("square").sum()))
        # So small a run ends before its stages are kept.
        run._stages._writer.submit(lambda: None).result()
        write_frame(squares, run.outputs / "cases.parquet")
        write_frame(total, run.outputs / "values.parquet")
        (run.outputs / "statements").mkdir()
        (run.outputs / "statements" / "x.txt").write_text(f"{total.item(0, 1)}\n")
        write_manifest(run.outputs, TOY_ID, basis, {"read": 100}, {"all": 0.1})
    return {"reused": run.reused, "repeated": run.repeated}


def month_run(job: Path, output: Path) -> dict[str, Any]:
    """The month of a job."""
    from drgpay.run.month_end import run_month

    finished = run_month(replace(load_job(job), output=output))
    return {"reused": getattr(finished, "reused", ()), "repeated": finished.repeated}


class Faults:
    """Counts the calls that change files, and fails one of them."""

    def __init__(self, fault: str, at: int) -> None:
        self.fault, self.at, self.calls = fault, at, 0
        self.writes: list[int] = []
        self.renamed = 0
        self._one_at_a_time = threading.Lock()

    def patch(self) -> None:
        for owner, name in CALLS:
            setattr(owner, name, self._failing(getattr(owner, name), (owner, name) in WRITERS))

    def _failing(self, call: Callable[..., Any], writes: bool) -> Callable[..., Any]:
        def failing(*arguments: Any, **options: Any) -> Any:
            if call is REAL_OPEN and not arguments[1] & os.O_CREAT:
                return call(*arguments, **options)
            with self._one_at_a_time:
                self.calls += 1
                due = self.calls == self.at
                if writes:
                    self.writes.append(self.calls)
                if call is REAL_RENAME:
                    self.renamed = self.calls
            if not due:
                return call(*arguments, **options)
            if self.fault == "full":
                raise self._refusal(call)
            if self.fault == "torn" and writes:
                call(*arguments, **options)
                os.truncate(next(part for part in arguments if isinstance(part, Path)), 100)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        return failing

    def _refusal(self, call: Callable[..., Any]) -> Exception:
        reason = os.strerror(errno.ENOSPC)
        if call.__name__ == "write_parquet":  # as polars words it
            return pl.exceptions.ComputeError(f"parquet: {reason} (os error {errno.ENOSPC})")
        return OSError(errno.ENOSPC, reason)


REAL_OPEN, REAL_RENAME = os.open, os.rename


def child(what: str, output: Path, command: dict[str, Any], answers: int) -> None:
    faults = Faults(command.get("fault", "kill"), command.get("at", 0))
    if "fsize" in command:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (command["fsize"], command["fsize"]))
    outcome: dict[str, Any] = {"reused": [], "repeated": False, "said": ""}
    faults.patch()
    try:
        outcome |= toy_run(output) if what == "toy" else month_run(Path(what), output)
        outcome["ended"] = "done"
    except DrgpayError as error:
        outcome |= {"ended": "refused", "said": str(error)}
    except Exception:
        outcome |= {"ended": "crashed", "said": traceback.format_exc()}
    outcome |= {"calls": faults.calls, "writes": faults.writes, "renamed": faults.renamed}
    os.write(answers, json.dumps(outcome).encode())


def answered(what: str, output: Path, command: dict[str, Any]) -> dict[str, Any]:
    """The outcome of a command in a process of its own."""
    read, write = os.pipe()
    process = os.fork()
    if not process:
        os.close(read)
        child(what, output, command, write)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    os.waitpid(process, 0)
    return json.loads(said) if said else {"ended": "killed", "reused": [], "said": ""}


if __name__ == "__main__":
    if sys.argv[1] != "toy":
        pass  # so that no process does it again
    for line in sys.stdin:
        print(json.dumps(answered(sys.argv[1], Path(sys.argv[2]), json.loads(line))), flush=True)
