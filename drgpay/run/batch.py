"""Many jobs, each in a process of its own: one that fails stops no other.

What became of each is told as it happens, a JSON object a line, so that a later batch can run what
failed once more.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language, alike
from drgpay.base.plain_json import plain_json
from drgpay.base.system_errors import reason_of
from drgpay.base.toml_reader import read_toml
from drgpay.base.words import Sentences
from drgpay.base.working_folder import working_folder

_ERRORS = Sentences("errors/run")

State = Literal["ok", "unchanged", "stopped", "failed"]
DONE: tuple[State, ...] = ("ok", "unchanged")
_LOOK_SECONDS = 0.05
_END_SECONDS = 20.0
"""A process that is asked to end has so long to remove what is half-written."""
_SPEAKER = "drgpay: "
_STARTED, _ENDED = "job_started", "job_ended"


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    state: `unchanged` where the run lay there before with the same bytes; `stopped` where somebody
    has to accept something first. code: of a refusal as `--json` has it, or the codes of what stopped
    it. status: of its process; 128 and the number of the signal that ended it. said: what is wrong.
    """

    job: str
    state: State
    run: str
    folder: str
    code: str
    status: int
    seconds: float
    said: str


Tell = Callable[[Mapping[str, Any]], None]
"""Takes each event: batch_started, job_started, job_ended, batch_ended."""


