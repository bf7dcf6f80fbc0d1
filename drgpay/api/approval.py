"""The steps of a run from draft to paid: the commands, called from Python."""

from collections.abc import Sequence
from pathlib import Path

from drgpay.api.arguments import checked
from drgpay.approval import steps
from drgpay.approval.record import Person
from drgpay.approval.steps import Recorded
from drgpay.run.approving import approve_verified


@checked
def send_run(folder: str | Path, *, by: str, note: str = "", logged_in: bool = False) -> Recorded:
    """Record that the hospitals of a run have their statements, as `drgpay send` does.

    by: who takes the step; logged_in: whether the calling program knows that by a log-in, else it is
    on record as a claim. Returns the `step`, the `state` after it and the `history`. Raises
    DrgpayError for a run that is no draft or was changed. Source: docs/approval.md.
    """
    return steps.send(Path(folder), _person(by, logged_in), note)


@checked
def record_answers(
    folder: str | Path,
    answers: str | Path,
    *,
    by: str,
    note: str = "",
    logged_in: bool = False,
) -> Recorded:
    """Record what hospitals answer to their statements, as `drgpay confirm` does.

    answers: the file (docs/files.md, "Answers"). `remarks` of what is returned say which answers are
    late, and which take an earlier one back. Raises DrgpayError for mistakes in the file. Source:
    docs/approval.md.
    """
    return steps.answer(Path(folder), Path(answers), _person(by, logged_in), note)


@checked
def approve_run(
    folder: str | Path,
    *,
    by: str,
    note: str,
    replaces: Sequence[str] = (),
    overrule: Sequence[str] = (),
    logged_in: bool = False,
) -> Recorded:
    """Verify a run and record that it is what its month is paid by, as `drgpay approve` does.

    replaces: ids of the approved runs in whose place it comes; overrule: hospitals whose objections
    change nothing. Raises DrgpayError for a run that does not verify or may not be approved yet, and
    for a month and part that has another approved run. Source: docs/approval.md.
    """
    who = _person(by, logged_in)
    return approve_verified(Path(folder), who, note, list(replaces), list(overrule))


@checked
def record_payment(
    folder: str | Path, *, by: str, note: str = "", logged_in: bool = False
) -> Recorded:
    """Record that an approved run was paid, as `drgpay paid` does; raises DrgpayError for others.

    Source: docs/approval.md.
    """
    return steps.record_payment(Path(folder), _person(by, logged_in), note)


def _person(by: str, logged_in: bool) -> Person:
    return Person(by, "login" if logged_in else "claim")
