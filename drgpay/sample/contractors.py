"""The insured persons of the region, and the contractors that have them under contract."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from drgpay.sample.admissions import ACCOUNTS
from drgpay.sample.draws import Floats, Ints
from drgpay.sample.patients import age_shares

_CONTRACTED = 0.85
_EMPLOYEES = 0.45
_OUT_OF_AREA = 0.02
_BLOCK = 1_000_000


@dataclass(frozen=True)
class Contractors:
    """contractor_ids and the share of the contracted persons that each has."""

    ids: tuple[str, ...]
    shares: Floats


@dataclass(frozen=True)
class Persons:
    """What is drawn of persons: contractor is the place in Contractors, -1 without a contract."""

    account: Ints
    contractor: Ints
    out_of_area: NDArray[np.bool_]
    sex: Ints
    age: Ints


def load_contractors() -> Contractors:
    """contractors.csv of this package."""
    text = files("drgpay.sample").joinpath("contractors.csv").read_bytes()
    frame = pl.read_csv(text)
    shares = frame["share"].to_numpy()
    return Contractors(tuple(frame["contractor_id"]), shares / shares.sum())


def persons_of(numbers: Ints, seed: int, contractors: Contractors) -> Persons:
    """The persons of some numbers: a person is the same on every visit and in every month."""
    chance = [_chance(numbers, seed, place) for place in range(5)]
    out_of_area = chance[1] < _OUT_OF_AREA
    bounds = np.cumsum(contractors.shares)[:-1] * _CONTRACTED
    place = np.searchsorted(bounds, chance[2], side="right")
    ages = np.cumsum(age_shares())
    return Persons(
        account=(chance[0] >= _EMPLOYEES).astype(np.int64),
        contractor=np.where((chance[2] < _CONTRACTED) & ~out_of_area, place, -1),
        out_of_area=out_of_area,
        sex=np.where(chance[3] < 0.5, 1, 2),
        age=np.minimum(np.searchsorted(ages, chance[4], side="right"), len(ages) - 1),
    )


def write_enrolment(persons: int, seed: int, contractors: Contractors, path: Path) -> None:
    """Write contractor_id, account and heads, counted over all persons."""
    heads = np.zeros((len(contractors.ids), len(ACCOUNTS)), dtype=np.int64)
    for first in range(0, persons, _BLOCK):
        found = persons_of(np.arange(first, min(first + _BLOCK, persons)), seed, contractors)
        own = found.contractor >= 0
        np.add.at(heads, (found.contractor[own], found.account[own]), 1)
    rows = [
        (contractor, account, int(heads[place, number]))
        for place, contractor in enumerate(contractors.ids)
        for number, account in enumerate(ACCOUNTS)
        if heads[place, number]
    ]
    frame = pl.DataFrame(rows, schema=["contractor_id", "account", "heads"], orient="row")
    frame.write_csv(path)


def _chance(numbers: Ints, seed: int, place: int) -> Floats:
    """A number from 0 to 1 for each person that tells nothing (the mixer of SplitMix64)."""
    start = np.uint64(((seed * 31 + place + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)
    mixed = numbers.astype(np.uint64) * np.uint64(0xD1342543DE82EF95) + start
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
