"""hanging_bed 挂床: a long stay on whose days little was done (07)."""

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
    """min_days: of the stay. idle: from which share of its days without therapy on."""

    min_days: PositiveCount
    idle: Share


_COLUMNS = (
    *("case_id", "hospital_id", "admission_date", "discharge_date", "length_of_stay"),
    *("principal_diagnosis", "points"),
)


def find(material: Material, limits: Limits) -> Found:
    """Long stays most of whose days had no therapy; at stake are the points of the stay."""
    days = material.table("stay_days")
    if days is None:
        return Found(pl.DataFrame(schema=HIT_SCHEMA), not_run="table:stay_days")
    long = material.stays(*_COLUMNS).filter(pl.col("length_of_stay") >= limits.min_days)
    fine = material.listed("bedday_ok")
    if fine is not None:
        long = long.filter(~begins_with_any(pl.col("principal_diagnosis"), fine["code"].to_list()))
    idle = days.group_by("case_id").agg(
        told=pl.len(), idle=(pl.col("therapy_amount").fill_null(0) == 0).sum()
    )
    judged = long.join(idle, on="case_id", how="inner")
    reached = pl.col("idle") * 10_000 >= pl.col("told") * int(limits.idle * 10_000)
    rows = stay_rows(judged.filter(reached)).with_columns(
        reason_code=pl.lit("hanging_bed"),
        numbers=numbers_of(days=pl.col("told"), idle=pl.col("idle")),
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    key = pl.col("case_id")
    unknown = long.height - judged.height
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", pl.col("points").fill_null(0))),
        pl.concat(
            [
                facts_of(
                    named,
                    "days",
                    "stays",
                    key,
                    "length_of_stay",
                    pl.col("length_of_stay"),
                    limits.min_days,
                ),
                facts_of(
                    named, "idle", "stay_days", key, "therapy_amount", pl.col("idle"), limits.idle
                ),
            ]
        ),
        checked=judged.height,
        not_judged={"no_stay_days": unknown} if unknown else {},
        lacking=() if fine is not None else ("list:bedday_ok",),
    )


RULE = Rule(Limits, find, parts=(("visit_inside", "visits"),))
