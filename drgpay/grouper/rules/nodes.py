"""The tree of a parsed rule: small frozen nodes, checked when they are built."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Literal

from drgpay.base.errors import UnfitError
from drgpay.base.words import Sentences
from drgpay.grouper.rules.fields import DIAGNOSIS_FIELDS, SEVERITY_SETS, CodeField, NumberField

_ERRORS = Sentences("errors/grouper")

CompareOp = Literal["=", "!=", ">", ">=", "<", "<="]
CountOp = Literal[">=", ">", "="]
COMPARE: Mapping[CompareOp, Callable[[Any, Any], Any]] = {
    "=": eq,
    "!=": ne,
    ">": gt,
    ">=": ge,
    "<": lt,
    "<=": le,
}
"""What each operator asks of two numbers, or of a column and a number."""


@dataclass(frozen=True)
class Always:
    """A rule that does not look at the stay: the empty rule and `1` hold, `0` never does."""

    value: bool


@dataclass(frozen=True)
class Member:
    """`{fields} in {sets}`: some code of these fields is in one of these sets."""

    fields: tuple[CodeField, ...]
    sets: tuple[str, ...]

    def __post_init__(self) -> None:
        if any(name in SEVERITY_SETS for name in self.sets) and not set(self.fields) <= set(
            DIAGNOSIS_FIELDS
        ):
            raise UnfitError(_ERRORS.words("rule.severity_of_others"))


@dataclass(frozen=True)
class Compare:
    """`field op number`; false when the field is missing."""

    field: NumberField
    op: CompareOp
    number: Decimal


@dataclass(frozen=True)
class Count:
    """`length(set ∩ fields) op number`: how many different codes of these fields the set holds."""

    set: str
    fields: tuple[CodeField, ...]
    op: CountOp
    number: int

    def __post_init__(self) -> None:
        if self.set in SEVERITY_SETS:
            raise UnfitError(_ERRORS.words("rule.severity_counted"))


@dataclass(frozen=True)
class Not:
    """Holds when its part does not."""

    part: "Rule"


@dataclass(frozen=True)
class And:
    """Holds when every part does."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True)
class Or:
    """Holds when some part does."""

    parts: tuple["Rule", ...]


Atom = Always | Member | Compare | Count
Rule = Atom | Not | And | Or


def atoms(rule: Rule) -> Iterator[Atom]:
    """Every question that the rule asks of a stay, from left to right."""
    match rule:
        case Not(part):
            yield from atoms(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from atoms(part)
        case _:
            yield rule


def atom_text(atom: Atom, negated: bool = False) -> str:
    """A question, or its negation, in the rule language."""
    match atom:
        case Always(value):
            return "1" if value != negated else "0"
        case Member(fields, sets):
            word = "not in" if negated else "in"
            return f"{_braced(fields)} {word} {_braced(sets)}"
        case Compare(field, op, number):
            text = f"{field} {op} {number}"
        case Count(name, fields, op, at_least):
            text = f"length({name} ∩ {_braced(fields)}) {op} {at_least}"
    return f"not {text}" if negated else text


def _braced(names: tuple[str, ...]) -> str:
    return str(names[0]) if len(names) == 1 else "{" + ",".join(names) + "}"


def sets_of_fields(rule: Rule) -> Iterator[tuple[CodeField, str]]:
    """Every set that the rule asks of a field, with that field; MCC and CC too."""
    for atom in atoms(rule):
        match atom:
            case Member(fields, sets):
                yield from ((field, name) for field in fields for name in sets)
            case Count(name, fields):
                yield from ((field, name) for field in fields)


def field_names(rule: Rule) -> set[CodeField | NumberField]:
    """The fields the rule reads."""
    found: set[CodeField | NumberField] = set()
    for atom in atoms(rule):
        match atom:
            case Member(fields=fields) | Count(fields=fields):
                found.update(fields)
            case Compare(field=field):
                found.add(field)
    return found
