"""Dates: the day in the zone of the policy, whatever a file says about clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.records.arrays import numbers_array, numbers_of
from drgpay.records.meaning.clock import Clock
from drgpay.records.meaning.faults import Faults, Unread, shown
from drgpay.records.meaning.rules import Reading
from drgpay.records.meaning.texts import Texts, folded

if TYPE_CHECKING:
    import polars as pl

DATE_TYPE = pa.date32()
FIRST_YEAR, LAST_YEAR = 1900, 2199
_FIRST_DAY, _LAST_DAY = (
    int((np.datetime64(day) - np.datetime64("1970-01-01")).astype(int))
    for day in (f"{FIRST_YEAR}-01-01", f"{LAST_YEAR}-12-31")
)
_SECONDS = 86_400
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


class Dates(NamedTuple):
    """Days, the values that are none, and the clock where there were times without a zone."""

    days: pa.Array
    faults: list[Faults]
    clock: Clock | None = None


def plain_dates(values: pa.Array, reading: Reading) -> Dates:
    """Dates and time stamps as date32."""
    if pa.types.is_date32(values.type):
        return _within(values, numbers_of(values.view(pa.int32())).astype(np.int64, copy=False))
    if pa.types.is_date64(values.type):
        milliseconds = numbers_of(values.view(pa.int64()))
        return _within(values, milliseconds // (_SECONDS * 1000))
    return _of_stamps(values, reading)


def _of_stamps(values: pa.Array, reading: Reading) -> Dates:
    zone = values.type.tz
    seconds = numbers_of(values.view(pa.int64())) // _PER_SECOND[values.type.unit]
    if zone is None and reading.naive_time == "local":
        days = seconds // _SECONDS
    else:
        days = _local(seconds, reading) // _SECONDS
    made = _within(values, days)
    return made if zone else made._replace(clock=_clock(seconds, values, reading))


def _local(seconds: NDArray[np.int64], reading: Reading) -> NDArray[np.int64]:
    """Seconds of UTC as those that a clock in the zone shows; far away ones are left alone."""
    import polars as pl

    far = np.abs(seconds) > _FAR
    shown_there = (
        pl.Series(np.where(far, 0, seconds) * 1_000_000)
        .cast(pl.Datetime("us", "UTC"))
        .dt.convert_time_zone(reading.time_zone)
        .dt.replace_time_zone(None)
        .dt.timestamp("us")
        .to_numpy()
    )
    return np.where(far, seconds, shown_there // 1_000_000)


_FAR = 10_000 * 366 * _SECONDS // 10


def _clock(seconds: NDArray[np.int64], values: pa.Array, reading: Reading) -> Clock | None:
    if values.null_count:
        seconds = seconds[values.is_valid().to_numpy(zero_copy_only=False)]
    # Moments that are no dates of records say nothing of the clock: 0001-01-01 stands for nothing.
    possible = (seconds >= _FIRST_DAY * _SECONDS) & (seconds < (_LAST_DAY + 1) * _SECONDS)
    if not possible.all():
        seconds = seconds[possible]
    if not len(seconds):
        return None
    as_local = bool((seconds % _SECONDS == 0).any())
    if as_local and reading.naive_time == "local":
        return Clock(at_midnight=True, others_at_midnight=False)
    in_utc = _local(seconds, reading) % _SECONDS == 0
    if reading.naive_time == "local":
        return Clock(as_local, bool(in_utc.all()))
    return Clock(bool(in_utc.any()), bool((seconds % _SECONDS == 0).all()))


def _within(values: pa.Array, days: NDArray[np.int64]) -> Dates:
    """Days since 1970 as date32; those out of range are faults."""
    out = (days < _FIRST_DAY) | (days > _LAST_DAY)
    missing = (
        values.is_null().to_numpy(zero_copy_only=False)
        if values.null_count
        else np.zeros(len(values), dtype=np.bool_)
    )
    if not out.any() and pa.types.is_date32(values.type):
        return Dates(values, [])
    wrong = np.flatnonzero(out & ~missing)
    faults = [Faults(Unread.DATE_OUT_OF_RANGE, wrong, [_shown_day(days[row]) for row in wrong])]
    whole = numbers_array(np.where(out, 0, days).astype(np.int32), missing | out)
    return Dates(whole.view(DATE_TYPE), faults if len(wrong) else [])


def _shown_day(day: np.int64) -> str:
    """A day far outside the calendar of any library."""
    try:
        return shown(np.datetime64(int(day), "D"))
    except (OverflowError, ValueError):
        return f"day {day}"


_ZONE = r"(?: *(Z|z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?$"
_FRACTION = r"(?:[.,][0-9]{1,9})?"
_SPACED = (
    r"^([0-9]{4})(?:-([0-9]{1,2})-|/([0-9]{1,2})/|\.([0-9]{1,2})\.|年([0-9]{1,2})月)([0-9]{1,2})日?"
    rf"(?:[T ]+([0-9]{{1,2}}):([0-9]{{2}})(?::([0-9]{{2}}){_FRACTION})?)?{_ZONE}"
)
_COMPACT = (
    r"^([0-9]{4})([0-9]{2})([0-9]{2})"
    rf"(?:[T ]?([0-9]{{2}}):?([0-9]{{2}})(?::?([0-9]{{2}}){_FRACTION})?)?{_ZONE}"
)


def dates_of_texts(texts: Texts, reading: Reading) -> Dates:
    """Texts as date32: 2026-10-01, 2026/10/1, 2026.10.1, 20261001, 2026年10月1日, with a time of
    day, fractions of a second and a zone or without.
    """
    import polars as pl

    words = folded(texts.words)
    read = _parts(words)
    stamps = pl.Series(read["local"])
    zoned = read["zone"].is_not_null()
    moment = stamps.set(~zoned, None) - read["zone"]
    days = stamps.dt.date()
    utc = read["timed"] & ~zoned if reading.naive_time == "utc" else zoned & False
    moment = moment.zip_with(~utc, stamps) if utc.any() else moment
    if moment.null_count() < len(moment):
        there = moment.dt.replace_time_zone("UTC").dt.convert_time_zone(reading.time_zone)
        days = days.zip_with(moment.is_null(), there.dt.date())
    out = days.is_not_null() & ~days.dt.year().is_between(FIRST_YEAR, LAST_YEAR)
    wrong = words.is_not_null() & days.is_null()
    faults = texts.faults(Unread.NOT_A_DATE, wrong)
    faults += texts.faults(Unread.DATE_OUT_OF_RANGE, out)
    days = days.set(out.fill_null(False), None)
    return Dates(
        texts.spread(days), faults, _clock_of_words(stamps, read["timed"] & ~zoned, reading)
    )


def _parts(words: pl.Series) -> pl.DataFrame:
    """What each word says: `local`, the moment as it is written (Datetime us, null for no date);
    `zone`, how far that is from UTC (Duration, null without one); `timed`, whether there is a time.
    """
    import polars as pl

    spaced: Any = pl.col("spaced").struct
    compact: Any = pl.col("compact").struct
    month = pl.coalesce(*(spaced.field(f"{n}") for n in range(2, 6)), compact.field("2"))
    day = pl.concat_str(
        pl.coalesce(spaced.field("1"), compact.field("1")),
        month.str.zfill(2),
        pl.coalesce(spaced.field("6"), compact.field("3")).str.zfill(2),
        separator="-",
    )
    hour, minute, second, zone = (
        pl.coalesce(spaced.field(f"{n}"), compact.field(f"{n - 3}")) for n in range(7, 11)
    )
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    hours = zone.str.extract(r"^[+-]([0-9]{2})").cast(pl.Int64).fill_null(0)
    minutes = zone.str.extract(r"^[+-][0-9]{2}:?([0-9]{2})$").cast(pl.Int64).fill_null(0)
    time = [part.cast(pl.Int64).fill_null(0) for part in (hour, minute, second)]
    possible = (time[0] < 24) & (time[1] < 60) & (time[2] < 60)
    seconds = time[0] * 3600 + time[1] * 60 + time[2]
    days = day.str.to_date("%Y-%m-%d", strict=False)
    return (
        pl.DataFrame({"word": words})
        .with_columns(
            spaced=pl.col("word").str.extract_groups(_SPACED),
            compact=pl.col("word").str.extract_groups(_COMPACT),
        )
        .select(
            local=pl.when(possible).then(
                days.cast(pl.Datetime("us")) + pl.duration(seconds=seconds)
            ),
            zone=pl.when(zone.is_not_null()).then(
                pl.duration(minutes=sign * (hours * 60 + minutes))
            ),
            timed=hour.is_not_null(),
        )
    )


def _clock_of_words(stamps: pl.Series, timed: pl.Series, reading: Reading) -> Clock | None:
    import polars as pl

    given = stamps.filter(timed & stamps.is_not_null())
    if not len(given):
        return None
    seconds = given.dt.timestamp("us").to_numpy() // 1_000_000
    return _clock(seconds, pl.Series(seconds).to_arrow(), reading)
