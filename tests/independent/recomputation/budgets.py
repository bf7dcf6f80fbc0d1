"""What a month has, and what the year holds back."""

from decimal import Decimal
from fractions import Fraction

from drgpay.policy.settlement import Budget, EqualMonths, WeightedMonths

from .rounding import down, in_proportion


def budget_of_month(budget: Budget, account: str, year: int, month: int) -> Decimal | None:
    """An explicit month, else its part of the annual budget less the reserve."""
    explicit = budget.month_yuan.get(f"{year:04d}-{month:02d}", {}).get(account)
    if explicit is not None:
        return explicit
    if account not in budget.annual_yuan:
        return None
    match budget.months:
        case EqualMonths():
            weights = [Decimal(1)] * 12
        case WeightedMonths(weights=given):
            weights = list(given)
        case by_cost:
            weights = list(by_cost.cost_yuan)
    available = budget.annual_yuan[account] - reserve(budget, account)
    return in_proportion(available, weights)[month - 1]


def reserve(budget: Budget, account: str) -> Decimal:
    """The reserve is rounded down to fen."""
    annual = budget.annual_yuan.get(account, Decimal(0))
    return down(Fraction(annual) * Fraction(budget.reserve_ratio), 2)
