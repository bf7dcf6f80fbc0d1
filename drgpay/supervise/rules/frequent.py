"""frequent: a person who was in hospital very often or very long within a year (07)."""

from datetime import timedelta

import polars as pl

from drgpay.policy.fields import PositiveCount, Section
from drgpay.supervise.found import Found, facts_of, hits_of, numbers_of, stakes_of
from drgpay.supervise.material import Material
from drgpay.supervise.planned import is_planned, knows_planned
from drgpay.supervise.rule import Rule


class Limits(Section):
    """stays, days: from how many on. span_days: up to the person's newest discharge."""

    stays: PositiveCount
    days: PositiveCount
    span_days: PositiveCount


_COLUMNS = (
    *("case_id", "person", "hospital_id", "admission_date", "discharge_date", "length_of_stay"),
    *("principal_diagnosis", "payment_unit", "drg"),
)


def find(material: Material, limits: Limits) -> Found:
    """Persons whose stays of drg payment, planned ones left out, reach a limit; it ranks only."""
    stays = material.stays(*_COLUMNS).filter(
        (pl.col("payment_unit") == "drg") & pl.col("person").is_not_null() & ~is_planned(material)
    )
    newest = pl.col("discharge_date").max().over("person")
    within = stays.filter(
        pl.col("discharge_date") > newest - timedelta(days=limits.span_days)
    ).sort("person", "discharge_date", "case_id")
    counted = within.with_columns(
        number=pl.int_range(1, pl.len() + 1).over("person"),
        days=pl.col("length_of_stay").cum_sum().over("person"),
    ).with_columns(passed=(pl.col("number") >= limits.stays) | (pl.col("days") >= limits.days))
    persons = (
        counted.filter(pl.col("passed").any().over("person"))
        .group_by("person", maintain_order=True)
        .agg(
            case_ids=pl.col("case_id"),
            keys=pl.col("case_id").filter("passed").head(1),
            hospital_id=pl.col("hospital_id").last(),
            hospitals=pl.col("hospital_id").n_unique(),
            first=pl.col("admission_date").min(),
            last=pl.col("discharge_date").max(),
            stays=pl.len(),
            days=pl.col("days").last(),
        )
        .sort(pl.col("keys").list.first())
    )
    hits = hits_of(
        persons.with_columns(
            reason_code=pl.lit("frequent"),
            file=pl.lit("none"),
            numbers=numbers_of(
                stays=pl.col("stays"), days=pl.col("days"), hospitals=pl.col("hospitals")
            ),
        )
    )
    named = persons.with_columns(hit=hits["hit"])
    members = named.select("hit", case_id="case_ids").explode("case_id")
    key = pl.col("keys").list.first()
    return Found(
        hits,
        stakes_of(members.with_columns(points=pl.lit(0, pl.Int64))),
        pl.concat(
            [
                facts_of(named, "stays", "stays", key, "stays", pl.col("stays"), limits.stays),
                facts_of(
                    named, "days", "stays", key, "length_of_stay", pl.col("days"), limits.days
                ),
            ]
        ),
        checked=stays["person"].n_unique(),
        lacking=() if knows_planned(material) else ("list:planned",),
    )


RULE = Rule(Limits, find)
