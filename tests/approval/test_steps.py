"""The steps of a run: which are allowed in which state, and what they leave on record."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from drgpay.approval import steps
from drgpay.approval.record import Person, record_of
from drgpay.approval.state import history_of
from drgpay.base.errors import DrgpayError
from tests.approval.small_runs import (
    ASKED,
    WANG,
    answers,
    approved,
    at,
    small_run,
    state_of,
)

Step = Callable[[Path, Path], object]


def _to_draft(run: Path, beside: Path) -> None:
    pass


def _to_sent(run: Path, beside: Path) -> None:
    steps.send(run, WANG, at=at(1))


def _to_confirmed(run: Path, beside: Path) -> None:
    _to_sent(run, beside)
    every = answers(beside / "all.csv", H1="确认", H2="confirmed", H3="无异议")
    steps.answer(run, every, WANG, at=at(2))


def _to_objected(run: Path, beside: Path) -> None:
    _to_sent(run, beside)
    every = answers(beside / "some.csv", H1="有异议", H2="confirmed", H3="Confirmed")
    steps.answer(run, every, WANG, at=at(2))


def _to_approved(run: Path, beside: Path) -> None:
    _to_confirmed(run, beside)
    steps.approve(run, WANG, "note", "right", at=at(3))


def _to_paid(run: Path, beside: Path) -> None:
    _to_approved(run, beside)
    steps.record_payment(run, WANG, at=at(4))


def _to_replaced(run: Path, beside: Path) -> None:
    _to_approved(run, beside)
    other = small_run(run.parent, "2026-10-other", confirmation=None)
    steps.approve(other, WANG, "note", "right", [run.name], at=at(4))


REACHED: dict[str, Step] = {
    "draft": _to_draft,
    "sent": _to_sent,
    "confirmed": _to_confirmed,
    "objected": _to_objected,
    "approved": _to_approved,
    "paid": _to_paid,
    "replaced": _to_replaced,
}


def _send(run: Path, beside: Path) -> None:
    steps.send(run, WANG, at=at(5))


def _answer(run: Path, beside: Path) -> None:
    steps.answer(run, answers(beside / "new.csv", H1="objected", H2="objected"), WANG, at=at(5))


def _approve(run: Path, beside: Path) -> None:
    steps.approve(run, WANG, "note", "right", at=at(5))


def _pay(run: Path, beside: Path) -> None:
    steps.record_payment(run, WANG, at=at(5))


TAKEN: dict[str, Step] = {"send": _send, "answer": _answer, "approve": _approve, "pay": _pay}
ALLOWED = {
    ("draft", "send"),
    ("sent", "answer"),
    ("confirmed", "answer"),
    ("objected", "answer"),
    ("confirmed", "approve"),
    ("approved", "pay"),
}


@pytest.mark.parametrize("state", REACHED)
@pytest.mark.parametrize("step", TAKEN)
def test_a_step_is_taken_in_its_states_alone(state: str, step: str, tmp_path: Path) -> None:
    run = small_run(tmp_path / "runs")
    REACHED[state](run, tmp_path)
    assert state_of(run, day=5) == state
    before = record_of(run).read_bytes() if record_of(run).exists() else b""
    if (state, step) in ALLOWED:
        TAKEN[step](run, tmp_path)
        assert record_of(run).read_bytes().startswith(before)
        assert len(history_of(run).steps) == before.count(b"\n") + 1
        assert history_of(run).steps[-1].before == state
        return
    with pytest.raises(DrgpayError):
        TAKEN[step](run, tmp_path)
    assert (record_of(run).read_bytes() if record_of(run).exists() else b"") == before


def test_a_refusal_says_the_state_and_what_it_allows(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    with pytest.raises(
        DrgpayError, match=r"is draft: it cannot be paid; send the statements first"
    ):
        steps.record_payment(run, WANG)
    unasked = small_run(tmp_path, "2026-10-b", confirmation=None)
    with pytest.raises(DrgpayError, match="no \\[confirmation\\]"):
        steps.send(unasked, WANG)
    with pytest.raises(DrgpayError, match="so approve it"):
        steps.record_payment(unasked, WANG)


def test_silence_counts_from_the_day_after_the_deadline(tmp_path: Path) -> None:
    told = {}
    for silence in ("confirmed", "objected"):
        run = small_run(tmp_path / silence, confirmation={**ASKED, "silence": silence})
        steps.send(run, WANG, at=at(1))
        steps.answer(run, answers(tmp_path / "a.csv", H1="confirmed"), WANG, at=at(2))
        history = history_of(run)
        assert history.silent == ["H2", "H3"]
        assert history.state(at(6, hour=23)) == "sent"
        told[silence] = history.state(at(7, hour=0))
        with pytest.raises(
            DrgpayError, match=r"answers of 2 more \(H2, H3\), who have until 2026-11-06"
        ):
            steps.approve(run, WANG, "note", "right", at=at(6))
    assert told == {"confirmed": "confirmed", "objected": "objected"}


def test_an_answer_after_the_deadline_is_taken_and_said(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    steps.send(run, WANG, at=at(1))
    taken = steps.answer(run, answers(tmp_path / "a.csv", H3="objected"), WANG, at=at(9))
    assert (
        str(taken.remarks[0]) == "answered after the deadline (2026-11-06), taken all the same: H3"
    )
    assert taken.history.answers["H3"].late
    assert taken.state == "objected"


def test_an_answer_may_be_taken_back_and_none_is_recorded_twice(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    _to_objected(run, tmp_path)
    again = answers(tmp_path / "again.csv", H1="confirmed", H2="confirmed", H3="")
    taken = steps.answer(run, again, WANG, at=at(3))
    assert [str(remark) for remark in taken.remarks] == [
        "answered so before, not recorded again: H2",
        "answered otherwise before, this answer counts now: H1",
    ]
    assert taken.state == "confirmed"
    with pytest.raises(DrgpayError, match=r"all answers of .* are on record"):
        steps.answer(run, again, WANG, at=at(3))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("H9,confirmed,", "row 1: the hospital H9 was sent no statement; correct the id"),
        ("H1,confirmed,\nH1,objected,", "H1 answers in row 1 and in row 2; keep one"),
        ("H1,perhaps,", "row 1: 'perhaps' is no answer"),
        ("H1,,", "no answer in its column answer"),
        ("", "no answer in its column answer"),
        (",confirmed,", "row 1"),
    ],
)
def test_mistakes_in_the_file_of_answers(rows: str, words: str, tmp_path: Path) -> None:
    run = small_run(tmp_path)
    steps.send(run, WANG, at=at(1))
    file = tmp_path / "answers.csv"
    file.write_text(f"hospital_id,answer,note\n{rows}\n", encoding="utf-8")
    with pytest.raises(DrgpayError, match=re.escape(words)):
        steps.answer(run, file, WANG, at=at(2))
    assert len(history_of(run).steps) == 1


def test_objections_are_overruled_by_name(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    _to_objected(run, tmp_path)
    with pytest.raises(DrgpayError, match=r"1 object \(H1\).* --overrule H1"):
        steps.approve(run, WANG, "note", "right", at=at(3))
    with pytest.raises(DrgpayError, match="H2 does not object"):
        steps.approve(run, WANG, "note", "right", overrule=["H1", "H2"], at=at(3))
    done = steps.approve(run, WANG, "复核无误", "right", overrule=["H1"], at=at(3))
    assert done.step.about["overrules"] == ["H1"]
    assert done.state == "approved"


def test_a_month_and_part_has_one_approved_run(tmp_path: Path) -> None:
    first = small_run(tmp_path, "2026-10-a", None)
    second = small_run(tmp_path, "2026-10-b", None, content="other")
    visits = small_run(tmp_path, "2026-10-v", None, parts=("visits",))
    approved(first)
    approved(visits)
    with pytest.raises(
        DrgpayError, match=r"has the approved run 2026-10-a; .* --replaces 2026-10-a"
    ):
        approved(second)
    with pytest.raises(DrgpayError, match="no approved run '2026-10-x'"):
        approved(second, replaces=["2026-10-x"])
    approved(second, replaces=["2026-10-a"], day=3)
    assert [state_of(run) for run in (first, second, visits)] == ["replaced", *["approved"] * 2]
    assert history_of(first).replaced_by == "2026-10-b"


def test_what_replaces_covers_all_that_it_replaces(tmp_path: Path) -> None:
    both = small_run(tmp_path, "2026-10-both", None, parts=("stays", "visits"))
    stays = small_run(tmp_path, "2026-10-s", None)
    approved(both)
    with pytest.raises(DrgpayError, match="2026-10-both settled visits too"):
        approved(stays, replaces=["2026-10-both"])
    assert state_of(both) == "approved"


def test_two_runs_of_parts_are_replaced_by_one_of_both(tmp_path: Path) -> None:
    stays = small_run(tmp_path, "2026-10-s", None)
    visits = small_run(tmp_path, "2026-10-v", None, parts=("visits",))
    both = small_run(tmp_path, "2026-10-both", None, parts=("stays", "visits"))
    approved(stays)
    approved(visits)
    with pytest.raises(DrgpayError, match="has the approved run 2026-10-v"):
        approved(both, replaces=["2026-10-s"])
    approved(both, replaces=["2026-10-s", "2026-10-v"])
    assert [state_of(run) for run in (stays, visits, both)] == [*["replaced"] * 2, "approved"]


def test_a_paid_month_is_corrected_and_not_replaced(tmp_path: Path) -> None:
    first = small_run(tmp_path, "2026-10-a", None)
    approved(first)
    steps.record_payment(first, WANG, at=at(3))
    second = small_run(tmp_path, "2026-10-b", None, content="other")
    with pytest.raises(DrgpayError, match="was paid and cannot be replaced"):
        approved(second, replaces=["2026-10-a"])
    correction = small_run(tmp_path, "2026-10-c", None, corrects="2026-10-a")
    approved(correction, day=4)
    again = small_run(tmp_path, "2026-10-d", None, corrects="2026-10-a", content="other")
    with pytest.raises(DrgpayError, match="has the approved run 2026-10-c"):
        approved(again, day=5)


def test_a_correction_waits_for_what_it_corrects(tmp_path: Path) -> None:
    first = small_run(tmp_path, "2026-10-a", None)
    correction = small_run(tmp_path, "2026-10-c", None, corrects="2026-10-a")
    with pytest.raises(DrgpayError, match="corrects 2026-10-a, which is not approved"):
        approved(correction)
    approved(first)
    approved(correction)
    other = small_run(tmp_path, "2026-10-b", None, content="other")
    with pytest.raises(DrgpayError, match="corrected by the approved 2026-10-c"):
        approved(other, replaces=["2026-10-a"])


def test_an_interrupted_replacement_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (small_run(tmp_path, f"2026-10-{name}", None) for name in "ab")
    approved(first)
    whole = steps.add_step

    def dies(folder: Path, *arguments: object) -> object:
        if folder == second:
            raise KeyboardInterrupt
        return whole(folder, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "add_step", dies)
    with pytest.raises(KeyboardInterrupt):
        approved(second, replaces=["2026-10-a"], day=3)
    assert [state_of(run) for run in (first, second)] == ["replaced", "draft"]
    monkeypatch.setattr(steps, "add_step", whole)
    approved(second, replaces=["2026-10-a"], day=4)
    assert [state_of(run) for run in (first, second)] == ["replaced", "approved"]


def test_a_run_that_changed_takes_no_further_step(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    steps.send(run, WANG, at=at(1))
    (run / "statements.parquet").write_bytes(b"other")
    with pytest.raises(DrgpayError, match="manifest"):
        steps.send(run, WANG, at=at(1))
    manifest = run / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"content": ""', '"content": "x"'))
    with pytest.raises(DrgpayError, match="has changed since its last step"):
        steps.answer(run, answers(tmp_path / "a.csv", H1="confirmed"), WANG, at=at(2))


def test_who_is_on_record_is_a_claim_unless_somebody_logged_in(tmp_path: Path) -> None:
    run = small_run(tmp_path, confirmation=None)
    with pytest.raises(DrgpayError, match="nobody is named"):
        steps.approve(run, Person("  "), "note", "right")
    with pytest.raises(DrgpayError, match="says nothing of its grounds"):
        steps.approve(run, WANG, " ", "right")
    steps.approve(run, Person("李强", "login"), "note", "right", at=at(2))
    steps.record_payment(run, WANG, at=at(3))
    lines = [json.loads(line) for line in record_of(run).read_text("utf-8").splitlines()]
    assert [(line["by"], line["known_by"]) for line in lines] == [
        ("李强", "login"),
        ("王芳", "claim"),
    ]
    assert lines[0]["at"] == "2026-11-02T09:00:00+08:00"


def test_time_does_not_go_back(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    steps.send(run, WANG, at=at(3))
    with pytest.raises(DrgpayError, match="clock is before the last step"):
        steps.answer(run, answers(tmp_path / "a.csv", H1="confirmed"), WANG, at=at(2))


def test_what_is_no_run_of_a_month_takes_no_step(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match=r"there is no|holds no"):
        steps.send(tmp_path / "none", WANG)
    run = small_run(tmp_path)
    moved = run.rename(tmp_path / "2026-10-moved")
    with pytest.raises(DrgpayError, match="give the folder the name of its run again"):
        steps.send(moved, WANG)
