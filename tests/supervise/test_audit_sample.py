"""What is audited: case files up to the capacity, and stays drawn at random in each hospital."""

import random
from typing import Any

import polars as pl
import pytest

from drgpay.supervise.audit_sample import audit_sample, drawn

CLUES = pl.DataFrame(
    {
        "case_ids": [["a", "b"], ["c"], ["c"], ["d"], []],
        "file_id": ["f1", "f2", "f2", "f3", None],
        "to_review": [True, True, True, False, False],
    },
    schema={"case_ids": pl.List(pl.String), "file_id": pl.String, "to_review": pl.Boolean},
)
RISKS = pl.DataFrame(
    {
        "case_id": ["d", "c", "b", "a"],
        "hospital_id": ["H2", "H1", "H1", "H1"],
        "file_id": ["f3", "f2", "f1", "f1"],
    }
)
STAYS = pl.DataFrame({"case_id": ["a", "b", "c"], "hospital_id": ["H1"] * 3}).vstack(
    pl.DataFrame(
        {
            "case_id": [f"x{number:03}" for number in range(50)]
            + [f"y{number:03}" for number in range(20)],
            "hospital_id": ["H1"] * 50 + ["H2"] * 20,
        }
    )
)


def sample(stays: pl.DataFrame = STAYS, **given: Any) -> pl.DataFrame:
    said = {"capacity": None, "n_random": 30, "seed": 1, **given}
    return audit_sample(CLUES, RISKS, stays, **said)


def test_case_files_come_first_up_to_the_capacity() -> None:
    clues = sample().filter(pl.col("layer") == "clues")
    assert clues.select("case_id", "order", "reason").rows() == [
        ("a", 1, "f1"),
        ("b", 1, "f1"),
        ("c", 2, "f2"),
    ]
    one = sample(capacity=1).filter(pl.col("layer") == "clues")
    assert one["case_id"].to_list() == ["a", "b"]


def test_each_hospital_has_its_own_draw_of_the_stays_without_a_clue() -> None:
    drawn_ones = sample().filter(pl.col("layer") == "random")
    counts = dict(drawn_ones.group_by("hospital_id").len().iter_rows())
    assert counts == {"H1": 30, "H2": 20}
    assert not set(drawn_ones["case_id"]) & {"a", "b", "c", "d"}
    assert set(drawn_ones.select("hospital_id", "drawn_of").rows()) == {("H1", 50), ("H2", 20)}
    assert set(drawn_ones["reason"]) == {"seed=1"}
    first = drawn_ones.filter(pl.col("hospital_id") == "H1")
    assert first["order"].to_list() == list(range(1, 31))
    assert first["case_id"].n_unique() == 30
    assert first["case_id"].to_list() != sorted(first["case_id"])


def test_the_order_of_the_stays_and_other_hospitals_change_no_draw() -> None:
    rows = STAYS.rows()
    random.Random(5).shuffle(rows)
    shuffled = pl.DataFrame(rows, schema=STAYS.schema, orient="row")
    assert sample(shuffled).equals(sample())
    alone = sample(STAYS.filter(pl.col("hospital_id") == "H2"))
    assert alone.equals(
        sample()
        .filter(pl.col("layer") == "clues")
        .vstack(sample().filter((pl.col("layer") == "random") & (pl.col("hospital_id") == "H2")))
    )


def test_a_seed_is_one_draw() -> None:
    assert drawn("H1", 1000, 30, 1) == drawn("H1", 1000, 30, 1)
    assert drawn("H1", 1000, 30, 1) != drawn("H1", 1000, 30, 2)
    assert drawn("H1", 1000, 30, 1) != drawn("H2", 1000, 30, 1)


def test_every_stay_is_as_likely_as_any() -> None:
    counts = [0] * 10
    for seed in range(2000):
        for place in drawn("H1", 10, 3, seed):
            counts[place] += 1
    assert counts == pytest.approx([600] * 10, abs=85)  # four standard deviations


def test_nothing_is_drawn_where_nothing_is_asked() -> None:
    assert sample(n_random=0).filter(pl.col("layer") == "random").is_empty()
