"""A date is the day in the zone of the policy, in every type and every way in."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.columns import ITEM_COLUMNS, VISIT_COLUMNS
from drgpay.records.dataset import open_dataset
from drgpay.records.meaning.rules import Reading
from tests.records.meaning.ways import (
    Cell,
    as_csv,
    cells,
    good,
    of_array,
    text_everywhere,
    through,
)

DAY = date(2026, 10, 1)
UNITS = ("s", "ms", "us", "ns")
IN_UTC = Reading(naive_time="utc")
COLUMN = "admission_date"


def out_of_range(said: str) -> Cell:
    return Cell(None, (("bad_value", "date_out_of_range", said),))


def no_date(said: str) -> Cell:
    return Cell(None, (("bad_type", "not_a_date", said),))


@pytest.mark.parametrize("type_", [pa.date32(), pa.date64(), *map(pa.timestamp, UNITS)], ids=str)
def test_a_date_of_any_type(type_: pa.DataType, tmp_path: Path) -> None:
    array = pa.array([DAY, None, date(1900, 1, 1), date(2199, 12, 31)]).cast(type_)
    for way, found in through(tmp_path, COLUMN, array):
        assert found == good(DAY, None, date(1900, 1, 1), date(2199, 12, 31)), way


@pytest.mark.parametrize("unit", UNITS)
def test_a_moment_with_a_zone_is_the_day_in_shanghai(unit: str, tmp_path: Path) -> None:
    moments = [
        datetime(2026, 9, 30, 16, tzinfo=UTC),  # midnight in Shanghai
        datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC),
        datetime(2026, 10, 1, 15, 59, tzinfo=UTC),
        None,
    ]
    for zone in ("UTC", "Asia/Shanghai", "+08:00", "America/New_York"):
        array = pa.array(moments, pa.timestamp(unit, "UTC")).cast(pa.timestamp(unit, zone))
        for way, found in through(tmp_path, COLUMN, array):
            assert found == good(DAY, date(2026, 9, 30), DAY, None), (zone, way)


def test_another_zone_of_the_policy() -> None:
    moment = pa.array([datetime(2026, 9, 30, 18, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    assert of_array(COLUMN, moment, Reading("Asia/Urumqi")) == good(DAY)
    assert of_array(COLUMN, moment, Reading("Europe/London")) == good(date(2026, 9, 30))
    with pytest.raises(DrgpayError, match=r"records\.time_zone of the policy is 'Mars/Olympus'"):
        Reading("Mars/Olympus")


def test_times_without_a_zone_are_local_or_of_utc() -> None:
    for unit in UNITS:
        array = pa.array([datetime(2026, 9, 30, 16), datetime(2026, 10, 1)], pa.timestamp(unit))
        assert of_array(COLUMN, array) == good(date(2026, 9, 30), DAY)
        assert of_array(COLUMN, array, IN_UTC) == good(DAY, DAY)


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        (pa.date32(), date(1, 1, 1), "0001-01-01"),
        (pa.date32(), date(9999, 12, 31), "9999-12-31"),
        (pa.date32(), date(1899, 12, 31), "1899-12-31"),
        (pa.date32(), date(2200, 1, 1), "2200-01-01"),
        (pa.date64(), date(9999, 12, 31), "9999-12-31"),
        (pa.timestamp("us"), datetime(9999, 12, 31), "9999-12-31"),
        (pa.timestamp("s", "UTC"), datetime(9999, 12, 31, 23, tzinfo=UTC), None),
    ],
    ids=str,
)
def test_dates_out_of_range(
    type_: pa.DataType, value: Any, said: str | None, tmp_path: Path
) -> None:
    for way, found in through(tmp_path, COLUMN, pa.array([value, None], type_)):
        assert found[1] == Cell(None), way
        if said is None:
            assert [one[:2] for one in found[0].faults] == [("bad_value", "date_out_of_range")], way
        else:
            assert found[0] == out_of_range(said), way


@pytest.mark.parametrize("days", [-(2**31), -(10**6), 3 * 10**6, 2**31 - 1])
def test_days_outside_any_calendar(days: int, tmp_path: Path) -> None:
    array = pa.array([days, 0], pa.int32()).view(pa.date32())
    for way, found in through(tmp_path, COLUMN, array):
        assert found[0].value is None, way
        assert [one[:2] for one in found[0].faults] == [("bad_value", "date_out_of_range")], way
        assert found[1] == Cell(date(1970, 1, 1)), way


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("moment", [-(2**63) + 1, 2**63 - 1, -(2**60), 2**60])
def test_moments_outside_any_calendar(unit: str, zone: str | None, moment: int) -> None:
    array = pa.array([moment, 0], pa.int64()).view(pa.timestamp(unit, zone))
    for reading in (Reading(), IN_UTC):
        far, near = of_array(COLUMN, array, reading)
        assert near == Cell(date(1970, 1, 1))
        if unit != "ns":
            assert far.value is None
            assert [one[:2] for one in far.faults] == [("bad_value", "date_out_of_range")]


def test_int96_of_any_year(tmp_path: Path) -> None:
    moments = [datetime(9999, 12, 31), datetime(2026, 10, 1), datetime(1582, 1, 1), None]
    place = tmp_path / "int96.parquet"
    table = pa.table({COLUMN: pa.array(moments, pa.timestamp("us"))})
    pq.write_table(table, place, use_deprecated_int96_timestamps=True)
    assert cells(open_dataset(place), COLUMN) == [
        out_of_range("9999-12-31"), Cell(DAY), out_of_range("1582-01-01"), Cell(None),
    ]  # fmt: skip
    evening = pa.table({COLUMN: pa.array([datetime(2026, 9, 30, 16)], pa.timestamp("us"))})
    pq.write_table(evening, place, use_deprecated_int96_timestamps=True)
    assert cells(open_dataset(place, reading=IN_UTC), COLUMN) == good(DAY)


def test_dates_in_text(tmp_path: Path) -> None:
    right = [
        "2026-10-01", "2026-10-1", "2026/10/1", "2026/10/01", "2026.10.1", "20261001",
        "2026年10月1日", " 2026-10-01　", "２０２６－１０－０１", "2026-10-01 00:00:00",
        "2026-10-01T23:59:59", "2026/10/1 8:30", "20261001083000", "20261001 08:30",
        "2026-10-01 08:30:00.123456789", "2026-10-01T08:30:00,5", "2026-10-01 0:00:00.000",
        "2026-09-30T16:00:00Z", "2026-09-30 16:00:00+00", "2026-10-01T00:00:00+08:00",
        "2026-10-01T00:00:00 +0800", "2026-09-30T11:00:00-05:00", "2026-09-30 16:00:00 UTC",
        "2026-09-30T16:00:00.000Z",
    ]  # fmt: skip
    missing = ["", " ", None, "__HIVE_DEFAULT_PARTITION__"]
    wrong = [
        "26-10-01", "2026-13-01", "2026-02-30", "2026-10", "2026-10-01 25:00", "1.10.2026",
        "soon", "2026-10/01", "٢٠٢٦-١٠-٠١", "4593", "2026-10-01 08", "2026-10-01x", "0",
    ]  # fmt: skip
    far = ["1899-12-31", "2200-01-01", "9999-12-31", "0001-01-01", "0000-01-01"]
    expected = good(*[DAY] * len(right), *[None] * len(missing)) + [no_date(one) for one in wrong]
    for way, found in text_everywhere(tmp_path, COLUMN, ["46296"]):
        assert found == (good(DAY) if "excel" in way else [no_date("46296")]), way
    for way, found in text_everywhere(tmp_path, COLUMN, [*right, *missing, *wrong, *far]):
        assert found[: -len(far)] == expected, way
        assert [cell.value for cell in found[-len(far) :]] == [None] * len(far), way
        assert found[-5:-1] == [out_of_range(one) for one in far[:-1]], way
        assert len(found[-1].faults) == 1, way


def test_no_date_of_two_and_a_half_centuries_is_refused() -> None:
    days = [date(1900, 1, 1) + timedelta(days=number) for number in range(0, 109_500, 37)]
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S"):
        assert of_array(COLUMN, pa.array([day.strftime(form) for day in days])) == good(*days)


SHIFTED = [datetime(2026, 9, day, 16) for day in (1, 2, 30)]
MATCH = (
    r"no time of the column {} is at midnight, and read as (UTC|local time) all are, .*"
    r"\(shifted_dates\).*records.naive_time = \"{}\""
)


def written(tmp_path: Path, name: str, moments: list[datetime], form: str) -> Path:
    place = tmp_path / f"shifted.{form}"
    if form == "csv":
        pl.DataFrame({name: [str(moment) for moment in moments]}).write_csv(place)
    else:
        options = {"use_deprecated_int96_timestamps": form == "int96"}
        pq.write_table(pa.table({name: pa.array(moments, pa.timestamp("us"))}), place, **options)
    return place


@pytest.mark.parametrize("form", ["parquet", "csv", "int96"])
def test_times_that_are_all_shifted_stop_the_reading(tmp_path: Path, form: str) -> None:
    place = written(tmp_path, COLUMN, SHIFTED, form)
    with pytest.raises(DrgpayError, match=MATCH.format(COLUMN, "utc")) as stopped:
        cells(open_dataset(place), COLUMN)
    assert place.name in str(stopped.value)
    assert cells(open_dataset(place, reading=IN_UTC), COLUMN) == good(
        date(2026, 9, 2), date(2026, 9, 3), DAY
    )
    midnights = written(tmp_path, COLUMN, [datetime(2026, 10, 1), datetime(2026, 10, 2)], form)
    with pytest.raises(DrgpayError, match=MATCH.format(COLUMN, "local")):
        cells(open_dataset(midnights, reading=IN_UTC), COLUMN)
    assert cells(open_dataset(midnights), COLUMN) == good(DAY, date(2026, 10, 2))


@pytest.mark.parametrize("form", ["parquet", "csv", "int96"])
def test_one_time_at_midnight_or_at_another_hour_is_enough(tmp_path: Path, form: str) -> None:
    for other in (datetime(2026, 10, 1), datetime(2026, 10, 1, 9, 30)):
        place = written(tmp_path, COLUMN, [*SHIFTED, other], form)
        assert cells(open_dataset(place), COLUMN)[-1] == Cell(DAY)


def test_moments_that_are_no_dates_do_not_hide_shifted_ones(tmp_path: Path) -> None:
    for outlier in (datetime(1, 1, 1), datetime(9999, 12, 31, 5)):
        place = written(tmp_path, COLUMN, [*SHIFTED, outlier], "parquet")
        with pytest.raises(DrgpayError, match="shifted_dates"):
            cells(open_dataset(place), COLUMN)


def test_shifted_times_are_looked_at_over_all_files(tmp_path: Path) -> None:
    folder = tmp_path / "stays"
    folder.mkdir()
    for number, moments in enumerate([SHIFTED, SHIFTED]):
        written(tmp_path, COLUMN, moments, "parquet").rename(folder / f"{number}.parquet")
    with pytest.raises(DrgpayError, match="shifted_dates"):
        cells(open_dataset(folder), COLUMN)
    written(tmp_path, COLUMN, [datetime(2026, 10, 1)], "parquet").rename(folder / "2.parquet")
    assert cells(open_dataset(folder), COLUMN)[-1] == Cell(DAY)


def test_shifted_times_of_visits_stop_too(tmp_path: Path) -> None:
    for form in ("parquet", "csv"):
        place = written(tmp_path, "visit_date", SHIFTED, form)
        dataset = open_dataset(place, kinds=VISIT_COLUMNS)
        with pytest.raises(DrgpayError, match=MATCH.format("visit_date", "utc")):
            for piece in dataset.pieces():
                list(piece.batches(["visit_date"]))
    assert "visit_date" not in ITEM_COLUMNS


def test_zones_in_text_tell_nothing_of_clocks_without_one(tmp_path: Path) -> None:
    texts: list[str | None] = ["2026-09-30 16:00:00Z", "2026-09-30T16:00:00+00:00"]
    for way, found in as_csv(tmp_path, COLUMN, texts):
        assert found == good(DAY, DAY), way


def test_a_moment_of_python_with_an_offset() -> None:
    zone = timezone(timedelta(hours=8))
    frame = pl.DataFrame({COLUMN: [datetime(2026, 10, 1, tzinfo=zone)]})
    assert of_array(COLUMN, frame[COLUMN].to_arrow()) == good(DAY)
