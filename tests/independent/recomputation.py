"""Calibration, points and month-end settlement recomputed from the rules alone, slowly.

docs/points.md and docs/settlement.md state the rules: one stay at a time, exact fractions, dicts
and loops. Of drgpay it takes only the policy, that is the parameters; none of its arithmetic.
A number stays as it is until a rule says "rounded"; then half-up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor, isqrt

from drgpay.policy.model import (
    Budget,
    Calibration,
    Coefficients,
    EqualMonths,
    IqrTrim,
    Points,
    Policy,
    RatioTrim,
    Readmission,
    Settlement,
)


@dataclass(frozen=True)
class Readings:
    """Rules that can be read in two ways.

    The defaults are the literal reading; AS_BUILT below is what drgpay does.
    """

    # "standard_h = P_h x value": is a hospital with pooled outside stays one hospital or two lines?
    pooled_outside_apart: bool = False


LITERAL = Readings()
AS_BUILT = Readings(pooled_outside_apart=True)


class NoPointsError(Exception):
    """An account whose pool has no points has no point value."""


# ---------------------------------------------------------------------------------------- numbers


def half_up(number: Fraction, places: int) -> Decimal:
    """Rounded half-up, the half away from zero (E3: 2,940.4404... -> 2,940.44)."""
    units = floor(abs(number) * 10**places + Fraction(1, 2))
    return Decimal(units if number >= 0 else -units).scaleb(-places)


def down(number: Fraction, places: int) -> Decimal:
    """Rounded down (C19)."""
    return Decimal(floor(number * 10**places)).scaleb(-places)


def root_half_up(square: Fraction, places: int) -> Decimal:
    """A square root rounded half-up: the largest n with n - 1/2 <= root x 10^places."""
    four_times = floor(4 * square * 10 ** (2 * places))
    return Decimal((isqrt(four_times) + 1) // 2).scaleb(-places)


def mean(costs: list[Decimal]) -> Fraction:
    """The exact mean."""
    return Fraction(sum(costs, Decimal(0))) / len(costs)


def largest_remainder(total: Decimal, quotas: list[Fraction]) -> list[Decimal]:
    """Share an amount to the fen: whole fen first, then one each to the largest remainders (C18).

    Quotas in yuan, in the order that decides ties.
    """
    shares = [floor(quota * 100) for quota in quotas]
    left = int(total * 100) - sum(shares)
    places = sorted(range(len(quotas)), key=lambda n: (shares[n] - quotas[n] * 100, n))
    assert 0 <= left <= len(quotas), "the quotas do not belong to the total"
    for place in places[:left]:
        shares[place] += 1
    return [Decimal(share).scaleb(-2) for share in shares]


def in_proportion(total: Decimal, weights: list[Fraction]) -> list[Decimal]:
    """Share an amount in proportion to weights, by largest remainder."""
    whole = sum(weights, Fraction(0))
    return largest_remainder(total, [Fraction(total) * weight / whole for weight in weights])


# ------------------------------------------------------------------------------------ calibration


@dataclass(frozen=True)
class Stay:
    """A grouped stay, as far as points need it; money in yuan."""

    case_id: str
    hospital_id: str
    level: str
    person_id: str
    account: str
    out_of_area: bool
    admission_date: date
    discharge_date: date
    length_of_stay: int
    payment_unit: str
    bed_day_class: str | None
    complete: bool
    status: str
    drg: str
    total_cost: Decimal
    fund_cost: Decimal
    patient_cost: Decimal
    other_cost: Decimal


@dataclass(frozen=True)
class Group:
    """A row of the catalogue's groups; `mean_cost` is rounded to fen (step 3)."""

    cases: int
    kept: int
    mean_cost: Decimal
    sd: Decimal
    cv: Decimal
    stable: bool
    base_points: Decimal


@dataclass(frozen=True)
class Coefficient:
    """A row of the catalogue's coefficients: cases and costs it comes from (None: too few)."""

    hospital_cases: int | None
    hospital_total: Decimal | None
    level_cases: int | None
    level_total: Decimal | None
    coefficient: Decimal


