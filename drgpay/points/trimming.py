"""Which cases of a group count towards its mean (docs/points.md, calibration step 2).

Costs are whole fen, so every method comes down to two limits a group: the smallest and the largest
cost that it keeps, in whole fen. They are worked out with exact fractions from sums and ranks, which
no order of rows changes; the cases are then compared in whole numbers.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import ceil, floor, isqrt

import numpy as np
import polars as pl

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, scaled, wide
from drgpay.points.ranks import CostRanks
from drgpay.policy.calibration import (
    IqrTrim,
    LogSdTrim,
    NoTrim,
    PercentileTrim,
    RatioTrim,
    Trim,
)

COST = "total_fen"
GROUP = "drg"
LIMIT_SCHEMA: dict[str, pl.DataType] = {
    GROUP: pl.String(),
    "low_fen": pl.Int64(),
    "high_fen": pl.Int64(),
}

LOG_PLACES = 9
LOG_SCALE = 10**LOG_PLACES
# A limit beyond every cost; as far as 64 bits go.
_FARTHEST = 2**62
_FARTHEST_LOG = 43 * LOG_SCALE
_EXACT = Context(prec=50, rounding=ROUND_HALF_EVEN)
# How near to a half the fraction of a float logarithm may lie before it is worked out exactly. Its
# error is below 10^-5 at this scale.
_DOUBTFUL = 1e-3

Limits = Iterator[tuple[str, int, int]]


def kept(trim: Trim) -> pl.Expr:
    """True for the cases to keep, over a frame with drg and total_fen."""
    if isinstance(trim, NoTrim):
        return pl.lit(True)
    return pl.struct(GROUP, COST).map_batches(
        lambda cases: kept_cases(cases.struct.unnest(), trim), return_dtype=pl.Boolean()
    )


def kept_cases(cases: pl.DataFrame, trim: Trim) -> pl.Series:
    """True for the cases (drg, total_fen) to keep, in their order."""
    if isinstance(trim, NoTrim):
        return pl.Series([True]).new_from_index(0, cases.height)
    limits = trim_limits(cases, trim)
    within = pl.col(COST).is_between("low_fen", "high_fen")
    joined = cases.select(pl.col(GROUP).cast(pl.String), COST).join(
        limits, on=GROUP, how="left", maintain_order="left"
    )
    return joined.select(within.fill_null(False)).to_series()


def trim_limits(cases: pl.DataFrame, trim: Trim) -> pl.DataFrame:
    """The smallest and the largest cost that each group keeps, both included.

    cases: drg, total_fen. Returns LIMIT_SCHEMA sorted by group; no rows for the method `none`.
    """
    cases = cases.select(pl.col(GROUP).cast(pl.String), COST).drop_nulls()
    match trim:
        case NoTrim():
            limits: Limits = iter(())
        case RatioTrim():
            limits = _ratio_limits(cases, trim)
        case IqrTrim():
            limits = _iqr_limits(cases, trim)
        case PercentileTrim():
            limits = _percentile_limits(cases, trim)
        case LogSdTrim():
            limits = _log_sd_limits(cases, trim)
    rows = [(drg, max(low, -_FARTHEST), min(high, _FARTHEST)) for drg, low, high in limits]
    return pl.DataFrame(rows, schema=LIMIT_SCHEMA, orient="row").sort(GROUP)


def _ratio_limits(cases: pl.DataFrame, trim: RatioTrim) -> Limits:
    """Low x mean ... high x mean, with mean = sum / number of cases."""
    low, high = Fraction(trim.low), Fraction(trim.high)
    sums = cases.group_by(GROUP).agg(n=pl.len(), total=wide(COST).sum())
    for drg, n, total in sums.iter_rows():
        yield drg, ceil(low * total / n), floor(high * total / n)


def _iqr_limits(cases: pl.DataFrame, trim: IqrTrim) -> Limits:
    """Q1 - factor x IQR ... Q3 + factor x IQR; quartiles interpolated between ranks."""
    ranks = CostRanks.of(cases)
    lower, upper = ranks.quantiles(Fraction(1, 4)), ranks.quantiles(Fraction(3, 4))
    for drg, q1, q3 in zip(ranks.groups, lower, upper, strict=True):
        reach = Fraction(trim.factor) * (q3 - q1)
        yield drg, ceil(q1 - reach), floor(q3 + reach)


def _percentile_limits(cases: pl.DataFrame, trim: PercentileTrim) -> Limits:
    """The costs at two shares of the ranks, interpolated between them."""
    ranks = CostRanks.of(cases)
    lower = ranks.quantiles(Fraction(trim.low))
    upper = ranks.quantiles(Fraction(trim.high))
    for drg, low, high in zip(ranks.groups, lower, upper, strict=True):
        yield drg, ceil(low), floor(high)


def _log_sd_limits(cases: pl.DataFrame, trim: LogSdTrim) -> Limits:
    """Mean - k x sd ... mean + k x sd of the logarithms, which are whole numbers (`fixed_logs`).

    With S the sum of n logarithms l and Q of their squares, l is kept where
    |n l - S| <= k sqrt(n (n Q - S^2) / (n - 1)). A cost of nothing or less has no logarithm: it
    counts for nothing and is not kept.
    """
    k = scaled(trim.deviations, POINT_PLACES)
    costs = cases.group_by(GROUP, COST).len("n").filter(pl.col(COST) > 0)
    logs = pl.Series("log", fixed_logs(costs[COST].to_numpy()))
    sums = (
        costs.with_columns(logs)
        .with_columns(wide("log"), wide("n"))
        .group_by(GROUP)
        .agg(
            pl.col("n").sum(),
            total=(pl.col("n") * pl.col("log")).sum(),
            squares=(pl.col("n") * pl.col("log") * pl.col("log")).sum(),
        )
    )
    for drg, n, total, squares in sums.iter_rows():
        spread = n * (n * squares - total * total)
        reach = isqrt(k * k * spread // (POINT_SCALE**2 * (n - 1))) if n > 1 else 0
        low = ceil(Fraction(total - reach, n))
        high = floor(Fraction(total + reach, n))
        yield drg, _first_cost_from(low), _last_cost_up_to(high)


def fixed_logs(costs: np.ndarray) -> np.ndarray:
    """The natural logarithm of positive whole costs x 10^9, rounded to a whole number (int64).

    Rounded from the true logarithm, not from the nearest float: the same on every machine.
    """
    exact = np.log(costs.astype(np.float64)) * LOG_SCALE
    rounded = np.rint(exact)
    doubtful = np.flatnonzero(np.abs(exact - rounded) > 0.5 - _DOUBTFUL)
    logs = rounded.astype(np.int64)
    for place in doubtful.tolist():
        logs[place] = _fixed_log(int(costs[place]))
    return logs


def _fixed_log(cost: int) -> int:
    # No logarithm of a whole number above 1 lies at a half, so the way of rounding is no matter.
    return int((_EXACT.ln(Decimal(cost)) * LOG_SCALE).to_integral_value(ROUND_HALF_EVEN))


def _first_cost_from(log: int) -> int:
    """The smallest positive cost whose fixed logarithm is at least `log`."""
    return max(1, ceil(_cost_at(2 * log - 1)))


def _last_cost_up_to(log: int) -> int:
    """The largest cost whose fixed logarithm is at most `log`."""
    return floor(_cost_at(2 * min(log, _FARTHEST_LOG) + 1))


def _cost_at(half_steps: int) -> Decimal:
    """The cost whose logarithm is so many halves of 10^-9; never a whole number but at 0."""
    return _EXACT.exp(_EXACT.divide(Decimal(half_steps), Decimal(2 * LOG_SCALE)))
