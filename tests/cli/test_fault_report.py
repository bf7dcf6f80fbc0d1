"""A fault of the program: one sentence, and a report in a file of its owner."""

import stat
import sys
import tempfile
from pathlib import Path

import pytest

from drgpay.cli import main as program
from drgpay.cli.fault_report import DEBUG


class Panic(BaseException):
    """As polars raises it: no Exception."""


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv(DEBUG, raising=False)
    monkeypatch.setattr(sys, "argv", ["drgpay", "scheme", "list"])
    return tmp_path


def _broken(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail() -> list[str]:
        raise error

    monkeypatch.setattr("drgpay.grouper.scheme.shipped_schemes", fail)


@pytest.mark.parametrize(
    "error", [KeyError("secret\x1b"), Panic("panicked"), RuntimeError("\ud800")]
)
def test_one_sentence_names_the_report(
    temp: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
) -> None:
    _broken(monkeypatch, error)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 1
    said = capsys.readouterr()
    [report] = temp.iterdir()
    assert said.out == ""
    assert said.err.startswith(f"drgpay: this is a fault of the program ({type(error).__name__});")
    assert str(report) in said.err and said.err.count("\n") == 1
    text = report.read_text(encoding="utf-8")
    assert "Traceback" in text and type(error).__name__ in text
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_debugging_shows_the_traceback(temp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _broken(monkeypatch, KeyError("x"))
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(KeyError):
        program.main()
    assert list(temp.iterdir()) == []


def test_a_report_that_cannot_be_written(
    temp: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _broken(monkeypatch, KeyError("x"))
    monkeypatch.setattr(tempfile, "tempdir", str(temp / "none"))
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "could not be written (No such file or directory)" in said and DEBUG in said


def test_a_usage_is_repeated_visibly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["drgpay", "\x1b[31m[bold]\u202e"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert r"\x1b[31m[bold]\u202e" in said and "\x1b" not in said