@dataclass(frozen=True)
class Catalogue:
    """Groups by code; coefficients by (group, level, hospital) and (group, level, None)."""

    groups: Mapping[str, Group]
    coefficients: Mapping[tuple[str, str, str | None], Coefficient]
    eligible: int
    trimmed: int
    all_total: Decimal
    all_cases: int

    @property
    def all_mean(self) -> Fraction:
        """Step 5; no rule rounds it."""
        return Fraction(self.all_total) / self.all_cases


def calibrate(rows: Iterable[Stay], rules: Calibration) -> Catalogue:
    """The catalogue of grouped, valid stays of past years, by the steps of docs/points.md."""
    eligible: dict[str, list[Stay]] = {}
    for stay in rows:  # 1
        if (
            stay.status == "grouped"
            and stay.payment_unit == "drg"
            and stay.complete
            and stay.length_of_stay <= rules.max_los_days
            and stay.total_cost >= rules.min_cost_yuan
        ):
            eligible.setdefault(stay.drg, []).append(stay)
    kept = {drg: trimmed(stays, rules) for drg, stays in eligible.items()}  # 2
    kept = {drg: stays for drg, stays in kept.items() if stays}
    unpriced = {
        drg: _group(len(eligible[drg]), [stay.total_cost for stay in stays], rules)
        for drg, stays in kept.items()
    }
    counted = [drg for drg, g in unpriced.items() if g.stable or rules.mean_over == "all"]  # 5
    all_total = sum((stay.total_cost for drg in counted for stay in kept[drg]), Decimal(0))
    all_cases = sum(len(kept[drg]) for drg in counted)
    all_mean = Fraction(all_total) / all_cases
    groups = {
        # 6: base_points = mean_cost / all_mean x 100, rounded to 4 places (C1)
        drg: replace(g, base_points=half_up(Fraction(g.mean_cost) / all_mean * 100, 4))
        for drg, g in unpriced.items()
    }
    coefficients: dict[tuple[str, str, str | None], Coefficient] = {}
    for drg, stays in kept.items():
        coefficients |= _coefficients(drg, stays, groups[drg].mean_cost, rules.coefficients)
    n_eligible = sum(map(len, eligible.values()))
    n_kept = sum(map(len, kept.values()))
    return Catalogue(groups, coefficients, n_eligible, n_eligible - n_kept, all_total, all_cases)


def trimmed(stays: list[Stay], rules: Calibration) -> list[Stay]:
    """Step 2: the stays of one group that its method keeps, bounds included."""
    costs = [stay.total_cost for stay in stays]
    match rules.trim:
        case IqrTrim(factor=factor):
            q1, q3 = _quantile(costs, Fraction(1, 4)), _quantile(costs, Fraction(3, 4))
            reach = Fraction(factor) * (q3 - q1)
            lower, upper = q1 - reach, q3 + reach
        case RatioTrim(low=low, high=high):
            lower, upper = Fraction(low) * mean(costs), Fraction(high) * mean(costs)
        case _:
            return stays
    return [stay for stay in stays if lower <= stay.total_cost <= upper]


def _quantile(costs: list[Decimal], share: Fraction) -> Fraction:
    """By linear interpolation between ranks (docs/points.md, step 2)."""
    ordered = [Fraction(cost) for cost in sorted(costs)]
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _group(cases: int, costs: list[Decimal], rules: Calibration) -> Group:
    """Steps 3 and 4; sd with n - 1, 0 for a single case."""
    n, exact_mean = len(costs), mean(costs)
    squares = sum(((Fraction(cost) - exact_mean) ** 2 for cost in costs), Fraction(0))
    variance = squares / (n - 1) if n > 1 else Fraction(0)
    stable = (
        n >= rules.stable_min_cases
        and variance <= (Fraction(rules.stable_max_cv) * exact_mean) ** 2
    )
    return Group(
        cases=cases,
        kept=n,
        mean_cost=half_up(exact_mean, 2),
        sd=root_half_up(variance, 2),
        cv=root_half_up(variance / exact_mean**2, 4),
        stable=stable,
        base_points=Decimal(0),
    )


