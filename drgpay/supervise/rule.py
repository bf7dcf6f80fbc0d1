"""What a rule of supervision is: what it reads, its limits, and a function from frames to hits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from drgpay.policy.fields import Name, Section, Share
from drgpay.supervise.found import Found
from drgpay.supervise.material import Material

Level = Literal["violation", "suspect"]
"""违规: certain by its facts; 可疑: a suspicion that somebody has to look into."""
Stage = Literal["before", "during", "after"]


class Card(Section):
    """What a file of rules says of one, beside its limits.

    w: the weight of its hits, in 0..1. kind: of the deduction that a confirmed clue books. on: whether
    it is asked at all. span_days: how far back it looks, at least the days of the file.
    """

    level: Level
    w: Share
    kind: Name
    on: bool = True
    scene: Name = "inpatient"
    stage: Stage = "after"
    span_days: int | None = None
    months_before: int | None = None


Books = Literal["losing", "all_but_most"]
"""Which stays of a clue a confirmed one deducts: those that have something at stake, or all but the one with
most points before readmission (ties: the first case_id)."""


@dataclass(frozen=True)
class Rule:
    """A rule. limits: the model of its section `limits`. find: from the material and its limits.

    books: which stays a confirmed clue deducts. needs: tables of the region without which it is not run. parts: tables of which a part of it needs
    one, by what that part is called. after: rules whose hits it looks at (Material.earlier): they are asked
    before it.
    """

    limits: type[Section]
    find: Callable[[Material, Any], Found]
    needs: tuple[str, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()
    books: Books = "losing"
