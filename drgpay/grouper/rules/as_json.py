"""Rules as JSON and back, for files that must not be able to do anything but hold data."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from drgpay.grouper.rules.fields import CodeField, NumberField
from drgpay.grouper.rules.nodes import Always, And, Compare, Count, Member, Not, Or, Rule


def rule_as_json(rule: Rule) -> list[Any]:
    """A rule as lists and texts: what it is, then its parts."""
    match rule:
        case Always(value):
            return ["always", value]
        case Member(fields, sets):
            return ["in", [field.value for field in fields], list(sets)]
        case Compare(field, op, number):
            return ["compare", field.value, op, str(number)]
        case Count(name, fields, op, number):
            return ["count", name, [field.value for field in fields], op, number]
        case Not(part):
            return ["not", rule_as_json(part)]
        case And(parts):
            return ["and", *map(rule_as_json, parts)]
        case Or(parts):
            return ["or", *map(rule_as_json, parts)]


def rule_from_json(found: Sequence[Any]) -> Rule:
    """The rule that `rule_as_json` wrote. Raises ValueError for anything else."""
    match found:
        case ["in", fields, sets]:
            return Member(tuple(map(CodeField, fields)), tuple(sets))
        case ["and", *parts]:
            return And(tuple(map(rule_from_json, parts)))
        case ["or", *parts]:
            return Or(tuple(map(rule_from_json, parts)))
        case ["not", part]:
            return Not(rule_from_json(part))
        case ["compare", field, op, number]:
            return Compare(NumberField(field), op, Decimal(number))
        case ["count", name, fields, op, int(number)]:
            return Count(name, tuple(map(CodeField, fields)), op, number)
        case ["always", bool(value)]:
            return Always(value)
    raise ValueError("this is no rule")
