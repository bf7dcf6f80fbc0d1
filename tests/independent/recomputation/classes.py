"""Class and points of one stay before adjustments: the first row of the table that applies."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.points import Points

from .calibration import Catalogue, Group
from .coefficients import coefficient
from .records import Stay
from .rounding import half_up


@dataclass(frozen=True)
class CasePoints:
    """The points of a stay with what they come from; None where the class has no group."""

    case_class: str
    exact: Fraction
    base_points: Decimal | None = None
    coefficient: Decimal | None = None
    mean_cost: Decimal | None = None
    reference_mean: Decimal | None = None
    cost_ratio: Decimal | None = None
    high_ratio: Decimal | None = None

    @property
    def points_before(self) -> Decimal:
        """Before adjustments."""
        return half_up(self.exact, 4)


def points_of(stay: Stay, catalogue: Catalogue, points: Points) -> CasePoints:
    """Class and points of a stay."""
    at_cost = Fraction(stay.total_cost) / catalogue.all_mean * 100
    group = catalogue.groups.get(stay.drg)
    if stay.payment_unit == "fee":
        return CasePoints("fee", Fraction(0))
    if stay.payment_unit == "bed_day":
        day = points_of_a_day(stay, catalogue, points)
        return CasePoints("bed_day", day * stay.length_of_stay)  # C12
    if stay.status == "ambiguous":  # QY has no base points: it is not meant by "not in catalogue"
        return CasePoints("ambiguous", at_cost * Fraction(points.ambiguous_ratio))  # C7
    if stay.status != "grouped" or group is None:
        if points.ungrouped_rule == "fixed_points":
            return CasePoints("ungrouped", Fraction(points.ungrouped_points))
        return CasePoints("ungrouped", at_cost * Fraction(points.ungrouped_ratio))
    coef = coefficient_of(stay, catalogue, points)
    ratio = high_ratio(stay, group, points)
    case_class = class_of(stay, group, catalogue, points, ratio)
    return CasePoints(
        case_class,
        formula(case_class, stay, group, Fraction(coef), ratio, at_cost, points),
        group.base_points,
        coef,
        group.mean_cost,
        half_up(reference_mean(stay, group, catalogue, points), 2),
        half_up(Fraction(stay.total_cost) / Fraction(group.mean_cost), 4),
        ratio,
    )


def class_of(
    stay: Stay, group: Group, catalogue: Catalogue, points: Points, ratio: Decimal | None
) -> str:
    """The class of a stay whose group is in the catalogue."""
    cost = Fraction(stay.total_cost)
    if points.bounds_mean == "level":
        compared = mean_of_level(stay, group, catalogue)
    else:
        compared = reference_mean(stay, group, catalogue, points)
    low = Fraction(points.low_ratio) * compared
    at_bound = points.bounds == "inclusive"
    if not group.stable:
        return "few_cases"
    if not stay.complete:
        return "incomplete"
    if stay.drg in points.always_low_groups or cost < low or (at_bound and cost == low):
        return "low"
    if ratio is not None:
        high = Fraction(ratio) * compared  # E5
        if cost > high or (at_bound and cost == high):
            return "high"
    return "normal"


def formula(
    case_class: str,
    stay: Stay,
    group: Group,
    coef: Fraction,
    ratio: Decimal | None,
    at_cost: Fraction,
    points: Points,
) -> Fraction:
    """The exact points of a stay of a class with a group."""
    r = Fraction(stay.total_cost) / Fraction(group.mean_cost)
    if case_class == "few_cases" and points.few_cases_rule == "at_cost":
        return at_cost * Fraction(points.few_cases_ratio)
    assert group.base_points is not None
    base = Fraction(group.base_points)
    inside = base * coef if points.incomplete_formula == "with_coefficient" else base
    share = min(inside * r, base)  # C3, C4, C5
    match case_class:
        case "few_cases":
            return base
        case "incomplete":
            return share
        case "low":
            return share if points.low_formula == "as_incomplete" else at_cost
        case "high":
            assert ratio is not None
            return max(Fraction(0), high_points(base, coef, r, Fraction(ratio), at_cost, points))
    return base * coef  # C2


def high_points(
    base: Fraction, coef: Fraction, r: Fraction, cap: Fraction, at_cost: Fraction, points: Points
) -> Fraction:
    """high_formula of 03-points."""
    return {
        "review_only": base * coef,
        "excess": base * coef + base * (r - cap),
        "cost_less_cap": at_cost - (cap - 1) * base * coef,
        "cost_less_cap_coef": at_cost - (cap - coef) * base,
        "at_cost": at_cost,
    }[points.high_formula]


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
    """Of the hospital, or in groups of `base_level` of that level everywhere."""
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


def high_ratio(stay: Stay, group: Group, points: Points) -> Decimal | None:
    """The first band of the policy that fits; a group without base points has none."""
    if group.base_points is None:
        return None
    for band in points.high_bands:
        if (
            group.base_points >= band.base_points_from
            and (not band.levels or stay.level in band.levels)
            and (not band.accounts or stay.account in band.accounts)
        ):
            return band.ratio
    return None
