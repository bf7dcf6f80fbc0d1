"""What sample to write: how many stays, which months, from which seed."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from drgpay.errors import DrgpayError


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
        if self.stays_per_month < 1 or self.months < 0 or self.history_months < 0 or self.seed < 0:
            raise DrgpayError(
                f"the sample plan has a number that is too small: {self}",
                "ask for at least one stay a month, and for months and a seed from 0 on",
            )

    @property
    def settled(self) -> list["Month"]:
        """The months to be settled, oldest first."""
        last = Month.parse(self.last_period).number
        return [Month(number) for number in range(last - self.months + 1, last + 1)]

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
        try:
            first = date.fromisoformat(f"{text}-01")
        except ValueError:
            raise DrgpayError(f"{text!r} is not a month", "write it as 2026-10") from None
        return Month(first.year * 12 + first.month - 1)

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m}"

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.number // 12, self.number % 12 + 1, 1)

    @property
    def days(self) -> int:
        """How many days the month has."""
        return monthrange(self.first_day.year, self.first_day.month)[1]

    @property
    def compact(self) -> int:
        """The month as the number YYYYMM."""
        return self.first_day.year * 100 + self.first_day.month
