"""The fund's budget of one month and the year's reserve (docs/settlement.md, "Budget")."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TypedDict

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, POINT_SCALE, apportion, half_up, scaled
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.policy.model import Policy
from drgpay.policy.settlement import Budget, EqualMonths, MonthsByCost, WeightedMonths
from drgpay.settle.lines import Row
from drgpay.settle.pricing import BudgetError, spent_by_item, yuan

_ERRORS = Sentences("errors/settle")


class SharedBudget(TypedDict):
    """What of a pool's budget the points share, with what is paid item by item beside them."""

    budget_given_fen: int
    item_by_item_fen: int
    item_share: int | None
    budget_fen: int


def month_budget_fen(
    budget: Budget | None, account: str, period: Period, key: str = "budget"
) -> int:
    """What the fund has for an account in a month, in fen.

    An explicit month wins; else the annual budget less the reserve is shared by the months, and
    the twelve shares add up to it exactly. key: where the policy has the budget
    (`Policy.budget_key`). Raises BudgetError if nothing is given.
    """
    if budget is None:
        raise BudgetError(*_ERRORS("no_budget", key=key))
    explicit = budget.month_yuan.get(str(period), {}).get(account)
    if explicit is not None:
        return scaled(explicit, FEN_PLACES)
    if account not in budget.annual_yuan:
        raise BudgetError(*_ERRORS("no_budget_of_account", key=key, account=account))
    annual = scaled(budget.annual_yuan[account], FEN_PLACES)
    shared = annual - annual_reserve_fen(budget, account)
    return month_share_fen(shared, budget, period)


def shared_budget(pool: str, given_fen: int, lines: Iterable[Row], policy: Policy) -> SharedBudget:
    """What of a pool's budget the points share, with what is paid item by item beside them.

    Returns budget_given_fen, item_by_item_fen (of local stays), item_share (1/10,000 of the budget
    given, rounded half-up; None of a budget of 0), budget_fen. Raises BudgetError where the policy
    takes item-by-item payment from the budget first and it is more.
    """
    items = spent_by_item(lines)
    less = policy.budget is not None and policy.budget.less_item_by_item
    budget = given_fen - items if less else given_fen
    if budget < 0:
        said = {"pool": pool, "items": yuan(items), "budget": yuan(given_fen)}
        raise BudgetError(*_ERRORS("items_above_budget", key=policy.budget_key, **said))
    share = half_up(Fraction(items * POINT_SCALE, given_fen)) if given_fen else None
    return {
        "budget_given_fen": given_fen,
        "item_by_item_fen": items,
        "item_share": share,
        "budget_fen": budget,
    }


def month_share_fen(annual_fen: int, budget: Budget, period: Period) -> int:
    """The part of a month in an amount of the year; the twelve add up to it."""
    return apportion(annual_fen, _weights(budget.months))[period.month - 1]


def annual_reserve_fen(budget: Budget, account: str) -> int:
    """What is held back from the annual budget of an account, in fen; 0 without one."""
    annual = scaled(budget.annual_yuan.get(account, Decimal(0)), FEN_PLACES)
    return annual * scaled(budget.reserve_ratio, POINT_PLACES) // POINT_SCALE


def budget_keys(policy: Policy, accounts: Iterable[str], period: Period) -> tuple[str, ...]:
    """Where a policy says what the fund has for accounts in a month: the key of each."""
    months = policy.budget.month_yuan if policy.budget else {}
    given = months.get(str(period), {})
    return tuple(
        f'{policy.budget_key}.month_yuan."{period}".{account}'
        if account in given
        else f"{policy.budget_key}.annual_yuan.{account}"
        for account in accounts
    )


def has_budget(budget: Budget | None, account: str, period: Period) -> bool:
    """Whether the policy gives an account a budget in a month."""
    if budget is None:
        return False
    return account in budget.annual_yuan or account in budget.month_yuan.get(str(period), {})


def _weights(months: EqualMonths | WeightedMonths | MonthsByCost) -> list[int]:
    """How the months share, January to December."""
    match months:
        case EqualMonths():
            return [1] * 12
        case WeightedMonths():
            return [scaled(weight, POINT_PLACES) for weight in months.weights]
        case MonthsByCost():
            return [scaled(cost, FEN_PLACES) for cost in months.cost_yuan]
