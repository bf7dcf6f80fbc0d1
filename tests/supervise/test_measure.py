"""Precision and recall over labels (S12), and the words of `drgpay sample --fraud`."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.sample.fraud.rates import fraud_rates
from drgpay.supervise.measure import flagged_units, measure, score


def test_s12_precision_recall_and_f1() -> None:
    found = score(50, 45, 60)
    assert found.precision == 0.9
    assert found.recall == 0.75
    assert found.f1 is not None
    assert round(found.f1, 4) == 0.8182


def test_nothing_flagged_and_nothing_planted_are_no_numbers() -> None:
    assert score(0, 0, 5).precision is None
    assert score(0, 0, 5).recall == 0
    assert score(5, 0, 0).recall is None


def test_a_day_of_a_hospital_is_a_unit_of_ghost_beds() -> None:
    clues = pl.DataFrame(
        {
            "rule": ["ghost_bed", "ghost_bed"],
            "part": ["day", "period"],
            "hospital_id": ["H1", "H1"],
            "first_day": ["2026-03-01", "2026-03-01"],
            "last_day": ["2026-03-03", "2026-03-31"],
            "c": [1.0, 1.0],
        }
    ).with_columns(pl.col("first_day", "last_day").str.to_date())
    assert flagged_units(clues, "ghost_bed")["unit"].to_list() == [
        "H1@2026-03-01",
        "H1@2026-03-02",
        "H1@2026-03-03",
    ]


def test_labels_are_compared_stay_by_stay(tmp_path: Path) -> None:
    clues = pl.DataFrame(
        {
            "rule": ["split_stay", "split_stay"],
            "hospital_id": ["H1", "H1"],
            "case_ids": [["a", "b"], ["c", "d"]],
            "c": [1.0, 1.0],
            "stake_yuan": [10.0, 20.0],
        }
    )
    clues.write_parquet(tmp_path / "clues.parquet")
    labels = pl.DataFrame(
        {
            "case_id": ["a", "b", "e", "c"],
            "kind": ["split"] * 4,
            "partner_ids": [["b"], ["a"], [], []],
            "hard": [False, False, False, True],
        },
        schema_overrides={"partner_ids": pl.List(pl.String)},
    )
    labels.write_parquet(tmp_path / "labels.parquet")
    (row,) = measure(tmp_path, tmp_path / "labels.parquet").to_dicts()
    assert (row["planted"], row["flagged"], row["true"]) == (3, 4, 2)
    assert row["precision"] == 0.5
    assert row["recall"] == pytest.approx(2 / 3)
    assert (row["hard"], row["hard_flagged"]) == (1, 1)
    assert row["precision_against_hard"] == pytest.approx(2 / 3)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(DrgpayError, match=r"splits=0\.1"):
        fraud_rates("splits=0.1")
    with pytest.raises(DrgpayError, match="split=2"):
        fraud_rates("split=2")
    assert fraud_rates("split=0.01,transfer=0.02").fraud == {"split": 0.01}


def test_planted_clones_and_days_without_beds_reach_their_targets(folder: Path, file: Path) -> None:
    rows = measure(folder, file.with_name("fraud_labels.parquet")).rows_by_key("kind", named=True)
    (clone,), (ghost_bed,), (low_admission,) = (
        rows[kind] for kind in ("clone", "ghost_bed", "low_admission")
    )
    assert clone["planted"] > 0
    assert clone["precision"] >= 0.95
    assert clone["recall"] >= 0.95
    assert clone["hard"] > 0
    assert clone["hard_share"] <= 0.05
    assert ghost_bed["recall"] >= 0.95  # printed, no target
    assert low_admission["true"] > 0
