"""ghost_bed 超床位: more patients in a hospital than it has beds (07; S10).

A stay lies in the hospital from its admission to the day before its discharge. Stays that are not settled
yet are not seen, so what is found is the least.
"""

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.policy.fields import Section
from drgpay.supervise.found import HIT_SCHEMA, Found, facts_of, hits_of, numbers_of
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule

_ERRORS = Sentences("errors/supervise")


class Limits(Section):
    """It has none: beds are counted."""


def find(material: Material, _limits: Limits) -> Found:
    """Runs of days with more patients than beds (part `day`), and months with more patient-days than beds
    times days (part `period`). Clues of hospitals: without stays.

    Raises DrgpayError for beds of a hospital that are told twice for a day.
    """
    days = _days(material)
    beds = _beds(material.tables["beds"])
    known = days.join(beds, on="hospital_id", how="inner").filter(
        (pl.col("from") <= pl.col("day"))
        & (pl.col("to").is_null() | (pl.col("day") <= pl.col("to")))
    )
    told = known.select("hospital_id", "day", "patients", "beds").sort("hospital_id", "day")
    found = pl.concat([_over_days(told), _over_months(told)]).sort("part", "hospital_id", "first")
    hits = hits_of(found) if found.height else pl.DataFrame(schema=HIT_SCHEMA)
    named = found.with_columns(hit=hits["hit"])
    key = pl.col("hospital_id")
    facts = [
        facts_of(named, "beds", "beds", key, "beds", pl.col("beds_said")),
        facts_of(named, "patients", "stays", key, "patients", pl.col("patients_said")),
        facts_of(named, "last_day", "stays", key, "day", pl.col("last")),
    ]
    unknown = days.height - told.height
    return Found(
        hits,
        facts=pl.concat(facts),
        checked=told["hospital_id"].n_unique(),
        not_judged={"no_beds": unknown} if unknown else {},
    )


def _days(material: Material) -> pl.DataFrame:
    """hospital_id, day, patients: of each day of the months looked at on which anybody is seen."""
    stays = material.stays("hospital_id", "admission_date", "discharge_date").filter(
        pl.col("discharge_date") > pl.col("admission_date")
    )
    moves = pl.concat(
        [
            stays.select("hospital_id", day="admission_date", moved=pl.lit(1, pl.Int64)),
            stays.select("hospital_id", day="discharge_date", moved=pl.lit(-1, pl.Int64)),
        ]
    )
    counts = (
        moves.group_by("hospital_id", "day")
        .agg(pl.col("moved").sum())
        .sort("hospital_id", "day")
        .with_columns(patients=pl.col("moved").cum_sum().over("hospital_id"))
    )
    until = pl.col("day").shift(-1).over("hospital_id") - pl.duration(days=1)
    lasting = counts.with_columns(until=until.cast(pl.Date)).filter(
        (pl.col("patients") > 0) & pl.col("until").is_not_null()
    )
    first, last = material.first_current_day, material.last_day
    spans = lasting.with_columns(
        day=pl.max_horizontal("day", pl.lit(first)), until=pl.min_horizontal("until", pl.lit(last))
    ).filter(pl.col("day") <= pl.col("until"))
    return spans.select(
        "hospital_id", day=pl.date_ranges("day", "until"), patients="patients"
    ).explode("day")


def _beds(table: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, from, to, beds: no two spans of a hospital share a day."""
    ordered = table.select("hospital_id", "from", "to", "beds", "row").sort("hospital_id", "from")
    ended = pl.col("to").shift(1).over("hospital_id")
    follows = pl.col("from").shift(1).over("hospital_id").is_not_null()
    twice = ordered.filter(
        (follows & (ended.is_null() | (pl.col("from") <= ended))) | (pl.col("to") < pl.col("from"))
    )
    if twice.height:
        row = twice.row(0, named=True)
        raise DrgpayError(
            *_ERRORS("beds_twice", hospital=row["hospital_id"], row=row["row"], day=row["from"])
        )
    return ordered.drop("row")


_SAID = (
    "part",
    "hospital_id",
    "keys",
    "case_ids",
    "first",
    "last",
    "reason_code",
    "numbers",
    "file",
)


def _over_days(told: pl.DataFrame) -> pl.DataFrame:
    """Days with more patients than beds, those that follow each other as one."""
    over = told.filter(pl.col("patients") > pl.col("beds"))
    gap = (pl.col("day") - pl.col("day").shift(1)).over("hospital_id").dt.total_days()
    runs = over.with_columns(run=(gap != 1).fill_null(value=True).cum_sum().over("hospital_id"))
    rows = runs.group_by("hospital_id", "run", maintain_order=True).agg(
        first=pl.col("day").min(),
        last=pl.col("day").max(),
        days=pl.len(),
        most=pl.col("patients").max(),
        beds=pl.col("beds").min(),
    )
    return _clues(
        rows,
        "day",
        pl.col("first").dt.to_string("%Y-%m-%d"),
        numbers_of(days=pl.col("days"), most=pl.col("most"), beds=pl.col("beds")),
        pl.col("most"),
        pl.col("beds"),
    )


def _over_months(told: pl.DataFrame) -> pl.DataFrame:
    """Months with more patient-days than there were beds, day by day (S10: 648 of 600 is 108%)."""
    rows = (
        told.group_by("hospital_id", month=pl.col("day").dt.to_string("%Y-%m"), maintain_order=True)
        .agg(
            first=pl.col("day").min(),
            last=pl.col("day").max(),
            patient_days=pl.col("patients").sum(),
            bed_days=pl.col("beds").sum(),
        )
        .filter(pl.col("patient_days") > pl.col("bed_days"))
    )
    percent = (pl.col("patient_days") / pl.col("bed_days") * 100).round(1)
    return _clues(
        rows,
        "period",
        pl.col("month"),
        numbers_of(
            month=pl.col("month"),
            percent=percent,
            patients=pl.col("patient_days"),
            beds=pl.col("bed_days"),
        ),
        pl.col("patient_days"),
        pl.col("bed_days"),
    )


def _clues(
    rows: pl.DataFrame, part: str, when: pl.Expr, numbers: pl.Expr, patients: pl.Expr, beds: pl.Expr
) -> pl.DataFrame:
    return rows.with_columns(
        part=pl.lit(part),
        keys=pl.concat_list("hospital_id", when),
        case_ids=pl.lit([], pl.List(pl.String)),
        reason_code=pl.lit(f"ghost_bed_{part}"),
        numbers=numbers,
        file=pl.lit("none"),
    ).select(*_SAID, patients_said=patients.cast(pl.Int64), beds_said=beds.cast(pl.Int64))


RULE = Rule(Limits, find, needs=("beds",))
