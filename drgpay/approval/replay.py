"""The record of a run against the run, against itself, and against the records beside it."""

from pathlib import Path

from drgpay.approval.months import approved_beside
from drgpay.approval.state import IN_FORCE, History, history_of
from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.results.manifest import Manifest

_ERRORS = Sentences("errors/approval")


def fault_of_record(folder: Path, manifest: Manifest, history: History) -> Words | None:
    """What is wrong with a record whose lines follow from each other; None if nothing is.

    Its evidence is that of the run; each step was taken in a state that follows from the steps before
    it; what replaced the run, or was replaced by it, says so too; no other run is approved for the
    same month and part.
    """
    if history.steps and history.steps[0].evidence != manifest.evidence:
        return _ERRORS.words("fault.evidence")
    for number, step in enumerate(history.steps):
        before = History(history.steps[:number])
        if step.before != before.state(step.at):
            return _ERRORS.words("fault.state", line=number + 1)
        if number and step.at < history.steps[number - 1].at:
            return _ERRORS.words("fault.order", line=number + 1)
    return _fault_beside(folder, history)


def _fault_beside(folder: Path, history: History) -> Words | None:
    about = history.approved
    if about is None:
        return None
    here = folder.resolve()
    for name in about["replaces"]:
        if history_of(here.with_name(name)).replaced_by not in (here.name, None):
            return _ERRORS.words("fault.replaces", other=name)
    if history.replaced_by is not None:
        return None
    for other in approved_beside(folder):
        same = (other.period, other.corrects) == (about["period"], about["corrects"])
        if (
            same
            and other.run != here.name
            and other.replaced_by is None
            and set(other.parts) & set(about["parts"])
        ):
            return _ERRORS.words("fault.two", other=other.run, period=other.period)
    return None


def is_in_force(history: History) -> bool:
    """Whether a run is what its month is paid by, by the last of its steps."""
    return bool(history.steps) and history.state(history.steps[-1].at) in IN_FORCE
