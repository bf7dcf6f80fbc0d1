"""Stays just outside: a witness with one fact changed, so that one requirement fails."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import floor
from typing import Any

from drgpay.grouper.reference import Stay, counting_levels, holds
from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, SEVERITY_SETS, CodeField, NumberField
from drgpay.grouper.rules.nodes import Compare, Count, Member
from drgpay.grouper.scheme import Scheme
from drgpay.schemes.alternatives import Requirement, alternatives
from drgpay.schemes.candidates import codes_needed
from drgpay.schemes.code_choice import CodeChoice, Sets
from drgpay.schemes.patients import compares
from drgpay.schemes.reachability import Group, Witness

# Without these a stay is not grouped at all.
_NEVER_MISSING = (NumberField.SEX, NumberField.AGE)


@dataclass(frozen=True)
class Boundary:
    """A stay that differs from a witness in one fact and fails one of its requirements."""

    witness: Witness
    requirement: Requirement
    changed: str
    stay: Stay


def boundaries(choice: CodeChoice, witness: Witness) -> Iterator[Boundary]:
    """The boundary stays of a witness, one or two for each requirement on its way.

    A requirement that no single fact can make fail has none: `XB > 0`, a set of all codes.
    """
    for requirement in witness.alternative:
        level = _level(witness.group, requirement)
        for fact, stay in _failing(choice, requirement, witness.stay):
            if holds(choice.scheme, requirement.atom, stay) != requirement.holds:
                changed = f"{level}: {requirement}; {fact}"
                yield Boundary(witness, requirement, changed, stay)


def _level(group: Group, requirement: Requirement) -> str:
    for kind, row in (("DRG", group.drg), ("ADRG", group.adrg), ("MDC", group.mdc)):
        if any(requirement in way for way in alternatives(row.rule)):
            return f"{kind} {row.code}"
    return group.drg.code


def _failing(
    choice: CodeChoice, requirement: Requirement, stay: Stay
) -> Iterator[tuple[str, Stay]]:
    match requirement.atom:
        case Compare() as compare:
            yield from _other_number(compare, requirement.holds, stay)
        case Member((field, *_), sets) if requirement.holds:
            yield from _out_of_sets(choice, field, sets, stay)
        case Member((field, *_), sets):
            code = next(iter(choice.options(field, [sets], [])), None)
            if code:
                yield _with_code(choice, field, code, stay)
        case Count() as count:
            yield from _other_count(choice, count, requirement.holds, stay)


def _other_number(compare: Compare, held: bool, stay: Stay) -> Iterator[tuple[str, Stay]]:
    column, value = COLUMN_OF_FIELD[compare.field], stay.number(compare.field)
    near = floor(compare.number)
    numbers = [near + step for step in (0, 1, -1) if near + step >= 0]
    if compare.field == NumberField.SEX:
        numbers = [1, 2]
    missing = [] if compare.field in _NEVER_MISSING else [None]
    for number in [*numbers, *missing]:
        if compares(compare, number) != held:
            yield _fact(column, value, number), _changed(stay, column, number)
            return


def _out_of_sets(
    choice: CodeChoice, field: CodeField, sets: Sets, stay: Stay
) -> Iterator[tuple[str, Stay]]:
    match field:
        case CodeField.PRINCIPAL_DIAGNOSIS:
            code = stay.principal_diagnosis or ""
            other = choice.neighbour(field, code, sets)
            if other:
                yield _fact(field, code, other), replace(stay, principal_diagnosis=other)
        case CodeField.PRINCIPAL_PROCEDURE:
            code = stay.procedures[0]
            other = choice.neighbour(field, code, sets)
            if other:
                changed = (other, *stay.procedures[1:])
                yield _fact(field, code, other), replace(stay, procedures=changed)
        case CodeField.DEPARTMENT:
            yield _fact(field, stay.department, None), replace(stay, department=None)
        case CodeField.OTHER_PROCEDURES:
            inside = choice.members(field, sets)
            left = tuple(code for code in stay.procedures[1:] if code not in inside)
            fact = _fact(field, _joined(stay.procedures[1:]), _joined(left))
            yield fact, replace(stay, procedures=(*stay.procedures[:1], *left))
        case CodeField.OTHER_DIAGNOSES:
            yield from _without_diagnoses(choice, sets, stay)


def _without_diagnoses(choice: CodeChoice, sets: Sets, stay: Stay) -> Iterator[tuple[str, Stay]]:
    field, others = CodeField.OTHER_DIAGNOSES, stay.other_diagnoses
    inside = [code for code in others if _is_in(choice.scheme, sets, code, stay)]
    left = tuple(code for code in others if code not in inside)
    yield _fact(field, _joined(others), _joined(left)), replace(stay, other_diagnoses=left)
    if len(sets) == 1 and sets[0] in SEVERITY_SETS and len(inside) == 1:
        # An MCC or CC is there, and the principal diagnosis keeps it from counting.
        for code in choice.excluded(sets[0], stay.principal_diagnosis or ""):
            if code not in others:
                table = choice.scheme.complications[code].exclusion_table
                changed = tuple(code if other == inside[0] else other for other in others)
                fact = f"{_fact(field, _joined(others), _joined(changed))}, excluded by {table}"
                yield fact, replace(stay, other_diagnoses=changed)


def _is_in(scheme: Scheme, sets: Sets, code: str, stay: Stay) -> bool:
    levels = counting_levels(scheme, stay, [code])
    return any(
        name in levels if name in SEVERITY_SETS else code in scheme.sets[name] for name in sets
    )


def _with_code(choice: CodeChoice, field: CodeField, code: str, stay: Stay) -> tuple[str, Stay]:
    match field:
        case CodeField.PRINCIPAL_DIAGNOSIS:
            fact = _fact(field, stay.principal_diagnosis, code)
            return fact, replace(stay, principal_diagnosis=code)
        case CodeField.PRINCIPAL_PROCEDURE:
            fact = _fact(field, _joined(stay.procedures[:1]), code)
            return fact, replace(stay, procedures=(code, *stay.procedures[1:]))
        case CodeField.DEPARTMENT:
            return _fact(field, stay.department, code), replace(stay, department=code)
        case CodeField.OTHER_PROCEDURES:
            # An other procedure stands behind a principal one: that shall be one of no set.
            plain = choice.options(CodeField.PRINCIPAL_PROCEDURE, [], [])[:1]
            more = (*(stay.procedures or plain), code)
            return _fact(field, None, code), replace(stay, procedures=more)
        case CodeField.OTHER_DIAGNOSES:
            more = (*stay.other_diagnoses, code)
            return _fact(field, None, code), replace(stay, other_diagnoses=more)
        case CodeField.ITEM | CodeField.ITEM_KIND | CodeField.VISIT_TYPE:
            raise AssertionError(
                f"stays have no {field}: no rule of a scheme of kind drg asks for it"
            )


def _other_count(
    choice: CodeChoice, count: Count, held: bool, stay: Stay
) -> Iterator[tuple[str, Stay]]:
    """Take counted codes out of a list, or put one more in, until the count fails."""
    inside = choice.scheme.sets[count.set]
    wanted = codes_needed(count, not held)
    for field in count.fields:
        have = [code for code in stay.codes(field) if code in inside]
        if field == CodeField.OTHER_DIAGNOSES:
            column, codes, first = "other_diagnoses", stay.other_diagnoses, 0
        elif field == CodeField.OTHER_PROCEDURES:
            column, codes, first = "procedures", stay.procedures, 1
        else:
            continue
        if wanted > len(have):
            more = [code for code in sorted(inside) if code not in codes]
            changed = (*codes, *more[: wanted - len(have)])
        else:
            taken = set(have[max(wanted, len(have) - 1) :])
            kept = (code for code in codes[first:] if code not in taken)
            changed = (*codes[:first], *kept)
        yield _fact(field, _joined(codes), _joined(changed)), _changed(stay, column, changed)
        return


def _changed(stay: Stay, column: str, value: Any) -> Stay:
    return replace(stay, **{column: value})


def _joined(codes: tuple[str, ...]) -> str | None:
    return " ".join(codes) or None


def _fact(name: str, before: object, after: object) -> str:
    return f"{name}: {_shown(before)} -> {_shown(after)}"


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
