"""Whether no stay can meet an alternative: a proof, or nothing.

A stay may have any code, also one that no table lists, and any number. So only what the alternative
itself asks can exclude it: sets that share no code, numbers that leave nothing between them, more
codes to be counted than there are.
"""

from collections.abc import Iterable
from itertools import pairwise

from drgpay.grouper.rules.fields import SEVERITY_SETS, CodeField, NumberField, kind_of
from drgpay.grouper.rules.nodes import COMPARE, Compare, Count, CountOp
from drgpay.schemes.alternatives import Alternative, Requirement, sets_asked
from drgpay.schemes.code_choice import CodeChoice, Sets
from drgpay.schemes.patients import compares

_LISTS = (CodeField.OTHER_DIAGNOSES, CodeField.OTHER_PROCEDURES)
# A stay without one of them is invalid, so no group takes it.
_ALWAYS_GIVEN = (NumberField.AGE, NumberField.SEX)


def contradicts_itself(choice: CodeChoice, alternative: Alternative) -> bool:
    """Whether no stay meets all requirements at once. False means that there is no proof."""
    return (
        any(Requirement(item.atom, not item.holds) in alternative for item in alternative)
        or any(not _codes_left(choice, alternative, field) for field in CodeField)
        or _numbers_contradict(alternative)
        or _counts_contradict(choice, alternative)
    )


def counts(op: CountOp, found: int, number: int) -> bool:
    """Whether so many codes are what a count asks for."""
    return bool(COMPARE[op](found, number))


def _codes_left(choice: CodeChoice, alternative: Alternative, field: CodeField) -> bool:
    """Whether a field can have the codes that are wanted of it beside those that are refused."""
    wanted = sets_asked(alternative, field, holds=True)
    refused = sets_asked(alternative, field, holds=False)
    pools = [_allowed(choice, field, sets, refused) for sets in wanted]
    # A list has a code for each wish; a single code must meet them all.
    return all(pools) and bool(not pools or field in _LISTS or frozenset[str].intersection(*pools))


def _allowed(
    choice: CodeChoice, field: CodeField, sets: Iterable[str], refused: Iterable[Sets]
) -> frozenset[str]:
    """The codes of some sets that may stand in a field, for one principal diagnosis or another.

    Whether another diagnosis counts as MCC or CC depends on the principal diagnosis: refusing the
    level as such takes no code away.
    """
    names = set(sets).difference(*refused)
    codes = choice.members(field, tuple(sorted(names)))
    depends = set(SEVERITY_SETS) if field == CodeField.OTHER_DIAGNOSES else set()
    for others in refused:
        codes = codes - choice.members(field, tuple(sorted(set(others) - depends)))
    return codes


def _numbers_contradict(alternative: Alternative) -> bool:
    """Whether no number, and no missing number, of a field compares as it is asked."""
    asked: dict[NumberField, list[tuple[Compare, bool]]] = {}
    for item in alternative:
        if isinstance(item.atom, Compare):
            asked.setdefault(item.atom.field, []).append((item.atom, item.holds))
    return not all(
        any(
            all(compares(atom, value) == wanted for atom, wanted in comparisons)
            for value in _pieces(field, [atom for atom, _ in comparisons])
        )
        for field, comparisons in asked.items()
    )


def _pieces(field: NumberField, comparisons: Iterable[Compare]) -> list[float | None]:
    """A number of each piece in which the comparisons are constant; None for a missing one."""
    edges = sorted({float(atom.number) for atom in comparisons})
    between = [(low + high) / 2 for low, high in pairwise(edges)]
    missing: list[float | None] = [] if field in _ALWAYS_GIVEN else [None]
    return [*missing, edges[0] - 1, *edges, *between, edges[-1] + 1]


def _counts_contradict(choice: CodeChoice, alternative: Alternative) -> bool:
    """Whether no number of codes that a stay can have of a set is what its counts ask for."""
    asked: dict[tuple[str, frozenset[CodeField]], list[tuple[Count, bool]]] = {}
    for item in alternative:
        if isinstance(item.atom, Count):
            key = item.atom.set, frozenset(item.atom.fields)
            asked.setdefault(key, []).append((item.atom, item.holds))
    for (name, fields), several in asked.items():
        least = _least(choice, alternative, name, fields)
        most = _most(choice, alternative, name, fields)
        # Above the largest number asked for, every count answers alike.
        end = min(most, max(least, *(atom.number + 1 for atom, _ in several)))
        if not any(
            all(counts(atom.op, found, atom.number) == wanted for atom, wanted in several)
            for found in range(least, end + 1)
        ):
            return True
    return False


def _least(
    choice: CodeChoice, alternative: Alternative, name: str, fields: Iterable[CodeField]
) -> int:
    """1 where a code wanted of one of the fields is certainly in the set, else 0."""
    inside = choice.scheme.sets[name]
    for field in fields:
        refused = sets_asked(alternative, field, holds=False)
        for sets in sets_asked(alternative, field, holds=True):
            if _allowed(choice, field, sets, refused) <= inside:
                return 1
    return 0


def _most(
    choice: CodeChoice, alternative: Alternative, name: str, fields: Iterable[CodeField]
) -> int:
    """No stay has more different codes of the set in these fields than so many."""
    several: dict[str, set[str]] = {}
    places: dict[str, int] = {}
    for field in fields:
        kind = kind_of(field)
        refused = sets_asked(alternative, field, holds=False)
        codes = _allowed(choice, field, (name,), refused)
        if field not in _LISTS:
            for sets in sets_asked(alternative, field, holds=True):
                codes &= _allowed(choice, field, sets, refused)
        several.setdefault(kind, set()).update(codes)
        places[kind] = places.get(kind, 0) + (len(codes) if field in _LISTS else bool(codes))
    return sum(min(len(codes), places[kind]) for kind, codes in several.items())
