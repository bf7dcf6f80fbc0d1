"""How points become money in a base: the settlement of a month, or the clearing of a year.

What compares, decomposes and sweeps asks for no more than this, so it does both alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from drgpay.base.period import Period
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Budget
from drgpay.run.year_months import MONTHS
from drgpay.settle.budget import annual_reserve_fen, has_budget, month_budget_fen
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.lines import NO_PAYMENTS
from drgpay.settle.month import settle_month
from drgpay.settle.pools import Pool, pools_of
from drgpay.settle.settled import Settled


@dataclass(frozen=True)
class MonthEnd:
    """The month-end run. amount: the column of lines that is compared, what a hospital gets in fen."""

    period: Period
    amount: str = "fund_amount_fen"

    def settle(
        self,
        cases: pl.DataFrame,
        adjustments: pl.DataFrame,
        policy: Policy,
        payments: pl.DataFrame = NO_PAYMENTS,
        levels: Mapping[str, str] | None = None,
    ) -> Settled:
        """The settlement of cases under a policy, as settle_month takes and refuses them."""
        return settle_month(cases, adjustments, policy, self.period, payments, levels)

    def periods(self) -> Iterator[Period]:
        """The months whose budgets it shares out: the one."""
        yield self.period


@dataclass(frozen=True)
class YearEnd:
    """The annual clearing, after months that were paid as they were.

    months: the statements of all months; what they prepaid does not change with a scenario.
    budgets: what they shared out, by pool of `policy`, the policy of the base. period: no month.
    """

    year: int
    months: pl.DataFrame
    budgets: Mapping[str, YearBudget]
    scores: pl.DataFrame | None
    policy: Policy
    amount: str = "final_amount_fen"
    period: None = None

    def settle(
        self,
        cases: pl.DataFrame,
        adjustments: pl.DataFrame,
        policy: Policy,
        payments: pl.DataFrame = NO_PAYMENTS,
        levels: Mapping[str, str] | None = None,
    ) -> Settled:
        """clear_year, with the budgets that the months would have shared out under the policy."""
        assessed = policy.clearing is not None and policy.clearing.assessment is not None
        budgets = dict(self._budgets(policy))
        cleared = clear_year(
            cases,
            adjustments,
            self.months,
            budgets,
            self.scores if assessed else None,
            policy,
            self.year,
            payments,
            levels,
        )
        return replace(cleared, lines=cleared.lines.with_columns(final_amount_fen="amount_fen"))

    def periods(self) -> Iterator[Period]:
        """January to December."""
        for month in range(1, MONTHS + 1):
            yield Period(self.year, month)

    def _budgets(self, policy: Policy) -> Iterator[tuple[str, YearBudget]]:
        """The budgets of the policy's pools.

        What the months shared out, and what another [budget] adds to it; pools that are merged
        otherwise have the budgets of their accounts.
        """
        paid = [pool for pool in pools_of(self.policy) if pool.name in self.budgets]
        for pool in pools_of(policy):
            inside = [one for one in paid if set(one.accounts) <= set(pool.accounts)]
            covered = {account for one in inside for account in one.accounts}
            now = self._planned(pool.accounts, policy.budget)
            rest = self._planned(set(pool.accounts) - covered, policy.budget)
            if not inside and not rest:
                continue
            before = self._planned(covered, self.policy.budget)
            paid_out = sum(self.budgets[one.name].budget_fen for one in inside)
            yield pool.name, YearBudget(paid_out + now - before, _reserve_fen(pool, policy.budget))

    def _planned(self, accounts: tuple[str, ...] | set[str], budget: Budget | None) -> int:
        """What a [budget] gives the months for accounts, in fen."""
        return sum(
            month_budget_fen(budget, account, period)
            for account in accounts
            for period in self.periods()
            if has_budget(budget, account, period)
        )


def _reserve_fen(pool: Pool, budget: Budget | None) -> int:
    if budget is None:
        return 0
    return sum(
        annual_reserve_fen(budget, account)
        for account in pool.accounts
        if account in budget.annual_yuan
    )


Settling = MonthEnd | YearEnd
"""What pays the points of a base."""


def hospital_amounts(settled: Settled, amount: str) -> pl.DataFrame:
    """hospital_id and an amount over all lines, sorted."""
    return settled.lines.group_by("hospital_id").agg(pl.col(amount).sum()).sort("hospital_id")
