"""Which stays a readmission follows."""

from datetime import timedelta

from drgpay.policy.points import Readmission

from .records import Stay


def readmissions(stays: list[Stay], rule: Readmission) -> dict[str, str]:
    """Earlier stay -> the stay that came back first: same person, same DRG, at most `days` between
    the previous discharge and this admission. Scope: the same hospital, or any.
    """
    found: dict[str, str] = {}
    counted = sorted(
        (stay for stay in stays if takes_part(stay, rule)),
        key=lambda stay: (stay.admission_date, stay.discharge_date, stay.case_id),
    )
    courses: dict[tuple[str | None, str, str], list[Stay]] = {}
    for later in counted:
        place = later.hospital_id if rule.scope == "hospital" else ""
        course = courses.setdefault((later.person_id, later.drg, place), [])
        ended = [stay for stay in course if stay.discharge_date <= later.admission_date]
        if ended:
            previous = ended[0]
            for stay in ended[1:]:  # of stays discharged on one day the one ordered last
                if stay.discharge_date >= previous.discharge_date:
                    previous = stay
            gap = later.admission_date - previous.discharge_date
            if gap <= timedelta(days=rule.days):
                found.setdefault(previous.case_id, later.case_id)
        course.append(later)
    return found


def takes_part(stay: Stay, rule: Readmission) -> bool:
    """Grouped, paid by DRG, of a known person, and not of an exempt group."""
    return (
        stay.person_id is not None
        and stay.status == "grouped"
        and stay.payment_unit == "drg"
        and stay.drg not in rule.exempt_groups
    )
