"""Risk, stake and expected recovery: of stays, of clues and of case files (07a, "Score and rank").

Statistics: weights and confidences are numbers in 0..1, so amounts of yuan here are expectations, rounded
half-up to the fen, and nothing is paid by them.
"""

import numpy as np
import polars as pl

from drgpay.supervise.found import STAKE_SCHEMA

FEN = 100


def fen_half_up(yuan: pl.Expr) -> pl.Expr:
    """Yuan (Float64, not negative) to fen, rounded half-up; what floats are off by is no half."""
    return (yuan * FEN + 1e-6).round(0, mode="half_away_from_zero").cast(pl.Int64)


def stakes_in_fen(stakes: pl.DataFrame, stays: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """STAKE_SCHEMA and further columns, with `stake_fen`: points x value, or the amount.

    stays: case_id, hospital_id, account, of the stays named. values: of Material.
    """
    own = values.drop_nulls("hospital_id")
    others = values.filter(pl.col("hospital_id").is_null()).select("account", other="value")
    priced = (
        stakes.join(stays, on="case_id", how="left", maintain_order="left")
        .join(own, on=["hospital_id", "account"], how="left", maintain_order="left")
        .join(others, on="account", how="left", maintain_order="left")
    )
    value = pl.coalesce("value", "other", pl.lit(0.0))
    of_points = fen_half_up(pl.col("points") / 10_000 * value)
    return priced.with_columns(stake_fen=pl.coalesce("fen", of_points, pl.lit(0))).drop(
        "value", "other"
    )


def risk_of_stays(stakes: pl.DataFrame) -> pl.DataFrame:
    """The risk and the expected recovery of each stay, sorted by case_id (S9).

    stakes: rule, w, c, case_id, hospital_id, account, stake_fen of every hit. Risk is 1 - product over
    its rules of (1 - w x c), of several hits of a rule the largest c counts; the stake is its largest.
    Returns case_id, hospital_id, account, rules, risk, stake_yuan_fen, expected_fen.
    """
    by_rule = (
        stakes.group_by("case_id", "hospital_id", "account", "rule")
        .agg(taken=(pl.col("w") * pl.col("c")).max(), stake_fen=pl.col("stake_fen").max())
        .sort("case_id", "rule")
    )
    return (
        by_rule.group_by("case_id", "hospital_id", "account", maintain_order=True)
        .agg(
            rules=pl.col("rule"),
            risk=1 - (1 - pl.col("taken")).product(),
            stake_yuan_fen=pl.col("stake_fen").max(),
        )
        .with_columns(expected_fen=fen_half_up(pl.col("risk") * pl.col("stake_yuan_fen") / FEN))
        .sort("case_id")
    )


def apportioned(stakes: pl.DataFrame, total: str, weight: str) -> pl.DataFrame:
    """`points` of each row: the total of its hit shared in proportion to a weight by largest remainder.

    stakes: hit, case_id and the two columns of whole numbers; a total is the same in all rows of a hit.
    Where all weights of a hit are 0 the first stay has it all.
    """
    rows = stakes.sort("hit", "case_id").with_columns(
        sum=pl.col(weight).sum().over("hit"), place=pl.int_range(pl.len()).over("hit")
    )
    exact = (
        pl.when(pl.col("sum") > 0)
        .then(pl.col(total).cast(pl.Int128) * pl.col(weight) // pl.col("sum").cast(pl.Int128))
        .otherwise(0)
    )
    left = (
        pl.when(pl.col("sum") > 0)
        .then(pl.col(total).cast(pl.Int128) * pl.col(weight) % pl.col("sum").cast(pl.Int128))
        .otherwise(0)
    )
    rows = rows.with_columns(whole=exact, left=left).with_columns(
        due=(pl.col(total).cast(pl.Int128) - pl.col("whole").sum().over("hit")),
        rank=pl.struct(pl.col("sum") - pl.col("left"), "place").rank("ordinal").over("hit"),
    )
    points = (
        pl.when(pl.col("sum") > 0)
        .then(pl.col("whole") + (pl.col("rank") <= pl.col("due")).cast(pl.Int128))
        .otherwise(pl.when(pl.col("place") == 0).then(pl.col(total)).otherwise(0))
    )
    return rows.with_columns(points=points.cast(pl.Int64)).select(
        "hit", "case_id", "points", fen=pl.lit(None, STAKE_SCHEMA["fen"])
    )


def precision(confirmed: int, decided: int) -> float:
    """Confirmed of decided clues; nan where none is decided."""
    return confirmed / decided if decided else float(np.nan)
