"""The program in a process of its own, where streams and signals are real."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

COMMAND = (sys.executable, "-m", "drgpay.cli.main")
ROOT = Path(__file__).resolve().parents[2]
Stream = int | IO[Any] | None


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160", **more}


def drgpay(
    *arguments: object,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = subprocess.PIPE,
    **environment: str,
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        stdout=stdout,
        stderr=stderr,
        env=_environment(environment),
        timeout=300,
        check=False,
    )


def shell(line: str, *arguments: object) -> "subprocess.CompletedProcess[bytes]":
    """A line of bash in which "$@" is a command of the program."""
    return subprocess.run(
        ["bash", "-c", line, "bash", *COMMAND, *map(str, arguments)],
        capture_output=True,
        env=_environment({}),
        timeout=300,
        check=False,
    )


def interrupted(
    number: signal.Signals, when: Callable[[], bool], *arguments: object
) -> tuple[int, str, str]:
    """Start a command and send it a signal as soon as `when()`: exit status, both streams."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment({}),
    )
    ends = time.monotonic() + 120
    while not when() and process.poll() is None and time.monotonic() < ends:
        time.sleep(0.002)
    assert process.poll() is None, process.communicate()
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return process.returncode, out.decode(), err.decode()
