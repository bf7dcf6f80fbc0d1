"""Whether one rule implies another, as far as the sets and numbers of both show it."""

from collections.abc import Iterable, Sequence

from drgpay.grouper.rules.fields import SEVERITY_SETS
from drgpay.grouper.rules.nodes import Compare, Member, Rule
from drgpay.grouper.scheme import Scheme
from drgpay.schemes.alternatives import LIMIT, Alternative, Requirement, alternatives
from drgpay.schemes.patients import compares


def implies(scheme: Scheme, narrow: Sequence[Alternative], wide: Rule) -> bool:
    """Whether a stay that meets one of the alternatives always meets the wide rule.

    True is certain; False only means that no proof was found.
    """
    if len(narrow) >= LIMIT:
        return False
    targets = alternatives(wide)
    return all(
        any(_alternative_implies(scheme, alternative, target) for target in targets)
        for alternative in narrow
    )


def _alternative_implies(scheme: Scheme, narrow: Alternative, wide: Alternative) -> bool:
    return all(any(_requirement_implies(scheme, own, item) for own in narrow) for item in wide)


def _requirement_implies(scheme: Scheme, narrow: Requirement, wide: Requirement) -> bool:
    if narrow == wide:
        return True
    match narrow.atom, wide.atom:
        case Member() as own, Member() as other:
            if own.fields != other.fields or narrow.holds != wide.holds:
                return False
            if narrow.holds:
                return _inside(scheme, own.sets, other.sets)
            return _inside(scheme, other.sets, own.sets)
        case Compare() as own, Compare() as other:
            return own.field == other.field and _numbers_imply(narrow, wide, own, other)
    return False


def _inside(scheme: Scheme, small: Iterable[str], large: Iterable[str]) -> bool:
    small, large = set(small), set(large)
    if small <= large:
        return True
    severities = set(SEVERITY_SETS)
    return small & severities <= large and _codes(scheme, small) <= _codes(scheme, large)


def _codes(scheme: Scheme, sets: set[str]) -> frozenset[str]:
    return frozenset().union(*(scheme.sets[name] for name in sets - set(SEVERITY_SETS)))


def _numbers_imply(narrow: Requirement, wide: Requirement, own: Compare, other: Compare) -> bool:
    """Both are constant between the two numbers: a value of each piece decides."""
    first, second = sorted((float(own.number), float(other.number)))
    values = (None, first - 1, first, (first + second) / 2, second, second + 1)
    return all(
        compares(other, value) == wide.holds
        for value in values
        if compares(own, value) == narrow.holds
    )
