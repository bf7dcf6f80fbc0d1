"""Share an amount among cases to the fen: largest remainder, ties in order of case_id."""

import polars as pl

from drgpay.exact import wide


def largest_remainder(
    cases: pl.DataFrame, by: list[str], total: str, quota: pl.Expr, denominator: pl.Expr
) -> pl.DataFrame:
    """Share the amount in the column `total` (one per `by`) among the cases of each `by`.

    A case's exact part is quota / denominator, the same denominator within a `by`; each gets the
    whole part, and what is left goes, one each, to the largest remainders (C18). The exact parts
    must add up to less than one away from the total. Returns case_id and share, sorted by case_id.
    """
    parts = cases.select(
        "case_id",
        *by,
        total,
        whole=(quota // denominator).cast(pl.Int64),
        remainder=quota % denominator,
    ).sort([*by, "remainder", "case_id"], descending=[*(False for _ in by), True, False])
    left = wide(total) - wide(pl.col("whole").sum().over(by))
    place = pl.int_range(pl.len()).over(by)
    return parts.select(
        "case_id", share=pl.col("whole") + (wide(place) < left).cast(pl.Int64)
    ).sort("case_id")
