"""What is added to and taken from the points of a case, step by step, one case at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.points import Points, VolumeCap

from .calibration import Catalogue
from .classes import CasePoints, points_of
from .readmission import readmissions
from .records import Filed, Review, Stay
from .rounding import ceiling, half_up

WITHOUT_GROUP = ("fee", "bed_day", "ungrouped", "ambiguous")


@dataclass(frozen=True)
class Adjustment:
    """A row of adjustments.parquet."""

    case_id: str
    step: int
    applies_to: str
    kind: str
    points: Decimal
    evidence: str | None


@dataclass(frozen=True)
class Earned:
    """The points of a period: what each case has before and after, and its rows in between."""

    cases: Mapping[str, CasePoints]
    points: Mapping[str, Decimal]
    adjustments: tuple[Adjustment, ...]


class _Course:
    """A case on its way through the steps."""

    def __init__(self, stay: Stay, case: CasePoints) -> None:
        self.stay, self.case = stay, case
        self.exact = case.exact
        self.rows: list[Adjustment] = []

    def change(
        self, kind: str, evidence: str | None, new: Callable[[Fraction], Fraction] | None = None
    ) -> None:
        """A step: the row is the difference of the rounded numbers."""
        before = half_up(self.exact, 4)
        self.exact = new(self.exact) if new else self.exact
        self._row("case", kind, half_up(self.exact, 4) - before, evidence)

    def take_from_hospital(self, kind: str, evidence: str | None, times: Decimal) -> None:
        """A deduction's minus row."""
        base = self.case.base_points
        basis = self.case.points_before if base is None else base
        self._row("hospital", kind, -half_up(Fraction(basis) * Fraction(times), 4), evidence)

    def _row(self, applies_to: str, kind: str, points: Decimal, evidence: str | None) -> None:
        step = len(self.rows) + 1
        case_id = self.stay.case_id
        self.rows.append(Adjustment(case_id, step, applies_to, kind, points, evidence))


def multiplied(factor: Decimal) -> Callable[[Fraction], Fraction]:
    """What a factor makes of points."""
    return lambda exact: exact * Fraction(factor)


def increased(plus: Fraction) -> Callable[[Fraction], Fraction]:
    """What an addition makes of points."""
    return lambda exact: exact + plus


def earn(stays: list[Stay], catalogue: Catalogue, points: Points, filed: Filed) -> Earned:
    """The points of every stay of a period, with all adjustments."""
    cases = {stay.case_id: points_of(stay, catalogue, points) for stay in stays}
    over_quota = reviews_over_quota(stays, cases, points, filed)
    capped = beyond_caps(stays, points)
    followed = readmissions(stays, points.readmission)
    review_of = {review.case_id: review for review in filed.reviews}
    final: dict[str, Decimal] = {}
    rows: list[Adjustment] = []
    for stay in sorted(stays, key=lambda stay: stay.case_id):
        course = _Course(stay, cases[stay.case_id])
        if stay.case_id in review_of:
            review = review_of[stay.case_id]
            _review(course, review, review.case_id in over_quota, catalogue, points)
        if stay.case_id in capped:
            course.change("volume_cap", None, multiplied(capped[stay.case_id].factor))
        if stay.case_id in followed:  # C6
            evidence = followed[stay.case_id]
            course.change("readmission", evidence, multiplied(points.readmission.factor))
        _technologies(course, points, filed)
        _tcm(course, points)
        _deductions(course, points, filed)
        final[stay.case_id] = half_up(course.exact, 4)
        rows += course.rows
    return Earned(cases, final, tuple(rows))


def _review(
    course: _Course, review: Review, over_quota: bool, catalogue: Catalogue, points: Points
) -> None:
    if not review.approved or course.case.case_class not in points.reviews.classes:
        course.change("review", review.reason)
    elif over_quota and points.reviews.over_quota == "refuse":
        course.change("review_over_quota", review.reason)
    else:
        reviewed = _reviewed_points(course, review, catalogue, points)
        course.change("review", review.reason, lambda _: reviewed)
        if over_quota:
            course.change("review_over_quota", review.reason)


