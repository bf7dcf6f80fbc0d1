"""The stays of clues for those who review them: a row a clue and stay, persons numbered inside a clue."""

from collections.abc import Mapping

import polars as pl

from drgpay.supervise.material import Material
from drgpay.supervise.rule import Books

_COLUMNS = (
    *("case_id", "person", "hospital_id", "account", "admission_date", "discharge_date"),
    *("length_of_stay", "department", "discharge_type", "admission_route", "sex", "age"),
    *("age_days", "weight_g"),
    *("principal_diagnosis", "other_diagnoses", "procedures", "drg", "severity", "case_class"),
    *("points", "points_before_return", "total_fen"),
)


def clue_stays(
    clues: pl.DataFrame, stakes: pl.DataFrame, material: Material, books: Mapping[str, Books]
) -> pl.DataFrame:
    """The table clue_stays: sorted by clue, in the order of each clue.

    stakes: clue_id, case_id, points, stake_fen. books: of each rule which stays a confirmed clue deducts.

    A person has a number that counts inside the clue: no number tells of a person anywhere else.
    """
    named = (
        clues.select("clue_id", "rule", case_id="case_ids")
        .explode("case_id")
        .drop_nulls("case_id")
        .with_columns(place=pl.int_range(1, pl.len() + 1).over("clue_id"))
    )
    wanted = named["case_id"].unique()
    stays = material.stays(*_COLUMNS).filter(pl.col("case_id").is_in(wanted.implode()))
    rows = named.join(stays, on="case_id", how="left", maintain_order="left")
    rows = rows.join(
        stakes.group_by("clue_id", "case_id").agg(
            stay_stake=pl.col("points").sum(), stay_stake_fen=pl.col("stake_fen").sum()
        ),
        on=["clue_id", "case_id"],
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("stay_stake", "stay_stake_fen").fill_null(0))
    first = pl.col("place").min().over("clue_id", "person")
    return (
        rows.with_columns(person=first.rank("dense").over("clue_id").cast(pl.Int64))
        .with_columns(
            pl.col("sex", "age", "age_days", "weight_g", "discharge_type").cast(pl.Int64),
            total_cost_fen=pl.col("total_fen"),
            deducted=_deducted(books),
        )
        .sort("clue_id", "place")
    )


def _deducted(books: Mapping[str, Books]) -> pl.Expr:
    """Whether a confirmed clue deducts the stay."""
    of_chains = pl.Series(sorted(rule for rule, one in books.items() if one == "all_but_most"))
    most = (
        pl.struct(-pl.col("points_before_return").fill_null(0), "case_id")
        .rank("ordinal")
        .over("clue_id")
        == 1
    )
    losing = (pl.col("stay_stake") > 0) | (pl.col("stay_stake_fen") > 0)
    return pl.when(pl.col("rule").is_in(of_chains.implode())).then(~most).otherwise(losing)


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
