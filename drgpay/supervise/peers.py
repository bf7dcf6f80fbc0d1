"""Peers of a hospital: those of its level and kind, or all where they are too few (07a)."""

from collections.abc import Mapping

import polars as pl


def peers_of(hospitals: pl.DataFrame, min_peers: int) -> Mapping[str, tuple[str, ...]]:
    """The peers of each hospital, without itself, sorted.

    hospitals: hospital_id, level, kind. Fewer than min_peers others of its level and kind: all others.
    """
    rows = hospitals.select("hospital_id", "level", "kind").unique().sort("hospital_id")
    every = rows["hospital_id"].to_list()
    alike: dict[tuple[str, str], list[str]] = {}
    for hospital, level, kind in rows.iter_rows():
        alike.setdefault((level, kind), []).append(hospital)
    found = {}
    for hospital, level, kind in rows.iter_rows():
        same = [one for one in alike[level, kind] if one != hospital]
        found[hospital] = tuple(
            same if len(same) >= min_peers else [one for one in every if one != hospital]
        )
    return found


def hospitals_of(stays: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, level, kind of the hospitals that have stays."""
    return stays.select("hospital_id", "level", "kind").unique(
        "hospital_id", keep="first", maintain_order=True
    )
