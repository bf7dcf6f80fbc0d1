"""The quality bond: a part of what prepayment holds back, given back by the score (V4)."""

from fractions import Fraction

from drgpay.base.exact import half_up
from drgpay.evaluation.file import MoneyFile


def bond_fen(prepaid_fen: int, rules: MoneyFile) -> int:
    """The bond of a hospital: bond_ratio of its prepayments."""
    return half_up(Fraction(rules.bond_ratio or 0) * max(prepaid_fen, 0))


def bond_back_fen(bond: int, score: int | None, rules: MoneyFile) -> int:
    """What is given back: all from the full score on and for who is not rated, else in proportion."""
    if score is None:
        return bond
    x, full = Fraction(score, 100), Fraction(rules.bond_full)
    if x >= full:
        return bond
    return half_up(bond * x / (full if rules.bond_by == "full" else 100))
