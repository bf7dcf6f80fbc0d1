"""The months that records were settled in, and the rows of each, as the mapping reads them."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.period import Period
from drgpay.records.columns import STAY_COLUMNS, Kind
from drgpay.records.dataset import open_dataset
from drgpay.start.content import days_of
from drgpay.start.found import Recognition

_SEEN = ("hospital_id", "account", "bed_day_class")
_STRAY_SHARE = 0.01
"""A month with a smaller share of the rows is no month of its own: its rows are findings."""


@dataclass(frozen=True)
class Months:
    """month: of each row, as 2026-10, null where there is no date. counts: rows of each month that
    counts as one, in order. hospitals, accounts and bed_day_classes: those that occur.
    """

    month: pl.Series
    counts: dict[str, int]
    hospitals: tuple[str, ...]
    accounts: tuple[str, ...]
    bed_day_classes: tuple[str, ...] = ()

    @property
    def year(self) -> int | None:
        """The year of most rows."""
        if not self.counts:
            return None
        return Period.parse(max(self.counts, key=lambda month: self.counts[month])).year


def months_of(
    path: Path,
    mapping: Path,
    date_column: str,
    kinds: dict[str, Kind] = STAY_COLUMNS,
) -> Months:
    """Read the date, hospital and account of every row; raises DrgpayError where they cannot be read."""
    dataset = open_dataset(path, mapping, kinds=kinds)
    wanted = [date_column, "hospital_id", "account", "bed_day_class"]
    dataset.require(wanted[:1])
    wanted = [column for column in wanted if column in dataset.column_names]
    batches = [batch for piece in dataset.pieces() for batch in piece.batches(wanted)]
    frame = pl.DataFrame(pa.Table.from_batches(batches))
    month = frame[date_column].cast(pl.Date).dt.strftime("%Y-%m").alias("month")
    return Months(month, _counts(month), *(_distinct(frame, name) for name in _SEEN))


def months_by_headings(found: Recognition, date_heading: str) -> Months:
    """The same by the headings alone, where the mapping cannot be read yet."""
    given = found.given
    days = days_of("settlement_date", given.column(date_heading))
    month = days.dt.strftime("%Y-%m").alias("month")
    others = {name: given.column(heading) for name in _SEEN if (heading := found.heading_of(name))}
    frame = pl.DataFrame(others)
    return Months(month, _counts(month), *(_distinct(frame, name) for name in _SEEN))


def months_of_lines(lines: Recognition, visits: Recognition, months: Months) -> Months | None:
    """The months of the lines: those of their visits. None where the two cannot be put together."""
    own, theirs = lines.heading_of("visit_id"), visits.heading_of("visit_id")
    if own is None or theirs is None:
        return None
    known = pl.DataFrame({"visit": visits.given.column(theirs), "month": months.month})
    known = known.drop_nulls("visit").unique("visit", keep="first")
    mine = lines.given.column(own).to_frame("visit")
    joined = mine.join(known, on="visit", how="left", maintain_order="left")
    return Months(joined["month"], months.counts, (), ())


def _counts(month: pl.Series) -> dict[str, int]:
    counted = month.drop_nulls().value_counts().rows()
    rows = sum(count for _, count in counted)
    return {text: count for text, count in sorted(counted) if count >= _STRAY_SHARE * rows}


def _distinct(frame: pl.DataFrame, column: str) -> tuple[str, ...]:
    if column not in frame.columns:
        return ()
    return tuple(frame[column].cast(pl.String).drop_nulls().unique().sort())


def rows_of_month(recognised: Recognition, months: Months, month: str) -> pl.DataFrame:
    """The rows of one month as the file has them, with all its columns."""
    given = recognised.given
    return given.texts(*given.headings).filter((months.month == month).fill_null(False))
