"""What is added to and taken from the points of a case, step by step, one case at a time."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from drgpay.policy.points import Points, VolumeCap

from .calibration import Catalogue
from .classes import CasePoints, points_of
from .readmission import readmissions
from .records import Filed, Review, Stay, Violation
from .rounding import ceiling, half_up, largest_whole

WITHOUT_GROUP = ("fee", "bed_day", "ungrouped", "ambiguous")


REASON_NUMBERS = (
    *("factor", "base", "age_times", "age_divide", "number", "quota", "days", "period"),
    *("drg", "case_class", "fixed_points", "unreasonable_cost", "max_points"),
)


Over = tuple[int, int]
"""Which review of its hospital one is, and how many there may be."""


@dataclass(frozen=True)
class Why:
    """The code of an adjustment and the numbers that it has."""

    code: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """As adjustments.parquet has them: what the code has not is null."""
        return {"code": self.code, **dict.fromkeys(REASON_NUMBERS), **self.numbers}


def because(code: str, **numbers: object) -> Why:
    """A code with its numbers."""
    return Why(code, numbers)


@dataclass(frozen=True)
class Adjustment:
    """A row of adjustments.parquet."""

    case_id: str
    step: int
    applies_to: str
    kind: str
    points: Decimal
    evidence: str | None
    why: Why


@dataclass(frozen=True)
class Earned:
    """The points of a period: what each case has before and after, and its rows in between.

    unreturned: the exact number of each case before the step of readmission.
    """

    cases: Mapping[str, CasePoints]
    points: Mapping[str, Decimal]
    adjustments: tuple[Adjustment, ...]
    unreturned: Mapping[str, Fraction] = field(default_factory=dict)


class Course:
    """A case on its way through the steps."""

    def __init__(self, stay: Stay, case: CasePoints) -> None:
        self.stay, self.case = stay, case
        self.exact = case.exact
        self.rows: list[Adjustment] = []

    def change(
        self,
        kind: str,
        evidence: str | None,
        why: Why,
        new: Callable[[Fraction], Fraction] | None = None,
    ) -> None:
        """A step: the row is the difference of the rounded numbers."""
        before = half_up(self.exact, 4)
        self.exact = new(self.exact) if new else self.exact
        self._row("case", kind, half_up(self.exact, 4) - before, evidence, why)

    def take_from_hospital(
        self, kind: str, evidence: str | None, times: Decimal, *, serious: bool
    ) -> None:
        """A deduction's minus row."""
        basis, name = self.case.base, "base_points"
        if basis is None:
            basis, name = Fraction(self.case.points_before), "points_before"
        code = "hospital_minus_serious" if serious else "hospital_minus"
        why = because(code, factor=times, base=name, **self.age_factor)
        self._row("hospital", kind, -half_up(basis * Fraction(times), 4), evidence, why)

    @property
    def age_factor(self) -> dict[str, Decimal | None]:
        """What the base points of the case are multiplied or divided by."""
        return {"age_times": self.case.age_times, "age_divide": self.case.age_divide}

    def _row(
        self, applies_to: str, kind: str, points: Decimal, evidence: str | None, why: Why
    ) -> None:
        step = len(self.rows) + 1
        case_id = self.stay.case_id
        self.rows.append(Adjustment(case_id, step, applies_to, kind, points, evidence, why))


def multiplied(factor: Decimal) -> Callable[[Fraction], Fraction]:
    """What a factor makes of points."""
    return lambda exact: exact * Fraction(factor)


def increased(plus: Fraction) -> Callable[[Fraction], Fraction]:
    """What an addition makes of points."""
    return lambda exact: exact + plus


