"""What sample to write: how many stays, which months, from which seed."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/sample")

# Years that a year file and a policy may name; the number of a case counts no further.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_MOST_STAYS = 100_000_000  # in a month
_MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class SamplePlan:
    """The size of the region and the seed that decides everything in it."""

    stays_per_month: int
    months: int
    history_months: int = 24
    last_period: str = "2026-10"
    seed: int = 1
    scheme: str = "chs-drg-2.0"
    history_stays_per_month: int | None = None  # as many as in the settled months

    def __post_init__(self) -> None:
        """Refuse, before anything is drawn or written, what cannot be made."""
        if self.stays_per_month < 1 or self.months < 0 or self.history_months < 0 or self.seed < 0:
            raise DrgpayError(*_ERRORS("small_number", plan=self))
        most = max(self.stays_per_month, self.history_stays_per_month or 0)
        if most > _MOST_STAYS or self.seed > _MOST_SEED:
            raise DrgpayError(
                *_ERRORS("large_sample", stays=most, seed=self.seed, most=_MOST_STAYS)
            )
        last = Month.parse(self.last_period)
        first = last.number - self.months + 1 - self.history_months
        if first < _FIRST_YEAR * 12 or last.year > _LAST_YEAR:
            asked = {"last": last, "months": self.months, "history": self.history_months}
            years = {"first_year": _FIRST_YEAR, "last_year": _LAST_YEAR}
            raise DrgpayError(*_ERRORS("outside_years", **asked, **years))

    @property
    def settled(self) -> list["Month"]:
        """The months to be settled, oldest first."""
        last = Month.parse(self.last_period).number
        return [Month(number) for number in range(last - self.months + 1, last + 1)]

    @property
    def years(self) -> list[int]:
        """The years with months to be settled; where there are none, that of the last month."""
        return sorted({month.year for month in self.settled}) or [self.last_year]

    @property
    def last_year(self) -> int:
        """The year of the last month."""
        return Month.parse(self.last_period).year

    @property
    def history(self) -> list["Month"]:
        """The months just before the settled ones, oldest first."""
        first = Month.parse(self.last_period).number - self.months + 1
        return [Month(number) for number in range(first - self.history_months, first)]

    def months_before_last(self, month: "Month") -> int:
        """How far a month lies before the last period."""
        return Month.parse(self.last_period).number - month.number


@dataclass(frozen=True)
class Month:
    """A calendar month, numbered from the year 0."""

    number: int

    @staticmethod
    def parse(text: str) -> "Month":
        """The month written as YYYY-MM."""
        period = Period.parse(text)
        return Month(period.year * 12 + period.month - 1)

    def __str__(self) -> str:
        return str(Period(self.number // 12, self.number % 12 + 1))

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.number // 12, self.number % 12 + 1, 1)

    @property
    def year(self) -> int:
        """The calendar year."""
        return self.number // 12

    @property
    def days(self) -> int:
        """How many days the month has."""
        return monthrange(self.first_day.year, self.first_day.month)[1]

    @property
    def compact(self) -> int:
        """The month as the number YYYYMM."""
        return self.first_day.year * 100 + self.first_day.month
