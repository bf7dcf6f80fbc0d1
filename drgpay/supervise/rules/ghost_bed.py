"""ghost_bed: more patients in house than a hospital has beds, on days and over months (07; S10)."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from drgpay.policy.fields import PositiveRatio, Section
from drgpay.supervise.found import Found, facts_of, hits_of, numbers_of
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """day_share, period_share: times the beds, above which the patients of a day, and the patient-days of a
    calendar month, are a hit.
    """

    day_share: PositiveRatio
    period_share: PositiveRatio


_EVENTS: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "day": pl.Date(),
    "patients": pl.Int64(),
    "now": pl.Int64(),
    "beds": pl.Int64(),
    "known": pl.Int64(),
}
"""What changes from a day on: patients in house, those of them whose stay is of the runs that are looked at,
beds, and whether beds are known."""


def find(material: Material, limits: Limits) -> Found:
    """Runs of days, and calendar months, in which patients exceed beds; it ranks only.

    Days in house are admission <= day < discharge. Days without known beds are not judged. A run in which
    no stay of the current runs was in house was a clue of an earlier supervision.
    """
    stays = material.stays("hospital_id", "admission_date", "discharge_date", "current")
    beds = material.tables["beds"]
    spans = _spans(stays, beds)
    found = [_runs_of_days(spans, limits), _months(spans, limits)]
    rows = pl.concat(found, how="diagonal").sort("part", "hospital_id", "first")
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    key = pl.col("hospital_id") + pl.format("@{}", "first")
    days, months = (named.filter(pl.col("part") == part) for part in ("day", "period"))
    shares = (limits.day_share, limits.period_share)
    facts = [
        facts_of(days, "patients", "cases", key, "patients", pl.col("patients"), shares[0]),
        facts_of(days, "beds", "beds", key, "beds", pl.col("beds")),
        facts_of(
            months, "patient_days", "cases", key, "patient_days", pl.col("patient_days"), shares[1]
        ),
        facts_of(months, "bed_days", "beds", key, "bed_days", pl.col("bed_days")),
    ]
    hospitals = stays["hospital_id"].unique()
    without = int((~hospitals.is_in(beds["hospital_id"].unique().implode())).sum())
    return Found(
        hits,
        facts=pl.concat(facts),
        checked=len(hospitals),
        not_judged={"no_beds": without} if without else {},
    )


def _spans(stays: pl.DataFrame, beds: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, first, last and the numbers of _EVENTS: spans of days on which none of them changes,
    cut at the firsts of months, of the days with known beds.
    """
    one, current = pl.lit(1, pl.Int64), pl.col("current").cast(pl.Int64)
    inside = stays.filter(pl.col("discharge_date") > pl.col("admission_date"))
    of_beds = beds.with_columns(after=pl.col("to") + pl.duration(days=1))
    changes = pl.concat(
        [
            _events(inside, "admission_date", patients=one, now=current),
            _events(inside, "discharge_date", patients=-one, now=-current),
            _events(of_beds, "from", beds=pl.col("beds"), known=one),
            _events(of_beds.drop_nulls("after"), "after", beds=-pl.col("beds"), known=-one),
            _events(_month_firsts(inside), "first"),
        ]
    )
    return (
        changes.group_by("hospital_id", "day")
        .agg(pl.col("patients", "now", "beds", "known").sum())
        .sort("hospital_id", "day")
        .with_columns(pl.col("patients", "now", "beds", "known").cum_sum().over("hospital_id"))
        .with_columns(after=pl.col("day").shift(-1).over("hospital_id"))
        .filter(pl.col("known") > 0)
        .drop_nulls("after")
        .with_columns(length=(pl.col("after") - pl.col("day")).dt.total_days())
        .rename({"day": "first"})
    )


def _events(frame: pl.DataFrame, day: str, **changes: pl.Expr) -> pl.DataFrame:
    given = {name: pl.lit(0, pl.Int64) for name in ("patients", "now", "beds", "known")} | changes
    rows = frame.select("hospital_id", pl.col(day).alias("day"), **given)
    return rows.select(pl.col(name).cast(dtype) for name, dtype in _EVENTS.items())


def _month_firsts(stays: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, first: the first day of each month in which a stay may lie, and of the one after."""
    begin, end = stays["admission_date"].min(), stays["discharge_date"].max()
    if not isinstance(begin, date) or not isinstance(end, date):
        return pl.DataFrame(schema={"hospital_id": pl.String, "first": pl.Date})
    after = (end.replace(day=28) + timedelta(days=4)).replace(day=1)
    firsts = pl.date_range(begin.replace(day=1), after, "1mo", eager=True).rename("first")
    return stays.select("hospital_id").unique().join(firsts.to_frame(), how="cross")


def _exceeds(patients: str, beds: str, share: Decimal) -> pl.Expr:
    """patients > beds x share, in whole numbers: a share has four places."""
    return pl.col(patients) * 10_000 > pl.col(beds) * int(share * 10_000)


def _runs_of_days(spans: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Runs of days on each of which there are more patients than beds, one a clue."""
    over = spans.filter(_exceeds("patients", "beds", limits.day_share))
    follows = pl.col("first") == pl.col("after").shift(1).over("hospital_id")
    return (
        over.with_columns(run=(~follows.fill_null(value=False)).cast(pl.Int64).cum_sum())
        .with_columns(excess=pl.col("patients") - pl.col("beds"))
        .group_by("run", "hospital_id", maintain_order=True)
        .agg(
            pl.col("first").min(),
            pl.col("patients", "beds").sort_by("excess", "first").last(),
            after=pl.col("after").max(),
            now=pl.col("now").max(),
            days=pl.col("length").sum(),
        )
        .filter(pl.col("now") > 0)
        .with_columns(
            part=pl.lit("day"),
            case_ids=pl.lit([], pl.List(pl.String)),
            keys=pl.concat_list("hospital_id", pl.col("first").cast(pl.String)),
            last=pl.col("after") - pl.duration(days=1),
            reason_code=pl.lit("ghost_bed"),
            numbers=numbers_of(
                days=pl.col("days"), patients=pl.col("patients"), beds=pl.col("beds")
            ),
            file=pl.lit("none"),
        )
    )


def _months(spans: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Calendar months whose patient-days exceed the bed-days of the days with known beds."""
    return (
        spans.group_by("hospital_id", month=pl.col("first").dt.truncate("1mo"))
        .agg(
            patient_days=(pl.col("patients") * pl.col("length")).sum(),
            bed_days=(pl.col("beds") * pl.col("length")).sum(),
            now=pl.col("now").max(),
            first=pl.col("first").min(),
            after=pl.col("after").max(),
        )
        .filter(_exceeds("patient_days", "bed_days", limits.period_share) & (pl.col("now") > 0))
        .with_columns(
            part=pl.lit("period"),
            case_ids=pl.lit([], pl.List(pl.String)),
            keys=pl.concat_list("hospital_id", pl.col("month").dt.to_string("%Y-%m")),
            last=pl.col("after") - pl.duration(days=1),
            reason_code=pl.lit("ghost_bed_period"),
            numbers=numbers_of(
                month=pl.col("month").dt.to_string("%Y-%m"),
                patient_days=pl.col("patient_days"),
                bed_days=pl.col("bed_days"),
                percent=(pl.col("patient_days") / pl.col("bed_days") * 100).round(1),
            ),
            file=pl.lit("none"),
        )
    )


RULE = Rule(Limits, find, needs=("beds",))