def earn(
    stays: list[Stay],
    catalogue: Catalogue,
    points: Points,
    filed: Filed,
    exempt: Collection[str] = (),
    followed: Mapping[str, str] | None = None,
) -> Earned:
    """The points of every stay of a period, with all adjustments.

    followed: the stays that a return follows, where more stays are known than these.
    """
    cases = {stay.case_id: points_of(stay, catalogue, points) for stay in stays}
    over_quota = reviews_over_quota(stays, cases, points, filed)
    capped = beyond_caps(stays, points)
    if followed is None:
        followed = readmissions(stays, points.readmission, exempt, split_stays(filed.violations))
    review_of = {review.case_id: review for review in filed.reviews}
    final: dict[str, Decimal] = {}
    unreturned: dict[str, Fraction] = {}
    rows: list[Adjustment] = []
    for stay in sorted(stays, key=lambda stay: stay.case_id):
        course = Course(stay, cases[stay.case_id])
        if stay.case_id in review_of:
            review = review_of[stay.case_id]
            _review(course, review, over_quota.get(review.case_id), catalogue, points)
        if stay.case_id in capped:
            cap, number = capped[stay.case_id]
            why = because(
                "volume_cap",
                factor=cap.factor,
                number=number,
                quota=cap.cases_a_month,
                period=f"{stay.settlement_date:%Y-%m}",
            )
            course.change("volume_cap", None, why, multiplied(cap.factor))
        unreturned[stay.case_id] = course.exact
        if stay.case_id in followed:  # C6
            halve(course, followed[stay.case_id], points)
        add_extra_points(course, points, filed)
        deduct(course, points, filed.violations)
        final[stay.case_id] = half_up(course.exact, 4)
        rows += course.rows
    return Earned(cases, final, tuple(rows), unreturned)


def split_stays(violations: Iterable[Violation]) -> set[str]:
    """The stays that are deducted as split."""
    return {row.case_id for row in violations if row.kind == "split_stay"}


def halve(course: Course, evidence: str, points: Points) -> None:
    """The step of readmission (C6)."""
    rule = points.readmission
    why = because("readmission", factor=rule.factor, days=rule.days)
    course.change("readmission", evidence, why, multiplied(rule.factor))


def _review(
    course: Course, review: Review, over: Over | None, catalogue: Catalogue, points: Points
) -> None:
    rule, case_class = points.reviews, course.case.case_class
    refuses = rule.over_quota == "refuse"
    over_code = "review_over_quota" if rule.quota_scope == "hospital" else "review_over_share"
    beyond = because(over_code if refuses else f"{over_code}_paid")
    if over:
        beyond = replace(beyond, numbers={"number": over[0], "quota": over[1]})
    if case_class not in rule.classes:
        why = because("review_not_applicable", case_class=case_class)
        course.change("review", review.reason, why)
    elif not review.approved:
        course.change("review", review.reason, because("review_rejected"))
    elif over and refuses:
        course.change("review_over_quota", review.reason, beyond)
    else:
        reviewed, why = _reviewed_points(course, review, catalogue, points)
        course.change("review", review.reason, why, lambda _: reviewed)
        if over:
            course.change("review_over_quota", review.reason, beyond)


def _reviewed_points(
    course: Course, review: Review, catalogue: Catalogue, points: Points
) -> tuple[Fraction, Why]:
    case = course.case
    reasonable = Fraction(course.stay.total_cost) - Fraction(review.unreasonable_cost)
    if review.fixed_points is not None:
        why = because("review_fixed", fixed_points=review.fixed_points)
        return Fraction(review.fixed_points), why
    cost = review.unreasonable_cost
    if case.case_class == "high" and points.high_formula == "review_only":
        assert case.base is not None
        assert case.coefficient is not None
        assert case.compared is not None
        assert case.high_ratio is not None
        over = reasonable / case.compared - Fraction(case.high_ratio)
        mean = "mean_cost" if points.reference_mean == "region" else "ratio_mean"
        why = because("review_excess", unreasonable_cost=cost, base=mean, **course.age_factor)
        return case.base * Fraction(case.coefficient) + case.base * max(Fraction(0), over), why
    return reasonable / catalogue.all_mean * 100, because("review_at_cost", unreasonable_cost=cost)


def reviews_over_quota(
    stays: list[Stay], cases: Mapping[str, CasePoints], points: Points, filed: Filed
) -> dict[str, Over]:
    """Approved reviews beyond the quota of their hospital, in order of filing."""
    rule = points.reviews
    by_id = {stay.case_id: stay for stay in stays}
    quotas = quotas_of(stays, points)
    used: dict[str, int] = {}
    over: dict[str, Over] = {}
    for review in sorted(filed.reviews, key=lambda review: (review.filed_at, review.case_id)):
        if review.approved and cases[review.case_id].case_class in rule.classes:
            hospital = by_id[review.case_id].hospital_id
            used[hospital] = used.get(hospital, 0) + 1
            if used[hospital] > quotas.get(hospital, 0):
                over[review.case_id] = used[hospital], quotas.get(hospital, 0)
    return over


