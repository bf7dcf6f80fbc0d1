"""The code lists of stays: those of the core and such as change no group."""

from dataclasses import dataclass

import numpy as np

from drgpay.sample.admissions import Admissions
from drgpay.sample.draws import (
    Choices,
    CodeLists,
    Flags,
    Ints,
    joined,
    lists_of_rows,
    zipf_shares,
)
from drgpay.sample.region_tables import RegionTables

_MOST_FURTHER_DIAGNOSES, _MOST_FURTHER_PROCEDURES = 8, 3
_COMPLICATED = 0.35  # stays that list a CC (or MCC) where it makes no difference
_GRAVE = 0.25  # of them an MCC
_UNKNOWN = 0.003


@dataclass
class Coding:
    """Numbers of the vocabulary; principal -1 is missing."""

    principal: Ints
    other_diagnoses: CodeLists
    procedures: CodeLists


def draw_coding(region: RegionTables, stays: Admissions, rng: np.random.Generator) -> Coding:
    """Write the codes of each stay."""
    rows = len(stays.core)
    cores, noise = region.cores, region.noise
    principal = cores.principal[stays.core]
    mean = rng.gamma(1.6, 1.6, rows)
    diagnoses = np.minimum(rng.poisson(mean), _MOST_FURTHER_DIAGNOSES)
    procedures = np.minimum(rng.poisson(0.45, rows), _MOST_FURTHER_PROCEDURES)
    unknown = rng.random(rows) < _UNKNOWN
    of_diagnosis = rng.random(rows) < 0.6
    return Coding(
        principal=principal,
        other_diagnoses=joined(
            [
                cores.other_diagnoses.take(stays.core),
                _complications(region, stays, rng),
                _without(_common(noise.diagnoses, diagnoses, rng), principal),
                _unknown(region, len(region.vocabulary.diagnoses), unknown & of_diagnosis, rng),
            ]
        ),
        procedures=joined(
            [
                cores.procedures.take(stays.core),
                _common(noise.procedures, procedures, rng),
                _unknown(region, len(region.vocabulary.procedures), unknown & ~of_diagnosis, rng),
            ]
        ),
    )


def _common(codes: Ints, sizes: Ints, rng: np.random.Generator) -> CodeLists:
    """That many different codes for each row; a code drawn twice for a row counts once."""
    rows = np.repeat(np.arange(len(sizes)), sizes)
    if not len(codes):
        return _none(len(sizes))
    choices = Choices.of(zipf_shares(len(codes)), np.array([len(codes)]))
    drawn = choices.draw(np.zeros(len(rows), np.int64), rng)
    different = np.unique(rows * len(codes) + drawn)
    return lists_of_rows(different // len(codes), codes[different % len(codes)], len(sizes))


def _complications(region: RegionTables, stays: Admissions, rng: np.random.Generator) -> CodeLists:
    """A CC or MCC for some stays whose group it does not change."""
    rows = len(stays.core)
    chance = rng.random(rows)
    cores, noise = region.cores, region.noise
    grave = cores.bears_mcc[stays.core] & (chance < _COMPLICATED * _GRAVE)
    other = cores.bears_cc[stays.core] & (chance < _COMPLICATED) & ~grave
    mcc, cc = (
        _common(noise.mcc, grave.astype(np.int64), rng),
        _common(noise.cc, other.astype(np.int64), rng),
    )
    return joined([mcc, cc])


def _without(lists: CodeLists, refused: Ints) -> CodeLists:
    """The lists without one code each."""
    rows = np.repeat(np.arange(len(refused)), lists.sizes)
    kept = lists.flat != refused[rows]
    return lists_of_rows(rows[kept], lists.flat[kept], len(refused))


def _unknown(region: RegionTables, size: int, chosen: Flags, rng: np.random.Generator) -> CodeLists:
    """One of the last codes of a vocabulary for each chosen row."""
    rows = np.flatnonzero(chosen)
    codes = size - 1 - rng.integers(0, region.vocabulary.unknown, len(rows))
    return lists_of_rows(rows, codes, len(chosen))


def _none(rows: int) -> CodeLists:
    return CodeLists(np.zeros(rows + 1, np.int64), np.empty(0, np.int64))
