"""Runs that are approved without much ado."""

from datetime import timedelta
from pathlib import Path

from drgpay.approval import steps
from drgpay.approval.record import Person
from drgpay.approval.state import now_in
from drgpay.approval.steps import Recorded

_SOMEBODY = Person("somebody")
_PAST_ANY_DEADLINE = timedelta(days=400)


def approved_at_once(folder: Path, *replaces: str) -> Recorded:
    """A run of the sample's policy is sent, nobody answers, and it is approved; nothing is verified."""
    steps.send(folder, _SOMEBODY)
    later = now_in("+08:00") + _PAST_ANY_DEADLINE
    return steps.approve(folder, _SOMEBODY, "note", "right", replaces, at=later)
