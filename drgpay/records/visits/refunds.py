"""Refunds: what negative lines leave of the lines of the same item (docs/outpatient.md, "Refunds").

An item is an item_code and item_kind of a visit.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Flags = NDArray[np.bool_]

_ITEM = ("no", "item_code", "item_kind")


@dataclass(frozen=True)
class Refunded:
    """Lines of items with refunds.

    rows: their places among all lines, rising. net_fen: what the line's item comes to. left_fen: what
    is left of the line, never below nothing; 0 for refunds.
    """

    rows: NDArray[np.int64]
    net_fen: NDArray[np.int64]
    left_fen: NDArray[np.int64]


def refunded(lines: pl.DataFrame) -> Refunded | None:
    """What refunds leave; None if there is none.

    lines: no, item_code, item_kind, quantity, amount_fen, the lines of an item one after the other.
    A refund takes away a line of its item with exactly its amount, of several the one with the
    largest quantity. What then is left of an item's refunds is summed, and lowers the item's lines
    by falling amount, then quantity, until it is used up.
    """
    negative = (lines["amount_fen"] < 0).fill_null(False).to_numpy()
    if not negative.any():
        return None
    item = _item_of_each(lines)
    concerned = (np.bincount(item[negative], minlength=int(item[-1]) + 1) > 0)[item]
    places = np.flatnonzero(concerned)
    rows = lines.lazy().select("quantity", "amount_fen").filter(pl.Series(concerned)).collect()
    return Refunded(places, *_left(item[places], rows))


def _left(item: NDArray[np.int64], rows: pl.DataFrame) -> tuple[NDArray[np.int64], ...]:
    """net_fen and left_fen of each row."""
    refund, amount = pl.col("amount_fen") < 0, pl.col("amount_fen")
    rows = rows.with_columns(
        item=pl.Series(item), amount_fen=amount.fill_null(0), place=pl.int_range(pl.len())
    )
    ordered = rows.sort("item", "amount_fen", "quantity", descending=[False, True, True])
    same = ("item", amount.abs())
    matched = ordered.with_columns(
        net=amount.sum().over("item"),
        nth=pl.int_range(pl.len()).over(*same, refund),
        pairs=pl.min_horizontal(refund.sum(), (~refund).sum()).over(*same),
    ).with_columns(
        # What is left of lines and of refunds that found no line of their amount.
        rest=pl.when(pl.col("nth") < pl.col("pairs")).then(0).otherwise("amount_fen")
    )
    charged = pl.col("rest").clip(lower_bound=0)
    lowered = matched.with_columns(
        charged=charged,
        refunds=(charged - pl.col("rest")).sum().over("item"),
        before=(charged.cum_sum() - charged).over("item"),
    ).with_columns(
        left=pl.col("charged") - (pl.col("refunds") - pl.col("before")).clip(0, pl.col("charged"))
    )
    found = lowered.sort("place")
    return found["net"].to_numpy(), found["left"].to_numpy()


def lines_left(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines above zero that refunds leave, in their order; none of an item below zero.

    lines: as in `refunded`. An amount that is missing is none.
    """
    found = refunded(lines)
    return lines_with(lines, found) if found else lines.filter(pl.col("amount_fen") > 0)


def lines_with(lines: pl.DataFrame, found: Refunded) -> pl.DataFrame:
    """The lines above zero with the amounts that refunds leave; none of an item below zero."""
    left = np.where(found.net_fen < 0, 0, found.left_fen)
    amounts = lines["amount_fen"].clone().scatter(found.rows, left)
    return lines.with_columns(amount_fen=amounts).filter(pl.col("amount_fen") > 0)


def _item_of_each(lines: pl.DataFrame) -> NDArray[np.int64]:
    """Numbers the runs of lines of one item."""
    differs = lines.select(
        pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in _ITEM)
    )
    numbers = np.cumsum(differs.to_series().to_numpy())
    return numbers - numbers[:1]
