"""An amount in proportion to exact weights: largest remainder, ties in the order of the counties."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from drgpay.base.exact import apportion


def in_proportion(total_fen: int, weights: Sequence[Fraction | int]) -> list[int]:
    """The shares of each, in fen; nothing where all weights are 0. No weight may be negative."""
    exact = [Fraction(weight) for weight in weights]
    if not any(exact):
        return [0] * len(exact)
    common = lcm(*(weight.denominator for weight in exact))
    return apportion(total_fen, [int(weight * common) for weight in exact])
