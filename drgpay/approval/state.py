"""What the record of a run comes to: its state, and what each hospital answered.

draft      nobody was asked
sent       the hospitals have their statements, and some may still answer
confirmed  every hospital confirmed, or its silence counts as that
objected   every hospital answered, or its silence counts, and at least one objects
approved   the run is what the month is paid by
paid       it was paid
replaced   another run was approved in its place
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, Literal

from drgpay.approval.record import Step, StepKind, read_steps
from drgpay.base.language import Words
from drgpay.base.words import Wording
from drgpay.results.manifest import Manifest

_WORDS = Wording("approval")

State = Literal["draft", "sent", "confirmed", "objected", "approved", "paid", "replaced"]
Answered = Literal["confirmed", "objected"]
IN_FORCE: tuple[State, ...] = ("approved", "paid")
"""The states in which a run is what its month is paid by."""

_ENDS: Mapping[StepKind, State] = {"approved": "approved", "paid": "paid", "replaced": "replaced"}


@dataclass(frozen=True)
class Answer:
    """What a hospital answered last. late: after the deadline, which nobody moved for it."""

    hospital_id: str
    answer: Answered
    note: str
    late: bool
    at: datetime


@dataclass(frozen=True)
class History:
    """The steps of a run, the first one first, and what they come to."""

    steps: tuple[Step, ...] = ()

    @property
    def sent(self) -> Mapping[str, Any] | None:
        """What the step says by which the statements were sent: hospitals, deadline, silence."""
        return next((step.about for step in self.steps if step.kind == "sent"), None)

    @property
    def hospitals(self) -> list[str]:
        """The hospitals that were asked, sorted."""
        return list(self.sent["hospitals"]) if self.sent else []

    @property
    def deadline(self) -> date | None:
        """The last day on which they may answer."""
        return date.fromisoformat(self.sent["deadline"]) if self.sent else None

    @property
    def answers(self) -> dict[str, Answer]:
        """The last answer of each hospital that answered."""
        return {
            one["hospital_id"]: Answer(
                one["hospital_id"], one["answer"], one["note"], one["late"], step.at
            )
            for step in self.steps
            if step.kind == "answered"
            for one in step.about["answers"]
        }

    @property
    def silent(self) -> list[str]:
        """The hospitals that were asked and have not answered."""
        answers = self.answers
        return [hospital for hospital in self.hospitals if hospital not in answers]

    def silence_counts(self, now: datetime) -> bool:
        """Whether the deadline has passed, so that who is silent has answered, too."""
        if not self.sent or self.deadline is None:
            return False
        zone = zone_of(self.sent["time_zone"])
        return now.astimezone(zone).date() > self.deadline

    def objecting(self, now: datetime) -> list[str]:
        """The hospitals that object, or whose silence counts as that by now; sorted."""
        answers = self.answers.values()
        found = {one.hospital_id for one in answers if one.answer == "objected"}
        if self.sent and self.sent["silence"] == "objected" and self.silence_counts(now):
            found |= set(self.silent)
        return sorted(found)

    def state(self, now: datetime) -> State:
        """The state at a time: when a deadline has passed, silence counts."""
        for step in reversed(self.steps):
            if step.kind in _ENDS:
                return _ENDS[step.kind]
        if not self.sent:
            return "draft"
        if self.silent and not self.silence_counts(now):
            return "sent"
        return "objected" if self.objecting(now) else "confirmed"

    @property
    def approved(self) -> Mapping[str, Any] | None:
        """What the step says by which the run was approved: period, parts, corrects, replaces."""
        return next((step.about for step in self.steps if step.kind == "approved"), None)

    @property
    def replaced_by(self) -> str | None:
        """The run that was approved in place of this one."""
        found = (step.about["by_run"] for step in self.steps if step.kind == "replaced")
        return next(found, None)


def history_of(folder: Path) -> History:
    """What is on record of the run in a folder; raises DrgpayError as `read_steps`."""
    return History(read_steps(folder))


def said_state(state: State) -> Words:
    """What a state is called."""
    return _WORDS.words(f"state_{state}")


def now_in(zone: str | None) -> datetime:
    """The time, to the second, in a time zone of a policy."""
    return datetime.now(UTC).astimezone(zone_of(zone)).replace(microsecond=0)


def zone_of(zone: str | None) -> tzinfo | None:
    """The time zone of a policy: +08:00; None, that of the computer, where it has none."""
    if zone is None:
        return None
    hours, minutes = zone[1:].split(":")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(ahead if zone[0] == "+" else -ahead)


def time_zone(manifest: Manifest) -> str | None:
    """The time zone of the policy that a run was settled by, if that says one."""
    policy = manifest.parameters.get("policy", {})
    return policy.get("time_zone") if isinstance(policy, Mapping) else None


def local_time(moment: datetime, zone: str | None) -> datetime:
    """A time in the zone of a policy; one without a zone is in UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone_of(zone))


def shown_time(moment: datetime) -> str:
    """A time with its zone, to the second: 2026-11-02 17:03:22 +08:00."""
    text = moment.isoformat(sep=" ", timespec="seconds")
    return f"{text[:19]} {text[19:]}"
