"""Funnels: a share of stays beside that of the peers, leave-one-out, with over-dispersion (07a; S4, S5).

Statistics: floats. nan where there is nothing to judge by.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from drgpay.supervise.robust import NORMAL

Floats = np.ndarray


@dataclass(frozen=True)
class Funnel:
    """Of each unit: the share of its peers, how far its own lies from it, and the over-dispersion."""

    theta: Floats
    z: Floats
    phi: Floats


def funnel(hits: Floats, n: Floats, others: Sequence[np.ndarray], min_n: int) -> Funnel:
    """Judge each unit by its others, without itself.

    hits, n: stays that count, and stays. others: of each unit the places of its peers. Units with fewer
    than min_n stays are not judged and count in no over-dispersion, but in what their peers share.
    """
    theta = np.array([_share(hits[one].sum(), n[one].sum()) for one in others], dtype=float)
    plain = np.where(n >= min_n, plain_z(hits, n, theta), np.nan)
    phi = np.array([overdispersion(plain[one]) for one in others], dtype=float)
    return Funnel(theta, held(plain, phi), phi)


def with_funnel(rows: pl.DataFrame, others: Sequence[np.ndarray], min_n: int) -> pl.DataFrame:
    """The rows (hits, n) with theta, z and phi, null where there is nothing to judge by."""
    found = funnel(
        rows["hits"].fill_null(0).to_numpy().astype(float),
        rows["n"].to_numpy().astype(float),
        others,
        min_n,
    )
    return rows.with_columns(
        pl.Series(name, values, dtype=pl.Float64).fill_nan(None)
        for name, values in (("theta", found.theta), ("z", found.z), ("phi", found.phi))
    )


def plain_z(hits: Floats, n: Floats, theta: Floats) -> Floats:
    """(p - theta) / sqrt(theta (1 - theta) / n); nan where theta or 1 - theta is 0, or n is."""
    there = np.where(n > 0, n, np.nan)
    spread = np.sqrt(theta * (1 - theta) / there)
    distance: Floats = (hits / there - theta) / np.where(spread > 0, spread, np.nan)
    return distance


def overdispersion(z: Floats) -> float:
    """phi = (1.4826 x median of |z|)^2 of the peers that are judged; nan where none is (S5)."""
    known = np.abs(z[~np.isnan(z)])
    return float((NORMAL * np.median(known)) ** 2) if known.size else float("nan")


def held(z: Floats, phi: Floats) -> Floats:
    """z, and z / sqrt(phi) where phi is above 1: several bad peers cannot widen the funnel (S4)."""
    wide = np.where(phi > 1, phi, 1.0)
    narrowed: Floats = z / np.sqrt(wide)
    return narrowed


def _share(hits: float, n: float) -> float:
    return float(hits / n) if n else float("nan")


def places_of(units: Sequence[str], peers: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """Where the peers of each unit stand among the units; those that are not there are left out."""
    place = {name: number for number, name in enumerate(units)}
    return [
        np.array([place[one] for one in theirs if one in place], dtype=np.int64) for theirs in peers
    ]


def each_other(groups: Sequence[object]) -> list[np.ndarray]:
    """Of each unit the places of the other units of its group."""
    members: dict[object, list[int]] = {}
    for number, group in enumerate(groups):
        members.setdefault(group, []).append(number)
    arrays = {group: np.array(places, dtype=np.int64) for group, places in members.items()}
    return [arrays[group][arrays[group] != number] for number, group in enumerate(groups)]
