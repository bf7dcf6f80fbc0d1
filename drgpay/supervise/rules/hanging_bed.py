"""hanging_bed 挂床: a stay on many days of which nothing was done, or during which the patient was elsewhere
(07).
"""

import polars as pl

from drgpay.policy.fields import PositiveCount, Section, Share
from drgpay.supervise.code_prefixes import begins_with_any
from drgpay.supervise.found import (
    HIT_SCHEMA,
    Found,
    facts_of,
    hits_of,
    numbers_of,
    stakes_of,
    stay_rows,
)
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """min_days: length of stay. idle_share: of the days with charges, those without therapy."""

    min_days: PositiveCount
    idle_share: Share


_VISITS = "visit_inside"
_COLUMNS = (
    *("case_id", "hospital_id", "admission_date", "discharge_date", "length_of_stay"),
    *("principal_diagnosis", "points"),
)


def find(material: Material, limits: Limits) -> Found:
    """Long stays, but those of the list `bedday_ok`, with idle days enough or a visit elsewhere inside; at
    stake are the points of the stay.

    A stay is one clue, whichever of the two it shows. Long stays without a row of stay_days are not judged
    by their days, and counted.
    """
    days, visited = material.table("stay_days"), material.earlier.get(_VISITS)
    if days is None and visited is None:
        return Found(
            hits_of(pl.DataFrame(schema=HIT_SCHEMA).drop("hit")), not_run="table:stay_days"
        )
    stays = material.stays(*_COLUMNS, current=True).filter(
        pl.col("length_of_stay") >= limits.min_days
    )
    listed = material.listed("bedday_ok")
    if listed is not None:
        stays = stays.filter(
            ~begins_with_any(pl.col("principal_diagnosis"), listed["code"].to_list())
        )
    judged = _with_days(stays, days).with_columns(
        visited=pl.col("case_id").is_in(_cases_of(visited).implode())
    )
    share = int(limits.idle_share * 10_000)
    idle = pl.col("idle") * 10_000 >= pl.col("charged") * share
    found = judged.with_columns(idle_enough=idle.fill_null(value=False)).filter(
        pl.col("idle_enough") | pl.col("visited")
    )
    unknown = judged["charged"].null_count() if days is not None else 0
    lacking = [] if listed is not None else ["bedday_ok"]
    if visited is None:
        lacking.append(_VISITS)
    return _found(found, limits, judged.height, unknown, tuple(lacking))


def _with_days(stays: pl.DataFrame, days: pl.DataFrame | None) -> pl.DataFrame:
    """The stays with charged, idle: days with charges, those of them without therapy; null where unknown.

    Several rows of a day are one day; days outside the stay do not count.
    """
    if days is None:
        nothing = pl.lit(None, pl.Int64)
        return stays.with_columns(charged=nothing, idle=nothing)
    inside = pl.col("date").is_between("admission_date", "discharge_date")
    counted = (
        days.join(stays.select("case_id", "admission_date", "discharge_date"), on="case_id")
        .filter(inside)
        .group_by("case_id", "date")
        .agg(therapy=pl.col("therapy_amount").sum())
        .group_by("case_id")
        .agg(charged=pl.len().cast(pl.Int64), idle=(pl.col("therapy") == 0).sum().cast(pl.Int64))
    )
    return stays.join(counted, on="case_id", how="left")


def _cases_of(hits: pl.DataFrame | None) -> pl.Series:
    if hits is None:
        return pl.Series([], dtype=pl.String)
    return hits["case_ids"].explode().drop_nulls().unique()


def _found(
    stays: pl.DataFrame, limits: Limits, checked: int, unknown: int, lacking: tuple[str, ...]
) -> Found:
    rows = stay_rows(stays).with_columns(
        reason_code=pl.when("idle_enough")
        .then(pl.lit("hanging_bed"))
        .otherwise(pl.lit("hanging_bed_visit")),
        numbers=numbers_of(
            stay=pl.col("length_of_stay"), days=pl.col("charged"), idle=pl.col("idle")
        ),
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    key = pl.col("case_id")
    known = named.drop_nulls("charged")
    idle = pl.format("{} / {}", "idle", "charged")
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", pl.col("points").fill_null(0))),
        pl.concat(
            [
                facts_of(
                    named,
                    "days",
                    "cases",
                    key,
                    "length_of_stay",
                    pl.col("length_of_stay"),
                    limits.min_days,
                ),
                facts_of(
                    known, "idle_days", "stay_days", key, "therapy_amount", idle, limits.idle_share
                ),
                facts_of(
                    named.filter("visited"), "visited", "visits", key, "visit_date", pl.lit("true")
                ),
            ]
        ),
        checked=checked,
        not_judged={"no_days": unknown} if unknown else {},
        lacking=lacking,
    )


RULE = Rule(Limits, find, parts=(("days", "stay_days"),), after=(_VISITS,))