def _coefficients(
    drg: str, stays: list[Stay], mean_cost: Decimal, rules: Coefficients
) -> dict[tuple[str, str, str | None], Coefficient]:
    """Step 7 for one group: a row per level and per hospital with enough cases."""
    levels: dict[str, list[Decimal]] = {}
    hospitals: dict[tuple[str, str], list[Decimal]] = {}
    for stay in stays:
        levels.setdefault(stay.level, []).append(stay.total_cost)
        hospitals.setdefault((stay.level, stay.hospital_id), []).append(stay.total_cost)
    levels = {key: costs for key, costs in levels.items() if len(costs) >= rules.min_cases}
    rows: dict[tuple[str, str, str | None], Coefficient] = {}
    for level, costs in levels.items():
        mixed = mixed_coefficient(drg, None, mean(costs) / Fraction(mean_cost), rules)
        rows[drg, level, None] = Coefficient(None, None, len(costs), sum(costs, Decimal(0)), mixed)
    for (level, hospital), costs in hospitals.items():
        if len(costs) < rules.min_cases:
            continue
        of_level = levels.get(level)
        level_part = mean(of_level) / Fraction(mean_cost) if of_level else None
        rows[drg, level, hospital] = Coefficient(
            len(costs),
            sum(costs, Decimal(0)),
            len(of_level) if of_level else None,
            sum(of_level, Decimal(0)) if of_level else None,
            mixed_coefficient(drg, mean(costs) / Fraction(mean_cost), level_part, rules),
        )
    return rows


def mixed_coefficient(
    drg: str, hospital: Fraction | None, level: Fraction | None, rules: Coefficients
) -> Decimal:
    """hospital_coef x w_h + level_coef x w_l, clamped, rounded (C8); a missing part is one."""
    if drg in rules.groups_without:
        return Decimal("1.0000")
    mixed = Fraction(rules.hospital_weight) * (1 if hospital is None else hospital)
    mixed += Fraction(rules.level_weight) * (1 if level is None else level)
    clamped = max(Fraction(rules.minimum), min(Fraction(rules.maximum), mixed))
    return half_up(clamped, 4)


# ----------------------------------------------------------------------------------------- points


@dataclass(frozen=True)
class CasePoints:
    """The points of a stay with what they come from; None where the class has no group."""

    case_class: str
    base_points: Decimal | None
    coefficient: Decimal | None
    mean_cost: Decimal | None
    reference_mean: Decimal | None
    cost_ratio: Decimal | None
    high_ratio: Decimal | None
    exact: Fraction
    readmission_case_id: str | None = None
    factor: Fraction = Fraction(1)

    @property
    def points_before(self) -> Decimal:
        """Before adjustments."""
        return half_up(self.exact, 4)

    @property
    def points(self) -> Decimal:
        """Rounded to 4 places once, at the end."""
        return half_up(self.exact * self.factor, 4)


def points_of_month(
    stays: list[Stay], catalogue: Catalogue, points: Points
) -> dict[str, CasePoints]:
    """The points of every stay of a period, by case_id, readmissions included."""
    cases = {stay.case_id: points_of(stay, catalogue, points) for stay in stays}
    for earlier, later in readmissions(stays, points.readmission).items():
        factor = Fraction(points.readmission.factor)  # C6
        cases[earlier] = replace(cases[earlier], readmission_case_id=later, factor=factor)
    return cases


def points_of(stay: Stay, catalogue: Catalogue, points: Points) -> CasePoints:
    """Class and points of one stay, before readmission: the first row of the table that applies."""
    cost, all_mean = Fraction(stay.total_cost), catalogue.all_mean
    at_cost = cost / all_mean * 100
    if stay.payment_unit == "fee":
        return _without_group("fee", Fraction(0))
    if stay.payment_unit == "bed_day":
        return _without_group("bed_day", _bed_day_points(stay, all_mean, points))
    group = catalogue.groups.get(stay.drg)
    if stay.status == "ambiguous":  # QY has no base points: it is not meant by "not in catalogue"
        return _without_group("ambiguous", at_cost * Fraction(points.ambiguous_ratio))  # C7
    if stay.status != "grouped" or group is None:
        return _without_group("ungrouped", at_cost * Fraction(points.ungrouped_ratio))

    base, coefficient = Fraction(group.base_points), coefficient_of(stay, catalogue)
    full = base * Fraction(coefficient)  # C2
    inside = full if points.incomplete_formula == "with_coefficient" else base
    share = min(inside * cost / Fraction(group.mean_cost), base)  # C3, C4, C5
    reference = reference_mean(stay, group, catalogue, points)
    low_bound = Fraction(points.low_ratio) * reference
    ratio = high_ratio(stay, group, points)
    high_bound = None if ratio is None else Fraction(ratio) * reference  # E5
    at_bound = points.bounds == "inclusive"
    if not group.stable:
        few = at_cost * Fraction(points.few_cases_ratio)
        case_class, exact = "few_cases", base if points.few_cases_rule == "base" else few
    elif not stay.complete:
        case_class, exact = "incomplete", share
    elif cost < low_bound or (at_bound and cost == low_bound):
        case_class, exact = "low", share if points.low_formula == "as_incomplete" else at_cost
    elif high_bound is not None and (cost > high_bound or (at_bound and cost == high_bound)):
        case_class, exact = "high", full  # review_only, without a review
    else:
        case_class, exact = "normal", full
    return CasePoints(
        case_class,
        group.base_points,
        coefficient,
        group.mean_cost,
        half_up(reference, 2),
        half_up(cost / Fraction(group.mean_cost), 4),
        ratio,
        exact,
    )


