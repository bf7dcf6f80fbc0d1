"""The program in the process of the tests."""

import sys
from collections.abc import Callable

import pytest

from drgpay.cli.main import main

Run = Callable[..., tuple[int, str, str]]
"""Exit status, standard output and standard error of a command."""


def ends_well(*arguments: object) -> None:
    """Run a command; it ends well."""
    before, sys.argv = sys.argv, ["drgpay", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = before
    assert not ended.value.code
