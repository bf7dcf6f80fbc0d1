"""What the tests of commands share."""

import pytest

from tests.cli.in_process import Run, run_in_process


@pytest.fixture
def drgpay(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process: exit status, standard output, standard error."""
    return run_in_process(monkeypatch, capsys)
