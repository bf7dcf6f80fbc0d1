"""Persons who were in hospital very often or very long."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.frequent import find
from tests.supervise.material import material_of, stay

NEWEST = date(2026, 3, 31)


def stays(*ends: int, days: int = 1, **said: Any) -> list[dict[str, Any]]:
    """Stays of a person, each ending some days before the newest discharge."""
    rows = []
    for number, back in enumerate(ends):
        last = NEWEST - timedelta(days=back)
        first = last - timedelta(days=days)
        rows.append(stay(f"s{number:02}", str(first), str(last), length_of_stay=days, **said))
    return rows


def found(tmp_path: Path, compiled: CompiledScheme, limits: Any, rows: Any, **said: Any) -> Any:
    return find(material_of(tmp_path / "m", compiled, rows, **said), limits("frequent"))


@pytest.mark.parametrize(
    ("ends", "days", "passes"),
    [
        ((0, 20, 40, 60, 80, 100, 120, 364), 1, "s00"),  # the eighth within 365 days
        ((0, 20, 40, 60, 80, 100, 120, 365), 1, None),
        ((0, 20, 40, 60, 80, 100, 120), 1, None),
        ((0, 100), 50, "s00"),
        ((0, 100), 49, None),
        ((0, 100, 200), 50, "s01"),  # the stay that passed the limit, not the newest
    ],
)
def test_stays_and_days_of_a_year(
    tmp_path: Path,
    compiled: CompiledScheme,
    limits: Any,
    ends: tuple[int, ...],
    days: int,
    passes: str | None,
) -> None:
    hits = found(tmp_path, compiled, limits, stays(*ends, days=days)).hits
    assert hits["keys"].to_list() == ([[passes]] if passes else [])


def test_bed_days_and_planned_stays_do_not_count(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    often = range(0, 160, 20)
    beds = stays(*often, payment_unit="bed_day")
    assert found(tmp_path / "b", compiled, limits, beds).hits.is_empty()
    lists = pl.DataFrame({"list": ["planned"], "code": ["Z51"], "code2": [None]})
    planned = stays(*often, principal_diagnosis="Z51.100")
    tables = {"lists": lists}
    assert found(tmp_path / "p", compiled, limits, planned, tables=tables).hits.is_empty()


def test_it_ranks_only_and_rows_may_come_in_any_order(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = stays(*range(0, 160, 20)) + stays(*range(0, 160, 20), person=2)
    for number, row in enumerate(rows):
        row["case_id"] = f"s{number:02}"
    one = found(tmp_path / "one", compiled, limits, rows)
    other = found(tmp_path / "other", compiled, limits, rows[::-1])
    assert one.hits.height == 2
    assert one.hits.equals(other.hits)
    assert set(one.stakes["points"]) == {0}
    assert set(one.hits["file"]) == {"none"}
