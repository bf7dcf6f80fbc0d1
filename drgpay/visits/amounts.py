"""What of a visit's standard amount falls to each of its entries, to the fen."""

from fractions import Fraction

import polars as pl

from drgpay.base.exact import wide
from drgpay.settle.apportion import largest_remainder
from drgpay.visits.at_cost import EXACT_SCALE, cost_points
from drgpay.visits.entries import visit_numbers


def entry_amounts(
    entries: pl.DataFrame, cases: pl.DataFrame, all_mean_fen: Fraction | None = None
) -> pl.Series:
    """Share the standard amount of each visit among its entries in proportion to their points.

    entries: of `VisitPoints`. all_mean_fen: the mean of their catalogue. cases: of `Settled`,
    sorted; case_id, standard_fen. Returns standard_fen of each entry, in their order: they add up
    to the visit's by largest remainder, ties in the order of entries (C15). The entries of a visit
    without points have 0.
    """
    visit = visit_numbers(cases["case_id"], entries["visit_id"])
    exact = wide("base_points") * wide("factor") * wide("coefficient")
    if all_mean_fen is not None:
        at_cost = cost_points(pl.col("paid_cost_fen"), all_mean_fen, EXACT_SCALE)
        exact = pl.coalesce(at_cost, exact)
    exact = exact.fill_null(0)
    own = entries.select(
        exact=exact, line=pl.Series(visit), total=cases["standard_fen"].gather(visit)
    ).with_columns(whole=pl.col("exact").sum().over("line"))
    earning = pl.col("whole") > 0
    shares = largest_remainder(
        own.with_columns(total=pl.when(earning).then("total").otherwise(0)),
        "total",
        quota=wide("total") * pl.col("exact"),
        denominator=pl.when(earning).then("whole").otherwise(wide(1)),
    )
    return shares.alias("standard_fen")
