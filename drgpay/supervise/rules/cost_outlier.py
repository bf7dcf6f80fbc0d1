"""cost_outlier: a cost that lies far above those of its group at its level (07)."""

import polars as pl

from drgpay.policy.fields import PositiveRatio, Section
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
from drgpay.supervise.robust import with_robust_z
from drgpay.supervise.rule import Rule


class Limits(Section):
    """robust_z: of the logarithm of the cost, above which a stay is a hit."""

    robust_z: PositiveRatio


_COLUMNS = (
    *("case_id", "hospital_id", "level", "admission_date", "discharge_date", "status", "drg"),
    "total_fen",
)


def find(material: Material, limits: Limits) -> Found:
    """Grouped stays whose cost lies beyond the limit; it ranks only, nothing is at stake."""
    stays = material.stays(*_COLUMNS).filter(
        (pl.col("status") == "grouped") & (pl.col("total_fen") > 0)
    )
    logs = stays.with_columns(log=pl.col("total_fen").cast(pl.Float64).log())
    judged = with_robust_z(logs, "log", ["drg", "level"])
    rows = (
        judged.filter(pl.col("z") > float(limits.robust_z))
        .pipe(stay_rows)
        .with_columns(
            reason_code=pl.lit("cost_outlier"),
            numbers=numbers_of(drg=pl.col("drg"), z=pl.col("z").round(2)),
        )
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    key = pl.col("case_id")
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", points=pl.lit(0, pl.Int64))),
        pl.concat(
            [
                facts_of(named, "cost", "cases", key, "total_cost", yuan_said("total_fen")),
                facts_of(
                    named, "robust_z", "cases", key, "z", pl.col("z").round(4), limits.robust_z
                ),
            ]
        ),
        checked=judged["z"].count(),
        not_judged={"mad_0": judged["z"].null_count()} if judged["z"].null_count() else {},
    )


RULE = Rule(Limits, find)
