"""What times of day without a zone say of the clock that they were taken from."""

from typing import NamedTuple


class Clock(NamedTuple):
    """What the times of a column without a zone say of how they are meant.

    at_midnight: some are at midnight as they are read. others_at_midnight: all would be, read in the
    other way (records.naive_time).
    """

    at_midnight: bool
    others_at_midnight: bool