def run_batch(
    jobs: Sequence[Path],
    command: Callable[[Path, bool], Sequence[str]],
    at_once: int = 1,
    tell: Tell = lambda event: None,
    on_end: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Run jobs and year files, in their order, `at_once` of them beside each other.

    command: the words that run one, and whether it is a year file. A year file, a correction and a
    job that names earlier runs wait until all before them have ended, since they may read them.
    However the block ends, no process goes on. Raises OSError if there is no place to work in.
    """
    tell({"event": "batch_started", "jobs": [str(job.resolve()) for job in jobs]})
    waiting, running = [*enumerate(jobs)], dict[int, _Process]()
    ended: dict[int, Outcome] = {}

    def start(place: int, job: Path, is_year: bool) -> None:
        running[place] = _Process(job, command(job, is_year), work / str(place))

    # Signals interrupt the main thread alone: a process that is being started is known in the end. The
    # thread that starts them is there before: interrupted while it is made, a pool waits for none.
    with working_folder() as work, ThreadPoolExecutor(1, "batch") as starter:
        starter.submit(int).result()
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    place, job = waiting[0]
                    kind = _kind_of(job)
                    if running and kind != "month":
                        break
                    waiting.pop(0)
                    tell({"event": _STARTED, "job": str(job.resolve())})
                    starter.submit(start, place, job, kind == "year").result()
                for place in [one for one, process in running.items() if process.has_ended()]:
                    ended[place] = outcome = running.pop(place).outcome()
                    tell({"event": _ENDED, **asdict(outcome), "job": str(jobs[place].resolve())})
                    on_end(outcome)
                time.sleep(_LOOK_SECONDS if running else 0)
        finally:
            starter.shutdown()
            for process in running.values():
                process.end()
    outcomes = [ended[place] for place in sorted(ended)]
    tell({"event": "batch_ended", "status": worst(outcomes)})
    return outcomes


def run_jobs(
    jobs: Sequence[Path],
    language: Language,
    at_once: int = 1,
    log: Path | None = None,
    retry: bool = False,
    out: Path | None = None,
    on_begin: Callable[[int], None] = lambda jobs: None,
    on_end: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Run jobs and year files by `drgpay run` and `drgpay clear`, as `run_batch` says.

    log: a file to which every event is added. retry: only what by the log did not end well. out: the
    folder of the runs instead of the jobs'. on_begin is told how many there are. Raises DrgpayError
    without a job, for a retry without a log, and for a log that cannot be read or written.
    """
    if retry and log is None:
        raise DrgpayError(*_ERRORS("retry_without_log"))
    if not (jobs or retry):
        raise DrgpayError(*_ERRORS("no_jobs"))
    given = left_to_do(log, jobs) if retry and log is not None else jobs
    tell = BatchLog(log).tell if log else lambda event: None
    on_begin(len(given))
    return run_batch(given, _Command(at_once, out, language), at_once, tell, on_end)


class _Command:
    """The words that run a job or a year file; processes beside each other share the cores."""

    def __init__(self, at_once: int, out: Path | None, language: Language) -> None:
        self.threads = max(1, (os.cpu_count() or 1) // at_once) if at_once > 1 else None
        self.out, self.language = out, language

    def __call__(self, job: Path, is_year: bool) -> Sequence[str]:
        # -P: what lies in the folder where the program is started is no part of it.
        command = [sys.executable, "-P", "-m", "drgpay.cli.main", "clear" if is_year else "run"]
        command += [str(job), "--json", "--quiet", "--lang", self.language]
        if self.threads and not is_year:
            command += ["--threads", str(self.threads)]
        return [*command, "--out", str(self.out)] if self.out else command


def worst(outcomes: Sequence[Outcome]) -> int:
    """The exit status of a batch: 0, or that of the worst job.

    A job that waits for a person or was given wrong files (2) is not as bad as a fault of the program
    (1), and that not as bad as a process that was ended from outside.
    """
    return max((outcome.status for outcome in outcomes), default=0, key=_badness)


def _badness(status: int) -> tuple[int, int]:
    return ({0: 0, 2: 1, 1: 2}.get(status, 3), status)


def _kind_of(job: Path) -> Literal["month", "year", "later"]:
    """Whether a file is a job, a year file, or a job that reads runs that were paid before."""
    try:
        content = read_toml(job, alike(job.name))
    except (DrgpayError, OSError):  # its own process says what is wrong with it
        return "month"
    if "year" in content:
        return "year"
    inputs = content.get("inputs")
    previous = isinstance(inputs, Mapping) and inputs.get("previous")
    return "later" if previous or content.get("corrects") else "month"


class _Process:
    """A job that runs; what it prints goes to files, which nobody has to read meanwhile."""

    def __init__(self, job: Path, command: Sequence[str], said: Path) -> None:
        self.job, self.began = job, time.monotonic()
        self.out, self.err = said.with_suffix(".out"), said.with_suffix(".err")
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> None:
        """Ask it to end, and wait until what is half-written is gone; then make it end."""
        self.process.terminate()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def outcome(self) -> Outcome:
        number = self.process.returncode
        status = number if number >= 0 else 128 - number
        given = _given(self.out)
        refusal, said = given.get("error"), _sentence(self.err)
        state: State = "failed"
        code = ""
        if status == 0:
            state = "unchanged" if given.get("repeated") else "ok"
            said = ""
        elif isinstance(refusal, Mapping):
            code = str(refusal.get("code", ""))
            if "stops" in refusal:
                state = "stopped"
                code = ", ".join(dict.fromkeys(str(stop["code"]) for stop in refusal["stops"]))
        run, folder = str(given.get("run", "")), str(given.get("folder", ""))
        seconds = round(time.monotonic() - self.began, 1)
        return Outcome(str(self.job), state, run, folder, code, status, seconds, said)


def _given(path: Path) -> dict[str, Any]:
    try:
        given = plain_json(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return given if isinstance(given, dict) else {}


def _sentence(path: Path) -> str:
    """What the program said last on standard error in its own name: what is wrong."""
    with suppress(OSError):
        lines = path.read_text("utf-8", errors="replace").splitlines()
        own = [line.removeprefix(_SPEAKER) for line in lines if line.startswith(_SPEAKER)]
        return [*lines[-1:], *own[-1:]][-1] if lines else ""
    return ""


class BatchLog:
    """A file with an event a line, to which batches add; for its owner alone."""

    def __init__(self, path: Path) -> None:
        """Raises DrgpayError if it cannot be written."""
        self.path = path
        self._write("")

    def tell(self, event: Mapping[str, Any]) -> None:
        """Add an event, with its time."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        self._write(json.dumps({"time": now, **event}, ensure_ascii=False) + "\n")

    def _write(self, line: str) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        try:
            with os.fdopen(os.open(self.path, flags, 0o600), "ab") as file:
                file.write(line.encode())
        except OSError as error:
            raise DrgpayError(
                *_ERRORS("batch_log_unwritable", path=self.path, reason=reason_of(error))
            ) from None


def left_to_do(log: Path, jobs: Sequence[Path]) -> list[Path]:
    """The jobs that by a log did not end well, or did not end; without `jobs` all that it names.

    Raises DrgpayError for a log that cannot be read.
    """
    named: dict[str, str] = {}
    for event in _events(log):
        kind = event.get("event")
        if kind == "batch_started":
            named.update({str(job): named.get(str(job), "") for job in event.get("jobs", ())})
        elif kind in (_STARTED, _ENDED):
            named[str(event.get("job"))] = str(event.get("state", ""))
    wanted = jobs or [Path(job) for job in named]
    return [job for job in wanted if named.get(str(job.resolve())) not in DONE]


def _events(log: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = log.read_bytes().splitlines()
    except OSError as error:
        raise DrgpayError(
            *_ERRORS("batch_log_unreadable", path=log, reason=reason_of(error))
        ) from None
    for number, line in enumerate(lines, start=1):
        try:
            event = plain_json(line)
        except ValueError:
            if number == len(lines):  # its writer was killed
                continue
            raise DrgpayError(*_ERRORS("no_batch_log", path=log, line=number)) from None
        if not isinstance(event, dict):
            raise DrgpayError(*_ERRORS("no_batch_log", path=log, line=number))
        yield event
