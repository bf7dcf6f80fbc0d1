"""The month that a settlement date belongs to."""

import calendar
import re
from dataclasses import dataclass
from datetime import date

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/base")

HOME_TIME_ZONE = "Asia/Shanghai"
"""Where days begin, if a policy says nothing else."""

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Period:
    """A month of settlement dates, written 2026-10."""

    year: int
    month: int

    @staticmethod
    def parse(text: str) -> "Period":
        """The month of its writing; raises DrgpayError for anything else."""
        found = _MONTH.fullmatch(text)
        if not found:
            raise DrgpayError(*_ERRORS("no_month", text=text))
        return Period(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def next(self) -> "Period":
        """The month after it."""
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day."""
        last = calendar.monthrange(self.year, self.month)[1]
        return date(self.year, self.month, 1), date(self.year, self.month, last)
