"""Evaluate rules over columns of facts, and walk the tree of a scheme with them."""

import operator
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.facts import Facts, missing_bucket
from drgpay.grouper.rules.fields import SEVERITY_SETS, CodeField
from drgpay.grouper.rules.nodes import COMPARE, Always, And, Compare, Count, Member, Not, Or, Rule

Truth = NDArray[np.bool_]

_SEVERITY_BIT = {"CC": 1, "MCC": 2}


def leaves_of(compiled: CompiledScheme, facts: Facts) -> NDArray[np.int32]:
    """The leaf in which each row ends: the first DRG, in rule order, whose path holds."""
    result = np.zeros(len(facts), dtype=np.int32)
    open_rows = np.arange(len(facts))
    first_leaf = 1
    for mdc in compiled.rules:
        inside = holds(compiled, mdc.rule, facts.take(open_rows))
        rows = open_rows[inside]
        here = facts.take(rows)
        leaf = np.zeros(len(rows), dtype=np.int32)
        splits: dict[Rule, Truth] = {}  # many ADRGs are split by the same few rules
        for adrg in mdc.adrgs:
            if len(rows):
                in_adrg = holds(compiled, adrg.rule, here) & (leaf == 0)
                if in_adrg.any():
                    for number, drg in enumerate(adrg.drgs, start=first_leaf):
                        if drg not in splits:
                            splits[drg] = holds(compiled, drg, here)
                        leaf[in_adrg & (leaf == 0) & splits[drg]] = number
            first_leaf += len(adrg.drgs)
        result[rows] = leaf
        open_rows = open_rows[result[open_rows] == 0]
    return result


def furthest_level(compiled: CompiledScheme, facts: Facts) -> NDArray[np.int8]:
    """How far rows without a group came: 0 no MDC holds, 1 an MDC but no ADRG, 2 an ADRG."""
    reached = np.zeros(len(facts), dtype=np.int8)
    for mdc in compiled.rules:
        in_mdc = holds(compiled, mdc.rule, facts)
        reached[in_mdc & (reached == 0)] = 1
        rows = np.flatnonzero(in_mdc)
        here = facts.take(rows)
        for adrg in mdc.adrgs:
            reached[rows[holds(compiled, adrg.rule, here)]] = 2
    return reached


def holds(compiled: CompiledScheme, rule: Rule, facts: Facts) -> Truth:
    """Whether a rule is true of each row."""
    match rule:
        case Always(value):
            return np.full(len(facts), value, dtype=np.bool_)
        case Not(part):
            return ~holds(compiled, part, facts)
        case And(parts):
            return reduce(operator.and_, (holds(compiled, part, facts) for part in parts))
        case Or(parts):
            return reduce(operator.or_, (holds(compiled, part, facts) for part in parts))
        case Member(fields, sets):
            members = (_member(compiled, field, name, facts) for field in fields for name in sets)
            return reduce(operator.or_, members)
        case Compare(number_field, op, number):
            thresholds = compiled.thresholds[number_field]
            places = facts.buckets[number_field]
            truth: Truth = COMPARE[op](places, 2 * thresholds.index(float(number)) + 1)
            return truth & (places != missing_bucket(thresholds))
        case Count(_, _, op, at_least):
            counted: Truth = COMPARE[op](facts.counts[:, compiled.counts.index(rule)], at_least)
            return counted


def _member(compiled: CompiledScheme, field: CodeField, name: str, facts: Facts) -> Truth:
    if field in compiled.profiles:
        table = compiled.profiles[field]
        return table.membership[:, table.column_of_set[name]][facts.profiles[field]]
    if name in SEVERITY_SETS:
        return facts.severity & _SEVERITY_BIT[name] != 0
    bit = compiled.bits[field].bit_of_set[name]
    word = facts.bits[field][:, bit // 64]
    truth: Truth = word & (np.uint64(1) << np.uint64(bit % 64)) != 0
    return truth
