"""What the tests of commands share."""

import sys

import pytest

from drgpay.cli.main import main
from tests.cli.in_process import Run


@pytest.fixture
def drgpay(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process: exit status, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["drgpay", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        status = ended.value.code
        return status if isinstance(status, int) else 0, said.out, said.err

    return run
