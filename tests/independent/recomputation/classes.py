"""Class and points of one stay before adjustments: the first row of the table that applies."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.points import Points

from .calibration import Catalogue, Group
from .coefficients import ONE, coefficient
from .number_rules import holds
from .records import Stay
from .rounding import half_up


@dataclass(frozen=True)
class CasePoints:
    """The points of a stay with what they come from; None where the class has no group.

    base and compared (not in the case row): base points with the factor by age, and the mean that
    the class formulas divide by; neither is rounded.
    """

    case_class: str
    exact: Fraction
    base: Fraction | None = None
    compared: Fraction | None = None
    base_points: Decimal | None = None
    age_times: Decimal | None = None
    age_divide: Decimal | None = None
    coefficient: Decimal | None = None
    mean_cost: Decimal | None = None
    reference_mean: Decimal | None = None
    bounds_mean: Decimal | None = None
    cost_ratio: Decimal | None = None
    high_ratio: Decimal | None = None
    stability: str | None = None

    @property
    def points_before(self) -> Decimal:
        """Before adjustments."""
        return half_up(self.exact, 4)


@dataclass(frozen=True)
class Priced:
    """The numbers of a stay whose group is in the catalogue, exact."""

    stay: Stay
    group: Group
    base: Fraction | None
    coef: Fraction
    reference: Fraction
    bounds: Fraction
    cap: Decimal | None
    at_cost: Fraction

    @property
    def measured(self) -> bool:
        """Whether the catalogue has a mean that the stay can be compared with."""
        return self.group.stability in ("stable", "unstable_cv") and self.base is not None


def points_of(stay: Stay, catalogue: Catalogue, points: Points) -> CasePoints:
    """Class and points of a stay."""
    at_cost = Fraction(stay.total_cost) / catalogue.all_mean * 100
    group = catalogue.of_account.get((stay.drg, stay.account)) or catalogue.groups.get(stay.drg)
    if stay.payment_unit == "fee":
        return CasePoints("fee", Fraction(0))
    if stay.payment_unit == "bed_day":
        day = points_of_a_day(stay, catalogue, points)
        return CasePoints("bed_day", day * stay.length_of_stay)  # C12
    if stay.status == "ambiguous":  # a QY group is never "not in the catalogue"
        return CasePoints("ambiguous", at_cost * Fraction(points.ambiguous_ratio))  # C7
    if stay.status != "grouped" or group is None:
        if points.ungrouped_rule == "fixed_points":
            return CasePoints("ungrouped", Fraction(points.ungrouped_points))
        return CasePoints("ungrouped", at_cost * Fraction(points.ungrouped_ratio))
    times, divide = age_factor(stay, points)
    base = None
    if group.base_points is not None:  # C23
        base = Fraction(group.base_points) * Fraction(times or 1) / Fraction(divide or 1)
    coef = coefficient_of(stay, catalogue, points)
    reference = reference_mean(stay, group, catalogue, points)
    bounds = reference
    if points.bounds_mean == "level":
        bounds = mean_of_level(stay, group, catalogue)
    cap = high_ratio(stay, base, points)
    priced = Priced(stay, group, base, Fraction(coef), reference, bounds, cap, at_cost)
    case_class = class_of(priced, points)
    return CasePoints(
        case_class,
        formula(case_class, priced, points),
        base,
        reference,
        group.base_points,
        times,
        divide,
        coef,
        group.mean_cost,
        half_up(reference, 2),
        half_up(bounds, 2),
        half_up(Fraction(stay.total_cost) / reference, 4),
        cap,
        group.stability,
    )


def class_of(priced: Priced, points: Points) -> str:
    """The class of a stay whose group is in the catalogue."""
    stay, group = priced.stay, priced.group
    cost = Fraction(stay.total_cost)
    low = Fraction(points.low_ratio) * priced.bounds
    at_bound = points.bounds == "inclusive"
    if not stay.complete:
        return "incomplete"
    if not priced.measured:
        return "few_cases"
    if stay.drg in points.always_low_groups or cost < low or (at_bound and cost == low):
        return "low"
    if group.stability == "unstable_cv":
        return "few_cases"
    if priced.cap is not None:
        high = Fraction(priced.cap) * priced.bounds  # E5
        if cost > high or (at_bound and cost == high):
            return "high"
    return "normal"


def formula(case_class: str, priced: Priced, points: Points) -> Fraction:
    """The exact points of a stay of a class with a group."""
    stay, base, coef, at_cost = priced.stay, priced.base, priced.coef, priced.at_cost
    if case_class == "few_cases" or (case_class == "incomplete" and not priced.measured):
        few = at_cost * Fraction(points.few_cases_ratio)
        if points.few_cases_rule == "base":
            assert base is not None, "without base points the rule must be at_cost"
            few = base
        return few if case_class == "few_cases" else min(few, at_cost)
    assert base is not None
    cost = Fraction(stay.total_cost)
    inside = base * coef if points.incomplete_formula == "with_coefficient" else base
    match case_class:
        case "incomplete":  # C3, C4, C5: by the group's mean of the region
            return min(inside * cost / Fraction(priced.group.mean_cost), base)
        case "low":
            share = min(inside * cost / priced.reference, base)
            return share if points.low_formula == "as_incomplete" else at_cost
        case "high":
            assert priced.cap is not None
            r, cap = cost / priced.reference, Fraction(priced.cap)
            least = base * coef if points.high_floor == "normal" else Fraction(0)
            return max(least, high_points(base, coef, r, cap, at_cost, points))
    return base * coef  # C2


def high_points(
    base: Fraction, coef: Fraction, r: Fraction, cap: Fraction, at_cost: Fraction, points: Points
) -> Fraction:
    """high_formula of 03-points, without the floor."""
    return {
        "review_only": base * coef,
        "excess": base * coef + base * max(Fraction(0), r - cap),
        "cost_less_cap": at_cost - (cap - 1) * base * coef,
        "cost_less_cap_coef": at_cost - (cap - coef) * base,
        "at_cost": at_cost,
    }[points.high_formula]


def age_factor(stay: Stay, points: Points) -> tuple[Decimal | None, Decimal | None]:
    """What the first row that fits multiplies or divides the base by (C23)."""
    for row in points.age_factors:
        if (not row.groups or stay.drg in row.groups) and holds(row.rule, stay):
            return row.times, row.divide
    return None, None


def points_of_a_day(stay: Stay, catalogue: Catalogue, points: Points) -> Fraction:
    """The first row that fits; yuan a day become points as a cost does."""
    assert stay.bed_day_class
    for row in points.bed_days:
        if row.bed_day_class == stay.bed_day_class and (not row.levels or stay.level in row.levels):
            if row.points_per_day is not None:
                return Fraction(row.points_per_day)
            if row.yuan_per_day is not None:
                return Fraction(row.yuan_per_day) / catalogue.all_mean * 100
            days = catalogue.bed_days.get(
                (row.bed_day_class, stay.level)
            ) or catalogue.bed_days.get((row.bed_day_class, None))
            assert days, f"{stay.case_id}: no calibrated days of {stay.bed_day_class}"
            return days.cost / days.days / catalogue.all_mean * 100
    raise AssertionError(f"{stay.case_id}: no row for {stay.bed_day_class} at {stay.level}")


def coefficient_of(stay: Stay, catalogue: Catalogue, points: Points) -> Decimal:
    """1 in groups without coefficient; of the hospital, or in groups of `base_level` of that level
    everywhere.
    """
    if stay.drg in points.no_coefficient_groups:
        return ONE
    if points.base_level and stay.drg in points.base_level.groups:
        return coefficient(catalogue, stay.drg, points.base_level.level, None)
    return coefficient(catalogue, stay.drg, stay.level, stay.hospital_id)


def mean_of_level(stay: Stay, group: Group, catalogue: Catalogue) -> Fraction:
    """The group's mean at the stay's level, in the region where the level has none."""
    of_level = catalogue.of_level.get((stay.drg, stay.level))
    return of_level.mean if of_level else Fraction(group.mean_cost)


def reference_mean(stay: Stay, group: Group, catalogue: Catalogue, points: Points) -> Fraction:
    """In the region, of the level, or own and level mixed (C10)."""
    if points.reference_mean == "region":
        return Fraction(group.mean_cost)
    level = mean_of_level(stay, group, catalogue)
    own = catalogue.of_hospital.get((stay.drg, stay.hospital_id))
    if points.reference_mean == "own_and_level" and own:
        weight = Fraction(points.own_mean_weight or 0)
        return own.mean * weight + level * (1 - weight)
    return level


def high_ratio(stay: Stay, base: Fraction | None, points: Points) -> Decimal | None:
    """The first band of the policy that fits; a group without base points has none."""
    if base is None:
        return None
    for band in points.high_bands:
        if (
            base >= Fraction(band.base_points_from)
            and (not band.levels or stay.level in band.levels)
            and (not band.accounts or stay.account in band.accounts)
        ):
            return band.ratio
    return None
