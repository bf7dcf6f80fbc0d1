"""Persons with several stays: returns over the end of a month, courses of chemotherapy, transfers
and stays that overlap.

They take the place of stays that were drawn one by one. Who they are and when they come follows from
the seed and the calendar alone, so that two months agree on a person whichever of them is drawn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drgpay.sample.admissions import DRG, Admissions, ages_of, person_numbers
from drgpay.sample.draws import Flags, Ints, whole_numbers
from drgpay.sample.plan import Month
from drgpay.sample.region_tables import RegionTables

_OVER_MONTHS, _SERIES, _OVERLAPS, _TRANSFERS = 0.004, 0.0015, 0.0008, 0.0015
_RETURN_STREAM, _SERIES_STREAM, _PAIR_STREAM = 11, 12, 13  # apart from those of stays and visits
_CYCLE_DAYS, _LEAST_CYCLES, _MOST_CYCLES = 21, 3, 6
# Numbers of persons from here on belong to journeys; each kind has some of its own.
_FIRST_PERSON, _PERSONS_OF_KIND = 1 << 27, 1 << 24
_ORDINARY, _TRANSFERRED = 1, 2


@dataclass(frozen=True)
class Place:
    """Where the stays to be changed are: the part of the month, and how many stays such a part has
    in the smallest month of the plan.
    """

    seed: int
    month: Month
    part: int
    usual_rows: int


@dataclass
class _Persons:
    """One entry a person, with what their stays have of them."""

    person: NDArray[np.uint64]
    hospital: Ints
    core: Ints
    account: Ints
    out_of_area: Flags
    sex: Ints
    age: Ints
    age_days: Ints
    weight_g: Ints

    def take(self, rows: Ints) -> "_Persons":
        """Some of the persons, also several times."""
        return _Persons(**{name: values[rows] for name, values in vars(self).items()})


def add_journeys(region: RegionTables, place: Place, stays: Admissions, used: Flags) -> None:
    """Give the rows that `used` does not mark, where their day fits, to persons with several stays."""
    _add_returns_over_months(region, place, stays, used)
    _add_series(region, place, stays, used)
    _add_pairs(region, place, stays, used)


def _add_returns_over_months(
    region: RegionTables, place: Place, stays: Admissions, used: Flags
) -> None:
    """Stays that return to one of the month before, and such that the month after returns to."""
    days = place.month.days
    for month, here in ((place.month, 1), (Month(place.month.number + 1), 0)):
        rng = _stream(place, month.number, _RETURN_STREAM)
        count = round(place.usual_rows * _OVER_MONTHS)
        persons = _draw_persons(region, month, place.part, 0, count, rng)
        first = -rng.integers(1, 9, count)  # days from the first of the later month on
        second = rng.integers(1, 11, count)
        free = second - first
        length = whole_numbers(np.ones_like(free), np.minimum(free - 1, 10), rng)
        before = whole_numbers(np.full(count, 2), np.full(count, 9), rng)
        if here:
            _write(stays, _rows_of(stays, second, used), persons, second, length)
        else:
            first += days
            _write(stays, _rows_of(stays, first, used), persons, first, before)


def _add_series(region: RegionTables, place: Place, stays: Admissions, used: Flags) -> None:
    """Courses of chemotherapy: short stays of the same group every 21 days, three to six times."""
    if not len(region.series_cores):
        return
    start = place.month.first_day.toordinal()
    blocks = range(
        start // _CYCLE_DAYS - _MOST_CYCLES + 1, (start + place.month.days - 1) // _CYCLE_DAYS + 1
    )
    for block in blocks:
        # The persons whose course begins in these 21 days.
        rng = _stream(place, block, _SERIES_STREAM)
        count = round(place.usual_rows * _SERIES)
        persons = _draw_persons(region, Month(block), place.part, 1, count, rng)
        persons.core = rng.choice(region.series_cores, count)
        _draw_patients(region, persons, rng)
        phase = rng.integers(0, _CYCLE_DAYS, count)
        cycles = rng.integers(_LEAST_CYCLES, _MOST_CYCLES + 1, count)
        length = rng.integers(2, 5, count)
        for cycle in range(_MOST_CYCLES):
            day = (block + cycle) * _CYCLE_DAYS + phase - start
            now = np.flatnonzero((cycle < cycles) & (day >= 0) & (day < place.month.days))
            rows = _rows_of(stays, day[now], used)
            _write(stays, rows, persons.take(now), day[now], length[now])


def _add_pairs(region: RegionTables, place: Place, stays: Admissions, used: Flags) -> None:
    """Patients who go to another hospital: on the day of the discharge, or before it."""
    rng = _stream(place, place.month.number, _PAIR_STREAM)
    for kind, share in ((2, _TRANSFERS), (3, _OVERLAPS)):
        count = round(len(stays.core) * share)
        persons = _draw_persons(region, place.month, place.part, kind, count, rng)
        elsewhere = rng.choice(len(region.hospitals), count, p=region.hospital_shares)
        first = rng.integers(1, max(place.month.days - 9, 2), count)
        length = rng.integers(4, 9, count)
        second = first + rng.integers(3, 9, count)
        overlap = 0 if kind == 2 else 2
        other = elsewhere != persons.hospital
        rows = np.where(other, _rows_of(stays, first, used), -1)
        following = np.where(rows >= 0, _rows_of(stays, second, used), -1)
        rows = np.where(following >= 0, rows, -1)
        _write(stays, rows, persons, first, length)
        persons.hospital = elsewhere
        _write(stays, following, persons, second, second - first + overlap)
        if kind == 2:
            stays.discharge_type[rows[rows >= 0]] = _TRANSFERRED
            stays.complete[rows[rows >= 0]] = False


def _stream(place: Place, number: int, stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([place.seed, number, place.part, stream]))


def _draw_persons(
    region: RegionTables, month: Month, part: int, kind: int, count: int, rng: np.random.Generator
) -> _Persons:
    hospital = rng.choice(len(region.hospitals), count, p=region.hospital_shares)
    group = region.group_of_hospital.draw(hospital, rng) % len(region.groups.weight)
    first = _FIRST_PERSON + kind * _PERSONS_OF_KIND + part * (_PERSONS_OF_KIND >> 10)
    unknown = np.zeros(count, np.int64)
    persons = _Persons(
        person=person_numbers(month, first, count),
        hospital=hospital,
        core=region.core_of_group.draw(group, rng),
        account=(rng.random(count) >= 0.42).astype(np.int64),
        out_of_area=rng.random(count) < 0.03,
        sex=unknown,
        age=unknown,
        age_days=unknown,
        weight_g=unknown,
    )
    _draw_patients(region, persons, rng)
    return persons


def _draw_patients(region: RegionTables, persons: _Persons, rng: np.random.Generator) -> None:
    """Sex, age and weight as the core of each person has them."""
    kinds, patients = region.cores.patients.draw(persons.core, rng), region.patients
    kind = region.cores.patient_rows[kinds]
    persons.sex = patients.sex[kind]
    persons.age = ages_of(region.age_shares, patients.age[kind], rng)
    persons.age_days = whole_numbers(patients.days[kind, 0], patients.days[kind, 1], rng)
    persons.weight_g = whole_numbers(patients.weight[kind, 0], patients.weight[kind, 1], rng)


def _rows_of(stays: Admissions, days: Ints, used: Flags) -> Ints:
    """For each day a row that is settled on it and not used yet, -1 if there is none left."""
    free = np.flatnonzero(~used)
    settled = stays.settlement[free]
    start = np.searchsorted(settled, days)
    end = np.searchsorted(settled, days, side="right")
    order = np.argsort(days, kind="stable")
    nth = np.empty(len(days), np.int64)
    nth[order] = np.arange(len(days)) - np.searchsorted(days[order], days[order])
    there = start + nth < end
    rows = np.full(len(days), -1, np.int64)
    rows[there] = free[(start + nth)[there]]
    used[rows[there]] = True
    return rows


def _write(stays: Admissions, rows: Ints, persons: _Persons, day: Ints, length: Ints) -> None:
    """Ordinary stays of persons that end and are settled on a day; rows of -1 are left out."""
    kept = np.flatnonzero(rows >= 0)
    rows, persons = rows[kept], persons.take(kept)
    for name, values in vars(persons).items():
        getattr(stays, name)[rows] = values
    stays.unit[rows], stays.bed_day_class[rows] = DRG, -1
    stays.discharge_type[rows], stays.complete[rows] = _ORDINARY, True
    stays.discharge[rows] = day[kept]
    stays.length_of_stay[rows] = length[kept]
    stays.admission[rows] = day[kept] - length[kept]
