"""From points to settlement: cases, minus rows and what deductions took."""

from drgpay.policy.model import Policy

from .adjusting import Earned
from .records import Stay
from .settlement import Case, Minus, Taken


def cases_of(stays: list[Stay], earned: Earned) -> list[Case]:
    """Cases as settlement takes them."""
    return [
        Case(
            stay.case_id,
            stay.hospital_id,
            stay.account,
            stay.out_of_area,
            earned.cases[stay.case_id].case_class,
            earned.points[stay.case_id],
            stay.total_cost,
            stay.fund_cost,
            stay.patient_cost,
            stay.other_cost,
        )
        for stay in stays
    ]


def minus_of(earned: Earned) -> list[Minus]:
    """The rows that land on hospitals."""
    return [
        Minus(row.case_id, row.step, row.points, deducted=row.kind != "readmission_earlier")
        for row in earned.adjustments
        if row.applies_to == "hospital"
    ]


def taken_of(earned: Earned, policy: Policy) -> list[Taken]:
    """What deductions took from cases."""
    kinds = {row.kind for row in policy.points.deductions}
    return [
        Taken(row.case_id, row.step, row.points)
        for row in earned.adjustments
        if row.applies_to == "case" and row.kind in kinds
    ]
