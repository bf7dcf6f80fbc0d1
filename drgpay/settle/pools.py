"""Pools: the accounts that share one budget and one point value."""

from dataclasses import dataclass

from drgpay.policy.model import Policy


@dataclass(frozen=True)
class Pool:
    """An account, or merged accounts; named by them, joined by +."""

    accounts: tuple[str, ...]

    @property
    def name(self) -> str:
        """As it stands in the column `pool`."""
        return "+".join(self.accounts)


def pools_of(policy: Policy) -> list[Pool]:
    """The pools of a policy, each at the place of its first account in records.accounts."""
    merged = {account: pool for pool in policy.settlement.merged_accounts for account in pool}
    pools = [Pool(merged.get(account, (account,))) for account in policy.records.accounts]
    return list(dict.fromkeys(pools))
