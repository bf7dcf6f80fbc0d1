"""Approve a run that verifies: what is not as it was, or does not add up, nobody can approve."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from drgpay.approval.record import Person
from drgpay.approval.steps import Recorded, approve, refuse_unapprovable
from drgpay.base.errors import DrgpayError
from drgpay.base.progress import ProgressBar, no_progress
from drgpay.base.words import Sentences
from drgpay.run.verify import verify_run

_ERRORS = Sentences("errors/approval")


def approve_verified(
    folder: Path,
    by: Person,
    note: str,
    replaces: Sequence[str] = (),
    overrule: Sequence[str] = (),
    at: datetime | None = None,
    progress: ProgressBar = no_progress,
) -> Recorded:
    """Verify a run, then record that it is approved (drgpay.approval.steps.approve).

    What cannot be checked here, as a run of an older program, is on record as `unknown`. Raises
    DrgpayError as `approve` does, and for a run of which a check is wrong.
    """
    refuse_unapprovable(folder, by, note, replaces, overrule, at)
    verified = verify_run(folder, progress=progress)
    wrong = next((check for check in verified.checks if check.status == "wrong"), None)
    if wrong:
        said = {"run": verified.run_id, "title": wrong.title, "finding": wrong.finding}
        raise DrgpayError(*_ERRORS("not_verified", **said))
    return approve(folder, by, note, verified.status, replaces, overrule, at)