def _without_group(case_class: str, exact: Fraction) -> CasePoints:
    return CasePoints(case_class, None, None, None, None, None, None, exact)


def _bed_day_points(stay: Stay, all_mean: Fraction, points: Points) -> Fraction:
    """day_points x length_of_stay (C12); yuan a day become points as a cost does."""
    for row in points.bed_days:
        if row.bed_day_class == stay.bed_day_class and (not row.levels or stay.level in row.levels):
            if row.points_per_day is not None:
                return Fraction(row.points_per_day) * stay.length_of_stay
            assert row.yuan_per_day is not None
            return Fraction(row.yuan_per_day) / all_mean * 100 * stay.length_of_stay
    raise AssertionError(f"{stay.case_id}: no row for {stay.bed_day_class} at {stay.level}")


def coefficient_of(stay: Stay, catalogue: Catalogue) -> Decimal:
    """The hospital's own, else its level's (the missing part is one), else one."""
    for hospital in (stay.hospital_id, None):
        row = catalogue.coefficients.get((stay.drg, stay.level, hospital))
        if row:
            return row.coefficient
    return Decimal("1.0000")


def reference_mean(stay: Stay, group: Group, catalogue: Catalogue, points: Points) -> Fraction:
    """The group's mean in the region, or of the level where the catalogue has one."""
    row = catalogue.coefficients.get((stay.drg, stay.level, None))
    if points.reference_mean == "level" and row and row.level_cases and row.level_total is not None:
        return Fraction(row.level_total) / row.level_cases
    return Fraction(group.mean_cost)


def high_ratio(stay: Stay, group: Group, points: Points) -> Decimal | None:
    """The first band of the policy that fits."""
    for band in points.high_bands:
        if (
            group.base_points >= band.base_points_from
            and (not band.levels or stay.level in band.levels)
            and (not band.accounts or stay.account in band.accounts)
        ):
            return band.ratio
    return None


def readmissions(stays: list[Stay], rule: Readmission) -> dict[str, str]:
    """Earlier stay -> the stay that came back: same person, same DRG, at most `days` between the
    previous discharge and this admission. Scope: the same hospital, or any.
    """
    courses: dict[tuple[str, ...], list[Stay]] = {}
    for stay in stays:
        counts = stay.status == "grouped" and stay.payment_unit == "drg"
        if counts and stay.drg not in rule.exempt_groups:
            place = (stay.hospital_id,) if rule.scope == "hospital" else ()
            courses.setdefault((stay.person_id, stay.drg, *place), []).append(stay)
    found: dict[str, str] = {}
    for course in courses.values():
        course.sort(key=lambda stay: (stay.admission_date, stay.discharge_date, stay.case_id))
        for number, later in enumerate(course):
            before = [s for s in course[:number] if s.discharge_date <= later.admission_date]
            if not before:
                continue
            previous = max(before, key=lambda stay: stay.discharge_date)
            previous = [s for s in before if s.discharge_date == previous.discharge_date][-1]
            if (later.admission_date - previous.discharge_date).days <= rule.days:
                found.setdefault(previous.case_id, later.case_id)
    return found


# ------------------------------------------------------------------------------------- settlement


