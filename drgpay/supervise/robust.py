"""Robust z: how far a value lies from the median of its group, by the median of the distances (07a; S6)."""

import polars as pl

NORMAL = 1.4826
"""What makes the MAD of normal values their standard deviation."""


def with_robust_z(frame: pl.DataFrame, value: str, groups: list[str]) -> pl.DataFrame:
    """The frame with members, median, mad and z of a column of floats in its groups, in its order.

    z is (value - median) / (1.4826 x MAD); null where the MAD is 0 or the value is null.
    """
    counted = frame.with_columns(
        members=pl.col(value).count().over(groups),
        median=pl.col(value).median().over(groups),
    )
    distance = (pl.col(value) - pl.col("median")).abs()
    with_mad = counted.with_columns(mad=distance.median().over(groups))
    z = (pl.col(value) - pl.col("median")) / (NORMAL * pl.col("mad"))
    return with_mad.with_columns(z=pl.when(pl.col("mad") > 0).then(z))
