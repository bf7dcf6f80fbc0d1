"""CUSUM: the sum of what months lie above the months before, which a small lasting rise fills (07a; S7)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cusum:
    """A row a unit, a column a judged month. mu, sigma: of the months before, nan where not judged.

    level: the sum of each month before it starts again; nan of a month that was not judged.
    alarm: where it reached the limit, after which it starts from 0.
    """

    mu: np.ndarray
    sigma: np.ndarray
    level: np.ndarray
    alarm: np.ndarray


def cusum(before: np.ndarray, months: np.ndarray, slack: float, limit: float) -> Cusum:
    """S = max(0, S + (x - mu) / sigma - slack), an alarm where S >= limit (S7).

    before, months: a row a unit, a column a month. A unit that lacks a month before, or that did not
    vary at all, is not judged; a month that it lacks (nan) leaves its sum as it was.
    """
    mu, sigma = baseline(before)
    level = np.full(months.shape, np.nan)
    alarm = np.zeros(months.shape, dtype=bool)
    total = np.zeros(len(months))
    for month in range(months.shape[1]):
        with np.errstate(invalid="ignore", divide="ignore"):
            raised = np.maximum(0.0, total + (months[:, month] - mu) / sigma - slack)
        known = ~np.isnan(raised)
        # what a division of decimal shares is off by must not keep a month below the limit
        reached = known & (raised >= limit - 1e-9)
        level[:, month] = raised
        alarm[:, month] = reached
        total = np.where(reached, 0.0, np.where(known, raised, total))
    return Cusum(mu, sigma, level, alarm)


def baseline(before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean and the standard deviation (n - 1) of each row; nan where it lacks a month or has no spread."""
    if before.shape[1] < 2:
        nothing = np.full(len(before), np.nan)
        return nothing, nothing
    mu, sigma = before.mean(axis=1), before.std(axis=1, ddof=1)
    # equal months differ by the last bits of their sum at most
    spread = sigma > 1e-12 * np.maximum(1.0, np.abs(mu))
    return np.where(spread, mu, np.nan), np.where(spread, sigma, np.nan)
