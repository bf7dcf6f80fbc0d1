"""Planted fraud: labels tell the truth of the files, the clean part stays clean, bytes repeat."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.sample.fraud.planting import LABELS, plant, write_labels
from drgpay.sample.fraud.rates import fraud_rates
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import write_region

PLAN = SamplePlan(stays_per_month=4000, months=1, history_months=1, seed=5)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fraud")
    write_region(PLAN, folder)
    write_labels(folder, plant(PLAN, fraud_rates("usual"), folder), [])
    return folder


@pytest.fixture(scope="module")
def stays(region: Path) -> pl.DataFrame:
    return pl.read_parquet(region / "stays" / "2026-10.parquet")


@pytest.fixture(scope="module")
def labels(region: Path) -> pl.DataFrame:
    return pl.read_parquet(region / LABELS)


def groups_of(labels: pl.DataFrame, kind: str, *, hard: bool) -> list[list[str]]:
    rows = labels.filter((pl.col("kind") == kind) & (pl.col("hard") == hard))
    return [
        sorted([case, *partners])
        for case, partners in rows.select("case_id", "partner_ids").iter_rows()
    ]


def test_every_kind_is_planted_and_names_stays_that_are_there(
    labels: pl.DataFrame, stays: pl.DataFrame
) -> None:
    kinds = set(labels.filter(~pl.col("hard"))["kind"])
    assert kinds >= {"split", "up_coding", "clone", "overlap", "low_admission", "cost_shift"}
    named = labels.filter(pl.col("kind") != "ghost_bed")
    assert named["case_id"].is_in(stays["case_id"].implode()).all()
    assert named["partner_ids"].explode().drop_nulls().is_in(stays["case_id"].implode()).all()
    assert stays["case_id"].is_unique().all()
    one_kind = named.filter(pl.col("kind") != "up_coding_no_gain")
    assert one_kind["case_id"].is_unique().all()


def test_parts_of_the_costs_still_add_up(labels: pl.DataFrame, stays: pl.DataFrame) -> None:
    planted = stays.filter(pl.col("case_id").is_in(labels["case_id"].implode()))
    parts = planted["fund_cost"] + planted["patient_cost"] + planted["other_cost"]
    assert (parts == planted["total_cost"]).all()
    assert (planted["discharge_date"] >= planted["admission_date"]).all()
    assert (planted["settlement_date"] >= planted["discharge_date"]).all()
    assert set(planted["settlement_date"].dt.strftime("%Y-%m")) == {"2026-10"}


def test_links_of_a_split_are_one_person_and_clones_are_not(
    labels: pl.DataFrame, stays: pl.DataFrame
) -> None:
    rows = {row["case_id"]: row for row in stays.iter_rows(named=True)}
    for group in groups_of(labels, "split", hard=False):
        assert len({rows[case]["person_id"] for case in group}) == 1
        assert 2 <= len(group) <= 4
    for group in groups_of(labels, "clone", hard=False):
        same = {
            (rows[case]["hospital_id"], rows[case]["total_cost"], rows[case]["length_of_stay"])
            for case in group
        }
        assert len(same) == 1
        assert len({rows[case]["person_id"] for case in group}) == len(group) >= 3


def test_only_planted_stays_of_a_person_overlap(labels: pl.DataFrame, stays: pl.DataFrame) -> None:
    ordered = stays.sort("person_id", "admission_date", "discharge_date")
    reach = pl.col("discharge_date").cum_max().shift(1).over("person_id")
    overlapping = ordered.filter(pl.col("admission_date") < reach)["case_id"]
    planted = labels.filter(pl.col("kind") == "overlap")["case_id"]
    assert set(overlapping) <= set(planted)
    assert len(overlapping) > 0


def test_the_same_plan_gives_the_same_bytes(region: Path, tmp_path: Path) -> None:
    write_region(PLAN, tmp_path)
    write_labels(tmp_path, plant(PLAN, fraud_rates("usual"), tmp_path), [])
    files = sorted(path.relative_to(region) for path in region.rglob("*") if path.is_file())
    assert [path.name for path in files if path.name.startswith("fraud")] == [LABELS]
    for path in files:
        assert (tmp_path / path).read_bytes() == (region / path).read_bytes(), path
