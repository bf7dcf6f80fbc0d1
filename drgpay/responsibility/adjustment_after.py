"""The adjustment fund, paid afterwards (事后调剂): contributions until it is full, payouts by claims (R4, R5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from drgpay.base.exact import POINT_SCALE, half_up
from drgpay.responsibility.apportioned import in_proportion
from drgpay.responsibility.county import CountyYear
from drgpay.responsibility.county_share import CountyShare
from drgpay.responsibility.file import AdjustmentFile


@dataclass(frozen=True)
class Contribution:
    """full_fen: premium x rate. paid_fen: of it, what the fund had room for."""

    full_fen: int
    paid_fen: int


@dataclass(frozen=True)
class Claim:
    """claim_fen: asked. eligible: collection and score reach the limits. counted_fen: at most limit x gap."""

    claim_fen: int
    eligible: bool
    counted_fen: int


def contributions(
    counties: Sequence[CountyYear], fund_fen: int, rules: AdjustmentFile
) -> list[Contribution]:
    """What each county's premium brings in; the last ones are cut in proportion where it is full."""
    full = [half_up(Fraction(rules.rate) * one.premium_collected_fen) for one in counties]
    spend = sum(one.spend_fen for one in counties)
    cap = half_up(Fraction(rules.cap_months) * spend / 12)
    total = min(sum(full), max(cap - fund_fen, 0))
    paid = in_proportion(total, full)
    return [Contribution(one, part) for one, part in zip(full, paid, strict=True)]


def claims(
    shares: Sequence[CountyShare], given: Mapping[str, int], rules: AdjustmentFile
) -> list[Claim]:
    """The claim of each county: its positive pool share, unless one is given (by county, in fen)."""
    return [_claim(one, given.get(one.gap.of.county), rules) for one in shares]


def payouts(found: Sequence[Claim], fund_fen: int, needed_fen: int) -> list[int]:
    """What is paid: all that counts, or as far as the fund and the need reach, in proportion to it."""
    counted = [one.counted_fen for one in found]
    return in_proportion(min(sum(counted), fund_fen, needed_fen), counted)


def _claim(share: CountyShare, given: int | None, rules: AdjustmentFile) -> Claim:
    of = share.gap.of
    claim = max(share.pool_fen, 0) if given is None else given
    least = Fraction(rules.min_collection) * of.premium_target_fen
    eligible = (
        of.premium_collected_fen >= least
        and of.score is not None
        and Fraction(of.score, POINT_SCALE) >= Fraction(rules.min_score)
    )
    most = half_up(Fraction(rules.limit) * max(share.gap.gap_fen, 0))
    return Claim(claim, eligible, min(claim, most) if eligible else 0)
