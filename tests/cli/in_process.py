"""The program in the process of the tests."""

import sys
from collections.abc import Callable

import pytest

from drgpay.cli.main import main

Run = Callable[..., tuple[int, str, str]]
"""Exit status, standard output and standard error of a command."""


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
