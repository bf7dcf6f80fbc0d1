"""Chains of split stays (S1, S2), and the guards that speak for a stay."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.found import Found
from drgpay.supervise.rules.split_stay import find
from tests.supervise.material import material_of, stay

S1 = [
    ("a", "2026-01-05", "2026-01-15", 1_200_000),
    ("b", "2026-01-20", "2026-01-28", 1_000_000),
    ("c", "2026-02-10", "2026-02-15", 900_000),
]


@pytest.fixture
def split(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> Any:
    def found(rows: list[dict[str, Any]], **given: Any) -> Found:
        return find(material_of(tmp_path / "m", compiled, rows, **given), limits("split_stay"))

    return found


def chain(**said: Any) -> list[dict[str, Any]]:
    return [stay(case, first, last, points=points, **said) for case, first, last, points in S1]


def test_s1_three_stays_are_one_chain(split: Any) -> None:
    found = split(chain())
    hit = found.hits.row(0, named=True)
    assert found.hits.height == 1
    assert hit["case_ids"] == ["a", "b", "c"]
    assert hit["keys"] == ["b"]
    assert hit["c"] == 1
    assert found.stakes["points"].sum() == 1_900_000
    assert dict(found.stakes.select("case_id", "points").iter_rows()) == {
        "a": 0,
        "b": 1_000_000,
        "c": 900_000,
    }


def test_s1_what_a_return_halved_is_not_at_stake_again(split: Any) -> None:
    halved = [
        {**row, "points": row["points"] // (1 if row["case_id"] == "c" else 2)} for row in chain()
    ]
    found = split(halved)
    assert found.stakes["points"].sum() == 800_000


def test_s2_a_planned_stay_ends_both_links(split: Any) -> None:
    rows = chain()
    rows[1]["principal_diagnosis"] = "Z51.100"
    planned = pl.DataFrame({"list": ["planned"], "code": ["Z51"], "code2": [None]})
    found = split(rows, tables={"lists": planned})
    assert found.hits.is_empty()
    assert found.guards["guard"].to_list() == ["planned", "planned"]


@pytest.mark.parametrize(
    ("first", "second", "guard"),
    [
        ({"discharge_type": 2.0}, {"hospital_id": "H2"}, "transfer"),
        ({}, {"hospital_id": "H2", "admission_route": "transfer"}, "transfer"),
        ({"discharge_type": 4.0}, {}, "left_against_advice"),
        ({}, {"admission_route": "emergency", "points": 1_500_000}, "worse"),
    ],
)
def test_a_guard_keeps_a_pair_as_a_row(
    split: Any, first: dict[str, Any], second: dict[str, Any], guard: str
) -> None:
    rows = [
        stay("a", "2026-01-05", "2026-01-15", **first),
        stay("b", "2026-01-16", "2026-01-20", **second),
    ]
    found = split(rows)
    assert found.hits.is_empty()
    assert found.guards.to_dicts() == [{"case_ids": ["a", "b"], "guard": guard, "fact": "gap=1"}]


def test_fewer_features_or_two_hospitals_are_less_sure(split: Any) -> None:
    def sure(**second: Any) -> float | None:
        rows = [
            stay("a", "2026-01-05", "2026-01-15"),
            stay("b", "2026-01-18", "2026-01-20", **second),
        ]
        hits = split(rows).hits
        return hits["c"][0] if hits.height else None

    assert sure() == 1
    assert sure(department="2") == 0.6
    assert sure(hospital_id="H2") == 0.6
    assert sure(hospital_id="H2", department="2") is None
    other = {"principal_diagnosis": "K35.100", "adrg": "GD1", "drg": "GD15"}
    assert sure(**other) is None
    assert sure(procedures=["51.2300"]) == 0.6


def test_a_gap_beyond_the_limit_is_no_link(split: Any) -> None:
    assert split(
        [stay("a", "2026-01-05", "2026-01-15"), stay("b", "2026-01-31", "2026-02-02")]
    ).hits.is_empty()
    assert (
        split(
            [stay("a", "2026-01-05", "2026-01-15"), stay("b", "2026-01-30", "2026-02-02")]
        ).hits.height
        == 1
    )


def test_a_stay_that_a_return_halved_is_not_followed_by_a_worse_one(split: Any) -> None:
    rows = [
        stay("a", "2026-01-05", "2026-01-15", points=500_000, points_before_return=1_000_000),
        stay("b", "2026-01-16", "2026-01-20", admission_route="emergency"),
    ]
    assert split(rows).hits["case_ids"].to_list() == [["a", "b"]]