@dataclass(frozen=True)
class Case:
    """A stay with its points, ready for settlement."""

    case_id: str
    hospital_id: str
    account: str
    out_of_area: bool
    case_class: str
    points: Decimal
    total_cost: Decimal
    fund_cost: Decimal
    patient_cost: Decimal
    other_cost: Decimal


@dataclass(frozen=True)
class Amounts:
    """What a case is settled with."""

    payment: str
    standard_amount: Decimal
    fund_amount: Decimal


@dataclass
class Statement:
    """A line of a hospital's statement: account, out_of_area and payment are in its key."""

    cases: int = 0
    points: Decimal = Decimal(0)
    total_cost: Decimal = Decimal(0)
    standard_amount: Decimal = Decimal(0)
    patient_cost: Decimal = Decimal(0)
    other_cost: Decimal = Decimal(0)
    fund_amount: Decimal = Decimal(0)
    fund_cost: Decimal = Decimal(0)
    difference: Decimal = Decimal(0)
    prepayment: Decimal = Decimal(0)
    home_fund_bill: Decimal = Decimal(0)
    carried: Decimal = Decimal(0)


@dataclass(frozen=True)
class Value:
    """The point value of an account, with what it is made of and what remains."""

    budget: Decimal
    from_home_funds: Decimal
    patient_cost: Decimal
    other_cost: Decimal
    points: Decimal
    point_value: Decimal
    fund_amount: Decimal
    remainder: Decimal


LineKey = tuple[str, str, bool, str]  # hospital_id, account, out_of_area, payment


@dataclass(frozen=True)
class Month:
    """A settled month: values by account, statements by line, amounts by case_id."""

    values: dict[str, Value]
    statements: dict[LineKey, Statement]
    cases: dict[str, Amounts]


def settle(
    cases: list[Case],
    policy: Policy,
    budgets: Mapping[str, Decimal],
    readings: Readings = LITERAL,
) -> Month:
    """Settle the cases of a month with each account's budget of the month."""
    cases = sorted(cases, key=lambda case: case.case_id)
    values: dict[str, Value] = {}
    amounts: dict[str, Amounts] = {}
    for account in policy.records.accounts:
        mine = [case for case in cases if case.account == account]
        if mine:
            values[account], settled = _settle_account(
                account, mine, budgets[account], policy.settlement, readings
            )
            amounts |= settled
    return Month(values, _statements(cases, amounts, policy.settlement), amounts)


def budget_of_month(budget: Budget, account: str, year: int, month: int) -> Decimal:
    """An explicit month, else its part of the annual budget less the reserve.

    The reserve is rounded down to the fen, the twelve months add up by largest remainder.
    """
    explicit = budget.month_yuan.get(f"{year:04d}-{month:02d}", {}).get(account)
    if explicit is not None:
        return explicit
    annual = budget.annual_yuan[account]
    available = annual - down(Fraction(annual) * Fraction(budget.reserve_ratio), 2)
    if isinstance(budget.months, EqualMonths):
        weights = [Fraction(1)] * 12
    else:
        weights = [Fraction(weight) for weight in budget.months.weights]
    return in_proportion(available, weights)[month - 1]


def payment_of(case: Case, rules: Settlement) -> str:
    """fee: item by item, outside the pool; so are outside patients whom the policy excludes."""
    excluded = case.out_of_area and rules.out_of_area == "excluded"
    return "item_by_item" if case.case_class == "fee" or excluded else "points"


