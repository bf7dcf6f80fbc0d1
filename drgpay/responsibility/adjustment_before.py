"""The adjustment fund, paid beforehand (事前调剂): a share of income, given back by people and risk (R6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from drgpay.base.exact import half_up
from drgpay.responsibility.apportioned import in_proportion
from drgpay.responsibility.county import CountyYear


@dataclass(frozen=True)
class Net:
    """What a county pays in and gets out; the nets of an account are 0 together, to the fen."""

    contribution_fen: int
    payout_fen: int

    @property
    def net_fen(self) -> int:
        """Payout less contribution."""
        return self.payout_fen - self.contribution_fen


def risk_adjusted(
    counties: Sequence[CountyYear], risks: Mapping[str, Fraction], pooled_ratio: Fraction
) -> list[Net]:
    """pot = sum of ratio x income, payout = pot x heads x risk / sum of heads x risk."""
    paid = [half_up(pooled_ratio * one.income_fen) for one in counties]
    weights = [one.heads * risks.get(one.county, Fraction(1)) for one in counties]
    if not any(weights):  # nobody to share it by: each has back what it paid
        return [Net(fen, fen) for fen in paid]
    back = in_proportion(sum(paid), weights)
    return [Net(fen, got) for fen, got in zip(paid, back, strict=True)]
