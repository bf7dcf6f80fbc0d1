"""Beds of hospitals: enough for all who lie there, but in some hospitals fewer than are charged for."""

from pathlib import Path

import numpy as np
import polars as pl

from drgpay.sample.fraud.month import LABEL_SCHEMA

_ROOM = 1.25
_SHORT = 0.8


def write_beds(
    stays: pl.DataFrame, rate: float, path: Path, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """beds.csv; labels of days on which more lie in a hospital than it has beds, `hospital@day` as case_id.

    rate: of the hospitals that are short of beds.
    """
    days = (
        stays.filter(pl.col("discharge_date") > pl.col("admission_date"))
        .select(
            "hospital_id",
            day=pl.date_ranges("admission_date", pl.col("discharge_date") - pl.duration(days=1)),
        )
        .explode("day")
        .group_by("hospital_id", "day")
        .agg(patients=pl.len())
        .sort("hospital_id", "day")
    )
    most = days.group_by("hospital_id").agg(pl.col("patients").max()).sort("hospital_id")
    hospitals = most["hospital_id"].to_list()
    short = set(rng.permutation(hospitals)[: round(rate * len(hospitals))].tolist())
    ratio = pl.when(pl.col("hospital_id").is_in(sorted(short))).then(_SHORT).otherwise(_ROOM)
    beds = most.with_columns(beds=(pl.col("patients") * ratio).ceil().cast(pl.Int64).clip(1))
    first = days["day"].min()
    beds.select(
        "hospital_id", pl.lit(first).alias("from"), pl.lit("").alias("to"), "beds"
    ).write_csv(path)
    over = days.join(beds.select("hospital_id", "beds"), on="hospital_id").filter(
        pl.col("patients") > pl.col("beds")
    )
    rows = over.select(
        case_id=pl.col("hospital_id") + "@" + pl.col("day").dt.to_string("%Y-%m-%d"),
        kind=pl.lit("ghost_bed"),
        partner_ids=pl.lit([], pl.List(pl.String)),
        hard=pl.lit(value=False),
    )
    return [rows.select(pl.col(name).cast(dtype) for name, dtype in LABEL_SCHEMA.items())]
