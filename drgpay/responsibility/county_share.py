"""The county's share of its gap: collection, own policy, and management by marginal bands (R2).

Every percentage is unverified: no readable document gives one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from drgpay.base.exact import POINT_SCALE, half_up
from drgpay.policy.settlement import SharingBand
from drgpay.responsibility.file import ManagementFile, SharesFile
from drgpay.responsibility.gap import Gap


@dataclass(frozen=True)
class CountyShare:
    """The three parts before the cap, in fen, and what the cap leaves.

    by_bands: what the bands give of the management part, in fen, exact. m: the factor of the score.
    cap_fen: of the given budget. excess_fen: what the cap sends to the pool.
    """

    gap: Gap
    collection_fen: int
    own_fen: int
    by_bands: Fraction
    m: Fraction
    management_fen: int
    cap_fen: int
    excess_fen: int

    @property
    def share_fen(self) -> int:
        """What the county pays."""
        return self.collection_fen + self.own_fen + self.management_fen - self.excess_fen

    @property
    def pool_fen(self) -> int:
        """What is left to the pool; negative where the county leaves a surplus there."""
        return self.gap.gap_fen - self.share_fen


def county_share(gap: Gap, score: int | None, rules: SharesFile) -> CountyShare:
    """The share of a county and an account. score: in 1/10,000; None: m is 1."""
    collection = gap.premium_gap_fen if rules.collection == "premium" else gap.collection_fen
    own = gap.of.own_fen
    if not rules.signed:  # what is more than planned stays in the pool
        collection, own = max(collection, 0), max(own, 0)
    by_bands = of_bands(gap.management_fen, gap.budget_fen, rules.bands)
    m = score_factor(score, rules.management)
    management = half_up(by_bands * m)
    cap = half_up(Fraction(rules.county_cap) * gap.of.budget_fen)
    excess = max(collection + own + management - cap, 0)
    return CountyShare(gap, collection, own, by_bands, m, management, cap, excess)


def of_bands(amount_fen: int, budget_fen: int, bands: Sequence[SharingBand]) -> Fraction:
    """The part of an overrun by management that falls to the county, in fen, not rounded.

    A band reaches up to `up_to` x budget, like tax brackets; of a budget of 0 all is in the last.
    """
    shared, lower = Fraction(0), Fraction(0)
    for band in bands:
        upper = Fraction(amount_fen) if band.up_to is None else Fraction(band.up_to) * budget_fen
        inside = min(upper, Fraction(amount_fen)) - lower
        if inside > 0:
            shared += inside * Fraction(band.share)
        lower = max(lower, upper)
    return shared


def score_factor(score: int | None, rules: ManagementFile) -> Fraction:
    """Better management, smaller share: 1 + (neutral - score) x per_point, held between its limits."""
    if score is None:
        return Fraction(1)
    below = Fraction(rules.neutral_score) - Fraction(score, POINT_SCALE)
    m = 1 + below * Fraction(rules.per_point)
    return min(max(m, Fraction(rules.least)), Fraction(rules.most))
