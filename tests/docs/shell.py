"""Runs the ```sh blocks of a page as a reader types them: drgpay in this process, the rest by sh.

Starting the program anew for each command would take most of the time. Understood are single
commands, `> FILE` behind them, here-documents, and `for X in GLOBS; do COMMAND "$X"; ...; done`. A
comment `# exit status N` behind a command says with what it must end, else with 0.
"""

import glob
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.base.language import VARIABLE, Language, choose
from drgpay.cli.main import app, choose_language

_STATUS = re.compile(r"\s+# exit status (\d+)$")
_HERE_DOCUMENT = re.compile(r"<<'(\w+)'")
_LOOP = re.compile(r"for (\w+) in ([^;]+); do\s+(.*);\s+done")
_SECONDS = 60


def statements(code: str) -> Iterator[tuple[str, int]]:
    """The commands of a block, each with its exit status."""
    lines = iter(code.splitlines())
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        found = _STATUS.search(line)
        command = _STATUS.sub("", line)
        while command.endswith("\\"):
            command = command[:-1] + next(lines)
        ends = _HERE_DOCUMENT.search(command)
        while ends and command.splitlines()[-1] != ends[1]:
            command += "\n" + next(lines)
        yield command, int(found[1]) if found else 0


def run(command: str, language: Language) -> tuple[int, str]:
    """Exit status and output (both streams) of a command in the current folder.

    language: that of DRGPAY_LANG, which a page in Chinese leaves alone and one in English sets.
    """
    loop = _LOOP.fullmatch(command)
    if loop:
        name, patterns, inside = loop.groups()
        results = [
            run(one.replace(f'"${name}"', shlex.quote(path)), language)
            for pattern in patterns.split()
            for path in sorted(glob.glob(pattern))  # noqa: PTH207 - as the shell reads it
            for one in re.split(r";\s+", inside)
        ]
        assert results, f"nothing is named {patterns}"
        return max(status for status, _ in results), "".join(said for _, said in results)
    return _drgpay(command, language) if command.startswith("drgpay ") else _shell(command)


def _drgpay(command: str, language: Language) -> tuple[int, str]:
    arguments = shlex.split(command)[1:]
    with patch.dict(os.environ, {"COLUMNS": "160", VARIABLE: language}):
        choose_language(arguments)
        result = CliRunner().invoke(app, arguments)
        refused = isinstance(result.exception, DrgpayError)  # as drgpay.cli.main.main does
        said = f"drgpay: {result.exception}\n" if refused else ""
        choose(None)
    if refused:
        return 2, f"{result.output}{said}"
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def _shell(command: str) -> tuple[int, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS,
        env={**os.environ, "PATH": path},
        check=False,
    )
    return done.returncode, done.stdout
