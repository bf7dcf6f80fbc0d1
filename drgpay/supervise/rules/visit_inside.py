"""visit_inside: a visit at another institution while the person lies in hospital (07)."""

import polars as pl

from drgpay.policy.fields import Section
from drgpay.supervise.found import Found, facts_of, hits_of, numbers_of, stakes_of, stay_rows
from drgpay.supervise.material import VISITS, Material
from drgpay.supervise.rule import Rule
from drgpay.supervise.visits_inside import visits_elsewhere


class Limits(Section):
    """It has none: a person is in one place."""


_COLUMNS = ("case_id", "person", "hospital_id", "admission_date", "discharge_date", "points")


def find(material: Material, _limits: Limits) -> Found:
    """Stays with such visits, one clue a stay; at stake are the points of the stay."""
    stays = material.stays(*_COLUMNS)
    visits = visits_elsewhere(material, stays)
    counted = visits.group_by("case_id").agg(visits=pl.len(), visited=pl.col("visited").n_unique())
    rows = (
        stays.join(counted, on="case_id")
        .pipe(stay_rows)
        .with_columns(
            reason_code=pl.lit("visit_inside"),
            numbers=numbers_of(visits=pl.col("visits"), hospitals=pl.col("visited")),
        )
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    each = visits.join(named.select("hit", "case_id"), on="case_id")
    key = pl.col("visit_id")
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", pl.col("points").fill_null(0))),
        pl.concat(
            [
                facts_of(each, "visited", "visits", key, "hospital_id", pl.col("visited")),
                facts_of(each, "visit_date", "visits", key, "visit_date", pl.col("visit_date")),
            ]
        ),
        checked=stays.height,
    )


RULE = Rule(Limits, find, needs=(VISITS,))
