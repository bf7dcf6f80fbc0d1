"""clone 雷同: stays of several persons that are the same to the fen (07)."""

import polars as pl

from drgpay.policy.fields import Count, PositiveCount, Section
from drgpay.supervise.found import Found, facts_of, hits_of, numbers_of, stakes_of, yuan_said
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """min_persons: with the same stay. within_days: between the first and the last of their discharges."""

    min_persons: PositiveCount
    within_days: Count


_COLUMNS = (
    *("case_id", "person", "hospital_id", "drg", "length_of_stay", "total_fen"),
    *("principal_diagnosis", "other_diagnoses", "procedures", "status", "payment_unit"),
    *("admission_date", "discharge_date", "points"),
)
_ALIKE = ["hospital_id", "drg", "length_of_stay", "total_fen"]
_CODES = ["principal_diagnosis", "other_diagnoses", "procedures"]


def find(material: Material, limits: Limits) -> Found:
    """Same stays of enough persons within the days; at stake are all but the first discharged (ties: the
    first case_id). Groups of the list `package` have one price by rule and are left out.

    Spans of days that share a stay are one clue.
    """
    stays = material.stays(*_COLUMNS).filter(
        (pl.col("payment_unit") == "drg")
        & (pl.col("status") == "grouped")
        & pl.col("person").is_not_null()
    )
    packages = material.listed("package")
    if packages is not None:
        stays = stays.filter(~pl.col("drg").is_in(packages["code"].implode()))
    members = _members(_alike(stays, limits), limits)
    hits = _hits(members)
    named = members.with_columns(hit=(pl.col("clue") - 1).cast(pl.UInt32))
    first = pl.int_range(pl.len()).over("hit") == 0
    key = pl.col("case_id")
    return Found(
        hits,
        stakes_of(
            named.select("hit", "case_id", points=pl.when(first).then(0).otherwise("points"))
        ),
        pl.concat(
            [
                facts_of(named, "stay", "cases", key, "admission_date", pl.col("admission_date")),
                facts_of(
                    named,
                    "stay",
                    "cases",
                    key,
                    "discharge_date",
                    pl.col("discharge_date"),
                    limits.within_days,
                ),
                facts_of(named, "cost", "cases", key, "total_cost", yuan_said("total_fen")),
                facts_of(named, "group", "cases", key, "drg", pl.col("drg")),
            ]
        ),
        checked=stays.height,
        lacking=() if packages is not None else ("package",),
    )


def _alike(stays: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """The stays that enough persons have, each with the number `alike` of what they share.

    Numbers are compared first: the codes of few stays have to be sorted.
    """
    likely = stays.filter(pl.col("person").n_unique().over(_ALIKE) >= limits.min_persons)
    sorted_codes = likely.with_columns(pl.col(_CODES[1:]).fill_null([]).list.sort())
    joined = sorted_codes.with_columns(pl.col(_CODES[1:]).list.join(";"))
    enough = pl.col("person").n_unique().over([*_ALIKE, *_CODES]) >= limits.min_persons
    alike = pl.struct(*_ALIKE, *_CODES).rank("dense")
    return joined.filter(enough).with_columns(
        alike=alike, day=pl.col("discharge_date").to_physical()
    )


def _members(alike: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """The stays within a span of days in which enough persons have them, with the number of their clue.

    A span begins with a discharge. Persons are counted by day, so that many stays of a day cost no more
    than one row each for every day of a span.
    """
    days = alike.select("alike", "day", "person").unique()
    starts = days.select("alike", start="day").unique()
    spans = [
        days.with_columns(start=pl.col("day") - back).join(
            starts, on=["alike", "start"], how="semi"
        )
        for back in range(limits.within_days + 1)
    ]
    counted = (
        pl.concat(spans)
        .group_by("alike", "start")
        .agg(persons=pl.col("person").n_unique(), end=pl.col("day").max())
        .filter(pl.col("persons") >= limits.min_persons)
        .sort("alike", "start")
    )
    apart = pl.col("start") > pl.col("end").shift(1).over("alike")
    clues = (
        counted.with_columns(clue=apart.fill_null(value=True).cast(pl.Int64).cum_sum())
        .group_by("clue", "alike")
        .agg(start=pl.col("start").min(), end=pl.col("end").max())
        .sort("alike", "start")
    )
    within = (
        alike.sort("day")
        .join_asof(
            clues.sort("start"),
            left_on="day",
            right_on="start",
            by="alike",
            check_sortedness=False,  # both are sorted by day, in each group too
        )
        .filter(pl.col("day") <= pl.col("end"))
    )
    return within.sort("clue", "discharge_date", "case_id")


def _hits(members: pl.DataFrame) -> pl.DataFrame:
    rows = members.group_by("clue", maintain_order=True).agg(
        case_ids=pl.col("case_id"),
        keys=pl.col("case_id").tail(2),
        hospital_id=pl.col("hospital_id").first(),
        first=pl.col("admission_date").min(),
        last=pl.col("discharge_date").max(),
        persons=pl.col("person").n_unique(),
        drg=pl.col("drg").first(),
    )
    return hits_of(
        rows.with_columns(
            reason_code=pl.lit("clone"),
            numbers=numbers_of(
                stays=pl.col("case_ids").list.len(), persons=pl.col("persons"), drg=pl.col("drg")
            ),
            file=pl.lit("chain"),
        )
    )


RULE = Rule(Limits, find)
