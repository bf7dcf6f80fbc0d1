"""Codes that led somewhere before a change of the scheme and lead nowhere after it."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from drgpay.grouper.rules.fields import CodeField, kind_of
from drgpay.grouper.rules.nodes import And, Count, Member, Not, Or, Rule
from drgpay.grouper.scheme import Scheme, status_of


class Nowhere(NamedTuple):
    """A code of a kind (diagnosis, procedure, department) that no rule of a level takes any more."""

    level: Literal["mdc", "adrg"]
    kind: str
    code: str


def codes_nowhere(before: Scheme, after: Scheme) -> list[Nowhere]:
    """Codes that some MDC rule, or some ADRG rule, took before and none does after; sorted.

    A rule takes the codes of the sets that it asks for, unless under `not` or of other diagnoses
    alone: these only refine a group. Ambiguous groups and fallbacks take nothing in this sense: a
    procedure that only makes a stay ambiguous is nowhere.
    """
    lost = _taken(before) - _taken(after)
    return sorted(lost)


def _taken(scheme: Scheme) -> set[Nowhere]:
    mdcs = [mdc.rule for mdc in scheme.mdcs if status_of(mdc.code, mdc.code) == "grouped"]
    adrgs = [
        adrg.rule
        for mdc in scheme.mdcs
        for adrg in mdc.adrgs
        if status_of(adrg.code, adrg.code) == "grouped"
    ]
    found = {Nowhere("mdc", *code) for code in _codes(scheme, mdcs)}
    return found | {Nowhere("adrg", *code) for code in _codes(scheme, adrgs)}


def _codes(scheme: Scheme, rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    for field, name in {pair for rule in rules for pair in _asked(rule)}:
        if field != CodeField.OTHER_DIAGNOSES:
            for code in scheme.sets.get(name, ()):  # MCC and CC are no sets of codes
                yield kind_of(field), code


def _asked(rule: Rule, denied: bool = False) -> Iterator[tuple[CodeField, str]]:
    """Field and set of every membership that helps a rule to be true."""
    match rule:
        case Not(part):
            yield from _asked(part, not denied)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _asked(part, denied)
        case Member(fields, sets) if not denied:
            yield from ((field, name) for field in fields for name in sets)
        case Count(name, fields) if not denied:
            yield from ((field, name) for field in fields)
