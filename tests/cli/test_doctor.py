"""What doctor finds of a computer, and what it finds wrong."""

import json
import os
import shutil
import sys
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import portalocker
import pytest

from drgpay.run import computer
from drgpay.run.computer import Finding, Printing, examined
from drgpay.show import fonts
from tests.cli.in_process import Run

_KEYS = [
    *("drgpay", "python", "polars", "pyarrow", "duckdb", "xlsxwriter", "portalocker"),
    *("encryption", "memory", "cores", "output", "locks", "space", "temporary", "cache", "fonts"),
    *("encoding", "time_zone", "terminal"),
]


@pytest.fixture
def in_beijing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def found(runs: Path, encoding: str = "utf-8", is_terminal: bool = False) -> dict[str, Finding]:
    return {one.key: one for one in examined(runs, Printing(encoding, is_terminal))}


def test_everything_is_looked_at_and_nothing_is_left(tmp_path: Path, in_beijing: None) -> None:
    findings = found(tmp_path / "not" / "there")
    assert list(findings) == _KEYS
    assert [one.key for one in findings.values() if one.grade == "error"] == []
    assert findings["time_zone"].grade == "ok"
    assert "UTC+8" in findings["time_zone"].value.en
    assert all(one.value.zh and one.value.en for one in findings.values())
    assert all(bool(one.remedy.zh) == (one.grade != "ok") for one in findings.values())
    assert list(tmp_path.iterdir()) == []


def test_little_of_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_beijing: None
) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 5, 5))
    monkeypatch.setattr(computer, "_memory_bytes", lambda: 10**9)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    monkeypatch.setattr(computer, "has_chinese_letters", lambda: False)
    monkeypatch.setenv("DRGPAY_CACHE", "")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    findings = found(tmp_path)
    low = [key for key, one in findings.items() if one.grade == "warning"]
    assert low == ["memory", "cores", "space", "temporary", "cache", "fonts", "time_zone"]
    assert "4 GB" in findings["memory"].remedy.en
    assert "Asia/Shanghai" in findings["time_zone"].remedy.zh


def test_locks_that_do_not_hold_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drgpay: Run
) -> None:
    monkeypatch.setattr(portalocker, "lock", lambda handle, flags: None)
    status, out, _ = drgpay("doctor", "--runs", tmp_path, "--json", "--lang", "en")
    findings = {one["check"]: one for one in json.loads(out)["findings"]}
    assert (status, findings["locks"]["grade"]) == (1, "error")
    assert "network share" in findings["locks"]["remedy"]
    assert list(tmp_path.iterdir()) == []


def test_a_library_that_cannot_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    finding = found(tmp_path)["duckdb"]
    assert finding.grade == "error"
    assert "pip install" in finding.remedy.en


def test_a_screen_without_chinese(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    findings = found(tmp_path, "ascii", is_terminal=True)
    assert findings["encoding"].grade == "warning"
    assert "PYTHONUTF8" in findings["encoding"].remedy.en
    assert findings["terminal"].grade == "warning"
    assert found(tmp_path, "gbk")["encoding"].grade == "ok"


def test_letters_that_no_font_has_look_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts.has_chinese_letters.cache_clear()
    drawn = fonts._drawn
    monkeypatch.setattr(fonts, "_drawn", lambda letter: drawn("\U0010fffd"))
    assert not fonts.has_chinese_letters()
    fonts.has_chinese_letters.cache_clear()


def test_the_table_names_what_is_to_be_done(tmp_path: Path, drgpay: Run) -> None:
    status, out, _ = drgpay("doctor", "--runs", tmp_path, "--lang", "zh")
    assert status == 0
    assert "文件锁" in out
    assert "时区" in out
