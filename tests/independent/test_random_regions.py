"""Random regions: every case, adjustment, line, pool and ledger entry, month by month and cleared."""

from collections import Counter
from decimal import Decimal
from functools import cache

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.grouper.scheme import Scheme, load_scheme
from drgpay.points.calibrate import calibrate as drgpay_calibrate
from drgpay.points.catalogue import Catalogue
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.settle.ledger import ledger_of_clearing, ledger_of_month
from drgpay.settle.settled import Settled
from tests.spread import spread

from . import by_drgpay
from .comparing import (
    compare,
    compare_catalogue,
    compare_ledger,
    compare_month,
    compare_points,
    compare_year,
)
from .policies import changed
from .random_policy import DEDUCTIONS, REGIONS
from .random_region import HOSPITALS, LEVELS, MONTHS, YEAR, random_region
from .random_runs import BASE, Recomputed, as_imported, recomputed, year_budgets
from .recomputation import ledger
from .recomputation.calibration import calibrate
from .recomputation.classes import points_of
from .recomputation.readmission import readmissions
from .recomputation.records import Filed, Stay
from .recomputation.settlement import NoPointsError
from .recomputation.stay_rules import contradicted, decided

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
    *("incomplete without a mean", "low of an unstable group", "always low without a mean"),
    *("floored", "two means", "high by the level, cheap by the reference", "row of an account"),
    *(f"age factor of {name}" for name in ("high", "few_cases", "incomplete", "normal")),
    *("age factor and technology", "age factor and deduction", "review refused", "quota down"),
    *("quota of the region", "split stay is no return", "exempt by the scheme", "no coefficient"),
    *("incomplete_if", "outside_drg_if", "complete_differs", "evidence is a document"),
]
LEAST = {"surplus": 4, "overrun": 4, "overrun beyond the reserve": 1}
LEAST |= {
    "high by the level, cheap by the reference": 5,
    "split stay is no return": 3,
    "exempt by the scheme": 3,
    "age factor and deduction": 5,
}
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
    seen += occurrences_of_points(found)
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


def occurrences_of_points(found: Recomputed) -> Counter[object]:
    """How often the rules of classes and points decide something in a region."""
    seen: Counter[object] = Counter()
    region, points = found.region, found.region.policy.points
    unfloored = changed(region.policy, {"points.high_floor": "none"})
    for month, stays in region.months.items():
        by_id = {stay.case_id: stay for stay in stays}
        earned = found.earned[month]
        aged = {case for case, of in earned.cases.items() if of.age_times or of.age_divide}
        for case_id, case in earned.cases.items():
            stay, drg = by_id[case_id], by_id[case_id].drg
            without = case.stability in ("unstable_cases", "stand_in") or (
                case.stability is not None and case.base_points is None
            )
            seen["incomplete without a mean"] += case.case_class == "incomplete" and without
            seen["low of an unstable group"] += (
                case.case_class == "low" and case.stability == "unstable_cv"
            )
            seen["always low without a mean"] += drg in points.always_low_groups and without
            if case.case_class == "high":
                alone = points_of(stay, found.catalogue, unfloored.points)
                seen["floored"] += alone.exact < case.exact
                assert case.cost_ratio is not None
                assert case.high_ratio is not None
                seen["high by the level, cheap by the reference"] += (
                    case.cost_ratio < case.high_ratio
                )
            seen["two means"] += case.reference_mean != case.bounds_mean
            seen["row of an account"] += (drg, stay.account) in found.catalogue.of_account
            seen[f"age factor of {case.case_class}"] += case_id in aged
            seen["no coefficient"] += drg in points.no_coefficient_groups
        for row in earned.adjustments:
            seen["age factor and technology"] += (
                row.kind == "new_technology" and row.points != 0 and row.case_id in aged
            )
            seen["age factor and deduction"] += row.applies_to == "hospital" and row.case_id in aged
            seen["evidence is a document"] += row.evidence == "document 7"
        over = sum(row.kind == "review_over_quota" for row in earned.adjustments)
        seen["review refused"] += over * (points.reviews.over_quota == "refuse")
        seen["quota down"] += over * (points.reviews.quota_rounding == "down")
        seen["quota of the region"] += over * (points.reviews.quota_scope == "region")
        rule, split = points.readmission, split_of(region.filed[month])
        returns = readmissions(stays, rule, region.exempt, split)
        everyone = readmissions(stays, rule, region.exempt)
        seen["split stay is no return"] += len(everyone.items() - returns.items())
        seen["exempt by the scheme"] += len(
            readmissions(stays, rule, (), split).items() - returns.items()
        )
    return seen


def split_of(filed: Filed) -> set[str]:
    """The stays that are deducted as split."""
    return {row.case_id for row in filed.violations if row.kind == "split_stay"}


