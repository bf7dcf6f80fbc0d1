"""Rows that the record checks must find: each breaks exactly one check of docs/files.md."""

from collections.abc import Callable

import numpy as np

from drgpay.sample.admissions import Admissions
from drgpay.sample.coding import Coding
from drgpay.sample.costs import Costs
from drgpay.sample.draws import Ints
from drgpay.sample.region_tables import RegionTables

FAULTY = 0.003
_TEN_YUAN = 1000

Fault = Callable[[RegionTables, Admissions, Coding, Costs, Ints], None]


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
    for number, fault in enumerate(FAULTS):
        fault(region, stays, coding, costs, rows[way == number])


def _no_principal(
    region: RegionTables, stays: Admissions, coding: Coding, costs: Costs, rows: Ints
) -> None:
    coding.principal[rows] = -1


def _no_sex(
    region: RegionTables, stays: Admissions, coding: Coding, costs: Costs, rows: Ints
) -> None:
    stays.sex[rows] = -1


def _wrong_sex(
    region: RegionTables, stays: Admissions, coding: Coding, costs: Costs, rows: Ints
) -> None:
    """A principal diagnosis that belongs to the other sex."""
    for sex, codes in ((1, region.noise.female_diagnoses), (2, region.noise.male_diagnoses)):
        wrong = rows[stays.sex[rows] == sex]
        if len(codes):
            coding.principal[wrong] = codes[wrong % len(codes)]


def _no_age(
    region: RegionTables, stays: Admissions, coding: Coding, costs: Costs, rows: Ints
) -> None:
    stays.age[rows] = -1


def _infant_without_days(
    region: RegionTables, stays: Admissions, coding: Coding, costs: Costs, rows: Ints
) -> None:
    stays.age[rows], stays.age_days[rows], stays.weight_g[rows] = 0, -1, -1


def _newborn_without_weight(
    region: RegionTables, stays: Admissions, coding: Coding, costs: Costs, rows: Ints
) -> None:
    stays.age[rows], stays.age_days[rows], stays.weight_g[rows] = 0, 3, -1


def _reversed_dates(
    region: RegionTables, stays: Admissions, coding: Coding, costs: Costs, rows: Ints
) -> None:
    stays.admission[rows] = stays.discharge[rows] + 3


def _broken_identity(
    region: RegionTables, stays: Admissions, coding: Coding, costs: Costs, rows: Ints
) -> None:
    costs.patient[rows] += _TEN_YUAN


def _negative_cost(
    region: RegionTables, stays: Admissions, coding: Coding, costs: Costs, rows: Ints
) -> None:
    """A refund booked as a stay: the parts still add up."""
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
