"""The fund's budget of one month (docs/settlement.md, "Budget of a month")."""

from drgpay.errors import DrgpayError
from drgpay.exact import FEN_PLACES, POINT_PLACES, POINT_SCALE, apportion, scaled
from drgpay.policy.model import Budget, EqualMonths
from drgpay.records.period import Period


def month_budget_fen(budget: Budget | None, account: str, period: Period) -> int:
    """What the fund has for an account in a month, in fen.

    An explicit month wins; else the annual budget less the reserve is shared by the months, and
    the twelve shares add up to it exactly. Raises DrgpayError if nothing is given.
    """
    if budget is None:
        raise DrgpayError(
            "the policy has no [budget]",
            "add budget.annual_yuan for each account to settle with it",
        )
    explicit = budget.month_yuan.get(str(period), {}).get(account)
    if explicit is not None:
        return scaled(explicit, FEN_PLACES)
    if account not in budget.annual_yuan:
        raise DrgpayError(
            f"the policy has no budget for the account {account}",
            f"add budget.annual_yuan.{account}",
        )
    annual = scaled(budget.annual_yuan[account], FEN_PLACES)
    held_back = annual * scaled(budget.reserve_ratio, POINT_PLACES) // POINT_SCALE
    weights = (
        [1] * 12
        if isinstance(budget.months, EqualMonths)
        else [scaled(weight, POINT_PLACES) for weight in budget.months.weights]
    )
    return apportion(annual - held_back, weights)[period.month - 1]
