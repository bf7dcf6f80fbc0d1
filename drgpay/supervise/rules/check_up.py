"""check_up 体检住院: a stay without procedures of which nearly all that was charged is examinations (07)."""

import polars as pl

from drgpay.policy.fields import Section, Share
from drgpay.supervise.found import (
    Found,
    facts_of,
    hits_of,
    numbers_of,
    stakes_of,
    stay_rows,
    yuan_said,
)
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """exam_share: of examinations in the total cost, from which on a stay is a hit."""

    exam_share: Share


_COLUMNS = (
    *("case_id", "hospital_id", "admission_date", "discharge_date", "procedures"),
    *("points", "total_fen", "exam_fen"),
)


def find(material: Material, limits: Limits) -> Found:
    """Stays whose share of examinations reaches the limit; at stake are the points of the stay."""
    stays = material.stays(*_COLUMNS)
    known = stays.filter(pl.col("exam_fen").is_not_null() & (pl.col("total_fen") > 0))
    reached = pl.col("exam_fen") * 10_000 >= pl.col("total_fen") * int(limits.exam_share * 10_000)
    bare = pl.col("procedures").list.len().fill_null(0) == 0
    share = pl.col("exam_fen") / pl.col("total_fen")
    rows = (
        known.filter(bare & reached)
        .pipe(stay_rows)
        .with_columns(
            reason_code=pl.lit("check_up"),
            numbers=numbers_of(percent=(share * 100).round(1)),
        )
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    key = pl.col("case_id")
    unknown = stays.height - known.height
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", pl.col("points").fill_null(0))),
        pl.concat(
            [
                facts_of(named, "exams", "stays", key, "exam_cost", yuan_said("exam_fen")),
                facts_of(named, "cost", "cases", key, "total_cost", yuan_said("total_fen")),
                facts_of(named, "share", "stays", key, "share", share.round(4), limits.exam_share),
            ]
        ),
        checked=known.height,
        not_judged={"no_exam_cost": unknown} if unknown else {},
    )


RULE = Rule(Limits, find)
