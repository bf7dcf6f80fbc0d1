"""Exact numbers, and where a rule says so, rounded ones."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor, isqrt


def half_up(number: Fraction, places: int) -> Decimal:
    """Rounded half-up, the half away from zero (E3: 2,940.4404... -> 2,940.44)."""
    units = floor(abs(number) * 10**places + Fraction(1, 2))
    return Decimal(units if number >= 0 else -units).scaleb(-places)


def down(number: Fraction, places: int) -> Decimal:
    """Rounded down (C19)."""
    return Decimal(floor(number * 10**places)).scaleb(-places)


def ceiling(number: Fraction) -> int:
    """Rounded up to a whole number (C11)."""
    return -floor(-number)


def root_half_up(square: Fraction, places: int) -> Decimal:
    """A square root rounded half-up: the largest n with n - 1/2 <= root x 10^places."""
    four_times = floor(4 * square * 10 ** (2 * places))
    return Decimal((isqrt(four_times) + 1) // 2).scaleb(-places)


def logarithm(cost: Decimal) -> Fraction:
    """The natural logarithm of a cost in fen, rounded to 9 places."""
    with localcontext() as context:
        context.prec = 40
        return Fraction((cost * 100).ln().quantize(Decimal("1e-9")))


def mean(numbers: Sequence[Decimal | Fraction]) -> Fraction:
    """The exact mean."""
    return total(numbers) / len(numbers)


def total(numbers: Sequence[Decimal | Fraction]) -> Fraction:
    """The exact sum."""
    return sum((Fraction(number) for number in numbers), Fraction(0))


def squares_around_mean(numbers: Sequence[Decimal | Fraction]) -> Fraction:
    """The variance with n - 1; 0 for a single number."""
    middle = mean(numbers)
    squares = total([(Fraction(number) - middle) ** 2 for number in numbers])
    return squares / (len(numbers) - 1) if len(numbers) > 1 else Fraction(0)


def quantile(costs: Sequence[Decimal], share: Fraction) -> Fraction:
    """By linear interpolation between ranks: the share p lies at rank p x (n - 1), from 0."""
    ordered = [Fraction(cost) for cost in sorted(costs)]
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def largest_remainder(amount: Decimal, quotas: Sequence[Fraction]) -> list[Decimal]:
    """Share an amount to the fen: whole fen first (of a negative quota the next lower), then one
    each to the largest cut-off parts (C18). Quotas in yuan, in the order that decides ties.
    """
    shares = [floor(quota * 100) for quota in quotas]
    left = int(amount * 100) - sum(shares)
    places = sorted(range(len(quotas)), key=lambda n: (shares[n] - quotas[n] * 100, n))
    assert 0 <= left <= len(quotas), "the quotas do not belong to the amount"
    for place in places[:left]:
        shares[place] += 1
    return [Decimal(share).scaleb(-2) for share in shares]


def in_proportion(amount: Decimal, weights: Sequence[Decimal | Fraction]) -> list[Decimal]:
    """Share an amount in proportion to weights, by largest remainder."""
    whole = total(weights)
    quotas = [Fraction(amount) * Fraction(weight) / whole for weight in weights]
    return largest_remainder(amount, quotas)


def largest_whole(amount: int, parts: Sequence[Fraction]) -> list[int]:
    """Share a whole number in the given parts: the cut-off first, ties to the earlier place."""
    shares = [floor(part) for part in parts]
    order = sorted(range(len(parts)), key=lambda n: (shares[n] - parts[n], n))
    for place in order[: amount - sum(shares)]:
        shares[place] += 1
    return shares
