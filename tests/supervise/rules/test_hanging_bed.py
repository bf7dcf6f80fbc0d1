"""Long stays on whose days little was done."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.hanging_bed import find
from tests.supervise.material import material_of, stay


def days(case_id: str, *therapy: int) -> pl.DataFrame:
    rows = [
        {
            "case_id": case_id,
            "date": date(2026, 3, number),
            "therapy_amount": amount,
            "total_amount": amount + 1,
        }
        for number, amount in enumerate(therapy, 1)
    ]
    return pl.DataFrame(rows)


@pytest.mark.parametrize(
    ("length", "therapy", "hit"),
    [
        (6, (0, 0, 0, 5, 5, 5), True),
        (6, (0, 0, 5, 5, 5, 5), False),
        (5, (0, 0, 0, 5, 5), True),
        (4, (0, 0, 0, 0), False),
    ],
)
def test_days_and_share(
    tmp_path: Path,
    compiled: CompiledScheme,
    limits: Any,
    length: int,
    therapy: tuple[int, ...],
    hit: bool,
) -> None:
    rows = [stay("a", "2026-03-01", f"2026-03-{1 + length:02}")]
    material = material_of(tmp_path, compiled, rows, tables={"stay_days": days("a", *therapy)})
    found = find(material, limits("hanging_bed"))
    assert found.hits["case_ids"].to_list() == ([["a"]] if hit else [])
    assert found.stakes["points"].to_list() == ([1_000_000] if hit else [])


def test_a_diagnosis_that_may_lie_long_is_none(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [stay("a", "2026-03-01", "2026-03-07")]
    lists = pl.DataFrame({"list": ["bedday_ok"], "code": ["J18"], "code2": [None]})
    tables = {"stay_days": days("a", 0, 0, 0, 0, 0, 0), "lists": lists}
    found = find(material_of(tmp_path, compiled, rows, tables=tables), limits("hanging_bed"))
    assert found.hits.is_empty()
    assert found.lacking == ()


def test_without_days_it_is_not_run_and_stays_without_are_counted(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [stay("a", "2026-03-01", "2026-03-07"), stay("b", "2026-03-01", "2026-03-07")]
    bare = find(material_of(tmp_path / "x", compiled, rows), limits("hanging_bed"))
    assert bare.not_run == "table:stay_days"
    tables = {"stay_days": days("a", 0, 0, 0)}
    found = find(material_of(tmp_path / "y", compiled, rows, tables=tables), limits("hanging_bed"))
    assert (found.checked, found.not_judged) == (1, {"no_stay_days": 1})
