"""group_travel 结伴住院: the same persons are admitted together again and again (07)."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from drgpay.policy.fields import Count, PositiveCount, Section
from drgpay.supervise.found import HIT_SCHEMA, Found, facts_of, hits_of, numbers_of, stakes_of
from drgpay.supervise.material import Material
from drgpay.supervise.planned import is_planned, planned_known
from drgpay.supervise.rule import Rule


class Limits(Section):
    """min_persons: who are admitted together. within_days: between their admissions of one occasion.
    occasions: from which on they are a hit, and occasions_few: where a hospital has at most few_a_day
    admissions a day. in_days: from the first occasion to the last.
    """

    min_persons: PositiveCount
    within_days: Count
    occasions: PositiveCount
    occasions_few: PositiveCount
    few_a_day: PositiveCount
    in_days: PositiveCount


_COLUMNS = (
    *(
        "case_id",
        "person",
        "hospital_id",
        "admission_date",
        "discharge_date",
        "payment_unit",
        "drg",
    ),
    "principal_diagnosis",
)
_BUCKET = 500_000
"""Admissions that are looked at together: what is held at once is bounded, hospitals are whole."""


def find(material: Material, limits: Limits) -> Found:
    """Persons who share enough occasions: spans of days, of which none shares a day with another, in each
    of which all of them were admitted. Stays by bed-day and those that come back by plan do not count.

    Groups that share an admission are one clue; it ranks only. Admissions a day: those of the hospital
    in the days that the named runs cover.
    """
    if not planned_known(material):
        return Found(hits_of(pl.DataFrame(schema=HIT_SCHEMA).drop("hit")), not_run="list:planned")
    stays = material.stays(*_COLUMNS).filter(pl.col("payment_unit") == "drg")
    few = _few(stays, material, limits)
    asked = (
        stays.filter(pl.col("person").is_not_null() & ~is_planned(material))
        .select("case_id", "person", "hospital_id", "admission_date", "discharge_date")
        .with_columns(
            hospital=pl.col("hospital_id").rank("dense"),
            day=pl.col("admission_date").to_physical(),
        )
        .sort("hospital", "person", "day", "case_id")
    )
    parts = [
        _members(mine, _needed(mine, few, limits), limits)
        for mine in _buckets(asked.select("hospital", "hospital_id", "person", "day"))
    ]
    members = pl.concat([_NO_MEMBERS, *parts])
    return _found(members, asked, limits, stays.height)


def _few(stays: pl.DataFrame, material: Material, limits: Limits) -> pl.Series:
    """The hospitals with few admissions a day in the days that the runs cover."""
    days = (material.last_day - material.known_from).days + 1
    counted = (
        stays.filter(pl.col("admission_date").is_between(material.known_from, material.last_day))
        .group_by("hospital_id")
        .agg(admissions=pl.len())
    )
    busy = counted.filter(pl.col("admissions") > limits.few_a_day * days)["hospital_id"]
    every = stays["hospital_id"].unique()
    return every.filter(~every.is_in(busy.implode()))


def _needed(mine: pl.DataFrame, few: pl.Series, limits: Limits) -> pl.DataFrame:
    """hospital, needed: how many occasions make a hit there."""
    is_few = pl.col("hospital_id").is_in(few.implode())
    return (
        mine.select("hospital", "hospital_id")
        .unique()
        .select(
            "hospital",
            needed=pl.when(is_few).then(limits.occasions_few).otherwise(limits.occasions),
        )
    )


def _buckets(asked: pl.DataFrame) -> list[pl.DataFrame]:
    """The admissions in parts of whole hospitals, each of about _BUCKET admissions or one hospital."""
    sizes = asked.group_by("hospital").agg(size=pl.len()).sort("hospital")
    numbered = sizes.select(
        "hospital", bucket=(pl.col("size").cum_sum() - pl.col("size")) // _BUCKET
    )
    return asked.join(numbered, on="hospital").partition_by("bucket", include_key=False)


_NO_MEMBERS = pl.DataFrame(
    schema={"hospital": pl.UInt32, "person": pl.Int32, "day": pl.Int32, "clue": pl.Int64}
)


def _members(mine: pl.DataFrame, needed: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """hospital, person, day (of admission) and a number of their clue, of groups that share occasions enough.

    A window begins on each day that a person of it was admitted. What grows is the windows of a person, not
    the pairs of persons of a day: sequences of windows are lengthened by one at a time, and those that too
    few persons share are dropped before they grow.
    """
    days = mine.select("hospital", "person", "day", who=_who()).unique()
    days = days.join(needed, on="hospital").filter(pl.len().over("who") >= pl.col("needed"))
    if days.is_empty():
        return _NO_MEMBERS
    starts = days.select("hospital", w1="day").unique()
    windows = _shared(
        pl.concat(
            days.select("hospital", "who", "needed", w1=pl.col("day") - back).join(
                starts, on=["hospital", "w1"], how="semi"
            )
            for back in range(limits.within_days + 1)
        )
        .unique()
        .select("who", "needed", "w1", sequence=pl.col("hospital").cast(pl.Int64)),
        "w1",
        limits,
    )
    found, sequences = [], windows
    for length in range(1, max(limits.occasions, limits.occasions_few) + 1):
        if length > 1:
            sequences = _lengthened(sequences, windows, length, limits)
        names = [f"w{number + 1}" for number in range(length)]
        complete = sequences.filter(pl.col("needed") == length)
        found.append(_admissions(complete, days, names, limits))
        sequences = sequences.filter(pl.col("needed") > length)
    return _as_clues([one for one in found if one.height])


def _who() -> pl.Expr:
    """A person at a hospital as one whole number, by which joins and counts are quick."""
    return pl.col("hospital").cast(pl.Int64) * 2**32 + pl.col("person")


def _shared(rows: pl.DataFrame, newest: str, limits: Limits) -> pl.DataFrame:
    """The rows whose sequence, with its newest window, enough persons share; numbered anew by both."""
    window = pl.col(newest).cast(pl.Int64) + 2**20  # a day before 1970 has a negative number
    keyed = rows.with_columns(sequence=pl.col("sequence") * 2**21 + window)
    enough = keyed.group_by("sequence").len().filter(pl.col("len") >= limits.min_persons)
    numbered = enough.select("sequence", number=pl.col("sequence").rank("dense").cast(pl.Int64))
    return keyed.join(numbered, on="sequence").drop("sequence").rename({"number": "sequence"})


def _lengthened(
    sequences: pl.DataFrame, windows: pl.DataFrame, length: int, limits: Limits
) -> pl.DataFrame:
    """The sequences with a further window of each person, behind the last and within the days."""
    last, following = f"w{length - 1}", f"w{length}"
    joined = (
        sequences.lazy()
        .join(windows.lazy().select("who", pl.col("w1").alias(following)), on="who")
        .filter(
            (pl.col(following) > pl.col(last) + limits.within_days)
            & (pl.col(following) - pl.col("w1") < limits.in_days)
        )
        .collect()
    )
    return _shared(joined, following, limits)


def _admissions(
    complete: pl.DataFrame, days: pl.DataFrame, names: list[str], limits: Limits
) -> pl.DataFrame:
    """hospital, person, day, length, sequence: the admissions in the windows of complete sequences."""
    spans = [
        complete.select(
            "who", "sequence", length=pl.lit(len(names)), day=(pl.col(name) + after).cast(pl.Int32)
        )
        for name in names
        for after in range(limits.within_days + 1)
    ]
    known = days.select("who", "hospital", "person", "day")
    return pl.concat(spans).join(known, on=["who", "day"]).drop("who")


@dataclass(frozen=True)
class _Linked:
    """Rows that name an admission and a sequence, both numbered from 0."""

    admission: np.ndarray
    sequence: np.ndarray

    def clues(self) -> np.ndarray:
        """A number for each row: the same where sequences share an admission, directly or by others."""
        labels = np.arange(int(self.sequence.max()) + 1)
        while True:
            least = np.full(int(self.admission.max()) + 1, len(labels))
            np.minimum.at(least, self.admission, labels[self.sequence])
            better = labels.copy()
            np.minimum.at(better, self.sequence, least[self.admission])
            better = better[better]
            if np.array_equal(better, labels):
                return labels[self.sequence]
            labels = better


def _as_clues(found: list[pl.DataFrame]) -> pl.DataFrame:
    if not found:
        return _NO_MEMBERS
    rows = pl.concat(found)
    numbered = rows.select(
        admission=pl.struct("hospital", "person", "day").rank("dense") - 1,
        sequence=pl.struct("length", "sequence").rank("dense") - 1,
    )
    clues = _Linked(numbered["admission"].to_numpy(), numbered["sequence"].to_numpy()).clues()
    named = rows.select("hospital", "person", "day", clue=pl.Series(clues, dtype=pl.Int64))
    return named.unique().select(
        pl.col(name).cast(dtype) for name, dtype in _NO_MEMBERS.schema.items()
    )


def _found(members: pl.DataFrame, asked: pl.DataFrame, limits: Limits, checked: int) -> Found:
    named = members.join(asked, on=["hospital", "person", "day"]).sort(
        "hospital", "clue", "admission_date", "case_id"
    )
    times = pl.col("day").n_unique().over("hospital", "clue", "person")
    rows = (
        named.with_columns(times=times)
        .group_by("hospital", "clue", maintain_order=True)
        .agg(
            case_ids=pl.col("case_id"),
            keys=pl.col("case_id").tail(2),
            hospital_id=pl.col("hospital_id").first(),
            first=pl.col("admission_date").min(),
            last=pl.col("admission_date").max(),
            persons=pl.col("person").n_unique(),
            occasions=pl.col("times").max(),
        )
        .sort(pl.col("case_ids").list.join("\x1f"))
        .with_columns(
            reason_code=pl.lit("group_travel"),
            numbers=numbers_of(
                persons=pl.col("persons"),
                occasions=pl.col("occasions"),
                days=pl.lit(limits.within_days),
            ),
            file=pl.lit("none"),
        )
    )
    hits = hits_of(rows)
    named = named.join(rows.select("hospital", "clue", hit=hits["hit"]), on=["hospital", "clue"])
    key = pl.col("case_id")
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", points=pl.lit(0, pl.Int64))),
        pl.concat(
            [
                facts_of(
                    named,
                    "stay",
                    "cases",
                    key,
                    "admission_date",
                    pl.col("admission_date"),
                    limits.within_days,
                ),
                facts_of(named, "stay", "cases", key, "discharge_date", pl.col("discharge_date")),
            ]
        ),
        checked=checked,
    )


RULE = Rule(Limits, find)
