"""How many visits to write, for which months of a sample plan."""

from dataclasses import dataclass

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.sample.plan import Month, SamplePlan

_ERRORS = Sentences("errors/sample")

_MOST_VISITS = 500_000_000  # in a month
_HISTORY_MONTHS = 3  # enough to calibrate some hundred groups with


@dataclass(frozen=True)
class VisitPlan:
    """Visits beside the stays of a region: the same months, fewer of history, the same seed."""

    region: SamplePlan
    visits_per_month: int
    history_visits_per_month: int | None = None  # as many as in the settled months

    def __post_init__(self) -> None:
        if min(self.visits_per_month, self.history_visits_per_month or 1) < 1:
            raise DrgpayError(*_ERRORS("no_visits"))
        most = max(self.visits_per_month, self.history_visits_per_month or 0)
        if most > _MOST_VISITS:
            raise DrgpayError(*_ERRORS("large_visits", visits=most, most=_MOST_VISITS))

    @property
    def history(self) -> list[Month]:
        """The last months before the settled ones, oldest first."""
        return self.region.history[-_HISTORY_MONTHS:]

    @property
    def parts(self) -> list[tuple[str, Month, int]]:
        """The name of the part, the month and its visits, oldest first."""
        before = self.history_visits_per_month or self.visits_per_month
        return [
            *[("history", month, before) for month in self.history],
            *[("", month, self.visits_per_month) for month in self.region.settled],
        ]

    @property
    def persons(self) -> int:
        """How many persons the visits are drawn from."""
        return max(round(self.visits_per_month * 0.7), 50)
