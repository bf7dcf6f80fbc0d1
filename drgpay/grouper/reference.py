"""The plain evaluator: one stay at a time, to be read beside docs/rule-language.md.

It is the definition of what grouping means; the compiled grouper must agree with it on every stay.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isnan
from typing import Any, Protocol

from drgpay.grouper.code_patterns import holds_code
from drgpay.grouper.rules.fields import (
    COLUMN_OF_FIELD,
    SEVERITY_SETS,
    CodeField,
    NumberField,
    kind_of,
)
from drgpay.grouper.rules.nodes import COMPARE, Always, And, Compare, Count, Member, Not, Or, Rule
from drgpay.grouper.scheme import (
    UNGROUPED_ADRG,
    UNGROUPED_DRG,
    UNGROUPED_MDC,
    Mdc,
    Scheme,
    Status,
    status_of,
)

STAY_LISTS = ("other_diagnoses", "procedures")
"""Columns of a stay that hold lists of codes."""

_TEXTS = ("principal_diagnosis", "department")


class Grouped(Protocol):
    """What rules are asked of: a stay, a visit or a service line."""

    @property
    def principal_diagnosis(self) -> str | None:
        """The principal diagnosis, which decides what MCC and CC mean."""

    def codes(self, field: CodeField) -> tuple[str, ...]:
        """The codes of a field, in order; empty when the field is missing."""

    def number(self, field: NumberField) -> float | None:
        """The number of a field, or None when it is missing."""


@dataclass(frozen=True)
class Stay:
    """What grouping may know of one stay; codes of the scheme's code system."""

    principal_diagnosis: str | None
    sex: float | None
    age: float | None
    other_diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    department: str | None = None
    age_days: float | None = None
    weight_g: float | None = None
    length_of_stay: float | None = None
    discharge_type: float | None = None

    @staticmethod
    def of(row: Mapping[str, Any]) -> "Stay":
        """The stay of a row of records; a column that is not there is missing."""
        values: dict[str, Any] = {}
        for name in (field.name for field in fields(Stay)):
            value = row.get(name)
            if name in STAY_LISTS:
                # An empty code keeps its place: what follows it is not the principal procedure.
                values[name] = tuple(code or "" for code in value or ())
            elif name in _TEXTS:
                values[name] = value or None
            else:
                values[name] = None if value is None or isnan(value) else float(value)
        return Stay(**values)

    def codes(self, field: CodeField) -> tuple[str, ...]:
        """The codes of a field, in order; empty when the field is missing."""
        match field:
            case CodeField.PRINCIPAL_DIAGNOSIS:
                return present(self.principal_diagnosis)
            case CodeField.OTHER_DIAGNOSES:
                return self.other_diagnoses
            case CodeField.PRINCIPAL_PROCEDURE:
                return self.procedures[:1]
            case CodeField.OTHER_PROCEDURES:
                return self.procedures[1:]
            case CodeField.DEPARTMENT:
                return present(self.department)
            case CodeField.ITEM | CodeField.ITEM_KIND | CodeField.VISIT_TYPE:
                return ()

    def number(self, field: NumberField) -> float | None:
        """The number of a field, or None when it is missing."""
        measured: float | None = getattr(self, COLUMN_OF_FIELD[field])
        return measured


@dataclass(frozen=True)
class Grouping:
    """The result of one stay; an invalid stay has no groups."""

    status: Status
    mdc: str | None
    adrg: str | None
    drg: str | None
    severity: str | None


def group_stay(scheme: Scheme, stay: Stay) -> Grouping:
    """Group one stay as docs/rule-language.md, "Grouping a stay", describes."""
    if not stay.principal_diagnosis or stay.sex is None or stay.age is None:
        return Grouping("invalid", None, None, None, None)
    severity = _severity(scheme, stay)
    found = walk(scheme, scheme.mdcs, stay)
    if found is None and scheme.info.options.retry_other_procedures:
        for procedure in stay.procedures[1:]:
            alone = _with_procedures(stay, (procedure,))
            found = found or walk(scheme, scheme.mdcs, alone)
    mdc, adrg, drg = found or (UNGROUPED_MDC, UNGROUPED_ADRG, UNGROUPED_DRG)
    return Grouping(status_of(adrg, drg), mdc, adrg, drg, severity)


def holds(scheme: Scheme, rule: Rule, stay: Grouped) -> bool:
    """Whether a rule is true of a stay, a visit or a line."""
    match rule:
        case Always(value):
            return value
        case Not(part):
            return not holds(scheme, part, stay)
        case And(parts):
            return all(holds(scheme, part, stay) for part in parts)
        case Or(parts):
            return any(holds(scheme, part, stay) for part in parts)
        case Member(fields, sets):
            return any(
                in_set(scheme, name, code, stay)
                for field in fields
                for code in stay.codes(field)
                for name in sets
            )
        case Count(name, fields, op, number):
            # A diagnosis and a procedure are different codes even if they are written alike.
            codes = {
                (kind_of(field), code)
                for field in fields
                for code in stay.codes(field)
                if in_set(scheme, name, code, stay)
            }
            return bool(COMPARE[op](len(codes), number))
        case Compare(field, op, number):
            measured = stay.number(field)
            return measured is not None and bool(COMPARE[op](measured, float(number)))


def counting_levels(scheme: Scheme, stay: Grouped, codes: Iterable[str]) -> set[str]:
    """The levels (MCC, CC) of those codes that the principal diagnosis does not exclude."""
    known = (code for code in codes if code in scheme.complications)
    return {scheme.complications[code].level for code in known if not excluded(scheme, stay, code)}


def excluded(scheme: Scheme, stay: Grouped, code: str) -> bool:
    """Whether the principal diagnosis stands in the exclusion table of this MCC or CC."""
    tables = scheme.excluding_tables.get(stay.principal_diagnosis or "", frozenset())
    return scheme.complications[code].exclusion_table in tables


def walk(scheme: Scheme, mdcs: Sequence[Mdc], stay: Grouped) -> tuple[str, str, str] | None:
    """MDC, ADRG and DRG: the first, in the order of these MDCs, whose rules are all true."""
    for mdc in mdcs:
        if holds(scheme, mdc.rule, stay):
            for adrg in mdc.adrgs:
                if holds(scheme, adrg.rule, stay):
                    for drg in adrg.drgs:
                        if holds(scheme, drg.rule, stay):
                            return mdc.code, adrg.code, drg.code
    return None


def in_set(scheme: Scheme, name: str, code: str, stay: Grouped) -> bool:
    """Whether a set holds a code of this stay; in schemes of kind apg also by a pattern."""
    if name in SEVERITY_SETS:
        return name in counting_levels(scheme, stay, [code])
    if scheme.info.kind == "apg":
        return holds_code(scheme.sets[name], code)
    return code in scheme.sets[name]


def _severity(scheme: Scheme, stay: Stay) -> str:
    levels = counting_levels(scheme, stay, stay.other_diagnoses)
    return "MCC" if "MCC" in levels else "CC" if "CC" in levels else "none"


def _with_procedures(stay: Stay, procedures: tuple[str, ...]) -> Stay:
    return Stay(**{**stay.__dict__, "procedures": procedures})


def present(code: str | None) -> tuple[str, ...]:
    """The code of a field with one code, or none."""
    return () if code is None else (code,)
