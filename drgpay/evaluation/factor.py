"""From a score to a factor of what is payable: a loss a point by bands, or the band's factor (V5)."""

from fractions import Fraction

from drgpay.evaluation.file import MoneyFile

_FULL = Fraction(100)


def factor_of(score: int | None, rules: MoneyFile) -> Fraction:
    """The factor of a score in 1/100; 1 for who is not rated. It is not rounded; what is payable is."""
    if score is None or rules.use == "none":
        return Fraction(1)
    x = Fraction(score, 100)
    if rules.form == "step":
        band = next(one for one in rules.bands if x >= Fraction(one.score_from))
        return Fraction(band.factor or 0)
    lost, upper = Fraction(0), _FULL
    for band in rules.bands:
        lower = Fraction(band.score_from)
        if x < upper:
            lost += (upper - max(x, lower)) * Fraction(band.per_point or 0)
        upper = lower
    return 1 - lost