def quotas_of(stays: list[Stay], points: Points) -> dict[str, int]:
    """How many reviews each hospital may have (C11).

    Counted are stays with payment unit drg, with `grouped` only those with status grouped. Over the
    region the rounded quota is divided by the hospitals' counts, largest remainder first, ties by
    hospital_id.
    """
    rule = points.reviews
    counts: dict[str, int] = {}
    for stay in stays:
        if stay.payment_unit == "drg" and (rule.quota_of == "drg" or stay.status == "grouped"):
            counts[stay.hospital_id] = counts.get(stay.hospital_id, 0) + 1

    def rounded(number: Fraction) -> int:
        return ceiling(number) if rule.quota_rounding == "up" else floor(number)

    share = Fraction(rule.quota_share)
    if rule.quota_scope == "hospital":
        return {hospital: rounded(count * share) for hospital, count in counts.items()}
    everyone = sum(counts.values())
    hospitals = sorted(counts)
    whole = rounded(everyone * share)
    parts = [Fraction(whole * counts[hospital], everyone) for hospital in hospitals]
    return dict(zip(hospitals, largest_whole(whole, parts), strict=True))


def beyond_caps(stays: list[Stay], points: Points) -> dict[str, tuple[VolumeCap, int]]:
    """Stays beyond the cap of their hospital, month and groups: the cap, and which stay it is."""
    counted: dict[tuple[int, str, int, int], int] = {}
    beyond: dict[str, tuple[VolumeCap, int]] = {}
    for stay in sorted(stays, key=lambda stay: (stay.settlement_date, stay.case_id)):
        for number, cap in enumerate(points.volume_caps):
            paid_by_drg = stay.status == "grouped" and stay.payment_unit == "drg"
            if paid_by_drg and stay.drg in cap.groups:
                settled = stay.settlement_date
                key = (number, stay.hospital_id, settled.year, settled.month)
                counted[key] = counted.get(key, 0) + 1
                if counted[key] > cap.cases_a_month:
                    beyond[stay.case_id] = cap, counted[key]
    return beyond


def add_extra_points(course: Course, points: Points, filed: Filed) -> None:
    """New technologies, then TCM."""
    _technologies(course, points, filed)
    _tcm(course, points)


def _technologies(course: Course, points: Points, filed: Filed) -> None:
    stay, case = course.stay, course.case
    for rule in points.new_technologies:
        is_filed = any(
            use.case_id == stay.case_id and use.technology == rule.technology
            for use in filed.technologies
        )
        share = rule.share_by_year.get(str(stay.settlement_date.year))
        entitled = (
            case.case_class not in WITHOUT_GROUP
            and case.base is not None
            and stay.drg in rule.groups
        )
        year = f"{stay.settlement_date.year}"
        if entitled and share is not None and (is_filed or not rule.filed):
            plus = (case.base or 0) * Fraction(share)
            numbers = {"factor": share, "base": "base_points", **course.age_factor}
            why = because("new_technology_share", period=year, **numbers)
            course.change("new_technology", rule.technology, why, increased(plus))
        elif is_filed:
            numbers = {"drg": stay.drg, "case_class": case.case_class}
            why = because("new_technology_not_applicable", **numbers)
            if entitled:
                why = because("new_technology_no_share", period=year)
            course.change("new_technology", rule.technology, why)


def _tcm(course: Course, points: Points) -> None:
    rule = points.tcm
    if rule and course.stay.drg in rule.groups and course.case.case_class not in WITHOUT_GROUP:
        uplift, most = Fraction(rule.uplift), Fraction(rule.max_points)
        why = because("tcm", factor=rule.uplift, max_points=rule.max_points)
        course.change("tcm", None, why, lambda exact: exact + min(exact * uplift, most))


def deduct(course: Course, points: Points, violations: Iterable[Violation]) -> None:
    """C13: the case's factor, and the minus that lands on the hospital."""
    violations = list(violations)
    for rule in points.deductions:
        for violation in violations:
            if violation.case_id == course.stay.case_id and violation.kind == rule.kind:
                evidence = violation.document or violation.reason
                why = because("deduction", factor=rule.case_factor)
                course.change(rule.kind, evidence, why, multiplied(rule.case_factor))
                times = rule.base_times_serious if violation.serious else rule.base_times
                if times:
                    course.take_from_hospital(rule.kind, evidence, times, serious=violation.serious)
