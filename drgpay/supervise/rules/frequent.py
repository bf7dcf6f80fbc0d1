"""frequent: a person who was in hospital again and again within a year (07)."""

from datetime import timedelta

import polars as pl

from drgpay.policy.fields import PositiveCount, Section
from drgpay.supervise.found import HIT_SCHEMA, Found, facts_of, hits_of, numbers_of, stakes_of
from drgpay.supervise.material import Material
from drgpay.supervise.planned import is_planned, planned_known
from drgpay.supervise.rule import Rule


class Limits(Section):
    """in_days: up to a person's newest discharge. stays, days: in them, from which on a person is a hit."""

    in_days: PositiveCount
    stays: PositiveCount
    days: PositiveCount


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


def find(material: Material, limits: Limits) -> Found:
    """Persons with enough stays, or enough days of stays, that ended in the days up to their newest
    discharge. Only stays paid by group count, and none that come back by plan. It ranks only.

    Of a stay that began before them the days in them count. The clue is that of the stay which passed the
    limit, so that further stays leave its id what it was.
    """
    if not planned_known(material):
        return Found(hits_of(pl.DataFrame(schema=HIT_SCHEMA).drop("hit")), not_run="list:planned")
    stays = material.stays(*_COLUMNS).filter(
        (pl.col("payment_unit") == "drg") & pl.col("person").is_not_null() & ~is_planned(material)
    )
    newest = pl.col("discharge_date").max().over("person")
    since = newest - timedelta(days=limits.in_days)
    in_span = stays.filter(pl.col("discharge_date") > since).with_columns(
        counted=pl.max_horizontal(
            (pl.col("discharge_date") - pl.max_horizontal("admission_date", since)).dt.total_days(),
            pl.lit(1),
        )
    )
    enough = (pl.len() >= limits.stays) | (pl.col("counted").sum() >= limits.days)
    members = (
        in_span.filter(enough.over("person"))
        .sort("person", "discharge_date", "admission_date", "case_id")
        .with_columns(
            passed=(pl.int_range(1, pl.len() + 1).over("person") >= limits.stays)
            | (pl.col("counted").cum_sum().over("person") >= limits.days)
        )
    )
    return _found(members, stays.height, limits)


def _found(members: pl.DataFrame, checked: int, limits: Limits) -> Found:
    rows = (
        members.group_by("person", maintain_order=True)
        .agg(
            case_ids=pl.col("case_id"),
            keys=pl.col("case_id").filter("passed").head(1),
            hospital_id=pl.col("hospital_id").last(),
            first=pl.col("admission_date").min(),
            last=pl.col("discharge_date").max(),
            days=pl.col("counted").sum(),
        )
        .sort(pl.col("keys").list.first())
        .with_columns(
            reason_code=pl.lit("frequent"),
            numbers=numbers_of(
                stays=pl.col("case_ids").list.len(),
                days=pl.col("days"),
                span=pl.lit(limits.in_days),
            ),
            file=pl.lit("none"),
        )
    )
    hits = hits_of(rows)
    named = members.join(rows.select("person", hit=hits["hit"]), on="person")
    key = pl.col("case_id")
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", points=pl.lit(0, pl.Int64))),
        pl.concat(
            [
                facts_of(named, "stay", "cases", key, name, pl.col(name))
                for name in ("admission_date", "discharge_date")
            ]
            + [
                facts_of(
                    named, "days", "cases", key, "length_of_stay", pl.col("counted"), limits.days
                )
            ]
        ),
        checked=checked,
    )


RULE = Rule(Limits, find)
