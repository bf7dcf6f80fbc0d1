"""What a policy may say of how values are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from drgpay.base.errors import DrgpayError
from drgpay.base.period import HOME_TIME_ZONE
from drgpay.base.words import Sentences

if TYPE_CHECKING:  # its libraries: grouping without a policy does without
    from drgpay.policy.records import Records

_ERRORS = Sentences("errors/records")

NaiveTime = Literal["local", "utc"]


@dataclass(frozen=True)
class Reading:
    """How records are read: the zone that days are counted in, what a time without a zone is, and
    whether a principal diagnosis is taken out of the others.

    Raises DrgpayError for a zone that nobody knows.
    """

    time_zone: str = HOME_TIME_ZONE
    naive_time: NaiveTime = "local"
    drop_repeated_principal: bool = False

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise DrgpayError(*_ERRORS("no_time_zone", zone=self.time_zone)) from None

    @staticmethod
    def of(records: Records) -> Reading:
        """What the section [records] of a policy says."""
        return Reading(records.time_zone, records.naive_time, records.drop_repeated_principal)


PLAIN_READING = Reading()
"""How values are read where no policy is at hand."""
