"""The kinds of patient that a scheme can tell apart by sex, age and birth weight."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from drgpay.grouper.rules.fields import NumberField
from drgpay.grouper.rules.nodes import COMPARE, Compare

OLDEST = 99
# The records want a weight up to this age.
_NEWBORN_DAYS = 28
_INFANTS = 0.012
# So rare that newborns come only from groups which no one else can reach.
_NEWBORNS = 1e-9


@dataclass(frozen=True)
class PatientKind:
    """Ranges, both ends included. `days` only at age 0, `weight` only for newborns."""

    sex: int
    age: tuple[int, int]
    days: tuple[int, int] | None
    weight: tuple[int, int] | None
    mass: float  # share of such people among all inpatients

    def meets(self, compare: Compare) -> bool:
        """Whether a comparison holds for this kind; a range lies on one side of each number."""
        found = {
            NumberField.SEX: self.sex,
            NumberField.AGE: self.age[0],
            NumberField.AGE_DAYS: self.days and self.days[0],
            NumberField.WEIGHT_G: self.weight and self.weight[0],
        }
        if compare.field not in found:
            return True  # not a matter of the patient
        value = found[compare.field]
        return value is not None and bool(COMPARE[compare.op](value, compare.number))


def age_shares() -> NDArray[np.float64]:
    """How many of the inpatients have each age in years."""
    ages = np.arange(OLDEST + 1)
    shares = np.exp(-0.5 * ((ages - 68) / 13) ** 2) + 0.4 * np.exp(-0.5 * ((ages - 38) / 13) ** 2)
    shares += 0.5 * np.exp(-ages / 4.0)
    shares[0] = 0
    shares *= (1 - _INFANTS) / shares.sum()
    shares[0] = _INFANTS
    return shares


def patient_kinds(thresholds: Mapping[NumberField, tuple[float, ...]]) -> tuple[PatientKind, ...]:
    """All kinds, cut at the numbers that the rules compare with."""
    return tuple(kind for sex in (1, 2) for kind in _kinds_of(sex, thresholds))


def _kinds_of(
    sex: int, thresholds: Mapping[NumberField, tuple[float, ...]]
) -> Iterator[PatientKind]:
    shares = age_shares() / 2
    for low, high in _cut(1, OLDEST, thresholds.get(NumberField.AGE, ())):
        yield PatientKind(sex, (low, high), None, None, float(shares[low : high + 1].sum()))
    cuts = (*thresholds.get(NumberField.AGE_DAYS, ()), _NEWBORN_DAYS)
    for days in _cut(0, 364, cuts):
        if days[0] > _NEWBORN_DAYS:
            yield PatientKind(sex, (0, 0), days, None, _INFANTS / 2)
            continue
        for weight in _cut(600, 4400, thresholds.get(NumberField.WEIGHT_G, ())):
            spread = (days[1] - days[0] + 1) * (weight[1] - weight[0] + 1)
            yield PatientKind(sex, (0, 0), days, weight, _NEWBORNS * spread)


def _cut(low: int, high: int, numbers: tuple[float, ...]) -> Iterator[tuple[int, int]]:
    """Ranges below, at and above each number."""
    starts = {low} | {
        place for n in numbers for place in (int(n), int(n) + 1) if low < place <= high
    }
    for start, end in pairwise([*sorted(starts), high + 1]):
        yield start, end - 1
