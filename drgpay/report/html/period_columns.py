"""The columns in which the pools and lines of a month and of a cleared year differ on the page."""

from dataclasses import dataclass

from drgpay.results.run_folder import RunFolder


@dataclass(frozen=True)
class PeriodColumns:
    """What a page calls by the period.

    budget: what the points of a pool were settled with. parts: what becomes of a pool's fund amount,
    in the order of the page, and what is paid beside it. due: what lines are paid.
    """

    budget: str
    parts: tuple[str, ...]
    due: tuple[str, ...]


MONTH = PeriodColumns("budget", ("prepayment", "withheld", "item_by_item"), ("prepayment",))
YEAR = PeriodColumns(
    "budget_final",
    ("withheld", "payable", "prepaid", "clearing"),
    ("payable", "prepaid", "clearing"),
)


def columns_of_period(run: RunFolder) -> PeriodColumns:
    """Those of a run."""
    return YEAR if run.manifest.is_clearing else MONTH
