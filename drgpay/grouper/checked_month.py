"""The stays of a month, grouped and checked, as pricing takes them: bucket by bucket."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl

from drgpay.base.language import Language
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.grouped_stays import (
    CODED_TEXTS,
    NAMED_CODES,
    PartOfStays,
    check_grouped,
    read_grouped_stays,
    sex_of_diagnosis,
)
from drgpay.grouper.official_groups import official_findings
from drgpay.grouper.stay_rules import refuse_without_discharge_type, summed_ruled
from drgpay.grouper.stays_in_ranges import StaysInRanges, stays_in_ranges
from drgpay.grouper.stream import Progress
from drgpay.policy.model import Policy
from drgpay.records.arrow_files import FILE_SCHEMA, as_texts, read_arrow, write_arrow
from drgpay.records.case_records import KEPT_COLUMNS, PAID_COLUMNS
from drgpay.records.checks import STAY, CheckedStays, OfWhole, summed_unknown
from drgpay.records.dataset import Dataset
from drgpay.records.findings import Stops, summed_refused
from drgpay.records.in_order import one_each
from drgpay.records.official_groups import OfficialGroups
from drgpay.records.spill import spill_folder
from drgpay.records.stay_buckets import BUCKET_ROWS, StayBuckets

MOST_AT_ONCE = 300_000
"""A month of more stays is checked bucket by bucket; no result depends on it."""


@dataclass(frozen=True)
class MonthToCheck:
    """The stays of a month and what they are grouped and checked by (see `check_grouped`)."""

    dataset: Dataset
    compiled: CompiledScheme
    policy: Policy
    hospitals: pl.DataFrame
    days: tuple[date, date] | None
    source: str
    language: Language = "zh"
    official: OfficialGroups | None = None
    former: CompiledScheme | None = None


@dataclass(frozen=True)
class MonthFound:
    """What checking a month bucket by bucket leaves beside files: frames, for a run to keep.

    buckets: file (its name), rows, of the valid stays in order. columns: name of each column of the
    valid stays, in order. The others: as in CheckedMonth.
    """

    buckets: pl.DataFrame
    columns: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    refused: pl.DataFrame
    unknown: pl.DataFrame
    ruled: pl.DataFrame
    official: pl.DataFrame


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

    def at_once(self) -> CheckedStays:
        """The same with all valid stays and records in memory."""
        valid, records = self.valid.buckets(), self.records.buckets()
        return CheckedStays(
            pl.concat([pl.DataFrame(schema=self.valid.schema), *valid]),
            self.quarantine,
            self.warnings,
            self.refused,
            self.unknown,
            self.ruled,
            self.official,
            pl.concat([pl.DataFrame(schema=self.records.schema), *records]),
        )

    @staticmethod
    def in_files(found: MonthFound, folder: Path) -> "CheckedMonth":
        """The same of what `check_in_buckets` found, and of the files that it left in a folder."""
        return CheckedMonth(
            _buckets(found, folder, found.columns["name"].to_list()),
            _buckets(found, folder, [*PAID_COLUMNS, *KEPT_COLUMNS]),
            **{
                part.name: getattr(found, part.name)
                for part in fields(found)
                if part.name not in ("buckets", "columns")
            },
        )


def check_at_once(
    month: MonthToCheck,
    progress: Progress = lambda rows: None,
    threads: int | None = None,
) -> CheckedStays:
    """Read, group and check the stays of a month in memory, with their records."""
    grouped = read_grouped_stays(
        month.dataset, month.compiled, progress, threads, with_records=True, former=month.former
    )
    return check_grouped(
        grouped,
        month.compiled,
        month.policy,
        month.hospitals,
        month.days,
        month.source,
        month.language,
        month.official,
        origin=month.dataset.origin,
    )


def check_in_buckets(
    month: MonthToCheck,
    folder: Path,
    progress: Progress = lambda rows: None,
    threads: int | None = None,
    bucket_rows: int | None = None,
) -> MonthFound:
    """The same bucket by bucket: valid stays, with their records, go into files of a folder, which is
    there and empty.

    Raises what `check_at_once` raises.
    """
    with spill_folder(folder.parent, month.dataset.rows) as spilled:
        stays = stays_in_ranges(
            month.dataset,
            month.compiled,
            spilled,
            bucket_rows or BUCKET_ROWS,
            month.source,
            progress,
            threads,
            month.former,
        )
        check = partial(_checked_bucket, month, stays, sex_of_diagnosis(month.compiled), folder)
        parts = list(one_each(check, _with_groups(month, stays), threads))
    return _whole(month, parts)


@dataclass(frozen=True)
class _Bucket:
    """A range of the stays. number: its place; official: the groups given to its case_ids."""

    number: int
    stays: pl.DataFrame
    official: OfficialGroups | None


@dataclass(frozen=True)
class _Checked:
    """What was made of a bucket. checked: without valid stays. known: how many of them have a
    discharge type. columns: those of valid stays.
    """

    file: str
    rows: int
    known: int
    columns: list[str]
    checked: CheckedStays
    stops: Stops


def _with_groups(month: MonthToCheck, stays: StaysInRanges) -> Iterator[_Bucket]:
    """The buckets of stays; a group that was given to no stay lies with the bucket before."""
    official, buckets = month.official, stays.ranges()
    bucket, number = next(buckets), 0
    while True:
        later = next(buckets, None)
        here = official
        if official is not None and later is not None:
            before = official.given["case_id"] < later["case_id"].min()
            here = replace(official, given=official.given.filter(before))
            official = replace(official, given=official.given.filter(~before))
        yield _Bucket(number, bucket, here)
        if later is None:
            return
        bucket, number = later, number + 1


def _checked_bucket(
    month: MonthToCheck, stays: StaysInRanges, sexes: pl.DataFrame, folder: Path, bucket: _Bucket
) -> _Checked:
    # Rules of the policy change one of the coded texts, official groups all of the groups.
    changed = ("payment_unit", *(_GROUPS if month.official else ()))
    as_texts = [*CODED_TEXTS, *NAMED_CODES, *changed]
    stops = Stops()
    checked = check_grouped(
        bucket.stays.drop(KEPT_COLUMNS)
        .cast(dict.fromkeys(as_texts, pl.String()))
        .with_row_index(_AT),
        month.compiled,
        month.policy,
        month.hospitals,
        month.days,
        month.source,
        month.language,
        bucket.official,
        origin=month.dataset.origin,
        part=PartOfStays(sexes, OfWhole(stays.faults, stops)),
    )
    valid = checked.valid
    columns = [name for name in valid.columns if name != _AT]
    known = valid.height - valid["discharge_type"].null_count()
    order = valid["case_id"].arg_sort()
    as_read = [name for name in columns if name in bucket.stays.columns and name not in changed]
    as_read.remove("complete")
    made = [name for name in columns if name not in as_read]
    coded = (name for name in (*changed, "level") if name in made)
    written = bucket.stays.select(*as_read, *KEPT_COLUMNS)[valid[_AT][order]].hstack(
        valid.select(made)[order].with_columns(pl.col(name).cast(pl.Categorical) for name in coded)
    )
    file = f"stays-{bucket.number:06}.arrow"
    write_arrow(written, folder / file)
    left = replace(checked, valid=checked.valid.clear())
    return _Checked(file, valid.height, known, columns, left, stops)


_AT = "place_in_bucket"
_GROUPS = ("status", "mdc", "adrg", "drg")


def _whole(month: MonthToCheck, parts: Sequence[_Checked]) -> MonthFound:
    stops = Stops()
    for part in parts:
        stops = stops.with_those_of(part.stops)
    stops.refuse(STAY, month.source)
    valid = sum(part.rows for part in parts)
    known = sum(part.known for part in parts)
    refuse_without_discharge_type(month.policy.points, valid, known)
    found = [part.checked for part in parts]
    # A bucket comes wholly after the one before it, and findings are sorted by case_id first.
    return MonthFound(
        buckets=pl.DataFrame(
            [(part.file, part.rows) for part in parts],
            schema=FILE_SCHEMA,
            orient="row",
        ),
        columns=pl.DataFrame({"name": parts[0].columns}),
        quarantine=pl.concat(one.quarantine for one in found),
        warnings=pl.concat(one.warnings for one in found),
        refused=summed_refused([one.refused for one in found]),
        unknown=summed_unknown([one.unknown for one in found]),
        ruled=summed_ruled([one.ruled for one in found]),
        official=official_findings([one.official for one in found]) if month.official else _NONE,
    )


_NONE = pl.DataFrame()


def _buckets(found: MonthFound, folder: Path, columns: Sequence[str]) -> StayBuckets:
    makers = [partial(_read, folder / file, columns) for file in found.buckets["file"]]
    return StayBuckets(int(found.buckets["rows"].sum()), makers[0]().clear().schema, makers)


def _read(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    return as_texts(read_arrow(path, columns))
