"""Scores of an indicator, 0 to 100: exact, half-up to 2 places (V3); values have 6 places before they are used.

`percentile`: P10 and P90 of the peers, linear between 50 and 100 [d5, formula inferred]; P10 = P90: 75.
"""

from collections.abc import Sequence
from fractions import Fraction

from drgpay.base.exact import half_up
from drgpay.evaluation.file import IndicatorFile

VALUE = 10**6
"""Units of a value."""
SCORE = 100
"""Units of a score."""
_LOW, _HIGH = Fraction(1, 10), Fraction(9, 10)
_MIDDLE = 75
_FULL = 100


def quantile(values: Sequence[int], share: Fraction) -> Fraction:
    """The linear quantile of values that are sorted, as 07a has it."""
    place = share * (len(values) - 1)
    below = place.numerator // place.denominator
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])


def score_of(value: int, peers: Sequence[int], rules: IndicatorFile) -> int:
    """The score of a value, in 1/100. value, peers: in 1/1,000,000, the peers sorted."""
    x = Fraction(value, VALUE)
    match rules.method:
        case "percentile":
            low, high = quantile(peers, _LOW), quantile(peers, _HIGH)
            found = percentile(Fraction(value), low, high, down=rules.way == "down")
        case "linear":
            lo, hi = Fraction(rules.lo or 0), Fraction(rules.hi or 0)
            up = min(max((x - lo) / (hi - lo), Fraction(0)), Fraction(1)) * _FULL
            found = _FULL - up if rules.way == "down" else up
        case "band":
            a, b, d = Fraction(rules.a or 0), Fraction(rules.b or 0), Fraction(rules.d or 1)
            away = max(a - x, x - b, Fraction(0))
            found = max(1 - away / d, Fraction(0)) * _FULL
        case "step":
            reached = [step.score for step in rules.steps if x >= Fraction(step.least)]
            found = Fraction(reached[0]) if reached else Fraction(0)
        case "deduct":
            found = max(_FULL - Fraction(rules.per or 0) * x, Fraction(0))
        case "given":
            found = min(max(x, Fraction(0)), Fraction(_FULL))
    return half_up(found * SCORE)


def percentile(x: Fraction, low: Fraction, high: Fraction, *, down: bool) -> Fraction:
    """50 at P10 and below, 100 at P90 and above; mirrored (150 - score) where less is better."""
    if low == high:
        return Fraction(_MIDDLE)
    up = 50 + 50 * min(max((x - low) / (high - low), Fraction(0)), Fraction(1))
    return 150 - up if down else up


def shrunk(value: Fraction, n: int, peers: Fraction, k: int) -> Fraction:
    """A rate drawn to that of its peers: n / (n + k) x value + k / (n + k) x peers (V7)."""
    return (n * value + k * peers) / (n + k) if k else value


def total_of(scores: Sequence[tuple[Fraction, int | None]]) -> int | None:
    """Sum of weight x score by the weights that are scored, in 1/100 (V8).

    None (not rated) where more than half the weight is not scored.
    """
    whole = sum((weight for weight, _ in scores), Fraction(0))
    scored = sum((weight for weight, score in scores if score is not None), Fraction(0))
    if scored * 2 < whole or not scored:
        return None
    weighted = sum((weight * score for weight, score in scores if score is not None), Fraction(0))
    return half_up(weighted / scored)
