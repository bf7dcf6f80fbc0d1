"""The program in the process of the tests."""

import sys
from collections.abc import Callable

import pytest

from drgpay.cli.main import main

Run = Callable[..., tuple[int, str, str]]
"""Exit status, standard output and standard error of a command."""


def run_in_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """What runs a command and catches what it says."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["drgpay", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        status = ended.value.code
        return status if isinstance(status, int) else 0, said.out, said.err

    return run


def ends_well(*arguments: object) -> None:
    """Run a command; it ends well."""
    assert status_of(*arguments) == 0


def status_of(*arguments: object) -> int:
    """Run a command; its exit status."""
    before, sys.argv = sys.argv, ["drgpay", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = before
    assert ended.value.code is None or isinstance(ended.value.code, int)
    return ended.value.code or 0
