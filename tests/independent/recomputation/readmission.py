"""Which stays a readmission follows: 03a, "Which stay is the previous one"."""

from collections.abc import Callable, Collection
from datetime import timedelta

from drgpay.policy.points import Readmission

from .records import Stay


def readmissions(
    stays: list[Stay],
    rule: Readmission,
    exempt: Collection[str] = (),
    split: Collection[str] = (),
) -> dict[str, str]:
    """Previous stay -> the return that came first, of stays with one rule and one scheme."""
    return returns(stays, lambda _: (rule, exempt), split, lambda _, later: later.drg)


def returns(
    stays: list[Stay],
    rule_of: Callable[[Stay], tuple[Readmission, Collection[str]]],
    split: Collection[str],
    group_of_return: Callable[[Stay, Stay], str],
) -> dict[str, str]:
    """Previous stay -> the return that came first.

    Of the person's stays with status grouped and payment unit drg that ended by the day of an
    admission the previous one is that discharged last (equal: the later by admission, then
    case_id). It is followed by a return if that has the same DRG, not an exempt one, begins at most
    `days` after the discharge and, with scope hospital, is in the same hospital. A stay deducted as
    split_stay (`split`) is no return.

    rule_of: the rule and the exempt groups that hold for a previous stay. group_of_return: the DRG
    of the second stay by the scheme of the first.
    """
    found: dict[str, str] = {}
    persons: dict[str, list[Stay]] = {}
    for stay in stays:
        if stay.person_id and stay.status == "grouped" and stay.payment_unit == "drg":
            persons.setdefault(stay.person_id, []).append(stay)
    for courses in persons.values():
        for later in sorted(courses, key=in_order):
            ended = [
                stay
                for stay in courses
                if stay.discharge_date <= later.admission_date and in_order(stay) < in_order(later)
            ]
            if not ended or later.case_id in split:
                continue
            previous = max(
                ended, key=lambda stay: (stay.discharge_date, stay.admission_date, stay.case_id)
            )
            rule, exempt = rule_of(previous)
            if (
                group_of_return(previous, later) == previous.drg
                and previous.drg not in {*rule.exempt_groups, *exempt}
                and (rule.scope == "region" or previous.hospital_id == later.hospital_id)
                and later.admission_date - previous.discharge_date <= timedelta(days=rule.days)
            ):
                found.setdefault(previous.case_id, later.case_id)
    return found


def in_order(stay: Stay) -> tuple[object, ...]:
    """Of two stays within one day one comes first."""
    return stay.admission_date, stay.discharge_date, stay.case_id
