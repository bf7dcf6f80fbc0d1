"""The stays of a month, grouped and checked, as pricing takes them: bucket by bucket."""

from dataclasses import dataclass, field

import polars as pl

from drgpay.records.checks import CheckedStays
from drgpay.records.stay_buckets import StayBuckets


@dataclass(frozen=True)
class CheckedMonth:
    """What `check_grouped` gives of a month, its valid stays and their records in buckets.

    valid: the columns of CheckedStays.valid. records: those of CheckedStays.records, the same stays in
    the same order, in buckets of their own; without rows and columns where they were not read.
    quarantine, warnings, refused, unknown, ruled, official: as in CheckedStays.
    """

    valid: StayBuckets
    records: StayBuckets
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    refused: pl.DataFrame
    unknown: pl.DataFrame
    ruled: pl.DataFrame = field(default_factory=pl.DataFrame)
    official: pl.DataFrame = field(default_factory=pl.DataFrame)

    @staticmethod
    def of(checked: CheckedStays) -> "CheckedMonth":
        """The same of stays that were checked at once."""
        records = checked.records
        return CheckedMonth(
            StayBuckets.of(checked.valid),
            StayBuckets.of(records) if records.width else StayBuckets(0, records.schema, ()),
            checked.quarantine,
            checked.warnings,
            checked.refused,
            checked.unknown,
            checked.ruled,
            checked.official,
        )
