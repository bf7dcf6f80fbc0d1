"""The steps of a run: what each needs, and what it leaves on record.

A step is refused where the state of the run does not allow it, and where the run is no longer what
the steps before it were about. Whoever takes one gives a name; at a command line that is a claim.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from drgpay.approval.answers import GivenAnswer, few, read_answers
from drgpay.approval.months import Approved, approved_beside
from drgpay.approval.record import Person, Step, StepKind, add_step, recording
from drgpay.approval.state import (
    IN_FORCE,
    History,
    State,
    history_of,
    now_in,
    said_state,
    time_zone,
)
from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.language import Words, alike
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences, Wording
from drgpay.policy.confirmation import Confirmation
from drgpay.results.run_folder import RunFolder, open_run

_ERRORS = Sentences("errors/approval")
_WORDS = Wording("approval")


@dataclass(frozen=True, repr=False)
class Recorded(Shown):
    """A step that was taken, the history with it, and what else is to be said of it."""

    folder: Path
    step: Step
    history: History
    remarks: tuple[Words, ...] = ()

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "run", self.step.run
        yield "state", self.state
        yield "by", self.step.by.name
        yield "at", self.step.at

    @property
    def state(self) -> State:
        """The state of the run after the step."""
        return self.history.state(self.step.at)


def send(folder: Path, by: Person, note: str = "", at: datetime | None = None) -> Recorded:
    """Record that the hospitals have their statements: from now on they may answer.

    Raises DrgpayError for a run that is no draft or was changed, and where the policy has no
    [confirmation].
    """
    run, by = _unchanged(folder), _named(by)
    confirmation = confirmation_of(run)
    if confirmation is None:
        raise DrgpayError(*_ERRORS("no_confirmation", run=run.run_id))
    zone = time_zone(run.manifest)
    now = at or now_in(zone)
    with recording(folder):
        history = _allowed(run, "sent", now, ("draft",))
        about = {
            "hospitals": hospitals_of(run),
            "deadline": (now.date() + timedelta(days=confirmation.days)).isoformat(),
            "silence": confirmation.silence,
            "time_zone": zone,
        }
        return _record(run, history, "sent", by, now, note, about)


def answer(
    folder: Path, file: Path, by: Person, note: str = "", at: datetime | None = None
) -> Recorded:
    """Take the answers of hospitals from a file (docs/files.md, "Answers").

    An answer that comes late is taken, and one that takes back an earlier one; both are said. What a
    hospital has answered already is not recorded again. Raises DrgpayError for a run that was not
    sent or is approved already, for mistakes in the file, and where it says nothing new.
    """
    run, by = RunFolder.at(folder), _named(by)
    now = at or now_in(time_zone(run.manifest))
    with recording(folder):
        history = _allowed(run, "answered", now, ("sent", "confirmed", "objected"))
        before = history.answers
        given = read_answers(file, history.hospitals)
        new = [one for one in given if not _is_known(one, history)]
        if not new:
            raise DrgpayError(*_ERRORS("nothing_new", path=file, run=run.run_id))
        late = history.silence_counts(now)
        about = {
            "file": {"name": file.name, "sha256": file_hash(file)},
            "answers": [
                {
                    "hospital_id": one.hospital_id,
                    "answer": one.answer,
                    "note": one.note,
                    "late": late,
                }
                for one in new
            ],
        }
        remarks = []
        if len(new) < len(given):
            known = [one.hospital_id for one in given if _is_known(one, history)]
            remarks.append(_WORDS.words("known_already", hospitals=few(known)))
        changed = [
            one.hospital_id
            for one in new
            if one.hospital_id in before and before[one.hospital_id].answer != one.answer
        ]
        if changed:
            remarks.append(_WORDS.words("changed_answers", hospitals=few(changed)))
        if late:
            names = few(one.hospital_id for one in new)
            remarks.append(_WORDS.words("late_answers", hospitals=names, deadline=history.deadline))
        return _record(run, history, "answered", by, now, note, about, remarks)


def approve(
    folder: Path,
    by: Person,
    note: str,
    verified: str,
    replaces: Sequence[str] = (),
    overrule: Sequence[str] = (),
    at: datetime | None = None,
) -> Recorded:
    """Record that a run is what its month, or year, is paid by.

    verified: what `drgpay verify` said of the run just before (drgpay.run.approving). replaces: the
    approved runs in whose place it comes. overrule: the hospitals whose objections do not change it.
    Raises DrgpayError for a run that hospitals may still answer, for objections that nobody
    overrules, a correction of a run that is not approved, and for a month and part that has another
    approved run.
    """
    with recording(folder):
        run, by, now, history, others = _approving(folder, by, note, replaces, overrule, at)
        about = {
            "period": run.period,
            "parts": [part.name for part in run.parts],
            "corrects": run.corrects,
            "replaces": [other.run for other in others],
            "overrules": sorted(overrule),
            "verified": verified,
        }
        # Before this run is approved: an interruption leaves a month that nothing is approved for.
        by_run = {"by_run": run.run_id, "by_evidence": run.manifest.evidence}
        before = [
            (RunFolder.at(other.folder), history_of(other.folder))
            for other in others
            if other.replaced_by is None
        ]
        for was, passed in [*before, (run, history)]:
            _in_order(was, passed, now)
        for was, passed in before:
            _record(was, passed, "replaced", by, now, note, by_run)
        return _record(run, history, "approved", by, now, note, about)


def refuse_unapprovable(
    folder: Path,
    by: Person,
    note: str,
    replaces: Sequence[str] = (),
    overrule: Sequence[str] = (),
    at: datetime | None = None,
) -> None:
    """Raise what `approve` would raise, before the run is verified; nothing is recorded."""
    _approving(folder, by, note, replaces, overrule, at)


def _approving(
    folder: Path,
    by: Person,
    note: str,
    replaces: Sequence[str],
    overrule: Sequence[str],
    at: datetime | None,
) -> tuple[RunFolder, Person, datetime, History, list[Approved]]:
    """The run, who approves it and when, its history, and the runs in whose place it comes."""
    run, by = RunFolder.at(folder), _named(by)
    if not note.strip():
        raise DrgpayError(*_ERRORS("no_note"))
    now = at or now_in(time_zone(run.manifest))
    return run, by, now, _approvable(run, now, overrule), _replaced(run, replaces)


def record_payment(
    folder: Path, by: Person, note: str = "", at: datetime | None = None
) -> Recorded:
    """Record that an approved run was paid; raises DrgpayError for any other, or a changed one."""
    run, by = _unchanged(folder), _named(by)
    now = at or now_in(time_zone(run.manifest))
    with recording(folder):
        history = _allowed(run, "paid", now, ("approved",))
        return _record(run, history, "paid", by, now, note, {})


def confirmation_of(run: RunFolder) -> Confirmation | None:
    """How the policy of a run has its hospitals confirm it; None where they are not asked."""
    section = run.manifest.parameters.get("confirmation")
    return Confirmation.model_validate(section) if section else None


def hospitals_of(run: RunFolder) -> list[str]:
    """The hospitals that have a statement of a run, sorted."""
    tables = (run.of(part).frame("statements", ["hospital_id"]) for part in run.parts)
    return sorted({hospital for table in tables for hospital in table["hospital_id"]})


def names_of_hospitals(folder: Path) -> dict[str, str]:
    """What the hospitals of a run are called, by their ids; those without a name are left out."""
    run = RunFolder.at(folder)
    tables = (run.of(part).frame("statements", ["hospital_id", "name"]) for part in run.parts)
    return {id_: name for table in tables for id_, name in table.iter_rows() if name}


def _unchanged(folder: Path) -> RunFolder:
    """The run of a folder, its files compared with its manifest."""
    run = RunFolder.at(folder)
    return open_run(folder) if run.parts else run


def _allowed(run: RunFolder, kind: StepKind, now: datetime, states: Sequence[State]) -> History:
    """The history of a run that is in one of the states, and still is what it was."""
    if not run.parts:
        raise DrgpayError(*_ERRORS("no_run", folder=run.folder, kind=run.manifest.kind_said))
    if run.folder.resolve().name != run.run_id:
        raise DrgpayError(*_ERRORS("other_name", folder=run.folder, run=run.run_id))
    history = history_of(run.folder)
    if history.steps and history.steps[0].evidence != run.manifest.evidence:
        raise DrgpayError(*_ERRORS("changed_since", run=run.run_id))
    state = history.state(now)
    if state not in states:
        raise DrgpayError(*_wrong_state(run, history, state, kind))
    return history


def _wrong_state(
    run: RunFolder, history: History, state: State, kind: StepKind
) -> tuple[Words, Words]:
    problem, _ = _ERRORS(
        "wrong_state",
        run=run.run_id,
        state=said_state(state),
        step=_WORDS.words(f"step_{kind}"),
    )
    key = "draft_unasked" if state == "draft" and confirmation_of(run) is None else state
    named = {"run": run.run_id, "by_run": history.replaced_by, "deadline": history.deadline}
    return problem, _ERRORS.words(f"next.{key}", **named)


def _approvable(run: RunFolder, now: datetime, overrule: Sequence[str]) -> History:
    """The history of a run that nothing on record keeps from being approved."""
    asked = run.parts and confirmation_of(run) is not None
    open_to: tuple[State, ...] = ("sent", "confirmed", "objected")
    history = _allowed(run, "approved", now, open_to if asked else ("draft", *open_to))
    if history.state(now) == "sent":
        waiting = {"hospitals": few(history.silent), "count": len(history.silent)}
        raise DrgpayError(
            *_ERRORS("unanswered", run=run.run_id, deadline=history.deadline, **waiting)
        )
    objecting = history.objecting(now)
    needless = [hospital for hospital in overrule if hospital not in objecting]
    if needless:
        raise DrgpayError(*_ERRORS("overrules_nothing", hospital=needless[0], run=run.run_id))
    standing = [hospital for hospital in objecting if hospital not in overrule]
    if standing:
        options = " ".join(f"--overrule {hospital}" for hospital in standing)
        said = {"hospitals": few(standing), "count": len(standing), "options": options}
        raise DrgpayError(*_ERRORS("objections", run=run.run_id, **said))
    if run.corrects:
        corrected = run.folder.resolve().parent / run.corrects
        if history_of(corrected).state(now) not in IN_FORCE:
            raise DrgpayError(*_ERRORS("correction_first", run=run.run_id, corrected=run.corrects))
    return history


def _replaced(run: RunFolder, replaces: Sequence[str]) -> list[Approved]:
    """The approved runs of the same month and part, in whose place a run comes: those it names."""
    known = approved_beside(run.folder)
    parts = {part.name for part in run.parts}
    rivals = {
        other.run: other
        for other in known
        if other.run != run.run_id
        and other.period == run.period
        and other.corrects == run.corrects
        and parts & set(other.parts)
        and other.replaced_by in (None, run.run_id)
    }
    named = [Path(name).name for name in replaces]
    for name in named:
        if name not in rivals:
            raise DrgpayError(*_ERRORS("replaces_nothing", name=name, run=run.run_id))
    for other in rivals.values():
        if other.replaced_by == run.run_id:  # recorded before an interruption
            continue
        if other.run not in named:
            said = {"run": run.run_id, "other": other.run, "period": run.period}
            raise DrgpayError(*_ERRORS("approved_already", **said))
        if other.paid:
            raise DrgpayError(*_ERRORS("replaces_paid", other=other.run, period=run.period))
        correction = next((one.run for one in known if one.is_in_force_of(other.run)), None)
        if correction:
            both = {"other": other.run, "correction": correction}
            raise DrgpayError(*_ERRORS("replaces_corrected", **both))
        lost = [name for name in other.parts if name not in parts]
        if lost:
            part = _ERRORS.words(f"part.{lost[0]}")
            raise DrgpayError(*_ERRORS("replaces_more", other=other.run, part=part))
    return list(rivals.values())


def _is_known(given: GivenAnswer, history: History) -> bool:
    before = history.answers.get(given.hospital_id)
    return before is not None and (before.answer, before.note) == (given.answer, given.note)


def _record(
    run: RunFolder,
    history: History,
    kind: StepKind,
    by: Person,
    now: datetime,
    note: str,
    about: dict[str, Any],
    remarks: Sequence[Words] = (),
) -> Recorded:
    _in_order(run, history, now)
    state = history.state(now)
    step = add_step(run.folder, run.manifest, kind, state, by, now, note.strip(), about)
    return Recorded(run.folder, step, History((*history.steps, step)), tuple(remarks))


def _named(by: Person) -> Person:
    """Who takes a step; raises DrgpayError where nobody is named."""
    named = Person(" ".join(by.name.split()), by.known_by)
    if not named.name:
        raise DrgpayError(*_ERRORS("no_name"))
    return named


def _in_order(run: RunFolder, history: History, now: datetime) -> None:
    if history.steps and now < history.steps[-1].at:
        last = alike(history.steps[-1].at.isoformat(sep=" "))
        raise DrgpayError(*_ERRORS("before_last", run=run.run_id, last=last))
