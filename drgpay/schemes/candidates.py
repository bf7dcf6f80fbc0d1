"""Stays that meet the requirements of an alternative, the plainest first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod

import pyarrow as pa

from drgpay.grouper.reference import Stay
from drgpay.grouper.rules.fields import SEVERITY_SETS, CodeField
from drgpay.grouper.rules.nodes import Compare, Count
from drgpay.schemes.alternatives import Alternative, sets_asked
from drgpay.schemes.code_choice import CodeChoice
from drgpay.schemes.contradiction import counts
from drgpay.schemes.patients import Patient, Patients

# More combinations than this are not even ordered.
_COMBINATIONS = 20_000
_SEVERITY_CHOICES = 3
_LISTS = (CodeField.OTHER_DIAGNOSES, CodeField.OTHER_PROCEDURES)

# What a stay is given for one requirement: codes, or codes once its principal diagnosis is known.
_Codes = tuple[str, ...]
_Option = _Codes | Callable[[str], _Codes]


@dataclass(frozen=True)
class Plan:
    """The choices for each part of a stay that meets an alternative."""

    patients: Sequence[Patient]
    principal_diagnosis: Sequence[str]
    principal_procedure: Sequence[str | None]
    department: Sequence[str | None]
    other_diagnoses: Sequence[Sequence[_Option]]
    other_procedures: Sequence[Sequence[_Option]]

    @property
    def possible(self) -> bool:
        """Whether there is something to choose from for every part."""
        return all(self._parts())

    def stays(self, width: int, limit: int) -> Iterator[Stay]:
        """Up to `limit` stays from the first `width` choices of each part, plain ones first."""
        sizes = [min(len(part), width) for part in self._parts()]
        while prod(sizes) > _COMBINATIONS:
            longest = sizes.index(max(sizes))
            sizes[longest] //= 2
        order = sorted(product(*(range(size) for size in sizes)), key=sum)
        for places in islice(order, limit):
            yield self._stay(places)

    def stays_along_each_part(self, limit: int) -> Iterator[Stay]:
        """For each part up to `limit` of its choices, beside the first choice of the others."""
        parts = self._parts()
        for varied, part in enumerate(parts):
            for place in range(1, min(len(part), limit)):
                yield self._stay([place * (number == varied) for number in range(len(parts))])

    def _parts(self) -> list[Sequence[object]]:
        single = [
            self.patients,
            self.principal_diagnosis,
            self.principal_procedure,
            self.department,
        ]
        return [*single, *self.other_diagnoses, *self.other_procedures]

    def _stay(self, places: Sequence[int]) -> Stay:
        """The stay with the choice at that place of each part."""
        principal = self.principal_diagnosis[places[1]]
        procedure = self.principal_procedure[places[2]]
        first = 4 + len(self.other_diagnoses)
        diagnoses = _codes(self.other_diagnoses, places[4:first], principal)
        others = _codes(self.other_procedures, places[first:], principal)
        return Stay(
            principal_diagnosis=principal,
            other_diagnoses=diagnoses,
            procedures=tuple(dict.fromkeys([*([procedure] if procedure else []), *others])),
            department=self.department[places[3]],
            **vars(self.patients[places[0]]),
        )


def plan(choice: CodeChoice, people: Patients, alternative: Alternative) -> Plan:
    """The plan of an alternative; it is not possible where the alternative contradicts itself."""
    numbers = tuple(
        (item.atom, item.holds) for item in alternative if isinstance(item.atom, Compare)
    )
    lists = {field: _listed(choice, alternative, field) for field in _LISTS}
    procedures = _single(choice, alternative, CodeField.PRINCIPAL_PROCEDURE)
    if procedures is None and lists[CodeField.OTHER_PROCEDURES]:
        procedures = _any(choice, alternative, CodeField.PRINCIPAL_PROCEDURE)
    principal = _single(choice, alternative, CodeField.PRINCIPAL_DIAGNOSIS)
    if principal is None:
        principal = _any(choice, alternative, CodeField.PRINCIPAL_DIAGNOSIS)
    departments = _single(choice, alternative, CodeField.DEPARTMENT)
    return Plan(
        patients=people.meeting(numbers),
        principal_diagnosis=principal,
        principal_procedure=[None] if procedures is None else procedures,
        department=[None] if departments is None else departments,
        other_diagnoses=lists[CodeField.OTHER_DIAGNOSES],
        other_procedures=lists[CodeField.OTHER_PROCEDURES],
    )


_TEXT, _TEXTS = pa.string(), pa.list_(pa.string())
STAY_FIELDS = [
    pa.field("sex", pa.int8()),
    pa.field("age", pa.int16()),
    pa.field("age_days", pa.int16()),
    pa.field("weight_g", pa.int32()),
    pa.field("department", _TEXT),
    pa.field("length_of_stay", pa.int32()),
    pa.field("discharge_type", pa.int8()),
    pa.field("principal_diagnosis", _TEXT),
    pa.field("other_diagnoses", _TEXTS),
    pa.field("procedures", _TEXTS),
]


def batch_of(stays: Sequence[Stay]) -> pa.RecordBatch:
    """Stays as the columns that grouping reads: STAY_FIELDS."""
    arrays = [
        pa.array([getattr(stay, field.name) for stay in stays], field.type) for field in STAY_FIELDS
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(STAY_FIELDS))


def _single(choice: CodeChoice, alternative: Alternative, field: CodeField) -> list[str] | None:
    wanted = sets_asked(alternative, field, holds=True)
    for item in alternative:
        if (
            isinstance(item.atom, Count)
            and _place(item.atom) == field
            and codes_needed(item.atom, item.holds)
        ):
            wanted.append((item.atom.set,))
    if not wanted:
        return None
    return choice.options(field, wanted, sets_asked(alternative, field, holds=False))


def _any(choice: CodeChoice, alternative: Alternative, field: CodeField) -> list[str]:
    return choice.options(field, [], sets_asked(alternative, field, holds=False))


def _listed(
    choice: CodeChoice, alternative: Alternative, field: CodeField
) -> list[Sequence[_Option]]:
    refused = sets_asked(alternative, field, holds=False)
    parts: list[Sequence[_Option]] = []
    for sets in sets_asked(alternative, field, holds=True):
        if len(sets) == 1 and sets[0] in SEVERITY_SETS and not refused:
            parts.append([_counting(choice, sets[0], n) for n in range(_SEVERITY_CHOICES)])
        else:
            parts.append([(code,) for code in choice.options(field, [sets], refused)])
    for item in alternative:
        if isinstance(item.atom, Count) and _place(item.atom) == field:
            needed = codes_needed(item.atom, item.holds)
            if needed:
                codes = sorted(choice.members(field, (item.atom.set,)))
                parts.append([tuple(codes[n : n + needed]) for n in range(len(codes) - needed + 1)])
    return parts


def _counting(choice: CodeChoice, level: str, place: int) -> Callable[[str], _Codes]:
    def codes(principal: str) -> _Codes:
        return tuple(choice.counting(level, principal, place + 1)[place:])

    return codes


def _place(atom: Count) -> CodeField:
    """The field that is given the counted codes: one that holds several, if there is one."""
    return next((field for field in atom.fields if field in _LISTS), atom.fields[0])


def codes_needed(atom: Count, holds: bool) -> int:
    """The fewest codes of the set with which a count holds, or does not."""
    most = atom.number + 2
    return next((n for n in range(most) if counts(atom.op, n, atom.number) == holds), most)


def _codes(parts: Sequence[Sequence[_Option]], places: Sequence[int], principal: str) -> _Codes:
    """The codes chosen for a list, each once."""
    codes: list[str] = []
    for part, place in zip(parts, places, strict=True):
        option = part[place]
        codes += option(principal) if callable(option) else option
    return tuple(dict.fromkeys(codes))
