"""low_admission 低标准入院: a short, cheap stay in which nothing was done that needs a bed (07)."""

import polars as pl

from drgpay.policy.fields import Count, PositiveCount, Section, Share
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
from drgpay.supervise.level_means import level_means
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """max_days: length of stay. cost_share: of the mean of its group at its level, below which a stay is
    a hit. discharge_type: that of an ordinary discharge. min_level_cases: of the mean of a level.
    """

    max_days: Count
    cost_share: Share
    discharge_type: PositiveCount
    min_level_cases: PositiveCount


_COLUMNS = (
    *(
        "case_id",
        "run",
        "hospital_id",
        "level",
        "admission_date",
        "discharge_date",
        "status",
        "drg",
    ),
    *("payment_unit", "length_of_stay", "discharge_type", "principal_diagnosis", "procedures"),
    *("icu_days", "points", "total_fen"),
)


def find(material: Material, limits: Limits) -> Found:
    """Grouped stays below all limits; at stake are the points of the stay.

    A stay in intensive care is none, where its days there are known; with a list `ambulatory` only
    diagnoses that begin as a code of it are looked at.
    """
    stays = material.stays(*_COLUMNS, current=True).filter(
        (pl.col("payment_unit") == "drg") & (pl.col("status") == "grouped")
    )
    judged = _with_mean(stays, material, limits)
    known = judged.drop_nulls("mean")
    share = int(limits.cost_share * 10_000)
    low = (
        (pl.col("procedures").list.len().fill_null(0) == 0)
        & (pl.col("length_of_stay") <= limits.max_days)
        & (pl.col("discharge_type") == limits.discharge_type)
        & (pl.col("icu_days").fill_null(0) == 0)
        # a share of four places: both sides stay whole numbers where the mean is one
        & (pl.col("total_fen") * 10_000 < pl.col("mean") * share)
    )
    listed = material.listed("ambulatory")
    if listed is not None:
        low &= begins_with_any(pl.col("principal_diagnosis"), listed["code"].to_list())
    rows = (
        known.filter(low)
        .pipe(stay_rows)
        .with_columns(
            reason_code=pl.lit("low_admission"),
            numbers=numbers_of(
                days=pl.col("length_of_stay"),
                drg=pl.col("drg"),
                percent=(pl.col("total_fen") / pl.col("mean") * 100).round(1),
            ),
            mean_fen=pl.col("mean").round(0).cast(pl.Int64),
        )
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    key = pl.col("case_id")
    unknown = judged.height - known.height
    lacking = [] if listed is not None else ["ambulatory"]
    if stays["icu_days"].is_null().all():
        lacking.append("icu_days")
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
                    limits.max_days,
                ),
                facts_of(named, "cost", "cases", key, "total_cost", yuan_said("total_fen")),
                facts_of(
                    named, "mean", "groups", key, "mean", yuan_said("mean_fen"), limits.cost_share
                ),
            ]
        ),
        checked=known.height,
        not_judged={"mean": unknown} if unknown else {},
        lacking=tuple(lacking),
    )


def _with_mean(stays: pl.DataFrame, material: Material, limits: Limits) -> pl.DataFrame:
    """The stays with the mean (fen) of their group at their level in the catalogue of their run."""
    parts = [stays.clear().with_columns(mean=pl.lit(None, pl.Float64))]
    for number in stays["run"].unique().sort().to_list():
        means = level_means(material.runs[number].catalogue, limits.min_level_cases)
        mine = stays.filter(pl.col("run") == number)
        parts.append(
            mine.join(means.select("drg", "level", "mean"), on=["drg", "level"], how="left")
        )
    return pl.concat(parts)


RULE = Rule(Limits, find)
