"""overlap 时间冲突: two stays of a person that share a day, and services after a death (07; S3).

The days of a stay are admission <= day < discharge; a same-day stay counts its day only strictly inside
another stay, and two same-day stays do not overlap.
"""

import polars as pl

from drgpay.policy.fields import Section
from drgpay.supervise.found import Found, facts_of, hits_of, numbers_of, stakes_of
from drgpay.supervise.material import Material
from drgpay.supervise.rule import Rule


class Limits(Section):
    """It has none: two places at once are no matter of degree."""


_COLUMNS = ("case_id", "person", "hospital_id", "admission_date", "discharge_date", "points")


def find(material: Material, _limits: Limits) -> Found:
    """Each pair of stays that share a day; at stake is the stay that began later (ties: later case_id).
    And each stay with a day, or a charge, after the death of its person; at stake is the stay.
    """
    stays = material.stays(*_COLUMNS)
    pairs = _pairs(stays)
    late = _after_death(stays, material)
    paired = _rows_of_pairs(pairs)
    hits = hits_of(pl.concat([paired, _rows_of_deaths(late)]))
    of_pairs = pairs.with_columns(hit=hits["hit"].head(pairs.height))
    of_deaths = late.with_columns(hit=hits["hit"].tail(late.height))
    key = pl.col("case_id")
    return Found(
        hits,
        pl.concat(
            [
                _stakes_of_pairs(of_pairs),
                stakes_of(of_deaths.select("hit", "case_id", pl.col("points").fill_null(0))),
            ]
        ),
        pl.concat(
            [
                *_facts_of_pairs(of_pairs),
                facts_of(of_deaths, "death", "deaths", key, "death_date", pl.col("death_date")),
                facts_of(of_deaths, "service", "cases", key, "date", pl.col("service"), None),
            ]
        ),
        checked=stays.height,
    )


def _after_death(stays: pl.DataFrame, material: Material) -> pl.DataFrame:
    """The stays of persons who died with `death_date` and `service`, the last day of a service after it.

    Services are the days of the stay (of a same-day stay its day) and what was charged on a day; the day of
    death itself may have charges.
    """
    deaths = material.table("deaths")
    if deaths is None:
        nothing = pl.lit(None, pl.Date)
        return stays.clear().with_columns(death_date=nothing, service=nothing)
    mine = stays.join(deaths.select("person", "death_date"), on="person")
    last_day = pl.max_horizontal("admission_date", pl.col("discharge_date") - pl.duration(days=1))
    for name in ("stay_days", "stay_items"):
        table = material.table(name)
        charged = pl.lit(None, pl.Date)
        if table is not None:
            amount = pl.col("total_amount" if name == "stay_days" else "amount")
            last = (
                table.filter(amount > 0).group_by("case_id").agg(pl.col("date").max().alias(name))
            )
            mine = mine.join(last, on="case_id", how="left")
        else:
            mine = mine.with_columns(charged.alias(name))
    return (
        mine.with_columns(service=pl.max_horizontal(last_day, "stay_days", "stay_items"))
        .drop("stay_days", "stay_items")
        .filter(pl.col("service") > pl.col("death_date"))
        .sort("case_id")
    )


def _rows_of_deaths(late: pl.DataFrame) -> pl.DataFrame:
    days = (pl.col("service") - pl.col("death_date")).dt.total_days()
    return late.select(
        part=pl.lit("death"),
        case_ids=pl.concat_list("case_id"),
        keys=pl.concat_list("case_id"),
        hospital_id="hospital_id",
        first="admission_date",
        last=pl.max_horizontal("discharge_date", "service"),
        reason_code=pl.lit("overlap_death"),
        numbers=numbers_of(days=days),
        file=pl.lit("stay"),
    )


def _rows_of_pairs(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.select(
        part=pl.lit("stay"),
        case_ids=pl.concat_list("case_id", "case_id_b"),
        keys=pl.concat_list("case_id", "case_id_b"),
        hospital_id=pl.col("hospital_id_b"),
        first=pl.min_horizontal("admission_date", "admission_date_b"),
        last=pl.max_horizontal("discharge_date", "discharge_date_b"),
        reason_code=pl.when(pl.col("hospital_id") == pl.col("hospital_id_b"))
        .then(pl.lit("overlap"))
        .otherwise(pl.lit("overlap_hospitals")),
        numbers=numbers_of(days=pl.col("days")),
        file=pl.lit("chain"),
    )


def _stakes_of_pairs(named: pl.DataFrame) -> pl.DataFrame:
    later = named.select("hit", case_id="case_id_b", points="points_b")
    earlier = named.select("hit", "case_id", points=pl.lit(0, pl.Int64))
    return stakes_of(pl.concat([later, earlier]))


def _facts_of_pairs(named: pl.DataFrame) -> list[pl.DataFrame]:
    sides = [
        named.select("hit", "case_id", "admission_date", "discharge_date"),
        named.select(
            "hit",
            case_id="case_id_b",
            admission_date="admission_date_b",
            discharge_date="discharge_date_b",
        ),
    ]
    key = pl.col("case_id")
    return [
        facts_of(side, "stay", "cases", key, name, pl.col(name))
        for side in sides
        for name in ("admission_date", "discharge_date")
    ]


def _pairs(stays: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one person, the one that began first before the other, that share `days` days.

    A stay is compared with those before it that had not ended: the person's stays are few, so pairs of
    neighbours at every distance are taken until none overlap.
    """
    ordered = stays.sort("person", "admission_date", "discharge_date", "case_id").filter(
        pl.col("person").is_not_null()
    )
    ends = pl.col("discharge_date").cum_max().over("person")
    ordered = ordered.with_columns(reach=ends)
    found, distance = [], 1
    while True:
        shifted = ordered.select(
            pl.col(name).shift(-distance).alias(f"{name}_b") for name in (*_COLUMNS,)
        )
        near = ordered.hstack(shifted).filter(
            (pl.col("person") == pl.col("person_b"))
            & (pl.col("admission_date_b") <= pl.col("reach"))
        )
        if near.is_empty():
            break
        found.append(near.with_columns(days=_shared_days()).filter(pl.col("days") > 0))
        distance += 1
    none = ordered.hstack(
        ordered.select(pl.col(name).alias(f"{name}_b") for name in _COLUMNS)
    ).clear()
    return pl.concat([none.with_columns(days=pl.lit(0, pl.Int64)), *found]).sort(
        "case_id", "case_id_b"
    )


def _shared_days() -> pl.Expr:
    first = pl.max_horizontal("admission_date", "admission_date_b")
    last = pl.min_horizontal("discharge_date", "discharge_date_b")
    shared = (last - first).dt.total_days()
    one_day = pl.col("admission_date") == pl.col("discharge_date")
    one_day_b = pl.col("admission_date_b") == pl.col("discharge_date_b")
    inside = (pl.col("admission_date") < pl.col("admission_date_b")) & (
        pl.col("admission_date_b") < pl.col("discharge_date")
    )
    inside_b = (pl.col("admission_date_b") < pl.col("admission_date")) & (
        pl.col("admission_date") < pl.col("discharge_date_b")
    )
    return (
        pl.when(one_day & one_day_b)
        .then(0)
        .when(one_day_b)
        .then(inside.cast(pl.Int64))
        .when(one_day)
        .then(inside_b.cast(pl.Int64))
        .otherwise(shared)
    )


RULE = Rule(Limits, find, parts=(("death", "deaths"),))
