"""Persons who are admitted together again and again."""

from datetime import date, timedelta
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules import group_travel
from drgpay.supervise.rules.group_travel import find
from tests.supervise.material import material_of, stay

_FIRST = date(2025, 6, 1)
_KNOWN = "2025-06-01"


def admitted(day: int, person: int | None, **said: Any) -> dict[str, Any]:
    """A stay of two days that begins so many days after the first."""
    begin = _FIRST + timedelta(days=day)
    case = said.pop("case", f"{day:03}-{person}")
    end = begin + timedelta(days=2)
    return stay(case, begin.isoformat(), end.isoformat(), person=person, **said)


def together(*days: int, persons: tuple[int, ...] = (1, 2, 3)) -> list[dict[str, Any]]:
    return [admitted(day, person) for day in days for person in persons]


def crowd(a_day: int, days: int) -> list[dict[str, Any]]:
    """So many others a day, each once, and to the last of the days."""
    return [
        admitted(day, 1000 + day * 1000 + number) for day in range(days) for number in range(a_day)
    ]


@pytest.fixture
def clues(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> Any:
    def found(rows: list[dict[str, Any]]) -> Any:
        material = material_of(tmp_path / "m", compiled, rows, known_from=_KNOWN)
        return find(material, limits("group_travel"))

    return found


def test_twice_is_enough_where_few_are_admitted(clues: Any) -> None:
    found = clues(together(0, 30))
    assert found.hits["numbers"].to_list() == ['{"persons":3,"occasions":2,"days":1}']
    assert found.hits["keys"].to_list() == [["030-2", "030-3"]]
    assert found.hits["file"].to_list() == ["none"]
    assert found.stakes["points"].sum() == 0


@pytest.mark.parametrize(
    ("rows", "hits"),
    [
        (together(0), 0),
        (together(0, 30, persons=(1, 2)), 0),
        ([*together(0), *together(30, persons=(1, 2, 4))], 0),  # not the same three
        ([*together(0), admitted(30, 1), admitted(30, 2), admitted(31, 3)], 1),
        ([*together(0), admitted(30, 1), admitted(31, 2), admitted(32, 3)], 0),
        ([*together(0), admitted(30, 1), admitted(30, 2), admitted(30, 3, hospital_id="H2")], 0),
        ([*together(0), admitted(30, 1), admitted(30, 2), admitted(30, None)], 0),
        ([*together(0), *together(30, persons=(1, 2)), admitted(30, 3, payment_unit="bed_day")], 0),
        (together(0, 364), 1),
        (together(0, 365), 0),
        (together(0, 2), 1),
        (together(0, 1), 0),  # occasions that share a day are one
    ],
)
def test_limits_at_both_sides(clues: Any, rows: list[dict[str, Any]], hits: int) -> None:
    assert clues(rows).hits.height == hits


@pytest.mark.parametrize(("a_day", "hits"), [(9, 1), (11, 0)])
def test_where_many_are_admitted_it_takes_three(clues: Any, a_day: int, hits: int) -> None:
    others = crowd(a_day, 33)  # the last is discharged on the 35th day
    assert clues([*others, *together(0, 30)]).hits.height == hits
    assert clues([*others, *together(0, 15, 30)]).hits.height == 1


def test_planned_stays_do_not_count(clues: Any, compiled: CompiledScheme) -> None:
    drg = min(compiled.exempt)
    rows = [*together(0), *(admitted(30, person, drg=drg) for person in (1, 2, 3))]
    assert clues(rows).hits.is_empty()


def test_groups_that_share_an_admission_are_one_clue_and_others_two(clues: Any) -> None:
    linked = [*together(0, 30), admitted(30, 4), *together(60, persons=(2, 3, 4))]
    found = clues(linked)
    assert [len(cases) for cases in found.hits["case_ids"]] == [10]
    apart = clues([*together(0, 30), *together(90, 120, persons=(5, 6, 7))])
    assert [len(cases) for cases in apart.hits["case_ids"]] == [6, 6]


def test_rows_in_any_order_and_hospitals_in_any_bucket(
    clues: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        admitted(day, person, hospital_id=f"H{hospital}", case=f"{hospital}-{day:03}-{person}")
        for hospital in range(4)
        for day in (0, 1, 30, 60)
        for person in range(hospital * 10, hospital * 10 + 4)
    ]
    one, other = clues(rows), clues(rows[::-1])
    monkeypatch.setattr(group_travel, "_BUCKET", 7)
    cut = clues(rows)
    assert one.hits.height == 4
    for found in (other, cut):
        assert one.hits.equals(found.hits)
        assert one.facts.sort("hit", "key", "column").equals(
            found.facts.sort("hit", "key", "column")
        )


@pytest.mark.parametrize("seed", range(5))
def test_any_three_that_meet_often_enough_are_found_and_nobody_else(clues: Any, seed: int) -> None:
    """Compared with every three persons, tried one by one."""
    rng = np.random.default_rng(seed)
    visits = {(int(day), int(who)) for day, who in rng.integers(0, (40, 12), (90, 2))}
    found = clues([admitted(day, who) for day, who in sorted(visits)])
    in_clues = [set(cases) for cases in found.hits["case_ids"].to_list()]
    days = {who: [day for day, one in visits if one == who] for who in range(12)}
    expected = set()
    for three in combinations(range(12), 3):
        meets = [
            meet for meet in product(*(days[who] for who in three)) if max(meet) - min(meet) <= 1
        ]
        for one, other in combinations(meets, 2):
            if abs(min(one) - min(other)) > 1:
                cases = {
                    f"{day:03}-{who}"
                    for meet in (one, other)
                    for day, who in zip(meet, three, strict=True)
                }
                expected |= cases
                assert any(cases <= clue for clue in in_clues), (three, one, other)
    assert expected
    assert set().union(*in_clues) == expected
    assert sum(len(clue) for clue in in_clues) == len(expected)  # none is in two clues
