"""CUSUM by hand (S7)."""

import numpy as np
import pytest

from drgpay.supervise.cusum import baseline, cusum

MONTHS = np.array([[1.02, 1.06, 1.09, 1.10, 1.12]])


def before(mu: float, sigma: float) -> np.ndarray:
    """Twelve months of that mean and standard deviation (n - 1)."""
    step = sigma * np.sqrt(11 / 12)
    return np.array([[mu - step, mu + step] * 6])


def test_s7_a_rise_of_five_months_is_a_clue_in_the_fifth() -> None:
    found = cusum(before(1, 0.05), MONTHS, 0.5, 4)
    assert found.mu[0] == pytest.approx(1)
    assert found.sigma[0] == pytest.approx(0.05)
    assert [round(one, 4) for one in found.level[0].tolist()] == [0, 0.7, 2.0, 3.5, 5.4]
    assert found.alarm[0].tolist() == [False, False, False, False, True]


def test_after_an_alarm_the_sum_starts_again() -> None:
    found = cusum(before(1, 0.05), np.array([[1.25, 1.05]]), 0.5, 4)
    assert [round(one, 4) for one in found.level[0].tolist()] == [4.5, 0.5]
    assert found.alarm[0].tolist() == [True, False]


@pytest.mark.parametrize(("x", "alarm"), [(1.225, True), (1.2249, False)])
def test_the_limit_at_both_sides(x: float, alarm: bool) -> None:
    assert cusum(before(1, 0.05), np.array([[x]]), 0.5, 4).alarm[0, 0] == alarm


def test_a_missing_month_leaves_the_sum_as_it_was() -> None:
    found = cusum(before(1, 0.05), np.array([[1.10, np.nan, 1.10]]), 0.5, 4)
    assert np.isnan(found.level[0, 1])
    assert round(found.level[0, 2], 4) == 3.0


def test_no_spread_or_a_month_lacking_before_is_not_judged() -> None:
    flat, short = np.full((1, 12), 1.1), before(1, 0.05)
    short[0, 3] = np.nan
    for months in (flat, short, np.zeros((1, 1)), np.zeros((1, 0))):
        mu, sigma = baseline(months)
        assert np.isnan(mu[0])
        assert np.isnan(sigma[0])
