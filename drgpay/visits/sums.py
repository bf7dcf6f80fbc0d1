"""What reports need of entries, added up part by part: nobody keeps all entries in memory."""

from collections.abc import Iterable

import polars as pl

from drgpay.exact import wide
from drgpay.visits.columns import MEDICAL, PAID_REASONS, PROCEDURE

SUM_KEYS = ["hospital_id", "class", "family", "apg", "reason"]

ENTRY_SUM_SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(SUM_KEYS, pl.String()),
    "entries": pl.Int64(),
    "quantity": pl.Int64(),
    "lines_fen": pl.Int64(),
    "exact_points": pl.Int128(),
}
"""exact_points: base points x factor x coefficient in 1/10^12, not yet rounded by visit."""


def entry_sums(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries by provider, APG and reason.

    entries: of `VisitPoints`. Returns ENTRY_SUM_SCHEMA, sorted by SUM_KEYS.
    """
    earned = wide("base_points") * wide("factor") * wide("coefficient")
    sums = entries.group_by(SUM_KEYS).agg(
        pl.len().cast(pl.Int64).alias("entries"),
        pl.col("quantity", "lines_fen").sum(),
        exact_points=earned.fill_null(0).sum(),
    )
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
    of_class = pl.col("class").cast(pl.String)
    paid = pl.col("reason").cast(pl.String).is_in(PAID_REASONS)
    rank = (
        pl.when(~paid)
        .then(3)
        .when(of_class == PROCEDURE)
        .then(0)
        .when(of_class == MEDICAL)
        .then(1)
        .otherwise(2)
    )
    ranked = entries.select("visit_id", "class", "family", "apg", rank=rank.cast(pl.UInt8))
    starts = ranked["visit_id"].rle_id()
    # Stable within a visit, so that the first of a rank is the one with the most base points.
    first = (
        ranked.select(visit=starts, rank="rank")
        .with_row_index("place")
        .group_by("visit", maintain_order=True)
        .agg(
            pl.col("place").sort_by("rank", maintain_order=True).first(),
            pl.len().cast(pl.Int64).alias("entries"),
        )
    )
    leading = ranked[first["place"]].with_columns(entries=first["entries"])
    named = [
        pl.when(pl.col("rank") < 3).then(name).alias(name) for name in ("class", "family", "apg")
    ]
    return leading.select("visit_id", *named, "entries")


def _sorted(sums: pl.DataFrame) -> pl.DataFrame:
    return sums.select(pl.col(name).cast(dtype) for name, dtype in ENTRY_SUM_SCHEMA.items()).sort(
        SUM_KEYS
    )
