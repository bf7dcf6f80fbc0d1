"""Trimming against a slow recomputation in fractions, one group and one cost at a time."""

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from math import floor

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.points.trimming import (
    LOG_SCALE,
    _fixed_log,
    fixed_logs,
    kept,
    kept_cases,
    trim_limits,
)
from drgpay.policy.calibration import (
    IqrTrim,
    LogSdTrim,
    NoTrim,
    PercentileTrim,
    RatioTrim,
    Trim,
)
from tests.spread import drawn

IQR = IqrTrim(method="iqr", factor=Decimal("1.5"))
RATIO = RatioTrim(method="ratio", low=Decimal("0.3"), high=Decimal("2.5"))
PERCENTILE = PercentileTrim(method="percentile", low=Decimal("0.05"), high=Decimal("0.95"))
LOG_SD = LogSdTrim(method="log_sd", deviations=Decimal("1.25"))
METHODS: list[Trim] = [NoTrim(method="none"), IQR, RATIO, PERCENTILE, LOG_SD]


# ------------------------------------------------------------------------- the slow recomputation


def quantile(costs: Sequence[int], share: Fraction) -> Fraction:
    ordered = sorted(costs)
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def logarithm(cost: int) -> int:
    """ln of the cost in fen x 10^9, rounded to a whole number."""
    return round(Context(prec=60).ln(Decimal(cost)) * LOG_SCALE)


def slowly_kept(costs: Sequence[int], trim: Trim) -> list[bool]:
    n = len(costs)
    match trim:
        case IqrTrim(factor=factor):
            q1, q3 = quantile(costs, Fraction(1, 4)), quantile(costs, Fraction(3, 4))
            reach = Fraction(factor) * (q3 - q1)
            return [q1 - reach <= cost <= q3 + reach for cost in costs]
        case RatioTrim(low=low, high=high):
            mean = Fraction(sum(costs), n)
            return [Fraction(low) * mean <= cost <= Fraction(high) * mean for cost in costs]
        case PercentileTrim(low=low, high=high):
            lower, upper = quantile(costs, Fraction(low)), quantile(costs, Fraction(high))
            return [lower <= cost <= upper for cost in costs]
        case LogSdTrim(deviations=k):
            logs = [logarithm(cost) for cost in costs]
            mean = Fraction(sum(logs), n)
            variance = sum((log - mean) ** 2 for log in logs) / (n - 1) if n > 1 else Fraction(0)
            return [(log - mean) ** 2 <= Fraction(k) ** 2 * variance for log in logs]
        case _:
            return [True] * n


def frame(costs: dict[str, Sequence[int]]) -> pl.DataFrame:
    rows = [(drg, cost) for drg, of_group in costs.items() for cost in of_group]
    return pl.DataFrame(rows, schema={"drg": pl.String, "total_fen": pl.Int64}, orient="row")


# Costs near each other meet the limits, costs far from each other trim something.
COSTS = st.lists(
    st.one_of(st.integers(1, 12), st.integers(1_000, 1_010), st.integers(1, 10**9)),
    min_size=1,
    max_size=25,
)


@pytest.mark.parametrize("trim", METHODS, ids=lambda trim: trim.method)
@drawn(120)
@given(first=COSTS, second=COSTS)
def test_each_method_keeps_what_fractions_keep(
    trim: Trim, first: list[int], second: list[int]
) -> None:
    found = kept_cases(frame({"A": first, "B": second}), trim).to_list()
    assert found == slowly_kept(first, trim) + slowly_kept(second, trim)


@pytest.mark.parametrize("trim", METHODS, ids=lambda trim: trim.method)
@drawn(40)
@given(costs=COSTS, seed=st.integers(0, 99))
def test_the_order_of_rows_is_no_matter(trim: Trim, costs: list[int], seed: int) -> None:
    cases = frame({"A": costs, "B": costs[::2]})
    shuffled = cases.sample(fraction=1, shuffle=True, seed=seed)
    assert trim_limits(cases, trim).equals(trim_limits(shuffled, trim))
    assert sorted(cases.filter(kept(trim)).rows()) == sorted(shuffled.filter(kept(trim)).rows())


