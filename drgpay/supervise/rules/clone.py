"""clone 雷同: stays of several persons that are the same to the fen (07)."""

import numpy as np
import polars as pl

from drgpay.policy.fields import PositiveCount, Section
from drgpay.supervise.found import Found, facts_of, hits_of, numbers_of, stakes_of, yuan_said
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """persons: from how many on. days: between the first and the last discharge. package_groups: groups
    with a package price, in which equal costs mean nothing.
    """

    persons: PositiveCount
    days: PositiveCount
    package_groups: tuple[str, ...] = ()


_COLUMNS = (
    *("case_id", "person", "hospital_id", "admission_date", "discharge_date", "length_of_stay"),
    *("principal_diagnosis", "other_diagnoses", "procedures", "payment_unit", "status", "drg"),
    *("points", "total_fen"),
)
_SAME = ("hospital_id", "drg", "diagnoses", "operations", "length_of_stay", "total_fen")


def find(material: Material, limits: Limits) -> Found:
    """Sets of equal stays; at stake are all but the one discharged first (ties: first case_id)."""
    stays = material.stays(*_COLUMNS).filter(
        (pl.col("payment_unit") == "drg") & (pl.col("status") == "grouped")
    )
    package = pl.Series(sorted(limits.package_groups), dtype=pl.String)
    judged = stays.filter(~pl.col("drg").is_in(package.implode()))
    alike = _alike(judged, limits)
    sets = alike.group_by("set", maintain_order=True).agg(
        case_ids=pl.col("case_id"),
        keys=pl.col("case_id").tail(2),
        hospital_id=pl.col("hospital_id").first(),
        first=pl.col("admission_date").min(),
        last=pl.col("discharge_date").max(),
        persons=pl.col("person").n_unique(),
        drg=pl.col("drg").first(),
        yuan=yuan_said("total_fen").first(),
    )
    hits = hits_of(
        sets.with_columns(
            reason_code=pl.lit("clone"),
            file=pl.lit("chain"),
            numbers=numbers_of(persons=pl.col("persons"), drg=pl.col("drg"), yuan=pl.col("yuan")),
        )
    )
    named = alike.join(
        sets.select("set", hit=hits["hit"]), on="set", how="left", maintain_order="left"
    )
    is_first = pl.int_range(pl.len()).over("set") == 0
    stakes = named.select(
        "hit", "case_id", points=pl.when(is_first).then(0).otherwise(pl.col("points").fill_null(0))
    )
    key = pl.col("case_id")
    facts = [
        facts_of(named, "cost", "cases", key, "total_cost", yuan_said("total_fen")),
        facts_of(named, "days", "stays", key, "length_of_stay", pl.col("length_of_stay")),
        facts_of(named, "stay", "cases", key, "discharge_date", pl.col("discharge_date")),
    ]
    return Found(
        hits,
        stakes_of(stakes),
        pl.concat(facts),
        checked=judged.height,
        not_judged={"package": stays.height - judged.height} if len(package) else {},
    )


def _alike(stays: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Stays of sets of enough persons, by set, discharge and case_id, with the number of their `set`."""
    same = stays.with_columns(
        diagnoses=pl.concat_list("principal_diagnosis", pl.col("other_diagnoses").list.sort())
        .cast(pl.List(pl.String))
        .list.join("\x1f"),
        operations=pl.col("procedures").list.sort().list.join("\x1f"),
    )
    # Of most stays nothing has the same cost: only the rest is sorted and walked through.
    often = same.filter(pl.len().over(_SAME) >= limits.persons)
    ordered = often.sort(*_SAME, "discharge_date", "case_id")
    group = ordered.select(pl.struct(*_SAME).rle_id()).to_series().to_numpy()
    day = ordered["discharge_date"].cast(pl.Int32).to_numpy()
    sets = _sets(group, day, ordered["person"].to_numpy(), limits)
    return (
        ordered.with_columns(set=pl.Series(sets, dtype=pl.Int64))
        .filter(pl.col("set") >= 0)
        .drop("diagnoses", "operations")
    )


def _sets(group: np.ndarray, day: np.ndarray, person: np.ndarray, limits: Limits) -> np.ndarray:
    """The number of the set of each of the stays, which lie by group and day; -1 of those in none.

    A set begins with the earliest stay after which enough persons were discharged in time.
    """
    sets = np.full(len(group), -1, np.int64)
    ends: list[int] = (
        np.append(np.flatnonzero(np.diff(group)) + 1, len(group)).tolist() if len(group) else []
    )
    begin = number = 0
    for end in ends:
        one = begin
        while one < end:
            until = one + int(np.searchsorted(day[one:end], day[one] + limits.days, "right"))
            if len(np.unique(person[one:until])) >= limits.persons:
                sets[one:until] = number
                number += 1
                one = until
            else:
                one += 1
        begin = end
    return sets


RULE = Rule(Limits, find)
