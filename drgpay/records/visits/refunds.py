"""Refunds: negative lines net out against the charges of the same item on the same visit."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


def items_with_refunds(lines: pl.DataFrame) -> Flags | None:
    """Which lines belong to a visit and item with a negative amount; None if there is no such.

    lines: no, item_code, amount_fen, sorted by no and item_code.
    """
    negative = (lines["amount_fen"] < 0).fill_null(False).to_numpy()
    if not negative.any():
        return None
    item = _item_of_each(lines)
    concerned: Flags = (np.bincount(item[negative], minlength=int(item[-1]) + 1) > 0)[item]
    return concerned


def net_of_refunds(lines: pl.DataFrame, concerned: Flags) -> pl.DataFrame:
    """The lines with refunds netted out.

    A refund takes away a charge of the same amount. What refunds remain are added to the charges
    that remain of the visit and item: they become one line with the sums of quantity and amount,
    or none if nothing is left of the amount. No sum is negative: see `net_amounts`.
    """
    rows = lines.with_row_index("row").filter(pl.Series(concerned))
    refund = pl.col("amount_fen") < 0
    item = ("no", "item_code")
    same = (*item, "size")
    rows = rows.with_columns(size=pl.col("amount_fen").abs(), refund=refund).with_columns(
        nth=pl.int_range(pl.len()).over(*same, "refund"),
        pairs=pl.min_horizontal(pl.col("refund").sum(), (~pl.col("refund")).sum()).over(*same),
    )
    left = rows.filter(pl.col("nth") >= pl.col("pairs"))
    merged = (
        left.filter(pl.col("refund").any().over(*item))
        .sort("row")
        .group_by(*item, maintain_order=True)
        .agg(
            pl.col("row").first(),
            pl.when("refund").then(-pl.col("quantity").abs()).otherwise("quantity").sum(),
            pl.col("amount_fen").sum(),
        )
        .filter(pl.col("amount_fen") != 0)
    )
    single = left.filter(~pl.col("refund").any().over(*item))
    kept = np.ones(lines.height, dtype=np.bool_)
    kept[rows["row"].to_numpy()] = False
    kept[single["row"].to_numpy()] = True
    places = merged["row"].to_numpy()
    kept[places] = True
    return lines.with_columns(
        lines[column].clone().scatter(places, merged[column])
        for column in ("quantity", "amount_fen")
    ).filter(pl.Series(kept))


def net_amounts(lines: pl.DataFrame, concerned: Flags) -> pl.Series:
    """For each concerned line the sum of the amounts of its visit and item, for others null."""
    sums = pl.col("amount_fen").sum().over("no", "item_code")
    net = lines.filter(pl.Series(concerned)).select(sums).to_series()
    return (
        pl.Series("net_fen", [None], dtype=pl.Int64)
        .new_from_index(0, lines.height)
        .scatter(np.flatnonzero(concerned), net)
    )


def _item_of_each(lines: pl.DataFrame) -> NDArray[np.int64]:
    """Numbers the runs of lines of one visit and item."""
    differs = lines.select(
        (pl.col("no") != pl.col("no").shift())
        | pl.col("item_code").ne_missing(pl.col("item_code").shift())
    )
    return np.cumsum(differs.to_series().fill_null(True).to_numpy()) - 1