def _reviewed_points(
    course: _Course, review: Review, catalogue: Catalogue, points: Points
) -> Fraction:
    case = course.case
    reasonable = Fraction(course.stay.total_cost) - Fraction(review.unreasonable_cost)
    if review.fixed_points is not None:
        return Fraction(review.fixed_points)
    if case.case_class == "high" and points.high_formula == "review_only":
        assert case.base_points is not None
        assert case.coefficient is not None
        assert case.mean_cost is not None
        assert case.high_ratio is not None
        over = reasonable / Fraction(case.mean_cost) - Fraction(case.high_ratio)
        base = Fraction(case.base_points)
        return base * Fraction(case.coefficient) + base * max(Fraction(0), over)
    return reasonable / catalogue.all_mean * 100


def reviews_over_quota(
    stays: list[Stay], cases: Mapping[str, CasePoints], points: Points, filed: Filed
) -> set[str]:
    """Approved reviews beyond the quota of their hospital or the region, in order of filing."""
    rule = points.reviews
    by_id = {stay.case_id: stay for stay in stays}
    grouped: dict[str, int] = {}
    for stay in stays:
        scope = stay.hospital_id if rule.quota_scope == "hospital" else ""
        grouped[scope] = grouped.get(scope, 0) + (stay.status == "grouped")
    used: dict[str, int] = {}
    over: set[str] = set()
    for review in sorted(filed.reviews, key=lambda review: (review.filed_at, review.case_id)):
        if review.approved and cases[review.case_id].case_class in rule.classes:
            hospital = by_id[review.case_id].hospital_id
            scope = hospital if rule.quota_scope == "hospital" else ""
            used[scope] = used.get(scope, 0) + 1
            if used[scope] > ceiling(Fraction(rule.quota_share) * grouped[scope]):  # C11
                over.add(review.case_id)
    return over


def beyond_caps(stays: list[Stay], points: Points) -> dict[str, VolumeCap]:
    """Stays beyond the cap of their hospital, month and groups."""
    counted: dict[tuple[int, str, int, int], int] = {}
    beyond: dict[str, VolumeCap] = {}
    for stay in sorted(stays, key=lambda stay: (stay.settlement_date, stay.case_id)):
        for number, cap in enumerate(points.volume_caps):
            paid_by_drg = stay.status == "grouped" and stay.payment_unit == "drg"
            if paid_by_drg and stay.drg in cap.groups:
                settled = stay.settlement_date
                key = (number, stay.hospital_id, settled.year, settled.month)
                counted[key] = counted.get(key, 0) + 1
                if counted[key] > cap.cases_a_month:
                    beyond[stay.case_id] = cap
    return beyond


def _technologies(course: _Course, points: Points, filed: Filed) -> None:
    stay, case = course.stay, course.case
    for rule in points.new_technologies:
        is_filed = any(
            use.case_id == stay.case_id and use.technology == rule.technology
            for use in filed.technologies
        )
        share = rule.share_by_year.get(str(stay.settlement_date.year))
        entitled = (
            case.case_class not in WITHOUT_GROUP
            and case.base_points is not None
            and stay.drg in rule.groups
            and share is not None
        )
        if entitled and (is_filed or not rule.filed):
            plus = Fraction(case.base_points or 0) * Fraction(share or 0)
            course.change("new_technology", rule.technology, increased(plus))
        elif is_filed:
            course.change("new_technology", rule.technology)


def _tcm(course: _Course, points: Points) -> None:
    rule = points.tcm
    if rule and course.stay.drg in rule.groups and course.case.case_class not in WITHOUT_GROUP:
        uplift, most = Fraction(rule.uplift), Fraction(rule.max_points)
        course.change("tcm", None, lambda exact: exact + min(exact * uplift, most))


def _deductions(course: _Course, points: Points, filed: Filed) -> None:
    """C13: the case's factor, and the minus that lands on the hospital."""
    for rule in points.deductions:
        for violation in filed.violations:
            if violation.case_id == course.stay.case_id and violation.kind == rule.kind:
                course.change(rule.kind, violation.reason, multiplied(rule.case_factor))
                times = rule.base_times_serious if violation.serious else rule.base_times
                if times:
                    course.take_from_hospital(rule.kind, violation.reason, times)
