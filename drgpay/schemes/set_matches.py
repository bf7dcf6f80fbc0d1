"""Which code set of one scheme is which of another: by what they hold, then by their names.

A new edition that names its sets otherwise has the same sets; so have exclusion tables with other
numbers.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property

from drgpay.grouper.rules.nodes import And, Count, Member, Not, Or, Rule

Sets = Mapping[str, AbstractSet[str]]

_ALIKE = 0.5
"""From so large a share of common codes on a set under another name is the same set."""

_GONE = "\0"  # begins no name: what became of no set of the other scheme


@dataclass(frozen=True)
class SetMatches:
    """The sets of two schemes, and by the name of an old one the name of what it became."""

    old: Sets
    new: Sets
    became: Mapping[str, str]

    @property
    def renamed(self) -> list[tuple[str, str]]:
        """Old and new name of each set that has another, sorted."""
        return sorted(pair for pair in self.became.items() if pair[0] != pair[1])

    @property
    def removed(self) -> list[str]:
        """The old sets that no new one continues, sorted."""
        return sorted(self.old.keys() - self.became.keys())

    @property
    def added(self) -> list[str]:
        """The new sets that continue no old one, sorted."""
        return sorted(self.new.keys() - set(self.became.values()))

    def old_rule(self, rule: Rule) -> Rule:
        """An old rule with names of new sets, so that it equals a new one that asks for the same."""
        return _with_names(rule, self._name_of_old)

    def new_rule(self, rule: Rule) -> Rule:
        """A new rule with one name for sets that hold the same."""
        return _with_names(rule, self._name_of_new)

    def same_content(self, old: str, new: str) -> bool:
        """Whether an old and a new set hold the same codes."""
        return self.old.get(old, frozenset()) == self.new.get(new, frozenset())

    def _name_of_old(self, name: str) -> str:
        if name not in self.old:  # MCC and CC
            return name
        alike = self._first_of_content.get(frozenset(self.old[name]))
        return alike or self._name_of_new(self.became.get(name, _GONE + name))

    def _name_of_new(self, name: str) -> str:
        return self._first_of_content.get(frozenset(self.new.get(name, ())), name)

    @cached_property
    def _first_of_content(self) -> dict[AbstractSet[str], str]:
        """The first name of each content that a new set has; nothing stands for no content."""
        return {
            frozenset(self.new[name]): name
            for name in sorted(self.new, reverse=True)
            if self.new[name]
        }


def match_sets(old: Sets, new: Sets) -> SetMatches:
    """Each old set with at most one new set, and the other way round.

    In this order: the same name and content; the same content; the same name and at least half of
    the codes of both in common; half in common under another name, most alike first; the same name.
    """
    became: dict[str, str] = {}
    taken: set[str] = set()

    def take(pairs: Iterator[tuple[str, str]]) -> None:
        for before, after in pairs:
            if before not in became and after not in taken:
                became[before] = after
                taken.add(after)

    take((name, name) for name in sorted(old) if name in new and old[name] == new[name])
    take(_same_content(old, new, became, taken))
    alike = _likeness(
        {name: codes for name, codes in old.items() if name not in became},
        {name: codes for name, codes in new.items() if name not in taken},
    )
    take(pair for pair in sorted(alike) if pair[0] == pair[1])
    take(pair for pair in sorted(alike, key=lambda pair: (-alike[pair], pair)))
    take((name, name) for name in sorted(old) if name in new)
    return SetMatches(old, new, became)


def _same_content(
    old: Sets, new: Sets, became: Mapping[str, str], taken: AbstractSet[str]
) -> Iterator[tuple[str, str]]:
    names: dict[AbstractSet[str], list[str]] = {}
    for name in sorted(new.keys() - taken):
        names.setdefault(frozenset(new[name]), []).append(name)
    for name in sorted(old.keys() - became.keys()):
        if old[name]:
            alike = names.get(frozenset(old[name]), [])
            if alike:
                yield name, alike.pop(0)


def _likeness(old: Sets, new: Sets) -> dict[tuple[str, str], float]:
    """The pairs that are alike: common codes by all codes of both."""
    holders: dict[str, list[str]] = {}
    for name, codes in new.items():
        for code in codes:
            holders.setdefault(code, []).append(name)
    alike: dict[tuple[str, str], float] = {}
    for name, codes in old.items():
        common = Counter(holder for code in codes for holder in holders.get(code, ()))
        for other, number in common.items():
            share = number / (len(codes) + len(new[other]) - number)
            if share >= _ALIKE:
                alike[name, other] = share
    return alike


def _with_names(rule: Rule, name: Callable[[str], str]) -> Rule:
    match rule:
        case Member(fields, sets):
            return Member(fields, tuple(map(name, sets)))
        case Count(set=counted):
            return replace(rule, set=name(counted))
        case Not(part):
            return Not(_with_names(part, name))
        case And(parts):
            return And(tuple(_with_names(part, name) for part in parts))
        case Or(parts):
            return Or(tuple(_with_names(part, name) for part in parts))
        case _:
            return rule
