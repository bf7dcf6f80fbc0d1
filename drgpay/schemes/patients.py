"""The patients, by their numbers, whom a scheme can tell apart; the most ordinary come first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import floor

from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, NumberField
from drgpay.grouper.rules.nodes import COMPARE, Compare

_NEWBORN_DAYS = 28
_USUAL = {
    NumberField.SEX: 1,
    NumberField.AGE: 40,
    NumberField.AGE_DAYS: 100,
    NumberField.WEIGHT_G: 3300,
    NumberField.LENGTH_OF_STAY: 7,
    NumberField.DISCHARGE_TYPE: 1,
}
_RANGE = {
    NumberField.SEX: (1, 2),
    NumberField.AGE: (0, 120),
    NumberField.AGE_DAYS: (0, 364),
    NumberField.WEIGHT_G: (300, 9000),
    NumberField.LENGTH_OF_STAY: (0, 9999),
    NumberField.DISCHARGE_TYPE: (1, 9),
}


@dataclass(frozen=True)
class Patient:
    """The numbers of a stay: years, days (age 0 only), grams (age 0 only), days. None is missing."""

    sex: int
    age: int
    age_days: int | None
    weight_g: int | None
    length_of_stay: int | None
    discharge_type: int | None

    def number(self, field: NumberField) -> int | None:
        """The number of a field."""
        number: int | None = getattr(self, COLUMN_OF_FIELD[field])
        return number


def compares(compare: Compare, value: float | None) -> bool:
    """Whether a comparison holds of a number; never of a missing one."""
    return value is not None and bool(COMPARE[compare.op](value, float(compare.number)))


def patients(thresholds: Mapping[NumberField, tuple[float, ...]]) -> tuple[Patient, ...]:
    """All patients, with a number below, at and above each number that the rules compare with.

    First those who are consistent: days and weight only at age 0, a weight for every newborn, a
    length of stay and a discharge type. The others come last: records have them.
    """

    def values(field: NumberField) -> list[int]:
        return _values(field, thresholds.get(field, ()))

    def perhaps(field: NumberField) -> list[int | None]:
        return [*values(field), *([None] if thresholds.get(field) else [])]

    bodies = product(
        values(NumberField.AGE),
        [*values(NumberField.AGE_DAYS), None],
        [*values(NumberField.WEIGHT_G), None],
    )
    found = [
        Patient(sex, *body, stay, discharge)
        for body in bodies
        for sex, stay, discharge in product(
            values(NumberField.SEX),
            perhaps(NumberField.LENGTH_OF_STAY),
            perhaps(NumberField.DISCHARGE_TYPE),
        )
    ]
    return tuple(sorted(found, key=_strangeness))


class Patients:
    """The patients of a scheme, asked again and again for those who meet some comparisons."""

    def __init__(self, thresholds: Mapping[NumberField, tuple[float, ...]]) -> None:
        self._all = patients(thresholds)
        self._meeting: dict[tuple[tuple[Compare, bool], ...], tuple[Patient, ...]] = {}

    def meeting(self, numbers: tuple[tuple[Compare, bool], ...]) -> tuple[Patient, ...]:
        """Those of whom each comparison holds, or does not, as wanted."""
        if numbers not in self._meeting:
            self._meeting[numbers] = tuple(
                patient
                for patient in self._all
                if all(
                    compares(atom, patient.number(atom.field)) == wanted for atom, wanted in numbers
                )
            )
        return self._meeting[numbers]


def _consistent(patient: Patient) -> bool:
    days, weight = patient.age_days, patient.weight_g
    if patient.length_of_stay is None or patient.discharge_type is None:
        return False
    if patient.age > 0:
        return days is None and weight is None
    return days is not None and (weight is not None or days > _NEWBORN_DAYS)


def _values(field: NumberField, thresholds: Iterable[float]) -> list[int]:
    low, high = _RANGE[field]
    near = {floor(number) + step for number in thresholds for step in (-1, 0, 1)}
    extra = {NumberField.AGE_DAYS: {10}, NumberField.SEX: {2}, NumberField.AGE: {0}}
    found = {_USUAL[field], *extra.get(field, set()), *(n for n in near if low <= n <= high)}
    return sorted(found)


def _strangeness(patient: Patient) -> tuple[float, ...]:
    """Consistent adults first, then the consistent by how far they are from the usual."""
    stay, discharge = patient.length_of_stay, patient.discharge_type
    return (
        not _consistent(patient),
        patient.age == 0,
        abs(patient.age - _USUAL[NumberField.AGE]),
        patient.sex,
        *_far(NumberField.AGE_DAYS, patient.age_days),
        *_far(NumberField.WEIGHT_G, patient.weight_g),
        *_far(NumberField.LENGTH_OF_STAY, stay),
        *_far(NumberField.DISCHARGE_TYPE, discharge),
    )


def _far(field: NumberField, value: int | None) -> tuple[bool, int, int]:
    """Known before missing, near before far, small before great."""
    return (True, 0, 0) if value is None else (False, abs(value - _USUAL[field]), value)