def rules_over_stays(recorded: list[Stay], policy: Policy) -> dict[tuple[str, str], dict[str, int]]:
    """How many stays each rule changed or contradicts, by hospital, and what they cost."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for stay in recorded:
        now = decided(stay, policy.points)
        marks = {
            "incomplete_if": stay.complete is None and not now.complete,
            "outside_drg_if": stay.payment_unit != now.payment_unit,
            "complete_differs": contradicted(stay, policy.points),
        }
        for rule, marked in marks.items():
            if marked:
                sums = found.setdefault((rule, stay.hospital_id), {"stays": 0, "total_fen": 0})
                sums["stays"] += 1
                sums["total_fen"] += int(stay.total_cost * 100)
    return found


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    """Any scheme: a catalogue only keeps its name."""
    return load_scheme("chs-drg-1.1")


@pytest.mark.parametrize("number", spread(range(REGIONS), 5))
def test_every_number_of_a_random_region(scheme: Scheme, number: int) -> None:
    if not payable(number):
        with pytest.raises(DrgpayError):
            _check_months(scheme, number)
        return
    expected = recomputed(number)
    region, policy = expected.region, expected.region.policy
    history = by_drgpay.ruled(region.recorded_history, policy).stays
    catalogue = drgpay_calibrate(history, history.height, scheme, policy, "random", "random")
    compare_catalogue(catalogue, expected.calibrated, HOSPITALS)
    catalogue = by_drgpay.with_rows(catalogue, expected.catalogue)
    months = [_check_month(expected, catalogue, month) for month in MONTHS]
    _check_year(expected, catalogue, months)


@pytest.mark.slow
def test_the_regions_have_everything() -> None:
    """The comparison above is blind to what never occurs: count it over all regions."""
    seen: Counter[object] = Counter()
    for number in filter(payable, range(REGIONS)):
        found = recomputed(number)
        seen += occurrences(found)
        for recorded in found.region.recorded.values():
            for (rule, _), sums in rules_over_stays(recorded, found.region.policy).items():
                seen[rule] += sums["stays"]
    rare = {what: seen[what] for what in WANTED if seen[what] < LEAST.get(what, 20)}
    assert not rare


@cache
def payable(number: int) -> bool:
    """Whether every pool of a region has points in every month: else its run is refused."""
    try:
        recomputed(number)
    except NoPointsError:
        return False
    return True


def _check_months(scheme: Scheme, number: int) -> None:
    """Settle the months of a region, and its year, with nothing to compare them with."""
    region = random_region(number, load_policy(BASE).policy)
    history = by_drgpay.ruled(region.recorded_history, region.policy).stays
    catalogue = by_drgpay.with_rows(
        drgpay_calibrate(history, history.height, scheme, region.policy, "random", "random"),
        as_imported(calibrate(region.history, region.policy.calibration), number),
    )
    months = []
    for month, stays in region.recorded.items():
        filed = region.filed[month]
        earned = by_drgpay.earned(stays, catalogue, region.policy, filed, region.exempt)
        period = Period(YEAR, month)
        months.append(by_drgpay.settled(earned, region.policy, period, filed.held_back))
    stays = [stay for month in region.recorded.values() for stay in month]
    earned = by_drgpay.earned(stays, catalogue, region.policy, region.final, region.exempt)
    scores = {**region.scores, "H6": Decimal(77)}
    budgets = year_budgets(region.policy)
    by_drgpay.cleared(earned, months, region.policy, budgets, scores, region.final.held_back)


def _check_month(expected: Recomputed, catalogue: Catalogue, month: int) -> Settled:
    region, policy = expected.region, expected.region.policy
    stays, filed = region.months[month], region.filed[month]
    ruled = by_drgpay.ruled(region.recorded[month], policy)
    wanted = rules_over_stays(region.recorded[month], policy)
    compare(ruled.ruled.iter_rows(named=True), wanted, ("rule", "hospital_id"))
    earned = by_drgpay.earned(region.recorded[month], catalogue, policy, filed, region.exempt)
    settled = by_drgpay.settled(earned, policy, Period(YEAR, month), filed.held_back, LEVELS)
    tables = by_drgpay.month_tables(settled, policy)
    compare_points(tables, stays, expected.earned[month])
    compare_month(tables, expected.months[month])
    booked = by_drgpay.entries_of(ledger_of_month(Period(YEAR, month), settled))
    compare_ledger(booked, ledger.of_month(expected.months[month]))
    return settled


def _check_year(expected: Recomputed, catalogue: Catalogue, months: list[Settled]) -> None:
    region, policy = expected.region, expected.region.policy
    earned = by_drgpay.earned(region.stays, catalogue, policy, region.final, region.exempt)
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
