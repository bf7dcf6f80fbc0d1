"""What a stay costs and who pays, in whole fen."""

from dataclasses import dataclass

import numpy as np

from drgpay.sample.admissions import BED_DAY, Admissions
from drgpay.sample.draws import Flags, Floats, Ints
from drgpay.sample.region_tables import RegionTables

_BASE_RATE = 9000.0  # yuan for the weight 1
_MONTHLY_GROWTH = 1.0025
_LEAST = 20000  # fen
_DAILY = np.array([330.0, 560.0, 420.0])  # yuan, by admissions.BED_DAY_CLASSES
_HIGH, _LOW, _SELF_PAID = 0.01, 0.015, 0.003
# What the pooled fund pays: less in bigger hospitals.
_FUND_SHARE = {"3A": 0.66, "3B": 0.68, "2A": 0.71, "2B": 0.72, "1": 0.75, "0": 0.76}
_EMPLOYEE_MORE, _RESIDENT_MORE, _OUT_OF_AREA_MORE = 0.05, -0.06, -0.08
_OTHER_FUNDS = 0.08


@dataclass
class Costs:
    """Fen, one entry a stay; total = fund + patient + other."""

    total: Ints
    fund: Ints
    patient: Ints
    other: Ints
    drug: Ints
    material: Ints
    exam: Ints


def draw_costs(
    region: RegionTables, stays: Admissions, months_before_last: int, rng: np.random.Generator
) -> Costs:
    """Draw the costs of stays that are settled so many months before the last."""
    rows = len(stays.core)
    self_paid = rng.random(rows) < _SELF_PAID
    yuan = np.where(
        stays.unit == BED_DAY, _bed_day_yuan(region, stays, rng), _drg_yuan(region, stays, rng)
    )
    yuan *= np.where(self_paid, rng.uniform(2.2, 3.0, rows), 1.0)
    yuan /= _MONTHLY_GROWTH**months_before_last
    total = np.maximum(np.rint(yuan * 100), _LEAST).astype(np.int64)
    fund = np.floor(total * _fund_shares(region, stays, self_paid, rng)).astype(np.int64)
    helped = rng.random(rows) < _OTHER_FUNDS
    other = np.where(helped, np.floor(total * rng.uniform(0.02, 0.12, rows)), 0).astype(np.int64)
    surgical = region.groups.surgical[region.cores.group[stays.core]]
    drug = rng.uniform(0.15, 0.42, rows) * np.where(surgical, 0.7, 1.0)
    material = rng.uniform(0.01, 0.08, rows) + np.where(surgical, rng.uniform(0.05, 0.35, rows), 0)
    exam = rng.uniform(0.08, 0.28, rows) * np.where(surgical, 0.7, 1.0)
    return Costs(
        total=total,
        fund=fund,
        patient=total - fund - other,
        other=other,
        drug=np.floor(total * drug).astype(np.int64),
        material=np.floor(total * material).astype(np.int64),
        exam=np.floor(total * exam).astype(np.int64),
    )


def _drg_yuan(region: RegionTables, stays: Admissions, rng: np.random.Generator) -> Floats:
    group = region.cores.group[stays.core]
    spread = region.groups.spread[group]
    rows = len(group)
    # The mean of exp(N(-s²/2, s)) is 1: the mean of a group stays weight × rate.
    yuan = np.exp(rng.normal(0, 1, rows) * spread - spread**2 / 2)
    yuan *= _BASE_RATE * region.groups.weight[group] * region.hospital_cost[stays.hospital]
    chance = rng.random(rows)
    yuan *= np.where(chance < _HIGH, rng.uniform(4, 8, rows), 1.0)
    yuan *= np.where(chance > 1 - _LOW, rng.uniform(0.1, 0.3, rows), 1.0)
    return yuan * np.where(stays.complete, 1.0, rng.uniform(0.2, 0.8, rows))


def _bed_day_yuan(region: RegionTables, stays: Admissions, rng: np.random.Generator) -> Floats:
    daily = _DAILY[stays.bed_day_class] * np.exp(rng.normal(0, 0.18, len(stays.core)))
    cost: Floats = daily * stays.length_of_stay * region.hospital_cost[stays.hospital]
    return cost


def _fund_shares(
    region: RegionTables, stays: Admissions, self_paid: Flags, rng: np.random.Generator
) -> Floats:
    rows = len(stays.core)
    shares = np.array([_FUND_SHARE[hospital.level] for hospital in region.hospitals])[
        stays.hospital
    ]
    shares = shares + np.where(stays.account == 0, _EMPLOYEE_MORE, _RESIDENT_MORE)
    shares += np.where(stays.out_of_area, _OUT_OF_AREA_MORE, 0.0) + rng.normal(0, 0.03, rows)
    # Where a patient asks for much that the fund does not cover, his part can exceed what the
    # group pays in all.
    return np.where(self_paid, rng.uniform(0.1, 0.2, rows), np.clip(shares, 0.5, 0.84))
