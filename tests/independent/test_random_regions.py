"""Random regions: every case, adjustment, line, pool and ledger entry, month by month and cleared."""

from collections import Counter
from decimal import Decimal

import polars as pl
import pytest

from drgpay.grouper.scheme import Scheme, load_scheme
from drgpay.points.calibrate import calibrate as drgpay_calibrate
from drgpay.points.catalogue import Catalogue
from drgpay.records.period import Period
from drgpay.settle.ledger import ledger_of_clearing, ledger_of_month
from drgpay.settle.month import Settled

from . import by_drgpay
from .comparing import (
    compare_catalogue,
    compare_ledger,
    compare_month,
    compare_points,
    compare_year,
)
from .random_policy import DEDUCTIONS, POLICIES
from .random_region import HOSPITALS, LEVELS, MONTHS, YEAR
from .random_runs import Recomputed, recomputed
from .recomputation import ledger

CLASSES = ("fee", "bed_day", "ungrouped", "ambiguous", "few_cases", "incomplete", "low", "high")
HIGH = ("review_only", "excess", "cost_less_cap", "cost_less_cap_coef", "at_cost")
KINDS = ("review", "review_over_quota", "volume_cap", "readmission", "new_technology", "tcm")
WANTED = [
    *CLASSES,
    "normal",
    *(f"high by {formula}" for formula in HIGH),
    *KINDS,
    *(f"{row['kind']} of the {who}" for row in DEDUCTIONS for who in ("case", "hospital")),
    *("review up", "review down", "readmission across months", "technology without share"),
    *("local by points", "local by item", "outside by points", "outside by item"),
    *("outside in the pool", "negative fund", "negative points", "distributed", "deducted"),
    *("deduction carried", "surplus", "overrun", "overrun beyond the reserve", "withheld"),
    *("redistributed", "merged", "pays back", "home fund"),
]
LEAST = {"surplus": 4, "overrun": 4, "overrun beyond the reserve": 1}
"""There are only one or two pools a region."""


def occurrences(found: Recomputed) -> Counter[object]:
    """How often everything occurs in a region."""
    seen: Counter[object] = Counter()
    policy, year = found.region.policy, found.year
    in_months: set[str] = set()
    for earned in (*found.earned.values(), found.earned_year):
        seen.update(case.case_class for case in earned.cases.values())
        highs = sum(case.case_class == "high" for case in earned.cases.values())
        seen[f"high by {policy.points.high_formula}"] += highs
        for row in earned.adjustments:
            violation = row.kind not in KINDS
            seen[f"{row.kind} of the {row.applies_to}" if violation else row.kind] += 1
            seen["review up"] += row.kind == "review" and row.points > 0
            seen["review down"] += row.kind == "review" and row.points < 0
            seen["technology without share"] += row.kind == "new_technology" and not row.points
            if row.kind == "readmission" and earned is not found.earned_year:
                in_months.add(row.case_id)
    returns = {row.case_id for row in found.earned_year.adjustments if row.kind == "readmission"}
    seen["readmission across months"] += len(returns - in_months)
    for month in found.months.values():
        for key, line in month.settled.lines.items():
            place = f"{'outside' if key[2] else 'local'} by {key[3].split('_')[-1]}"
            seen[place] += 1
            seen["outside in the pool"] += key[2] and line.in_pool
            seen["negative fund"] += line.fund_amount < 0
            seen["negative points"] += line.points < 0
            seen["distributed"] += line.distributed > 0
            seen["deducted"] += month.prepaid[key].deducted > 0
            seen["deduction carried"] += month.prepaid[key].deduction > month.prepaid[key].deducted
    for of_pool in year.pools.values():
        seen["surplus"] += of_pool.surplus > 0
        seen["overrun"] += of_pool.overrun > 0
        seen["overrun beyond the reserve"] += 0 < of_pool.shared == of_pool.reserve
    for key, due in year.due.items():
        seen["withheld"] += due.assessment > 0
        seen["redistributed"] += due.redistributed != 0
        seen["pays back"] += due.clearing < 0
        seen["merged"] += "+" in year.settled.lines[key].pool
        seen["home fund"] += due.home_fund_clearing != 0
    return seen


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    """Any scheme: a catalogue only keeps its name."""
    return load_scheme("chs-drg-1.1")


@pytest.mark.parametrize("number", range(POLICIES))
def test_every_number_of_a_random_region(scheme: Scheme, number: int) -> None:
    expected = recomputed(number)
    region, policy = expected.region, expected.region.policy
    history = by_drgpay.frame_of(region.history)
    catalogue = drgpay_calibrate(history, history.height, scheme, policy, "random", "random")
    compare_catalogue(catalogue, expected.catalogue, HOSPITALS)
    months = [_check_month(expected, catalogue, month) for month in MONTHS]
    _check_year(expected, catalogue, months)


def test_the_regions_have_everything() -> None:
    """The comparison above is blind to what never occurs: count it over all regions."""
    seen: Counter[object] = Counter()
    for number in range(POLICIES):
        seen += occurrences(recomputed(number))
    rare = {what: seen[what] for what in WANTED if seen[what] < LEAST.get(what, 20)}
    assert not rare


def _check_month(expected: Recomputed, catalogue: Catalogue, month: int) -> Settled:
    region, policy = expected.region, expected.region.policy
    stays, filed = region.months[month], region.filed[month]
    earned = by_drgpay.earned(stays, catalogue, policy, filed)
    settled = by_drgpay.settled(earned, policy, Period(YEAR, month), filed.held_back, LEVELS)
    tables = by_drgpay.month_tables(settled, policy)
    compare_points(tables, stays, expected.earned[month])
    compare_month(tables, expected.months[month])
    booked = by_drgpay.entries_of(ledger_of_month(Period(YEAR, month), settled))
    compare_ledger(booked, ledger.of_month(expected.months[month]))
    return settled


def _check_year(expected: Recomputed, catalogue: Catalogue, months: list[Settled]) -> None:
    region, policy = expected.region, expected.region.policy
    earned = by_drgpay.earned(region.stays, catalogue, policy, region.final)
    scores = {**region.scores, "H6": Decimal(77)}
    held_back = region.final.held_back
    cleared = by_drgpay.cleared(earned, months, policy, expected.budgets, scores, held_back, LEVELS)
    tables = by_drgpay.year_tables(cleared, policy)
    compare_points(tables, region.stays, expected.earned_year)
    compare_year(tables, expected.year)
    before = pl.concat(
        [ledger_of_month(Period(YEAR, n), month) for n, month in zip(MONTHS, months, strict=True)]
    )
    booked = by_drgpay.entries_of(ledger_of_clearing(YEAR, before, cleared))
    compare_ledger(booked, ledger.of_clearing(expected.year, expected.months.values()))
