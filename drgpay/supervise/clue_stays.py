"""The stays of clues for those who review them: a row a clue and stay, persons numbered inside a clue."""

import polars as pl

from drgpay.supervise.material import Material

_COLUMNS = (
    *("case_id", "person", "hospital_id", "account", "admission_date", "discharge_date"),
    *("length_of_stay", "department", "discharge_type", "admission_route", "sex", "age"),
    *("age_days", "weight_g"),
    *("principal_diagnosis", "other_diagnoses", "procedures", "drg", "severity", "case_class"),
    *("points", "points_before_return", "total_fen"),
)


def clue_stays(clues: pl.DataFrame, material: Material) -> pl.DataFrame:
    """The table clue_stays: sorted by clue, in the order of each clue.

    A person has a number that counts inside the clue: no number tells of a person anywhere else.
    """
    named = (
        clues.select("clue_id", case_id="case_ids")
        .explode("case_id")
        .drop_nulls("case_id")
        .with_columns(place=pl.int_range(1, pl.len() + 1).over("clue_id"))
    )
    wanted = named["case_id"].unique()
    stays = material.stays(*_COLUMNS).filter(pl.col("case_id").is_in(wanted.implode()))
    rows = named.join(stays, on="case_id", how="left", maintain_order="left")
    first = pl.col("place").min().over("clue_id", "person")
    return (
        rows.with_columns(person=first.rank("dense").over("clue_id").cast(pl.Int64))
        .with_columns(
            pl.col("sex", "age", "age_days", "weight_g", "discharge_type").cast(pl.Int64),
            total_cost_fen=pl.col("total_fen"),
        )
        .sort("clue_id", "place")
    )


def by_hospital(clues: pl.DataFrame, risks: pl.DataFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """The table by_hospital: the hospitals with most to recover first."""
    counted = clues.group_by("hospital_id").agg(
        hits=pl.len(), review_count=pl.col("to_review").sum().cast(pl.Int64)
    )
    money = risks.group_by("hospital_id").agg(
        stays_concerned=pl.len(),
        stake_yuan_fen=pl.col("stake_yuan_fen").sum(),
        expected_fen=pl.col("expected_fen").sum(),
    )
    return (
        counted.join(money, on="hospital_id", how="full", coalesce=True)
        .join(hospitals.select("hospital_id", "name"), on="hospital_id", how="left")
        .with_columns(
            pl.col(
                "hits", "review_count", "stays_concerned", "stake_yuan_fen", "expected_fen"
            ).fill_null(0)
        )
        .sort(["expected_fen", "hospital_id"], descending=[True, False])
    )
