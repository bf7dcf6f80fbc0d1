"""Rows that the record checks must find: each breaks exactly one check of docs/files.md."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from drgpay.sample.admissions import Admissions
from drgpay.sample.coding import Coding
from drgpay.sample.costs import Costs
from drgpay.sample.draws import Ints
from drgpay.sample.region_tables import RegionTables

FAULTY = 0.003
_TEN_YUAN = 1000


@dataclass(frozen=True)
class _Drawn:
    """Stays before they are written, and the region that they are drawn for."""

    region: RegionTables
    stays: Admissions
    coding: Coding
    costs: Costs


Fault = Callable[[_Drawn, Ints], None]


def add_faults(
    region: RegionTables,
    stays: Admissions,
    coding: Coding,
    costs: Costs,
    rng: np.random.Generator,
) -> None:
    """Spoil some rows, each in one of the ways of FAULTS; every hospital keeps one that is sound."""
    rows = np.flatnonzero(rng.random(len(stays.core)) < FAULTY)
    way = rng.integers(0, len(FAULTS), len(rows))
    hospitals = np.bincount(stays.hospital, minlength=len(region.hospitals))
    left = hospitals > np.bincount(stays.hospital[rows], minlength=len(hospitals))
    rows, way = rows[left[stays.hospital[rows]]], way[left[stays.hospital[rows]]]
    drawn = _Drawn(region, stays, coding, costs)
    for number, fault in enumerate(FAULTS):
        fault(drawn, rows[way == number])


def _no_principal(drawn: _Drawn, rows: Ints) -> None:
    drawn.coding.principal[rows] = -1


def _no_sex(drawn: _Drawn, rows: Ints) -> None:
    drawn.stays.sex[rows] = -1


def _wrong_sex(drawn: _Drawn, rows: Ints) -> None:
    """A principal diagnosis that belongs to the other sex."""
    noise = drawn.region.noise
    for sex, codes in ((1, noise.female_diagnoses), (2, noise.male_diagnoses)):
        wrong = rows[drawn.stays.sex[rows] == sex]
        if len(codes):
            drawn.coding.principal[wrong] = codes[wrong % len(codes)]


def _no_age(drawn: _Drawn, rows: Ints) -> None:
    drawn.stays.age[rows] = -1


def _infant_without_days(drawn: _Drawn, rows: Ints) -> None:
    stays = drawn.stays
    stays.age[rows], stays.age_days[rows], stays.weight_g[rows] = 0, -1, -1


def _newborn_without_weight(drawn: _Drawn, rows: Ints) -> None:
    stays = drawn.stays
    stays.age[rows], stays.age_days[rows], stays.weight_g[rows] = 0, 3, -1


def _reversed_dates(drawn: _Drawn, rows: Ints) -> None:
    drawn.stays.admission[rows] = drawn.stays.discharge[rows] + 3


def _broken_identity(drawn: _Drawn, rows: Ints) -> None:
    drawn.costs.patient[rows] += _TEN_YUAN


def _negative_cost(drawn: _Drawn, rows: Ints) -> None:
    """A refund booked as a stay: the parts still add up."""
    costs = drawn.costs
    for amounts in (costs.total, costs.fund, costs.patient, costs.other):
        amounts[rows] *= -1


FAULTS: tuple[Fault, ...] = (
    _no_principal,
    _no_sex,
    _wrong_sex,
    _no_age,
    _infant_without_days,
    _newborn_without_weight,
    _reversed_dates,
    _broken_identity,
    _negative_cost,
)
