"""A file of rules: which rules are asked, with their limits, weights and sources.

Every value may be a table with `value`, `source` and `verified`, as in policies.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import Field, create_model

from drgpay.base.file_hash import file_hash
from drgpay.base.shipped import shipped_folder
from drgpay.base.words import Sentences
from drgpay.policy.fields import Count, Name, PositiveCount, PositiveRatio, Section, Share, Yuan
from drgpay.policy.load import Provenance, read_sourced
from drgpay.supervise import rules
from drgpay.supervise.measures import Scores
from drgpay.supervise.rule import Card, Rule

_ERRORS = Sentences("errors/supervise")

SHIPPED = "default"
"""The file of rules that a supervision has which names none."""


class Comparison(Section):
    """[comparison]: peers and funnels of the measures of hospitals (07a, "Comparing hospitals")."""

    min_peers: PositiveCount
    min_n: PositiveCount
    funnel_z: PositiveRatio


class Review(Section):
    """[review]: when a file is worth a review, what is drawn beside, and the days of each step.

    rate_confidence: of the two limits of an error rate. extrapolate: whether the lower limit of what is
    wrong in all stays is shown; extrapolate_confidence: of that limit, one-sided. two_persons: whether the
    second review is made by somebody else than the first.
    """

    cost_yuan: Yuan
    n_random: Count
    rate_confidence: Share
    extrapolate: bool
    extrapolate_confidence: Share
    decisions_to_learn: PositiveCount
    two_persons: bool = True
    days: dict[Name, PositiveCount]


class PersonPoints(Section):
    """[person_points]: 驾照式记分: sums of a calendar year from which a person is suspended or ended.

    points: of one entry, at least and at most. ended_years_at_once: where an entry of the year has the most.
    rescue_routes: admission routes of stays that a measure leaves out, since rescue is paid in any case.
    """

    points: tuple[PositiveCount, PositiveCount]
    suspended_from: PositiveCount
    ended_from: PositiveCount
    suspended_months: tuple[PositiveCount, PositiveCount]
    ended_years: PositiveCount
    ended_years_at_once: PositiveCount
    rescue_routes: tuple[Name, ...]


class Fine(Section):
    """[fines]: times the loss, shown beside a confirmed clue and never booked."""

    low: PositiveRatio
    high: PositiveRatio


@dataclass(frozen=True)
class Ruling:
    """A rule as a file of rules has it: its card, its limits and its code."""

    name: str
    card: Card
    limits: Any
    rule: Rule


@dataclass(frozen=True)
class Rulebook:
    """A file of rules. rulings: in the order of the file. hash: of the file's bytes.

    provenance: by the dotted path of a value, where the file says it.
    """

    path: Path
    id: str
    rulings: tuple[Ruling, ...]
    lookback_days: int
    comparison: Comparison
    scores: Scores
    review: Review
    person_points: PersonPoints
    fines: Mapping[str, Fine]
    provenance: Mapping[str, Provenance]
    hash: str

    def ruling(self, name: str) -> Ruling:
        """The rule of a name."""
        return next(one for one in self.rulings if one.name == name)

    def in_order(self) -> tuple[Ruling, ...]:
        """The rules as they are asked: each behind those of the file that it comes after."""
        waiting = {one.name: one for one in self.rulings}
        before = {
            name: [other for other in one.rule.after if other in waiting]
            for name, one in waiting.items()
        }
        return tuple(waiting[name] for name in TopologicalSorter(before).static_order())


def rulebook_path(given: Path | None) -> Path:
    """The file of rules that a supervision names, else the shipped one."""
    return given or shipped_folder("policies") / "supervision" / f"{SHIPPED}.toml"


def load_rulebook(path: Path) -> Rulebook:
    """Read a file of rules; raises DrgpayError for every wrong key, and for a rule that no code has."""
    what, remedy = _ERRORS.words("rules_file"), _ERRORS.words("rules_keys")
    read, provenance = read_sourced(path, _model(), what, remedy)
    file: Any = read
    rulings = tuple(
        Ruling(
            name, Card.model_validate(one.model_dump(exclude={"limits"})), one.limits, rule_of(name)
        )
        for name in known_rules()
        if (one := getattr(file.rules, name)) is not None
    )
    return Rulebook(
        path,
        file.id,
        rulings,
        file.lookback_days,
        file.comparison,
        file.scores,
        file.review,
        file.person_points,
        file.fines,
        provenance,
        file_hash(path),
    )


@cache
def known_rules() -> tuple[str, ...]:
    """The names of the rules that there is code for, sorted."""
    return tuple(sorted(one.name for one in pkgutil.iter_modules(rules.__path__)))


def rule_of(name: str) -> Rule:
    """The rule of a name."""
    rule: Rule = importlib.import_module(f"{rules.__name__}.{name}").RULE
    return rule


@cache
def _model() -> type[Section]:
    """The keys of a file of rules: a section for each rule that there is code for."""
    sections: dict[str, Any] = {}
    for name in known_rules():
        model = create_model(f"{name}_card", __base__=Card, limits=(rule_of(name).limits, ...))
        sections[name] = (model | None, None)
    every = create_model("rules", __base__=Section, **sections)
    return create_model(
        "rulebook",
        __base__=Section,
        id=(Name, ...),
        lookback_days=(PositiveCount, ...),
        rules=(every, ...),
        comparison=(Comparison, ...),
        scores=(Scores, ...),
        review=(Review, ...),
        person_points=(PersonPoints, ...),
        fines=(dict[Name, Fine], Field(default_factory=dict)),
    )
