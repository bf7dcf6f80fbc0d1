"""Persons who were in hospital again and again within a year."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.frequent import find
from tests.supervise.material import material_of, stay

_LAST = date(2026, 3, 31)


def ended(case: str, before: int, days: int, **said: Any) -> dict[str, Any]:
    """A stay of some days that ended so many days before the last day."""
    end = _LAST - timedelta(days=before)
    return stay(case, (end - timedelta(days=days)).isoformat(), end.isoformat(), **said)


def clues(tmp_path: Path, compiled: CompiledScheme, limits: Any, rows: Any) -> Any:
    return find(material_of(tmp_path / "m", compiled, rows), limits("frequent"))


@pytest.mark.parametrize(
    ("rows", "hits"),
    [
        ([ended(f"s{one}", 40 * one, 3) for one in range(8)], 1),
        ([ended(f"s{one}", 40 * one, 3) for one in range(7)], 0),
        ([ended("a", 0, 50), ended("b", 60, 50)], 1),
        ([ended("a", 0, 50), ended("b", 60, 49)], 0),
        ([ended("a", 0, 50), ended("b", 364, 50)], 0),  # one day of the second is in the year
        ([ended("a", 0, 50), ended("b", 60, 50, payment_unit="bed_day")], 0),
        ([ended("a", 0, 50), ended("b", 60, 50, person=2)], 0),
        ([ended("a", 0, 50, person=None), ended("b", 60, 50, person=None)], 0),
    ],
)
def test_limits_at_both_sides(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, rows: Any, hits: int
) -> None:
    found = clues(tmp_path, compiled, limits, rows)
    assert found.hits.height == hits
    assert found.stakes["points"].sum() == 0


def test_stays_by_plan_do_not_count(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> None:
    planned = ended("b", 60, 50, drg=min(compiled.exempt))
    assert clues(tmp_path, compiled, limits, [ended("a", 0, 50), planned]).hits.is_empty()


def test_stays_of_a_year_ago_count_up_to_the_day(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [ended(f"s{one}", 10 * one, 3) for one in range(7)]
    assert clues(tmp_path, compiled, limits, [*rows, ended("x", 364, 3)]).hits.height == 1
    assert clues(tmp_path, compiled, limits, [*rows, ended("x", 365, 3)]).hits.is_empty()


def test_the_clue_is_that_of_the_stay_which_passed_the_limit(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [ended(f"s{one:02}", 100 - 10 * one, 3) for one in range(10)]
    found = clues(tmp_path, compiled, limits, rows)
    assert found.hits["keys"].to_list() == [["s07"]]
    assert len(found.hits["case_ids"][0]) == 10
    again = clues(tmp_path, compiled, limits, rows[::-1])
    assert again.hits.equals(found.hits)
    assert again.facts.equals(found.facts)
