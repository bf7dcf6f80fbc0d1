"""Persons who go to hospital together."""

from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.group_travel import find
from tests.supervise.material import material_of, stay

START = date(2026, 1, 1)


def stays(*visits: tuple[int, int], hospital: str = "H1", mark: str = "s") -> list[dict[str, Any]]:
    """A stay for each (person, day)."""
    rows = []
    for number, (person, day) in enumerate(visits):
        first = START + timedelta(days=day)
        case = f"{mark}{number:04}"
        last = first + timedelta(days=3)
        rows.append(stay(case, str(first), str(last), person=person, hospital_id=hospital))
    return rows


def together(persons: range, *days: int) -> list[tuple[int, int]]:
    return [(person, day) for day in days for person in persons]


def crowd(limits: Any, hospital: str = "H1") -> list[dict[str, Any]]:
    """So many others, who come once, that the hospital has more than a few admissions a day."""
    others = [(1000 + number, number % 90) for number in range(90 * 12)]
    return stays(*others, hospital=hospital, mark="x")


def found(tmp_path: Path, compiled: CompiledScheme, limits: Any, rows: Any, **said: Any) -> Any:
    material = material_of(tmp_path / "m", compiled, rows, known_from="2026-01-01", **said)
    return find(material, limits("group_travel"))


@pytest.mark.parametrize(
    ("visits", "occasions"),
    [
        (together(range(1, 4), 5, 30, 60), 3),
        (together(range(1, 4), 5, 30), None),
        (together(range(1, 3), 5, 30, 60), None),  # two persons
        (together(range(1, 4), 5, 6, 30), None),  # the first two overlap
        ([*together(range(1, 3), 5, 30, 60), (3, 6), (3, 31), (3, 61)], 3),  # a day apart
        ([*together(range(1, 3), 5, 30, 60), (3, 7), (3, 31), (3, 61)], None),
        (
            [(1, 4), (2, 5), (3, 6), *together(range(1, 4), 30, 60)],
            None,
        ),  # 1 and 3 are two days apart
    ],
)
def test_three_persons_on_three_occasions(
    tmp_path: Path,
    compiled: CompiledScheme,
    limits: Any,
    visits: list[tuple[int, int]],
    occasions: int | None,
) -> None:
    hits = found(tmp_path, compiled, limits, stays(*visits) + crowd(limits)).hits
    assert hits.height == (1 if occasions else 0)
    if occasions:
        assert f'"occasions":{occasions}' in hits["numbers"][0]
        assert hits["case_ids"].list.len()[0] == 9


def test_two_occasions_are_enough_where_few_are_admitted(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = stays(*together(range(1, 4), 5, 60)) + stays((9, 90), mark="z")
    assert found(tmp_path, compiled, limits, rows).hits.height == 1


def test_a_larger_group_is_one_clue_and_hospitals_are_apart(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = stays(*together(range(1, 6), 5, 30, 60)) + crowd(limits)
    rows += stays(*together(range(1, 4), 10, 40), hospital="H2", mark="t") + crowd(limits, "H2")
    for number, row in enumerate(rows):
        row["case_id"] = f"{number:05}"
    one = found(tmp_path / "one", compiled, limits, rows)
    other = found(tmp_path / "other", compiled, limits, rows[::-1])
    assert one.hits["case_ids"].list.len().to_list() == [15]
    assert one.hits.equals(other.hits)
    assert '"persons":5' in one.hits["numbers"][0]


def test_planned_and_bed_day_stays_are_left_out(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = stays(*together(range(1, 4), 5, 30, 60))
    planned = [{**row, "principal_diagnosis": "Z51.100"} for row in rows] + crowd(limits)
    lists = pl.DataFrame({"list": ["planned"], "code": ["Z51"], "code2": [None]})
    tables = {"lists": lists}
    assert found(tmp_path / "p", compiled, limits, planned, tables=tables).hits.is_empty()
    beds = [{**row, "payment_unit": "bed_day"} for row in rows] + crowd(limits)
    assert found(tmp_path / "b", compiled, limits, beds).hits.is_empty()


def test_a_hospital_with_too_many_pairs_is_not_judged_and_counted(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    few = limits("group_travel").model_copy(update={"most_pairs": 20})
    rows = stays(*together(range(1, 8), 5, 30, 60)) + stays((99, 1), hospital="H2", mark="y")
    made = find(material_of(tmp_path / "m", compiled, rows, known_from="2026-01-01"), few)
    assert made.hits.is_empty()
    assert (made.checked, made.not_judged) == (1, {"pairs": 1})


@pytest.mark.parametrize("seed", range(5))
def test_any_three_that_meet_often_enough_are_in_a_clue(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, seed: int
) -> None:
    """Compared with every three persons, tried one by one."""
    rng = np.random.default_rng(seed)
    visits = sorted({(int(rng.integers(0, 14)), int(rng.integers(0, 40))) for _ in range(160)})
    rows = stays(*visits) + stays((99, 89), mark="z")
    hits = found(tmp_path, compiled, limits, rows).hits  # few admissions: two occasions
    person = {row["case_id"]: row["person"] for row in rows}
    in_clues = [{person[case] for case in cases} for cases in hits["case_ids"].to_list()]
    days = {one: [day for who, day in visits if who == one] for one in range(14)}
    for three in combinations(range(14), 3):
        meets = sorted(
            {
                min(a, b, c)
                for a in days[three[0]]
                for b in days[three[1]]
                for c in days[three[2]]
                if max(a, b, c) - min(a, b, c) <= 1
            }
        )
        apart: list[int] = []
        for day in meets:
            if not apart or day > apart[-1] + 1:
                apart.append(day)
        if len(apart) >= 2:
            assert any(set(three) <= clue for clue in in_clues), three
