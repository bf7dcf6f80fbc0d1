"""A rule as a list of alternatives: a stay that meets every requirement of one of them fits."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, product

from drgpay.grouper.rules.nodes import Always, And, Compare, Count, Member, Not, Or, Rule

# National rules stay far below; a rule written to explode is cut off here.
_LIMIT = 512


@dataclass(frozen=True)
class Requirement:
    """An atom that must hold, or must not. A Member names a single field."""

    atom: Member | Compare | Count
    holds: bool


Alternative = tuple[Requirement, ...]


def alternatives(rule: Rule, holds: bool = True) -> list[Alternative]:
    """The alternatives under which a rule holds (or does not); at most a few hundred."""
    match rule:
        case Always(value):
            return [()] if value == holds else []
        case Not(part):
            return alternatives(part, not holds)
        case And(parts):
            branches = [alternatives(part, holds) for part in parts]
            return _all_of(branches) if holds else _any_of(branches)
        case Or(parts):
            branches = [alternatives(part, holds) for part in parts]
            return _any_of(branches) if holds else _all_of(branches)
        case Member(fields, sets):
            branches = [[(Requirement(Member((field,), sets), holds),)] for field in fields]
            return _any_of(branches) if holds else _all_of(branches)
        case Compare() | Count():
            return [(Requirement(rule, holds),)]


def _any_of(branches: Iterable[list[Alternative]]) -> list[Alternative]:
    return [alternative for branch in branches for alternative in branch][:_LIMIT]


def _all_of(branches: Iterable[list[Alternative]]) -> list[Alternative]:
    combinations = islice(product(*branches), _LIMIT)
    return [tuple(dict.fromkeys(sum(parts, ()))) for parts in combinations]
