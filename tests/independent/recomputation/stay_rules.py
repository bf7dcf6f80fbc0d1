"""What the policy's rules make of a stay before anything is counted: 03-points, incomplete_if and
outside_drg_if.
"""

from dataclasses import replace

from drgpay.policy.points import Points

from .number_rules import holds
from .records import Stay


def decided(stay: Stay, points: Points) -> Stay:
    """A given `complete` stands; a missing one is what the rule says, true without a rule."""
    complete = stay.complete
    if complete is None:
        complete = not (points.incomplete_if and holds(points.incomplete_if, stay))
    unit = stay.payment_unit
    if unit == "drg" and points.outside_drg_if and holds(points.outside_drg_if, stay):
        unit = "fee"
    return replace(stay, complete=complete, payment_unit=unit)


def contradicted(stay: Stay, points: Points) -> bool:
    """Whether the rule says otherwise than the value that was given."""
    if stay.complete is None or points.incomplete_if is None:
        return False
    return stay.complete == holds(points.incomplete_if, stay)
