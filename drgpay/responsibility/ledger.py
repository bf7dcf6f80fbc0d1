"""The year's bookings, each with two sides, and the proof that they come out at nothing.

`pool` closes at the year's surplus less rewards, else at 0; the sum of all entries is 0 for every
account of the fund.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.responsibility.adjustment_after import Contribution
from drgpay.responsibility.adjustment_before import Net
from drgpay.responsibility.cascade import Cascade
from drgpay.responsibility.county_share import CountyShare
from drgpay.responsibility.rewards import Reward

_ERRORS = Sentences("errors/responsibility")

POOL = "pool"
_STEPS = {
    "county_balance": "county_balance:{}",
    "pool_balance": "pool_balance",
    "adjustment": "adjustment",
    "investments": "investments",
    "city_fiscal": "city_fiscal",
    "county_fiscal": "county_fiscal:{}",
    "unfunded": "unfunded",
}
"""The ledger account that pays a step of the cascade."""


@dataclass(frozen=True)
class Posting:
    """An amount that leaves one ledger account and enters another; negative ones are turned round."""

    what: str
    county: str | None
    source: str
    target: str
    amount_fen: int

    def entries(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """Both sides: ledger account and amount."""
        return (self.source, -self.amount_fen), (self.target, self.amount_fen)


def postings(
    shares: Sequence[CountyShare],
    found: Cascade,
    contributions: Sequence[Contribution],
    nets: Sequence[Net],
    rewards: Sequence[Reward],
) -> list[Posting]:
    """All bookings of an account and a year, without those of nothing."""
    made = [
        *_of_counties(shares),
        *_contributions(shares, contributions),
        *_beforehand(shares, nets),
        *_steps(found),
    ]
    for share, reward in zip(shares, rewards, strict=True):
        county = share.gap.of.county
        made.append(_posting("reward", county, POOL, f"reward:{county}", reward.reward_fen))
    return [one for one in made if one.amount_fen]


def balances(made: Iterable[Posting]) -> Mapping[str, int]:
    """What each ledger account stands at."""
    found: dict[str, int] = {}
    for posting in made:
        for account, fen in posting.entries():
            found[account] = found.get(account, 0) + fen
    return dict(sorted(found.items()))


def prove(
    account: str,
    standing: Mapping[str, int],
    shares: Sequence[CountyShare],
    rewards: Sequence[Reward],
) -> None:
    """Raise DrgpayError unless the entries add up to 0 and the pool closes as it must."""
    surplus = max(-sum(one.pool_fen for one in shares), 0)
    closing = surplus - sum(one.reward_fen for one in rewards)
    if sum(standing.values()) or standing.get(POOL, 0) != closing:
        raise DrgpayError(
            *_ERRORS(
                "ledger_open",
                account=account,
                total=f"{sum(standing.values()) / 100:.2f}",
                pool=f"{standing.get(POOL, 0) / 100:.2f}",
                closing=f"{closing / 100:.2f}",
            )
        )


def _posting(what: str, county: str | None, source: str, target: str, fen: int) -> Posting:
    if fen < 0:
        source, target, fen = target, source, -fen
    return Posting(what, county, source, target, fen)


def _of_counties(shares: Sequence[CountyShare]) -> Iterable[Posting]:
    for share in shares:
        of, county = share.gap.of, share.gap.of.county
        yield _posting("income", county, f"income:{county}", POOL, of.income_fen)
        yield _posting("spend", county, POOL, f"spend:{county}", of.spend_fen)
        yield _posting("share", county, f"county_fiscal:{county}", POOL, share.share_fen)


def _contributions(
    shares: Sequence[CountyShare], made: Sequence[Contribution]
) -> Iterable[Posting]:
    """Out of the pool into the adjustment fund; no part of the gap, so the balance makes it good."""
    for share, one in zip(shares, made, strict=False):
        county = share.gap.of.county
        yield _posting("contribution", county, POOL, "adjustment", one.paid_fen)
        yield _posting("contribution_made_good", county, "pool_balance", POOL, one.paid_fen)


def _beforehand(shares: Sequence[CountyShare], nets: Sequence[Net]) -> Iterable[Posting]:
    for share, net in zip(shares, nets, strict=False):
        county = share.gap.of.county
        yield _posting("contribution", county, POOL, "adjustment", net.contribution_fen)
        yield _posting("payout", county, "adjustment", POOL, net.payout_fen)


def _steps(found: Cascade) -> Iterable[Posting]:
    for step in found.steps:
        source = _STEPS[step.step].format(step.payer)
        yield _posting(step.step, step.payer, source, POOL, step.paid_fen)
