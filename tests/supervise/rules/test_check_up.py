"""Stays of which nearly all is examinations."""

from pathlib import Path
from typing import Any

import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.check_up import find
from tests.supervise.material import material_of, stay


@pytest.mark.parametrize(
    ("said", "hits"),
    [
        ({"exam_fen": 800_000}, 1),
        ({"exam_fen": 799_999}, 0),
        ({"exam_fen": 900_000, "procedures": ["51.2300"]}, 0),
    ],
)
def test_the_share_of_examinations_at_both_sides_of_the_limit(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, said: dict[str, Any], hits: int
) -> None:
    rows = [stay("a", "2026-03-01", "2026-03-04", **said)]
    found = find(material_of(tmp_path / "m", compiled, rows), limits("check_up"))
    assert found.hits.height == hits
    assert found.stakes["points"].sum() == hits * 1_000_000


def test_without_the_cost_of_examinations_a_stay_is_not_judged(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [stay("a", "2026-03-01", "2026-03-04", exam_fen=None)]
    found = find(material_of(tmp_path / "m", compiled, rows), limits("check_up"))
    assert (found.checked, found.not_judged) == (0, {"no_exam_cost": 1})
