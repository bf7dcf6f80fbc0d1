"""A rule as a list of alternatives: a stay that meets every requirement of one of them fits."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, product

from drgpay.grouper.rules.fields import CodeField
from drgpay.grouper.rules.nodes import Always, And, Compare, Count, Member, Not, Or, Rule

# National rules stay far below; a rule written to explode is cut off here. A shorter list is whole.
LIMIT = 512


@dataclass(frozen=True)
class Requirement:
    """An atom that must hold, or must not. A Member names a single field."""

    atom: Member | Compare | Count
    holds: bool

    def __str__(self) -> str:
        """The requirement in the rule language."""
        match self.atom:
            case Member(fields, sets):
                return f"{_names(fields)} {'' if self.holds else 'not '}in {_names(sets)}"
            case Compare(field, op, number):
                text = f"{field.value} {op} {number}"
            case Count(name, fields, op, number):
                text = f"length({name} ∩ {_names(fields)}) {op} {number}"
        return text if self.holds else f"not {text}"


Alternative = tuple[Requirement, ...]


def alternatives(rule: Rule, holds: bool = True) -> list[Alternative]:
    """The alternatives under which a rule holds (or does not); at most LIMIT, else cut off."""
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


def sets_asked(alternative: Alternative, field: CodeField, *, holds: bool) -> list[tuple[str, ...]]:
    """The sets of the memberships that an alternative wants, or refuses, of a field."""
    return [
        item.atom.sets
        for item in alternative
        if isinstance(item.atom, Member) and item.atom.fields == (field,) and item.holds == holds
    ]


def always_holds(rule: Rule) -> bool:
    """Whether a rule is true of every stay by its form alone."""
    return () in alternatives(rule)


def _any_of(branches: Iterable[list[Alternative]]) -> list[Alternative]:
    return [alternative for branch in branches for alternative in branch][:LIMIT]


def _all_of(branches: Iterable[list[Alternative]]) -> list[Alternative]:
    combinations = islice(product(*branches), LIMIT)
    return [tuple(dict.fromkeys(sum(parts, ()))) for parts in combinations]


def _names(names: Iterable[str]) -> str:
    listed = [str(name) for name in names]
    return listed[0] if len(listed) == 1 else "{" + ",".join(listed) + "}"
