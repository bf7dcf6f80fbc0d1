"""Whether the months of a year were paid by the rules of its clearing."""

from drgpay.run.year_months import changed_parameters


def test_a_check_that_came_later_is_no_other_policy() -> None:
    """Unless it refuses records: then the months were paid for stays that it would not pay."""
    before = {"records": {"severity": {"length_differs": "warn"}}}
    for severity, changed in (("warn", []), ("ignore", []), ("reject", ["records.severity.later"])):
        now = {"records": {"severity": {"length_differs": "warn", "later": severity}}}
        assert changed_parameters(before, now) == changed
    now = {"records": {"severity": {"length_differs": "ignore"}}}
    assert changed_parameters(before, now) == ["records.severity.length_differs"]
