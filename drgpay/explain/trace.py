"""The trace of one stay: what was asked of it, what was answered, and where it ended.

Everything is plain data: `trace_json` writes it as it stands, and the console words it.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from drgpay.base.shown import Shown
from drgpay.grouper.scheme import Status

Level = Literal["mdc", "adrg", "drg", "class", "family", "apg"]
_LAST_LEVELS = ("drg", "apg")
Number = int | float


@dataclass(frozen=True)
class NamedCode:
    """A code and its name in the code table of the scheme's code system, if it is there."""

    code: str
    name: str | None


@dataclass(frozen=True)
class Answer:
    """Where the stay was placed. An invalid stay has no groups and no severity.

    The code of an ungrouped stay's group has no name unless the scheme has a row for it.
    """

    status: Status
    mdc: NamedCode | None
    adrg: NamedCode | None
    drg: NamedCode | None
    severity: str | None


@dataclass(frozen=True)
class CodeFact:
    """One code that a question looked at.

    `in_sets` are the asked sets that hold it. `excluded_by` is the exclusion table that keeps it
    from counting, where the question asks for MCC or CC and the code has that level.
    """

    field: str
    code: str
    name: str | None
    in_sets: tuple[str, ...]
    excluded_by: str | None


@dataclass(frozen=True)
class Question:
    """One question of a rule and its answer.

    `text` is the question as the rule means it: a negation above it is written into it, so that a
    question that holds always speaks for the rule. `decides` marks what the truth of the rule
    rests on: of a true rule the questions of the first alternative that holds, of a false rule the
    fewest questions that would have to be answered otherwise. `number` is what was compared: the
    number of the stay, or how many codes were counted. `missing` are the fields without a value.
    """

    text: str
    holds: bool
    decides: bool
    codes: tuple[CodeFact, ...]
    field: str | None
    number: Number | None
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """A group whose rule was tried, and the groups that were then tried inside it."""

    level: Level
    code: str
    name: str
    rule: str
    holds: bool
    questions: tuple[Question, ...]
    inside: tuple["Tried", ...]

    def deciding(self) -> tuple[Question, ...]:
        """The questions on which the truth of the rule rests."""
        return tuple(question for question in self.questions if question.decides)


@dataclass(frozen=True)
class Attempt:
    """One walk through the scheme; `retried` is set where one other procedure stood alone."""

    retried: NamedCode | None
    tried: tuple[Tried, ...]

    def path(self) -> tuple[Tried, ...]:
        """The MDC, ADRG and DRG (class, family and APG) in which the walk ended; empty if none held."""
        steps: list[Tried] = []
        level = self.tried
        while level:
            steps.append(level[-1])
            level = level[-1].inside
        reached = bool(steps) and steps[-1].level in _LAST_LEVELS and steps[-1].holds
        return tuple(steps) if reached else ()


@dataclass(frozen=True)
class Complicating:
    """Another diagnosis that is an MCC or CC. It is removed if its table lists the principal."""

    code: str
    name: str | None
    level: str
    exclusion_table: str


@dataclass(frozen=True)
class Severity:
    """Which other diagnoses counted as MCC or CC, and which the principal diagnosis removed."""

    counted: tuple[Complicating, ...]
    removed: tuple[Complicating, ...]


@dataclass(frozen=True)
class NearMiss:
    """A group near the result whose rule failed, and the questions for want of which it did."""

    level: Level
    code: str
    name: str
    rule: str
    lacking: tuple[Question, ...]


@dataclass(frozen=True)
class WhatIf:
    """The result of the stay changed in one point.

    `principal`: `code`, another diagnosis, were the principal one, and that another diagnosis.
    `without`: the procedure `code` had not been recorded.
    """

    change: Literal["principal", "without"]
    code: NamedCode
    answer: Answer


@dataclass(frozen=True)
class SeenStay:
    """The stay as grouping sees it: days, grams and years as numbers, missing ones as None."""

    case_id: str | None
    sex: Number | None
    age: Number | None
    age_days: Number | None
    weight_g: Number | None
    department: str | None
    length_of_stay: Number | None
    discharge_type: Number | None
    principal_diagnosis: NamedCode | None
    other_diagnoses: tuple[NamedCode, ...]
    procedures: tuple[NamedCode, ...]


@dataclass(frozen=True)
class SchemeName:
    """Which rules were applied; `content_hash` is that of the scheme's tables."""

    id: str
    name: str
    name_en: str
    version: str
    content_hash: str


@dataclass(frozen=True, repr=False)
class Trace(Shown):
    """Everything that grouping did with one stay.

    `missing` names the columns without which the stay is invalid, or age_days where an ungrouped
    newborn lacks it and would go elsewhere with it. `attempts` is empty for an
    invalid stay; otherwise the last attempt is the one that grouped, if any did. `near_misses`
    stand nearest first within each level; `what_if` is empty unless it was asked for.
    """

    scheme: SchemeName
    stay: SeenStay
    answer: Answer
    missing: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    severity: Severity
    near_misses: tuple[NearMiss, ...]
    what_if: tuple[WhatIf, ...]

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "scheme", self.scheme.id
        yield "case_id", self.stay.case_id
        yield "status", self.answer.status
        for level in ("mdc", "adrg", "drg"):
            group: NamedCode | None = getattr(self.answer, level)
            yield level, group and group.code
        yield "severity", self.answer.severity
        yield "missing", ", ".join(self.missing) or None


@dataclass(frozen=True)
class SeenVisit:
    """The visit as grouping sees it: years as a number, missing facts as None."""

    visit_id: str | None
    visit_type: str | None
    department: str | None
    sex: Number | None
    age: Number | None
    principal_diagnosis: NamedCode | None
    other_diagnoses: tuple[NamedCode, ...]


@dataclass(frozen=True)
class Placed:
    """Where a line or the diagnosis of a visit was placed, and every rule tried on the way.

    The codes of what no rule took (0000, 00, 0000) have no name.
    """

    status: Status
    apg_class: NamedCode
    family: NamedCode
    apg: NamedCode
    attempt: Attempt


@dataclass(frozen=True)
class ExplainedLine:
    """A service line and where it was placed."""

    item: NamedCode | None
    item_kind: str | None
    placed: Placed


@dataclass(frozen=True)
class VisitTrace:
    """Everything that grouping did with one visit.

    `medical` is where its principal diagnosis puts it (class MED), whatever its lines are; which
    entries are paid is not decided here. `near_misses` belong to it. `lines` stand as given.
    """

    scheme: SchemeName
    visit: SeenVisit
    medical: Placed
    near_misses: tuple[NearMiss, ...]
    lines: tuple[ExplainedLine, ...]


def trace_json(trace: Trace | VisitTrace) -> str:
    """The whole trace as JSON; keys are the names of the fields, in their order."""
    return json.dumps(asdict(trace), ensure_ascii=False, indent=2, allow_nan=False)
