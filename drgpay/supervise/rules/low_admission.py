"""low_admission 低标准入院: a short, cheap stay without procedures that may have needed no bed (07)."""

import polars as pl

from drgpay.policy.fields import PositiveCount, Section, Share
from drgpay.supervise.code_prefixes import begins_with_any
from drgpay.supervise.found import (
    Found,
    facts_of,
    hits_of,
    numbers_of,
    stakes_of,
    stay_rows,
    yuan_said,
)
from drgpay.supervise.group_means import level_means
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """max_days: of the stay. below: of the mean of the group at the hospital's level. min_level_cases: of
    that mean; with fewer it is the group's mean times the factor of the level.
    """

    max_days: PositiveCount
    below: Share
    min_level_cases: PositiveCount


_COLUMNS = (
    *("case_id", "run", "hospital_id", "level", "admission_date", "discharge_date"),
    *("length_of_stay", "discharge_type", "principal_diagnosis", "procedures"),
    *("payment_unit", "status", "drg", "points", "total_fen", "icu_days"),
)
_HOME = 1.0


def find(material: Material, limits: Limits) -> Found:
    """Stays of the months looked at; at stake are the points of the stay."""
    stays = material.stays(*_COLUMNS, current=True).filter(
        (pl.col("payment_unit") == "drg") & (pl.col("status") == "grouped")
    )
    asked = _asked(stays, material, limits)
    judged = asked.drop_nulls("mean")
    rows = stay_rows(
        judged.filter(pl.col("total_fen") < pl.col("mean") * float(limits.below))
    ).with_columns(
        reason_code=pl.lit("low_admission"),
        numbers=numbers_of(
            days=pl.col("length_of_stay"),
            percent=(pl.col("total_fen") / pl.col("mean") * 100).round(1),
            drg=pl.col("drg"),
        ),
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"], mean_fen=pl.col("mean").round().cast(pl.Int64))
    key = pl.col("case_id")
    lacking = [] if material.listed("ambulatory") is not None else ["list:ambulatory"]
    if stays["icu_days"].is_null().all():
        lacking.append("icu_days")
    without = asked.height - judged.height
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
                    limits.max_days,
                ),
                facts_of(named, "cost", "cases", key, "total_cost", yuan_said("total_fen")),
                facts_of(
                    named,
                    "level_mean",
                    "catalogue",
                    key,
                    "mean",
                    yuan_said("mean_fen"),
                    limits.below,
                ),
                facts_of(
                    named,
                    "principal",
                    "stays",
                    key,
                    "principal_diagnosis",
                    pl.col("principal_diagnosis"),
                ),
            ]
        ),
        checked=judged.height,
        not_judged={"mean": without} if without else {},
        lacking=tuple(lacking),
    )


def _asked(stays: pl.DataFrame, material: Material, limits: Limits) -> pl.DataFrame:
    """Short stays without procedures and intensive care whose patient went home, with `mean` in fen."""
    light = (
        (pl.col("procedures").list.len().fill_null(0) == 0)
        & (pl.col("icu_days").fill_null(0) == 0)
        & (pl.col("length_of_stay") <= limits.max_days)
        & (pl.col("discharge_type") == _HOME)
    )
    listed = material.listed("ambulatory")
    if listed is not None:
        light &= begins_with_any(pl.col("principal_diagnosis"), listed["code"].to_list())
    short = stays.filter(light)
    parts = [short.clear().with_columns(mean=pl.lit(None, pl.Float64))]
    for number, run in enumerate(material.runs):
        if run.current:
            means = level_means(run.catalogue, limits.min_level_cases).drop("cv")
            mine = short.filter(pl.col("run") == number)
            parts.append(mine.join(means, on=["drg", "level"], how="left"))
    return pl.concat(parts)


RULE = Rule(Limits, find)