def _settle_account(
    account: str,
    cases: list[Case],
    budget: Decimal,
    rules: Settlement,
    readings: Readings,
) -> tuple[Value, dict[str, Amounts]]:
    by_points = [case for case in cases if payment_of(case, rules) == "points"]
    pool = [case for case in by_points if _in_pool(case, rules)]
    patient = sum((case.patient_cost for case in pool), Decimal("0.00"))
    other = sum((case.other_cost for case in pool), Decimal("0.00"))
    points = sum((case.points for case in pool), Decimal("0.0000"))
    home = sum((case.fund_cost for case in pool if case.out_of_area), Decimal("0.00"))
    if not points:
        raise NoPointsError(account)
    numerator = budget + home  # fund_only: B / P
    if rules.method == "residual":  # (B + S + O) / P
        numerator += patient + other
    value = down(Fraction(numerator) / Fraction(points), rules.value_places)  # C14, C19

    def line_of(case: Case) -> tuple[str, bool]:
        together = rules.out_of_area == "pooled" and not readings.pooled_outside_apart
        return case.hospital_id, case.out_of_area and not together

    hospitals: dict[tuple[str, bool], list[Case]] = {
        key: [] for key in sorted({line_of(case) for case in by_points})
    }
    for case in by_points:
        hospitals[line_of(case)].append(case)
    standards = {
        key: half_up(_points(members) * Fraction(value), 2) for key, members in hospitals.items()
    }
    remainder = budget + home
    for key, members in hospitals.items():
        if _in_pool(members[0], rules):
            remainder -= standards[key] - _paid_by_others(members, rules)
    shares = dict.fromkeys(hospitals, Decimal("0.00"))
    pooled = [key for key, members in hospitals.items() if _in_pool(members[0], rules)]
    earned = any(standards[key] for key in pooled)  # else nothing to be in proportion to
    if rules.distribute_remainder == "all" and remainder > 0 and earned:
        parts = in_proportion(remainder, [Fraction(standards[key]) for key in pooled])
        shares |= dict(zip(pooled, parts, strict=True))
        remainder = Decimal("0.00")

    settled = {
        case.case_id: Amounts("item_by_item", case.total_cost, case.fund_cost)
        for case in cases
        if payment_of(case, rules) == "item_by_item"
    }
    for key, members in hospitals.items():
        parts = _case_standards(members, standards[key], shares[key], value)
        for case, standard in zip(members, parts, strict=True):
            fund = standard - _paid_by_others([case], rules)  # E1: may be negative
            settled[case.case_id] = Amounts("points", standard, fund)
    paid = sum((settled[case.case_id].fund_amount for case in pool), Decimal("0.00"))
    return Value(budget, home, patient, other, points, value, paid, remainder), settled


def _in_pool(case: Case, rules: Settlement) -> bool:
    """Whether a case takes part in the point value."""
    return not case.out_of_area or rules.out_of_area == "pooled"


def _points(cases: list[Case]) -> Fraction:
    return Fraction(sum((case.points for case in cases), Decimal(0)))


def _paid_by_others(cases: list[Case], rules: Settlement) -> Decimal:
    """S_h + O_h, which only the residual method takes off."""
    if rules.method == "fund_only":
        return Decimal("0.00")
    return sum((case.patient_cost + case.other_cost for case in cases), Decimal("0.00"))


def _case_standards(
    members: list[Case], standard: Decimal, share: Decimal, value: Decimal
) -> list[Decimal]:
    """The hospital's standard among its cases, ties in order of case_id (C18)."""
    whole = _points(members)
    if not whole:
        return [Decimal("0.00")] * len(members)
    at_value = [Fraction(case.points) * Fraction(value) for case in members]
    if not share:
        return largest_remainder(standard, at_value)
    weights = [Fraction(case.points) for case in members]
    return in_proportion(standard + share, weights)


def _statements(
    cases: list[Case], amounts: Mapping[str, Amounts], rules: Settlement
) -> dict[LineKey, Statement]:
    lines: dict[LineKey, Statement] = {}
    for case in cases:
        settled = amounts[case.case_id]
        key = (case.hospital_id, case.account, case.out_of_area, settled.payment)
        line = lines.setdefault(key, Statement())
        line.cases += 1
        line.points += case.points
        line.total_cost += case.total_cost
        line.standard_amount += settled.standard_amount
        line.patient_cost += case.patient_cost
        line.other_cost += case.other_cost
        line.fund_amount += settled.fund_amount
        line.fund_cost += case.fund_cost
    for (_, _, outside, _), line in lines.items():
        line.difference = line.fund_amount - line.fund_cost
        pooled = outside and rules.out_of_area == "pooled"
        if pooled:  # what joined the numerator is billed; the pool pays the hospital
            line.home_fund_bill = line.fund_cost
        elif outside:  # billed to the home fund (C20), not prepaid from this budget
            line.home_fund_bill = line.fund_amount
            continue
        if line.fund_amount > 0:
            exact = Fraction(line.fund_amount) * Fraction(rules.prepay_ratio)
            line.prepayment = half_up(exact, 2)
        else:  # a negative amount gives no prepayment and waits for the clearing
            line.carried = line.fund_amount
    return lines
