"""Share an amount among cases to the fen: largest remainder, ties in order of case_id."""

import polars as pl


def largest_remainder(
    cases: pl.DataFrame, total: str, quota: pl.Expr, denominator: pl.Expr
) -> pl.Series:
    """Share the amount in the column `total` (one per `line`) among the cases of each line.

    cases: sorted by case_id, with line (whole numbers) and total. A case's exact part is
    quota / denominator, the same denominator within a line; each gets the whole part, and what is
    left goes, one each, to the largest remainders (C18). The exact parts of a line must add up to
    less than one away from its total. Returns the shares in the order of the cases.
    """
    parts = cases.select(
        "line",
        pl.col(total).cast(pl.Int64).alias("total"),
        whole=(quota // denominator).cast(pl.Int64),
        remainder=(quota % denominator).cast(pl.Int64),
    ).with_row_index("place")
    left = parts.group_by("line").agg(left=pl.col("total").first() - pl.col("whole").sum())
    ranked = (
        parts.select("line", "place", "remainder")
        .sort("line", "remainder", "place", descending=[False, True, False])
        .with_columns(rank=pl.int_range(pl.len()).over("line"))
        .join(left, on="line", how="left", maintain_order="left")
        .filter(pl.col("rank") < pl.col("left"))
    )
    one_more = ranked["place"]
    shares = parts["whole"].to_numpy(writable=True)
    shares[one_more.to_numpy()] += 1
    return pl.Series("share", shares)
