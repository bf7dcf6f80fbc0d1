"""Sharing by bands: what of a surplus or overrun falls to one side (docs/settlement.md)."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from drgpay.base.exact import half_up
from drgpay.policy.settlement import SharingBand


def shared_by_bands(
    amount_fen: int,
    budget_fen: int,
    bands: Sequence[SharingBand],
    rule: Literal["marginal", "whole"],
) -> int:
    """The share of an amount, in fen, rounded half-up once.

    A band reaches up to, and includes, its `up_to` x budget. marginal: each band shares the part
    of the amount that lies in it, like tax brackets (C16); whole: the band in which the amount
    ends shares all of it.
    """
    shared = Fraction(0)
    lower = Fraction(0)
    for band in bands:
        upper = Fraction(amount_fen) if band.up_to is None else Fraction(band.up_to) * budget_fen
        ends_here = amount_fen <= upper
        if rule == "marginal":
            shared += (min(upper, Fraction(amount_fen)) - lower) * Fraction(band.share)
        elif ends_here:
            shared = amount_fen * Fraction(band.share)
        if ends_here:
            break
        lower = upper
    return half_up(shared)
