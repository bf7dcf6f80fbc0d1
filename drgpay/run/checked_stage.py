"""The stage `checked` of a month of stays: in memory, or in files where there are many."""

from drgpay.grouper.checked_month import (
    MOST_AT_ONCE,
    CheckedMonth,
    MonthFound,
    MonthToCheck,
    check_at_once,
    check_in_buckets,
)
from drgpay.records.checks import CheckedStays
from drgpay.run.pipeline import Running

_STAGE = "checked"


def checked_month(running: Running, month: MonthToCheck) -> CheckedMonth:
    """Read, group and check the stays of a month, or take up what an interrupted run made of them."""
    rows = month.dataset.rows
    with running.progress("grouping", rows) as advance:
        if rows <= MOST_AT_ONCE:
            checked = running.folder.stage(
                _STAGE, lambda: check_at_once(month, advance, running.threads), CheckedStays
            )
            return CheckedMonth.of(checked)
        found, folder = running.folder.stage_in_folder(
            _STAGE,
            lambda folder: check_in_buckets(month, folder, advance, running.threads),
            MonthFound,
        )
        return CheckedMonth.in_files(found, folder)
