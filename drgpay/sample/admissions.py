"""Who is admitted where, with which core; when; and how the stay is paid for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drgpay.sample.draws import Flags, Floats, Ints, whole_numbers
from drgpay.sample.plan import Month
from drgpay.sample.region_tables import RegionTables

DRG, BED_DAY, FEE = 0, 1, 2
PAYMENT_UNITS = ("drg", "bed_day", "fee")
BED_DAY_CLASSES = ("psychiatry", "rehabilitation", "long_stay")
ACCOUNTS = ("employee", "resident")
_STRAY, _OUT_OF_AREA, _EMPLOYEE = 0.02, 0.03, 0.42
_RETURNS = 0.019  # some of them find no first stay
_BED_DAY, _BED_DAY_OF_CLASS_HOSPITAL, _FEE = 0.007, 0.45, 0.005
_TRANSFER = 0.02
# Shares of the discharge types 1, 3, 4, 5, 9 among stays that end without a transfer.
_DIED = 5
_DISCHARGE_TYPES = (1, 3, 4, _DIED, 9)
_DISCHARGE_SHARES = (0.945, 0.012, 0.026, 0.009, 0.008)
# Odd, so that different numbers stay different under multiplication modulo a power of two.
_SCATTER = np.uint64(0x9E3779B97F4A7C15)
_PERSON_BITS = np.uint64((1 << 44) - 1)


@dataclass
class Admissions:
    """One row a stay; settlement is ascending and counted from the first day of the month."""

    hospital: Ints
    core: Ints
    person: NDArray[np.uint64]
    account: Ints
    out_of_area: Flags
    sex: Ints
    age: Ints
    age_days: Ints  # -1 from the age of 1 on
    weight_g: Ints  # -1 for all but newborns
    unit: Ints
    bed_day_class: Ints  # -1 unless the unit is bed_day
    discharge_type: Ints
    complete: Flags
    length_of_stay: Ints
    admission: Ints
    discharge: Ints
    settlement: Ints


def draw_admissions(
    region: RegionTables, month: Month, first_serial: int, rows: int, rng: np.random.Generator
) -> tuple[Admissions, Flags]:
    """Draw the stays of a part of a month; the flags mark those of returning patients."""
    hospital = rng.choice(len(region.hospitals), rows, p=region.hospital_shares)
    group = region.group_of_hospital.draw(hospital, rng) % len(region.groups.weight)
    core = region.core_of_group.draw(group, rng)
    stray = rng.random(rows) < _STRAY
    core[stray] = rng.choice(region.stray_cores, int(stray.sum()))
    kind = region.cores.patient_rows[region.cores.patients.draw(core, rng)]
    patients = region.patients
    age = ages_of(region.age_shares, patients.age[kind], rng)
    unit, bed_day_class = _payment(region, hospital, rng)
    transfer = (rng.random(rows) < _TRANSFER) & (unit == DRG)
    ordinary = rng.choice(_DISCHARGE_TYPES, rows, p=_DISCHARGE_SHARES)
    stays = Admissions(
        hospital=hospital,
        core=core,
        person=person_numbers(month, first_serial, rows),
        account=(rng.random(rows) >= _EMPLOYEE).astype(np.int64),
        out_of_area=rng.random(rows) < _OUT_OF_AREA,
        sex=patients.sex[kind],
        age=age,
        age_days=whole_numbers(patients.days[kind, 0], patients.days[kind, 1], rng),
        weight_g=whole_numbers(patients.weight[kind, 0], patients.weight[kind, 1], rng),
        unit=unit,
        bed_day_class=bed_day_class,
        discharge_type=np.where(transfer, 2, ordinary),
        complete=~transfer,
        length_of_stay=_lengths(region, core, unit, transfer, rng),
        admission=np.zeros(rows, np.int64),
        discharge=np.zeros(rows, np.int64),
        settlement=np.sort(_settlement_days(month, rows, rng)),
    )
    # Most stays are settled at discharge, some a few days later.
    stays.discharge = stays.settlement - rng.choice(4, rows, p=(0.82, 0.1, 0.05, 0.03))
    stays.admission = stays.discharge - stays.length_of_stay
    return stays, _add_returns(stays, rng)


def ages_of(shares: Floats, ranges: Ints, rng: np.random.Generator) -> Ints:
    """An age within each of the ranges, as frequent as `shares` say."""
    total = np.concatenate(([0.0], np.cumsum(shares)))
    low, high = total[ranges[:, 0]], total[ranges[:, 1] + 1]
    place = low + rng.random(len(ranges)) * (high - low)
    drawn = np.searchsorted(total, place, side="right") - 1
    ages: Ints = np.clip(drawn, ranges[:, 0], ranges[:, 1])
    return ages


def person_numbers(month: Month, first_serial: int, rows: int) -> NDArray[np.uint64]:
    """Numbers that differ between all stays of all months and tell nothing."""
    serial = np.arange(first_serial, first_serial + rows, dtype=np.uint64)
    number = (np.uint64(month.number) << np.uint64(28)) | serial
    return (number * _SCATTER) & _PERSON_BITS


def _payment(region: RegionTables, hospital: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """The payment unit and the bed-day class of each stay."""
    usual = np.array(
        [
            BED_DAY_CLASSES.index(each.bed_day_class) if each.bed_day_class else -1
            for each in region.hospitals
        ]
    )[hospital]
    chance = rng.random(len(hospital))
    bed_day = chance < np.where(usual >= 0, _BED_DAY_OF_CLASS_HOSPITAL, _BED_DAY)
    unit = np.where(bed_day, BED_DAY, np.where(chance > 1 - _FEE, FEE, DRG))
    drawn = rng.choice(len(BED_DAY_CLASSES), len(hospital), p=(0.2, 0.35, 0.45))
    return unit, np.where(bed_day, np.where(usual >= 0, usual, drawn), -1)


def _lengths(
    region: RegionTables, core: Ints, unit: Ints, transfer: Flags, rng: np.random.Generator
) -> Ints:
    weight = region.groups.weight[region.cores.group[core]]
    typical = np.minimum(3.2 + 3.6 * np.sqrt(weight), 25)
    days = typical * np.exp(rng.normal(0, 0.42, len(core)))
    days *= np.where(transfer, rng.uniform(0.2, 0.8, len(core)), 1.0)
    long = rng.integers(20, 121, len(core))
    return np.where(unit == BED_DAY, long, np.clip(np.rint(days), 1, 90)).astype(np.int64)


def _settlement_days(month: Month, rows: int, rng: np.random.Generator) -> Ints:
    """Days from the first of the month on; fewer patients go home at a weekend."""
    weekdays = (np.arange(month.days) + month.first_day.weekday()) % 7
    shares = np.where(weekdays >= 5, 0.6, 1.0)
    return rng.choice(month.days, rows, p=shares / shares.sum())


def _add_returns(stays: Admissions, rng: np.random.Generator) -> Flags:
    """Turn some stays into a return of an earlier patient, 1-20 days after the discharge.

    Returns which stays are those of such patients. The dead do not return.
    """
    rows = len(stays.core)
    second = np.flatnonzero((rng.random(rows) < _RETURNS) & (stays.settlement >= 3))
    day = stays.settlement[second]
    first_day = whole_numbers(np.maximum(day - 21, 0), day - 2, rng)
    start = np.searchsorted(stays.settlement, first_day)
    end = np.searchsorted(stays.settlement, first_day + 1)
    first = whole_numbers(start, end - 1, rng)
    # Each first stay once, and no stay on both sides: a copied patient must not change afterwards.
    usable = (end > start) & ~np.isin(first, second) & (stays.unit[first] == DRG)
    first, kept = np.unique(first[usable], return_index=True)
    second = second[usable][kept]

    for values in (stays.hospital, stays.core, stays.account, stays.sex, stays.age, stays.age_days):
        values[second] = values[first]
    for more in (stays.weight_g, stays.out_of_area, stays.person, stays.unit, stays.bed_day_class):
        more[second] = more[first]
    stays.complete[second] = True
    stays.discharge_type[second] = 1
    stays.discharge_type[first[stays.discharge_type[first] == _DIED]] = 1
    stays.discharge[first] = stays.settlement[first]
    stays.admission[first] = stays.discharge[first] - stays.length_of_stay[first]
    stays.discharge[second] = stays.settlement[second]
    free = stays.discharge[second] - stays.discharge[first]
    length = whole_numbers(np.ones_like(free), np.minimum(free - 1, 14), rng)
    gap = np.minimum(free - length, 20)
    stays.length_of_stay[second] = free - gap
    stays.admission[second] = stays.discharge[first] + gap
    returning: Flags = np.zeros(rows, dtype=np.bool_)
    returning[first] = returning[second] = True
    return returning
