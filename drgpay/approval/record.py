"""The record of a run: a JSON line for every step that people took with it, beside its folder.

`runs/2026-10-1f2e3d4c5b.steps.jsonl` of `runs/2026-10-1f2e3d4c5b/`. Lines are added and never
changed. Each holds the sha256 of the line before it, the first one the evidence of the run, so that a
line that was changed, moved or taken out shows. Nothing shows that the last lines are gone but the
sha256 of the last one, if it was written down: every command prints it.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import bytes_hash
from drgpay.base.file_lock import take_lock
from drgpay.base.file_rights import Rights, has_file, rights_like
from drgpay.base.language import Words
from drgpay.base.plain_json import json_fault, plain_json
from drgpay.base.system_errors import reason_of
from drgpay.base.whole_file import replace_whole
from drgpay.base.words import Sentences
from drgpay.results.manifest import Manifest, sharing
from drgpay.results.run_ids import RECORD_ENDING

_ERRORS = Sentences("errors/approval")

StepKind = Literal["sent", "answered", "approved", "paid", "replaced"]
KnownBy = Literal["claim", "login"]
_LOCK = ".steps.lock"
_WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class Person:
    """Who took a step, and how that is known: who works at a command line says so, no more."""

    name: str
    known_by: KnownBy = "claim"


@dataclass(frozen=True)
class Step:
    """One line of the record.

    before: the state of the run before the step. about: what belongs to this kind of step
    (drgpay.approval.steps). sha256: of the line itself.
    """

    kind: StepKind
    run: str
    evidence: str
    before: str
    by: Person
    at: datetime
    note: str
    about: Mapping[str, Any]
    sha256: str


def record_of(folder: Path) -> Path:
    """Where the record of the run in a folder lies."""
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}{RECORD_ENDING}")


def read_steps(folder: Path) -> tuple[Step, ...]:
    """The steps of the run in a folder, the first one first; none for a run without a record.

    Raises DrgpayError for a record that cannot be read, and for one whose lines do not follow from
    each other. What stands behind the last line end was being written when its process was killed.
    """
    path = record_of(folder)
    if not has_file(path, sharing()):
        return ()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DrgpayError(*_ERRORS("unreadable", path=path, reason=reason_of(error))) from None
    steps: list[Step] = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        step, due = _step_of(path, number, line), steps[-1].sha256 if steps else None
        if step.run != path.name.removesuffix(RECORD_ENDING):
            raise _broken(path, number, _ERRORS.words("of_other_run", run=step.run))
        if plain_json(line)["follows"] != (due or step.evidence):
            raise _broken(path, number, _ERRORS.words("follows_another"))
        if steps and step.evidence != steps[0].evidence:
            raise _broken(path, number, _ERRORS.words("of_other_evidence"))
        steps.append(step)
    return tuple(steps)


def add_step(
    folder: Path,
    manifest: Manifest,
    kind: StepKind,
    before: str,
    by: Person,
    at: datetime,
    note: str,
    about: Mapping[str, Any],
) -> Step:
    """Add a step to the record of a run, which has the rights of its folder; see `recording`.

    The record is replaced as a whole: it never has half a line, and whoever shares the folder of the
    runs may add to what another one began.
    """
    path, steps = record_of(folder), read_steps(folder)
    line = json.dumps(
        {
            "step": kind,
            "run": manifest.run_id,
            "evidence": manifest.evidence,
            "from": before,
            "by": by.name,
            "known_by": by.known_by,
            "at": at.isoformat(timespec="seconds"),
            "note": note,
            **about,
            "follows": steps[-1].sha256 if steps else manifest.evidence,
        },
        ensure_ascii=False,
    ).encode()
    try:
        whole = path.read_bytes() if steps else b""
        whole = whole[: whole.rfind(b"\n") + 1] + line + b"\n"
        replace_whole(path, whole, _rights(folder))
    except OSError as error:
        raise DrgpayError(*_ERRORS("unwritable", path=path, reason=reason_of(error))) from None
    return _step_of(path, len(steps) + 1, line)


@contextmanager
def recording(folder: Path) -> Iterator[None]:
    """Be the only one who adds steps to records of the runs that lie beside a folder."""
    path, patience = folder.resolve().parent / _LOCK, time.monotonic() + _WAIT_SECONDS
    try:
        while (handle := take_lock(path, _rights(folder))) is None:
            if time.monotonic() > patience:
                raise DrgpayError(*_ERRORS("being_recorded", folder=path.parent))
            time.sleep(0.02)
    except OSError as error:
        raise DrgpayError(*_ERRORS("unwritable", path=path, reason=reason_of(error))) from None
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(handle)


def _rights(folder: Path) -> Rights:
    return rights_like(folder.resolve())


def _step_of(path: Path, number: int, line: bytes) -> Step:
    try:
        found = plain_json(line)
    except ValueError as error:
        raise _broken(path, number, json_fault(error)) from None
    if not isinstance(found, dict) or any(not isinstance(found.get(key), str) for key in _KEYS):
        raise _broken(path, number, _ERRORS.words("no_step"))
    try:
        at = datetime.fromisoformat(found["at"])
    except ValueError:
        raise _broken(path, number, _ERRORS.words("no_step")) from None
    known = found["step"] in get_args(StepKind) and found["known_by"] in get_args(KnownBy)
    if not known or at.tzinfo is None or not _has_all(found):
        raise _broken(path, number, _ERRORS.words("no_step"))
    return Step(
        kind=found["step"],
        run=found["run"],
        evidence=found["evidence"],
        before=found["from"],
        by=Person(found["by"], found["known_by"]),
        at=at,
        note=found["note"],
        about={key: value for key, value in found.items() if key not in _KEYS},
        sha256=bytes_hash(line),
    )


def _has_all(found: Mapping[str, Any]) -> bool:
    """Whether a line has what belongs to its kind of step."""
    about = _ABOUT[found["step"]]
    if not all(isinstance(found.get(key), kind) for key, kind in about.items()):
        return False
    answers = found.get("answers", [])
    return all(
        isinstance(one, dict) and all(isinstance(one.get(key), kind) for key, kind in _ANSWER)
        for one in answers
    )


_OR_NONE = (str, type(None))
_ABOUT: Mapping[str, Mapping[str, Any]] = {
    "sent": {"hospitals": list, "deadline": str, "silence": str, "time_zone": _OR_NONE},
    "answered": {"answers": list, "file": dict},
    "approved": {
        "period": str,
        "parts": list,
        "corrects": _OR_NONE,
        "replaces": list,
        "overrules": list,
        "verified": str,
    },
    "paid": {},
    "replaced": {"by_run": str, "by_evidence": str},
}
_ANSWER = (("hospital_id", str), ("answer", str), ("note", str), ("late", bool))
_KEYS = ("step", "run", "evidence", "from", "by", "known_by", "at", "note", "follows")


def _broken(path: Path, number: int, reason: Words) -> DrgpayError:
    return DrgpayError(*_ERRORS("broken", path=path, line=number, reason=reason))
