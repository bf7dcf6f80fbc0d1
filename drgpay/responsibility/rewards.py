"""Incentives: what a county keeps of what its management saved (R8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from drgpay.base.exact import POINT_SCALE, half_up
from drgpay.responsibility.apportioned import in_proportion
from drgpay.responsibility.county_share import CountyShare
from drgpay.responsibility.file import IncentivesFile


@dataclass(frozen=True)
class Finding:
    """Of a county's own supervision: fund loss, and whether refusals to admit exceed the funnel limit."""

    loss_fen: int
    refuses: bool


@dataclass(frozen=True)
class Reward:
    """saving_fen: by management and under the budget. before_fen: of the county alone.

    why_not: `no_saving`, `no_score`, `low_score`, `fund_loss` or `refusal`; None where there is one.
    reward_fen: after the limit of the account.
    """

    saving_fen: int
    before_fen: int
    why_not: str | None
    reward_fen: int


def rewards(
    shares: Sequence[CountyShare], findings: Mapping[str, Finding], rules: IncentivesFile
) -> list[Reward]:
    """The rewards of an account: together at most a share of what the pool has over, cut in proportion."""
    surplus = max(-sum(one.pool_fen for one in shares), 0)
    alone = [
        reward_alone(one, one.gap.of.score, findings.get(one.gap.of.county), rules)
        for one in shares
    ]
    limit = Fraction(rules.reward_limit) * surplus
    before = [one.before_fen for one in alone]
    total = min(sum(before), limit.numerator // limit.denominator)
    paid = in_proportion(total, before)
    return [
        Reward(one.saving_fen, one.before_fen, one.why_not, fen)
        for one, fen in zip(alone, paid, strict=True)
    ]


def reward_alone(
    share: CountyShare, score: int | None, finding: Finding | None, rules: IncentivesFile
) -> Reward:
    """The reward of one county before the limit of the account. score: in 1/10,000."""
    of = share.gap.of
    saving = min(-share.gap.management_fen, of.budget_fen - of.spend_fen)
    why = _why_not(saving, score, finding, rules)
    if why:
        return Reward(max(saving, 0), 0, why, 0)
    most = Fraction(rules.most) * of.budget_fen
    reward = half_up(min(saving * Fraction(rules.share), most))
    return Reward(saving, reward, None, reward)


def _why_not(
    saving: int, score: int | None, finding: Finding | None, rules: IncentivesFile
) -> str | None:
    if saving <= 0:
        return "no_saving"
    if score is None:
        return "no_score"
    if Fraction(score, POINT_SCALE) < Fraction(rules.min_score):
        return "low_score"
    if finding and finding.loss_fen > Fraction(rules.loss_limit) * 100:
        return "fund_loss"
    if finding and finding.refuses:  # saving by not treating is not management
        return "refusal"
    return None
