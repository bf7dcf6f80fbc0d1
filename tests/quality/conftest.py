"""The sample month, grouped once, and the three commands."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from drgpay.base.errors import DrgpayError
from drgpay.cli import check, reconcile, stats
from drgpay.cli.commands import Command
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def grouped_month(
    tmp_path_factory: pytest.TempPathFactory,
    sample_data: Path,
    compiled: Callable[[str], CompiledScheme],
) -> Path:
    """What `drgpay group --with-input` writes of the sample month."""
    out = tmp_path_factory.mktemp("groups") / "groups.parquet"
    dataset = open_dataset(sample_data / "stays" / "2026-10.parquet")
    group_dataset(dataset, compiled("chs-drg-2.0"), out, with_input=True)
    return out


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: exit status, standard output, standard error."""
    app = typer.Typer()
    for one in (check.check, stats.stats, reconcile.reconcile):
        app.command(cls=Command)(one)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(
            sys,
            "argv",
            ["drgpay", *map(str, arguments[:1]), "--lang", "zh", *map(str, arguments[1:])],
        )
        try:
            app()
            status: object = 0
        except DrgpayError as error:
            return 2, capsys.readouterr().out, str(error)
        except SystemExit as ended:
            status = ended.code
        said = capsys.readouterr()
        return status if isinstance(status, int) else 0, said.out, said.err

    return run
