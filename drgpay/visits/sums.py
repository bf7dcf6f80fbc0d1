"""What reports need of entries, added up part by part: nobody keeps all entries in memory."""

from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np
import polars as pl
from numpy.typing import NDArray

from drgpay.base.exact import wide
from drgpay.visits.at_cost import EXACT_SCALE, cost_points
from drgpay.visits.columns import MEDICAL, PAID_REASONS, PROCEDURE

SUM_KEYS = ["hospital_id", "class", "family", "apg", "reason"]

ENTRY_SUM_SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(SUM_KEYS, pl.String()),
    "entries": pl.Int64(),
    "quantity": pl.Int64(),
    "lines_fen": pl.Int64(),
    "exact_points": pl.Int128(),
}
"""exact_points: base points x factor x coefficient in 1/10^12, not yet rounded by visit; of entries
at cost what they are paid for / mean over all x 100, to so many places.
"""


def entry_sums(entries: pl.DataFrame, all_mean_fen: Fraction | None = None) -> pl.DataFrame:
    """Entries by provider, APG and reason.

    entries: of `VisitPoints`. all_mean_fen: the mean of the catalogue, if there is one. Returns
    ENTRY_SUM_SCHEMA, sorted by SUM_KEYS.
    """
    earned = wide("base_points") * wide("factor") * wide("coefficient")
    sums = entries.group_by(SUM_KEYS).agg(
        pl.len().cast(pl.Int64).alias("entries"),
        pl.col("quantity", "lines_fen", "paid_cost_fen").sum(),
        exact_points=earned.fill_null(0).sum(),
    )
    if all_mean_fen is not None:
        at_cost = cost_points(pl.col("paid_cost_fen"), all_mean_fen, EXACT_SCALE)
        sums = sums.with_columns(exact_points=pl.col("exact_points") + at_cost)
    return _sorted(sums)


def together(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The `entry_sums` of all visits from those of some visits each; at least one part."""
    amounts = [name for name in ENTRY_SUM_SCHEMA if name not in SUM_KEYS]
    return _sorted(pl.concat(parts).group_by(SUM_KEYS).agg(pl.col(amounts).sum()))


def leading_entries(entries: pl.DataFrame) -> pl.DataFrame:
    """The entry that says what a visit was for: visit_id, class, family, apg, entries.

    entries: ENTRY_SCHEMA in the order of `entries_of`. That is the first paid procedure, else the
    paid medical entry, else the paid entry with the most base points; class, family and apg are
    null where no entry is paid. `entries` counts all entries of the visit. One row a visit with
    entries, in their order.
    """
    rank = _ranks(entries)
    starts = np.flatnonzero((entries["visit_id"] != entries["visit_id"].shift()).fill_null(True))
    count = entries.height
    # The least of rank and place together: of a rank the entry with the most base points.
    keys = rank * count + np.arange(count)
    least = np.minimum.reduceat(keys, starts) if len(starts) else keys
    first = pl.Series(least % max(count, 1))
    unpaid = pl.Series(least >= _UNPAID * count)
    names = ("class", "family", "apg")
    leading = entries.select("visit_id", *names)[first]
    return leading.with_columns(
        *(pl.when(~unpaid).then(name).alias(name) for name in names),
        entries=pl.Series(np.diff(np.append(starts, count)), dtype=pl.Int64),
    )


_UNPAID = 3


def _ranks(entries: pl.DataFrame) -> NDArray[np.int64]:
    """0 for a paid procedure, 1 for the paid medical entry, 2 for another paid one, _UNPAID."""
    of_class = _by_code(entries["class"], lambda text: {PROCEDURE: 0, MEDICAL: 1}.get(text, 2))
    paid = _by_code(entries["reason"], lambda text: text in PAID_REASONS)
    return np.where(paid, of_class, _UNPAID)


def _by_code(codes: pl.Series, answer: Callable[[str], int]) -> NDArray[np.int64]:
    """An answer for each row, found once for each different text of coded ones."""
    numbers = codes.to_physical().to_numpy()
    different = codes.unique()
    table = np.zeros(int(numbers.max(initial=0)) + 1, dtype=np.int64)
    table[different.to_physical().to_numpy()] = [answer(text) for text in different.cast(pl.String)]
    return table[numbers]


def _sorted(sums: pl.DataFrame) -> pl.DataFrame:
    return sums.select(pl.col(name).cast(dtype) for name, dtype in ENTRY_SUM_SCHEMA.items()).sort(
        SUM_KEYS
    )