# ------------------------------------------------------------------------------------ by hand


def one(costs: Sequence[int], trim: Trim) -> list[int]:
    return frame({"A": costs}).filter(kept(trim))["total_fen"].to_list()


def test_percentiles_lie_between_ranks() -> None:
    """Ranks 0 to 10, 5% at rank 0.5: half-way from 100 to 200 is 150, so 100 goes and 200 stays."""
    costs = [100 * n for n in range(1, 12)]
    assert one(costs, PERCENTILE) == costs[1:-1]
    quarter = PercentileTrim(method="percentile", low=Decimal("0.1"), high=Decimal("0.9"))
    assert one(costs, quarter) == costs[1:-1]  # rank 1 exactly: the limit is kept


def test_percentiles_of_equal_costs_keep_all() -> None:
    assert one([500] * 7, PERCENTILE) == [500] * 7


def test_percentiles_empty_a_group_of_two_costs() -> None:
    """As the method says: both lie outside the interpolated limits."""
    assert one([100, 200], PERCENTILE) == []


def test_log_sd_of_one_case_keeps_it() -> None:
    assert one([123_456], LOG_SD) == [123_456]


def test_log_sd_is_symmetric_in_ratios() -> None:
    """A tenth and ten times the rest are equally far."""
    costs = [100_000] * 20 + [10_000, 1_000_000]
    assert one(costs, LOG_SD) == [100_000] * 20


def test_costs_without_a_logarithm_count_for_nothing() -> None:
    assert one([0, -5, 1000, 1000, 1010], LogSdTrim(method="log_sd", deviations=Decimal(3))) == [
        1000,
        1000,
        1010,
    ]


def test_ratio_limits_are_kept() -> None:
    """Mean 200: exactly 60 and 500 are within 0.3 and 2.5 times."""
    costs = [60, 500, 40, 200, 200, 200]
    assert sum(costs) == 200 * 6
    assert one(costs, RATIO) == [60, 500, 200, 200, 200]


@pytest.mark.parametrize("deviations", ["0.0001", "99999.9999"])
def test_extreme_deviations(deviations: str) -> None:
    trim = LogSdTrim(method="log_sd", deviations=Decimal(deviations))
    costs = [1, 10**13, 10**6]
    assert one(costs, trim) == [
        cost for cost, keep in zip(costs, slowly_kept(costs, trim), strict=True) if keep
    ]


def test_limits_are_told_by_group() -> None:
    limits = trim_limits(frame({"B": [100, 200], "A": [1000, 2000, 3000]}), RATIO)
    assert limits.rows() == [("A", 600, 5000), ("B", 45, 375)]
    assert trim_limits(frame({"A": [1]}), NoTrim(method="none")).is_empty()


@drawn(200)
@given(st.lists(st.integers(1, 10**13), min_size=1, max_size=20))
def test_logarithms_are_rounded_from_the_true_ones(costs: list[int]) -> None:
    assert fixed_logs(np.array(costs)).tolist() == [logarithm(cost) for cost in costs]


def test_logarithms_that_floats_cannot_tell_are_worked_out_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def counted(cost: int) -> int:
        asked.append(cost)
        return _fixed_log(cost)

    monkeypatch.setattr("drgpay.points.trimming._fixed_log", counted)
    costs = np.arange(1, 20_001)
    assert fixed_logs(costs).tolist() == [logarithm(int(cost)) for cost in costs]
    assert 0 < len(asked) < 200


def test_lazy_and_streaming_frames_are_trimmed_alike() -> None:
    cases = frame({"A": list(range(1, 400)), "B": [5, 6, 1_000]})
    for trim in METHODS:
        eager = cases.filter(kept(trim))
        assert cases.lazy().filter(kept(trim)).collect(engine="streaming").equals(eager)
