"""Share an amount among cases to the fen: largest remainder, ties in order of case_id."""

import numpy as np
import polars as pl

from drgpay.base.exact import wide


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
    left = pl.col("total").first() - pl.col("whole").sum()
    # The least remainder that gets one; sorting whole rows would take four times as long.
    lines = (
        parts.group_by("line")
        .agg(left=left, least=pl.col("remainder").sort(descending=True).get(left - 1))
        .filter(pl.col("left") > 0)
    )
    near = (
        parts.select("line", "place", "remainder")
        .join(lines, on="line", how="inner", maintain_order="left")
        .filter(pl.col("remainder") >= pl.col("least"))
    )
    above = pl.col("remainder") > pl.col("least")
    tied = (
        near.with_columns(left=pl.col("left") - above.sum().over("line"))
        .filter(~above)
        .filter(pl.int_range(pl.len()).over("line") < pl.col("left"))
    )
    shares = parts["whole"].to_numpy(writable=True)
    for one_more in (near.filter(above)["place"], tied["place"]):
        shares[one_more.to_numpy()] += 1
    return pl.Series("share", shares)


def parts_of_line(points: np.ndarray, times: int, denominator: int, total: int) -> np.ndarray:
    """Share the amount `total` of one line among its rows, as `largest_remainder` does.

    points: int64, of the rows in the order of ties. The exact part of a row is points x times /
    denominator.
    """
    most = int(np.abs(points).max(initial=0))
    if most * abs(times) <= _MOST:
        whole, remainder = np.divmod(points * np.int64(times), np.int64(denominator))
    else:
        exact = pl.Series("points", points).to_frame().select(exact=wide("points") * wide(times))
        shares = exact.select(
            whole=(pl.col("exact") // wide(denominator)).cast(pl.Int64),
            remainder=(pl.col("exact") % wide(denominator)).cast(pl.Int64),
        )
        whole, remainder = (shares[name].to_numpy(writable=True) for name in shares.columns)
    left = total - int(whole.sum())
    if left > 0:
        least = np.partition(remainder, len(remainder) - left)[len(remainder) - left]
        above = remainder > least
        whole[above] += 1
        whole[np.flatnonzero(remainder == least)[: left - int(above.sum())]] += 1
    return whole


_MOST = int(np.iinfo(np.int64).max)
