"""Visits elsewhere during a stay."""

from pathlib import Path
from typing import Any

import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.visit_inside import find
from tests.supervise.material import material_of, stay, visit

STAY = ("a", "2026-03-01", "2026-03-10")


@pytest.mark.parametrize(
    ("day", "said", "hit"),
    [
        ("2026-03-05", {}, True),
        ("2026-03-02", {}, True),
        ("2026-03-01", {}, False),  # the day of the admission
        ("2026-03-10", {}, False),
        ("2026-03-05", {"hospital_id": "H1"}, False),
        ("2026-03-05", {"person": 2}, False),
        ("2026-03-05", {"person": None}, False),
    ],
)
def test_days_strictly_inside_at_another_institution(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, day: str, said: dict[str, Any], hit: bool
) -> None:
    material = material_of(tmp_path, compiled, [stay(*STAY)], visits=[visit("v", day, **said)])
    found = find(material, limits("visit_inside"))
    assert found.hits["case_ids"].to_list() == ([["a"]] if hit else [])
    assert found.stakes["points"].to_list() == ([1_000_000] if hit else [])


def test_a_stay_is_one_clue_and_its_visits_are_the_facts(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    visits = [visit("v2", "2026-03-05"), visit("v1", "2026-03-06", hospital_id="H3")]
    one = find(
        material_of(tmp_path / "a", compiled, [stay(*STAY)], visits=visits), limits("visit_inside")
    )
    other = find(
        material_of(tmp_path / "b", compiled, [stay(*STAY)], visits=visits[::-1]),
        limits("visit_inside"),
    )
    assert one.hits["numbers"].to_list() == ['{"visits":2,"hospitals":2}']
    assert sorted(one.facts["key"].unique()) == ["v1", "v2"]
    assert one.hits.equals(other.hits)
    assert one.facts.sort(one.facts.columns).equals(other.facts.sort(other.facts.columns))
