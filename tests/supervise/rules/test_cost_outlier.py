"""Costs far above those of the group."""

from pathlib import Path
from typing import Any

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.cost_outlier import find
from tests.supervise.material import material_of, stay

COSTS = [900_000, 1_000_000, 1_100_000, 1_000_000, 950_000, 1_050_000]


def rows_of(costs: list[int]) -> list[dict[str, Any]]:
    return [
        stay(f"c{number}", "2026-03-01", "2026-03-08", total_fen=cost)
        for number, cost in enumerate(costs)
    ]


def test_a_cost_beyond_the_limit_is_a_hit_in_any_order(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = rows_of([*COSTS, 2_000_000])
    one = find(material_of(tmp_path / "m", compiled, rows), limits("cost_outlier"))
    other = find(material_of(tmp_path / "n", compiled, rows[::-1]), limits("cost_outlier"))
    assert one.hits["case_ids"].to_list() == [["c6"]]
    assert one.hits.equals(other.hits)
    assert one.stakes["points"].to_list() == [0]
    assert find(
        material_of(tmp_path / "o", compiled, rows_of([*COSTS, 1_200_000])), limits("cost_outlier")
    ).hits.is_empty()


def test_equal_costs_are_not_judged(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> None:
    rows = rows_of([1_000_000, 1_000_000, 1_000_000, 9_000_000])
    found = find(material_of(tmp_path / "m", compiled, rows), limits("cost_outlier"))
    assert found.hits.is_empty()
    assert (found.checked, found.not_judged) == (0, {"mad_0": 4})
