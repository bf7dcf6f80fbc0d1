"""Stays that are the same to the fen."""

from pathlib import Path
from typing import Any

import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.clone import find
from tests.supervise.material import material_of, stay


def copies(*days: int, **said: Any) -> list[dict[str, Any]]:
    """Equal stays of persons 1, 2, … that end on days of March and April."""
    return [
        stay(
            f"c{number}",
            *(
                f"2026-{3 + (day - shift) // 32:02}-{(day - shift - 1) % 31 + 1:02}"
                for shift in (5, 0)
            ),
            **{"person": number, "length_of_stay": 5, "points": 1_000_000 + number, **said},
        )
        for number, day in enumerate(days)
    ]


def hits(tmp_path: Path, compiled: CompiledScheme, limits: Any, rows: list[dict[str, Any]]) -> Any:
    return find(material_of(tmp_path / "m", compiled, rows), limits("clone"))


def test_three_persons_within_the_days_and_all_but_the_first_at_stake(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    found = hits(tmp_path, compiled, limits, copies(20, 10, 31))
    assert found.hits["case_ids"].to_list() == [["c1", "c0", "c2"]]
    assert found.hits["keys"].to_list() == [["c0", "c2"]]
    assert found.hits["file"].to_list() == ["chain"]
    stakes = dict(found.stakes.select("case_id", "points").iter_rows())
    assert stakes == {"c1": 0, "c0": 1_000_000, "c2": 1_000_002}


@pytest.mark.parametrize(
    ("days", "sets"),
    [
        ((10, 20), []),  # two persons
        ((6, 20, 36), [3]),  # 30 days
        ((6, 20, 37), []),
        ((6, 31, 41, 46), [3]),  # the first stands apart
        ((6, 7, 8, 37, 38, 39), [3, 3]),
    ],
)
def test_persons_and_days(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, days: tuple[int, ...], sets: list[int]
) -> None:
    found = hits(tmp_path, compiled, limits, copies(*days))
    assert found.hits["case_ids"].list.len().to_list() == sets


@pytest.mark.parametrize(
    "said",
    [
        {"total_fen": 1_000_001},
        {"length_of_stay": 6},
        {"drg": "ES31"},
        {"hospital_id": "H2"},
        {"other_diagnoses": ["E11.900"]},
        {"procedures": ["02.3405"]},
        {"principal_diagnosis": "J18.901"},
        {"person": 1},
    ],
)
def test_one_difference_is_no_clone(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, said: dict[str, Any]
) -> None:
    rows = copies(10, 11, 12)
    rows[0].update(said)
    assert hits(tmp_path, compiled, limits, rows).hits.is_empty()


def test_the_order_of_codes_and_rows_means_nothing(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = copies(10, 11, 12)
    for row, codes in zip(rows, (["A", "B"], ["B", "A"], ["A", "B"]), strict=True):
        row.update(other_diagnoses=codes, procedures=codes)
    one = hits(tmp_path / "one", compiled, limits, rows)
    other = hits(tmp_path / "other", compiled, limits, rows[::-1])
    assert one.hits.height == 1
    assert one.hits.equals(other.hits)
    assert one.stakes.equals(other.stakes)


def test_groups_with_a_package_price_are_left_out(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    priced = limits("clone").model_copy(update={"package_groups": ("ES35",)})
    found = find(material_of(tmp_path / "m", compiled, copies(10, 11, 12)), priced)
    assert found.hits.is_empty()
    assert found.not_judged == {"package": 3}
