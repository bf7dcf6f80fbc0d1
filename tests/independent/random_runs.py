"""Each random region recomputed once and run through drgpay once."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy

from .random_region import LEVELS, MONTHS, YEAR, RandomRegion, random_region
from .recomputation.adjusting import Earned, earn
from .recomputation.budgets import budget_of_month, reserve
from .recomputation.calibration import Catalogue, calibrate
from .recomputation.clearing import Year, clear
from .recomputation.earned_cases import cases_of, minus_of, taken_of
from .recomputation.prepayment import Month, settle_month
from .recomputation.records import Filed
from .recomputation.rounding import half_up
from .recomputation.settlement import pools_of

BASE = Path(__file__).parents[2] / "policies" / "illustrative.toml"


@dataclass(frozen=True)
class Recomputed:
    """A region with everything recomputed."""

    region: RandomRegion
    calibrated: Catalogue
    catalogue: Catalogue
    earned: dict[int, Earned]
    months: dict[int, Month]
    earned_year: Earned
    budgets: dict[str, tuple[Decimal, Decimal]]
    year: Year


@cache
def recomputed(number: int) -> Recomputed:
    """The region of a number."""
    region = random_region(number, load_policy(BASE).policy)
    policy = region.policy
    calibrated = calibrate(region.history, policy.calibration)
    catalogue = as_imported(calibrated, number)
    earned = {
        month: earn(stays, catalogue, policy.points, region.filed[month], region.exempt)
        for month, stays in region.months.items()
    }
    months = {
        month: settle_month(
            cases_of(stays, earned[month]),
            minus_of(earned[month]),
            policy,
            month_budgets(policy, month),
            region.filed[month].held_back,
            taken_of(earned[month], policy),
            LEVELS,
        )
        for month, stays in region.months.items()
    }
    of_year = earn(region.stays, catalogue, policy.points, region.final, region.exempt)
    budgets = year_budgets(policy)
    year = clear(
        cases_of(region.stays, of_year),
        minus_of(of_year),
        months.values(),
        policy,
        budgets,
        {**region.scores, "H6": Decimal(77)},
        region.final.held_back,
        taken_of(of_year, policy),
        LEVELS,
    )
    return Recomputed(region, calibrated, catalogue, earned, months, of_year, budgets, year)


def as_imported(catalogue: Catalogue, number: int) -> Catalogue:
    """Of some regions the catalogue with what only an import brings: rows of an account, which go
    first, and groups whose numbers stand in for their own.
    """
    groups, of_account = dict(catalogue.groups), dict(catalogue.of_account)
    if number % 4 == 1:
        for drg, account, times in (("AA11", "employee", "1.2345"), ("BB11", "resident", "0.8")):
            if group := groups.get(drg):
                base = group.base_points
                of_account[drg, account] = replace(
                    group,
                    mean_cost=half_up(Fraction(group.mean_cost) * Fraction(times), 2),
                    base_points=None
                    if base is None
                    else half_up(Fraction(base) * Fraction(times), 4),
                )
        of_account["ZZ11", "employee"] = replace(groups["AA11"])
    if number % 5 == 2:
        groups["NN11"] = replace(groups["NN11"], stability="stand_in")
    return replace(catalogue, groups=groups, of_account=of_account)


def month_budgets(policy: Policy, month: int) -> dict[str, Decimal]:
    """The budget of each pool in a month."""
    assert policy.budget
    budgets = {}
    for pool, accounts in pools_of(policy).items():
        given = [budget_of_month(policy.budget, account, YEAR, month) for account in accounts]
        amounts = [amount for amount in given if amount is not None]
        if amounts:
            budgets[pool] = sum(amounts, Decimal(0))
    return budgets


def year_budgets(
    policy: Policy, months: tuple[int, ...] = MONTHS
) -> dict[str, tuple[Decimal, Decimal]]:
    """The sum of the months' budgets of each pool, and its reserve."""
    assert policy.budget
    found = {}
    for pool, accounts in pools_of(policy).items():
        shared = sum((month_budgets(policy, month)[pool] for month in months), Decimal(0))
        held = sum((reserve(policy.budget, account) for account in accounts), Decimal(0))
        found[pool] = (shared, held)
    return found


def filed_of_months(region: RandomRegion) -> dict[int, Filed]:
    """The filings of each month."""
    return region.filed
