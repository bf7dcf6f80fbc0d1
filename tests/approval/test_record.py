"""The record of a run: what was changed in it, or taken out of it, is found."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from drgpay.approval import record, steps
from drgpay.approval.record import read_steps, record_of
from drgpay.approval.replay import fault_of_record
from drgpay.approval.state import history_of
from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import bytes_hash
from drgpay.base.file_lock import take_lock
from drgpay.base.language import Words
from drgpay.results.manifest import read_manifest
from tests.approval.small_runs import WANG, answers, approved, at, small_run

Lines = list[bytes]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with four steps."""
    folder = small_run(tmp_path / "runs")
    steps.send(folder, WANG, at=at(1))
    steps.answer(folder, answers(tmp_path / "a.csv", H1="confirmed", H2="objected"), WANG, at=at(2))
    steps.approve(folder, WANG, "note", "right", overrule=["H2"], at=at(8))
    steps.record_payment(folder, WANG, at=at(9))
    return folder


def _fault(folder: Path) -> Words | None:
    return fault_of_record(folder, read_manifest(folder), history_of(folder))


def test_an_untouched_record_is_whole(run: Path) -> None:
    assert [step.kind for step in read_steps(run)] == ["sent", "answered", "approved", "paid"]
    assert _fault(run) is None
    assert stat.S_IMODE(record_of(run).stat().st_mode) == 0o600


def _another_answer(lines: Lines) -> Lines:
    return [lines[0], lines[1].replace(b'"objected"', b'"confirmed"'), *lines[2:]]


SPOILED: dict[str, Callable[[Lines], Lines]] = {
    "another answer": _another_answer,
    "another name": lambda lines: [lines[0].replace("王芳".encode(), b"x"), *lines[1:]],
    "first line taken out": lambda lines: lines[1:],
    "middle line taken out": lambda lines: [lines[0], *lines[2:]],
    "two lines changed about": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "a line twice": lambda lines: [lines[0], *lines],
    "no JSON": lambda lines: [b"{", *lines[1:]],
    "no step": lambda lines: [b"{}", *lines[1:]],
    "a step without what belongs to it": lambda lines: [
        lines[0].replace(b'"deadline"', b'"deadlines"'),
    ],
    "no UTF-8": lambda lines: [b"\xff" + lines[0], *lines[1:]],
    "an empty line": lambda lines: [*lines, b""],
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_record_is_refused_with_its_line(how: str, run: Path) -> None:
    path = record_of(run)
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"".join(line + b"\n" for line in SPOILED[how](lines)))
    with pytest.raises(DrgpayError, match=r"steps\.jsonl, line \d: .* backup"):
        read_steps(run)


def test_the_record_of_another_run_is_refused(run: Path) -> None:
    other = small_run(run.parent, "2026-10-b")
    record_of(other).write_bytes(record_of(run).read_bytes())
    with pytest.raises(DrgpayError, match="it is of the run 2026-10-a"):
        read_steps(other)


def test_half_a_line_was_never_recorded(run: Path) -> None:
    path = record_of(run)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:40])
    assert len(read_steps(run)) == 3
    steps.record_payment(run, WANG, at=at(9))
    assert len(read_steps(run)) == 4


def _rewritten(folder: Path, change: Callable[[list[dict[str, object]]], object]) -> None:
    """The record with something changed and all its hashes made again."""
    path = record_of(folder)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    change(lines)
    follows, written = lines[0]["evidence"], b""
    for line in lines:
        raw = json.dumps({**line, "follows": follows}, ensure_ascii=False).encode()
        follows, written = bytes_hash(raw), written + raw + b"\n"
    path.write_bytes(written)


def test_a_record_that_was_made_again_still_has_to_make_sense(run: Path) -> None:
    _rewritten(run, lambda lines: lines.pop(2))
    assert "line 3" in str(_fault(run))
    _rewritten(run, lambda lines: lines[1].update(at="2026-10-01T00:00:00+08:00"))
    assert _fault(run)
    _rewritten(run, lambda lines: [line.update(evidence="0" * 64) for line in lines])
    assert str(_fault(run)) == "the record of its steps is of other evidence"


def test_two_approved_runs_of_a_month_are_found(tmp_path: Path) -> None:
    first, second = (small_run(tmp_path, f"2026-10-{name}", None) for name in "ab")
    approved(first)
    hidden = record_of(first).rename(tmp_path / "hidden")
    approved(second)
    hidden.rename(record_of(first))
    assert str(_fault(second)) == "2026-10 has another approved run, 2026-10-a"


def test_records_wait_for_each_other(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_WAIT_SECONDS", 0.05)
    other = small_run(run.parent, "2026-10-v", None, parts=("visits",))
    handle = take_lock(run.parent / ".steps.lock")
    assert handle is not None
    with pytest.raises(DrgpayError, match="another process is recording"):
        approved(other)
