"""A month checked bucket by bucket is the month checked at once, however it is cut."""

from dataclasses import fields, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.grouper.checked_month import (
    CheckedMonth,
    MonthToCheck,
    check_at_once,
    check_in_buckets,
)
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.stays_in_ranges import PERSON_ROWS
from drgpay.policy.load import load_policy
from drgpay.records.dataset import open_dataset
from drgpay.records.hospitals import read_hospitals
from drgpay.records.official_groups import (
    GROUPS_RULES,
    GroupsInput,
    GroupsRule,
)
from drgpay.records.stay_buckets import StayBuckets

OCTOBER = date(2026, 10, 1), date(2026, 10, 31)
ROWS = 150


@pytest.fixture(scope="module")
def stays(sample_data: Path) -> pl.DataFrame:
    """Stays of which some have the same id, no id or no person, are copies, overlap, or have faults."""
    frame = pl.read_parquet(sample_data / "stays" / "2026-10.parquet").head(ROWS)
    row = pl.int_range(pl.len())
    alike = pl.when(row % 23 == 1).then(row - 1).otherwise(row)
    copied = [
        *("hospital_id", "admission_date", "discharge_date", "principal_diagnosis"),
        *("total_cost", "fund_cost", "patient_cost", "other_cost"),
    ]
    changed = frame.with_columns(
        pl.col("case_id").gather(pl.when(row % 37 == 1).then(row - 1).otherwise(row)),
        pl.col("person_id").gather(row // 10),
        pl.col(*copied).gather(alike),
        pl.col("settlement_date").cast(pl.String),
    )
    values = {"case_id": None, "person_id": None, "sex": None, "settlement_date": "31/10/26?"}
    values |= {"principal_diagnosis": "X99.999"}
    return changed.with_columns(
        pl.when(row % 29 == place).then(pl.lit(value)).otherwise(name).alias(name)
        for place, (name, value) in enumerate(values.items())
    )


def month_of(sample_data: Path, file: Path, **severity: str) -> MonthToCheck:
    policy = load_policy(sample_data / "policy.toml").policy
    records = policy.records.with_severities({"duplicate_id": "reject", **severity})
    return MonthToCheck(
        open_dataset(file),
        load_compiled("chs-drg-2.0"),
        policy.model_copy(update={"records": records}),
        read_hospitals(sample_data / "hospitals.csv"),
        OCTOBER,
        str(file),
        "en",
    )


def in_buckets(
    month: MonthToCheck, folder: Path, rows: int, threads: int | None = None
) -> CheckedMonth:
    folder.mkdir(parents=True)
    return CheckedMonth.in_files(
        check_in_buckets(month, folder, threads=threads, bucket_rows=rows), folder
    )


def all_of(buckets: StayBuckets) -> pl.DataFrame:
    found = list(buckets.buckets())
    ids = [frame["case_id"] for frame in found if frame.height]
    assert all(each.is_sorted() for each in ids)
    assert all(one[-1] < other[0] for one, other in pairwise(ids))
    return pl.concat([pl.DataFrame(schema=buckets.schema), *found])


def same(found: CheckedMonth, expected: CheckedMonth) -> None:
    for part in fields(CheckedMonth):
        one, other = getattr(found, part.name), getattr(expected, part.name)
        if isinstance(one, StayBuckets):
            assert one.rows == other.rows
            one, other = all_of(one), all_of(other)
        assert one.schema == other.schema, part.name
        assert one.equals(other), part.name


@pytest.mark.slow
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)
@given(
    order=st.integers(0, 9),
    groups=st.sampled_from([37, ROWS]),
    rows=st.sampled_from([13, 60, 10 * ROWS]),
    threads=st.sampled_from([1, 3]),
    at_once=st.sampled_from([3, PERSON_ROWS]),
)
def test_buckets_and_threads_do_not_show(
    stays: pl.DataFrame,
    sample_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    order: int,
    groups: int,
    rows: int,
    threads: int,
    at_once: int,
) -> None:
    folder = tmp_path_factory.mktemp("month")
    given = stays.sample(fraction=1, shuffle=True, seed=order) if order else stays
    given.write_parquet(folder / "stays.parquet", row_group_size=groups)
    month = month_of(sample_data, folder / "stays.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("drgpay.grouper.stays_in_ranges.PERSON_ROWS", at_once)
        found = in_buckets(month, folder / "found", rows, threads)
    expected = CheckedMonth.of(check_at_once(month))
    same(found, expected)
    codes = {*expected.quarantine["code"], *expected.warnings["code"]}
    assert {"duplicate_id", "duplicate_stay", "overlapping_stay", "bad_type"} <= codes


@pytest.mark.parametrize("rule", GROUPS_RULES)
def test_official_groups_in_buckets(
    rule: GroupsRule, stays: pl.DataFrame, sample_data: Path, tmp_path: Path
) -> None:
    stays.write_parquet(tmp_path / "stays.parquet")
    month = month_of(sample_data, tmp_path / "stays.parquet")
    valid = check_at_once(month).valid.select("case_id", group="drg")
    changed = valid.with_columns(
        group=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("BR21")).otherwise("group")
    )[: valid.height * 3 // 4]
    strange = pl.DataFrame({"case_id": ["0", "H339000120261000000050", "Z"], "group": "BR21"})
    pl.concat([changed, changed[:3], strange]).write_csv(tmp_path / "groups.csv")
    given = GroupsInput(tmp_path / "groups.csv", rule).open()
    month = replace(month, official=given)
    found = in_buckets(month, tmp_path / "found", 60)
    same(found, CheckedMonth.of(check_at_once(month)))
    assert "official_no_stay" in found.official["code"].to_list()


def test_a_range_that_turned_out_too_big_is_cut_again(
    stays: pl.DataFrame, sample_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays.write_parquet(tmp_path / "stays.parquet")
    month = month_of(sample_data, tmp_path / "stays.parquet")
    first = pl.Series("case_id", [], pl.String)
    monkeypatch.setattr("drgpay.grouper.stays_in_ranges._sampled_ids", lambda _dataset: [first])
    found = in_buckets(month, tmp_path / "found", 20)
    assert len(found.valid.makers) > 5
    same(found, CheckedMonth.of(check_at_once(month)))


def refusal(month: MonthToCheck, folder: Path | None) -> str:
    with pytest.raises(DrgpayError) as refused:
        check_in_buckets(month, folder, bucket_rows=60) if folder else check_at_once(month)
    return str(refused.value)


@pytest.mark.parametrize("stops", ["duplicate_id", "missing_required", "overlapping_stay"])
def test_what_stops_is_said_of_the_whole(
    stops: str, stays: pl.DataFrame, sample_data: Path, tmp_path: Path
) -> None:
    stays.write_parquet(tmp_path / "stays.parquet")
    month = month_of(sample_data, tmp_path / "stays.parquet", **{stops: "stop"})
    said = refusal(month, None)
    (tmp_path / "found").mkdir()
    assert refusal(month, tmp_path / "found") == said


@pytest.mark.parametrize("column", ["case_id", "person_id", "hospital_id"])
def test_ids_that_a_spreadsheet_wrote_are_counted_over_the_whole(
    column: str, stays: pl.DataFrame, sample_data: Path, tmp_path: Path
) -> None:
    row = pl.int_range(pl.len())
    damaged = pl.format("3.{}E+17", row)
    spoilt = stays.with_columns(pl.when(row % 9 == 4).then(damaged).otherwise(column).alias(column))
    spoilt.write_parquet(tmp_path / "stays.parquet", row_group_size=40)
    month = month_of(sample_data, tmp_path / "stays.parquet")
    (tmp_path / "found").mkdir()
    assert refusal(month, tmp_path / "found") == refusal(month, None)


def test_one_person_with_most_stays(stays: pl.DataFrame, sample_data: Path, tmp_path: Path) -> None:
    stays.with_columns(person_id=pl.lit("P")).write_parquet(tmp_path / "stays.parquet")
    month = month_of(sample_data, tmp_path / "stays.parquet")
    (tmp_path / "found").mkdir()
    assert refusal(month, tmp_path / "found") == refusal(month, None)
