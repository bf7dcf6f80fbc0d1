"""Stays of several persons that are the same to the fen."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.clone import find
from tests.supervise.material import material_of, stay

_FIRST = date(2026, 1, 10)


def alike(case: str, day: int, person: int | None, **said: Any) -> dict[str, Any]:
    """A stay of five days that ends `day` days after the first."""
    end = _FIRST + timedelta(days=day)
    begin = end - timedelta(days=5)
    return stay(case, begin.isoformat(), end.isoformat(), person=person, **said)


def clues(tmp_path: Path, compiled: CompiledScheme, limits: Any, rows: Any, **more: Any) -> Any:
    return find(material_of(tmp_path / "m", compiled, rows, **more), limits("clone"))


def test_three_persons_within_thirty_days_and_all_but_the_first_at_stake(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [alike("b", 0, 1), alike("a", 0, 2), alike("c", 30, 3)]
    found = clues(tmp_path, compiled, limits, rows)
    assert found.hits["case_ids"].to_list() == [["a", "b", "c"]]
    assert found.hits["keys"].to_list() == [["b", "c"]]
    stakes = dict(found.stakes.select("case_id", "points").iter_rows())
    assert stakes == {"a": 0, "b": 1_000_000, "c": 1_000_000}


@pytest.mark.parametrize(
    "third",
    [
        alike("c", 31, 3),
        alike("c", 5, 2),  # a third stay, no third person
        alike("c", 5, 3, total_fen=1_000_001),
        alike("c", 5, 3, length_of_stay=6),
        alike("c", 5, 3, principal_diagnosis="J18.901"),
        alike("c", 5, 3, other_diagnoses=["I10.x00"]),
        alike("c", 5, 3, procedures=["51.2300"]),
        alike("c", 5, 3, hospital_id="H2"),
        alike("c", 5, 3, drg="ES31"),
        alike("c", 5, None),
    ],
)
def test_what_differs_is_no_clone(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, third: dict[str, Any]
) -> None:
    rows = [alike("a", 0, 1), alike("b", 0, 2), third]
    assert clues(tmp_path, compiled, limits, rows).hits.is_empty()


def test_codes_are_compared_whatever_their_order(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    codes = [["I10.x00", "E11.900"], ["E11.900", "I10.x00"], ["I10.x00", "E11.900"]]
    rows = [
        alike(f"s{number}", number, number, other_diagnoses=one) for number, one in enumerate(codes)
    ]
    assert clues(tmp_path, compiled, limits, rows).hits.height == 1


def test_spans_that_share_a_stay_are_one_clue_and_others_two(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    days = (0, 10, 20, 40, 50, 90, 91, 92, 140)
    rows = [alike(f"s{day:03}", day, number) for number, day in enumerate(days)]
    found = clues(tmp_path, compiled, limits, rows)
    assert found.hits["case_ids"].to_list() == [
        ["s000", "s010", "s020", "s040", "s050"],
        ["s090", "s091", "s092"],
    ]


def test_groups_of_one_price_are_left_out(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [alike(f"s{number}", number, number) for number in range(3)]
    assert clues(tmp_path, compiled, limits, rows).lacking == ("package",)
    listed = pl.DataFrame(
        {"list": ["package"], "code": ["ES35"], "code2": [None]},
        schema_overrides={"code2": pl.String},
    )
    found = clues(tmp_path, compiled, limits, rows, tables={"lists": listed})
    assert (found.hits.height, found.lacking) == (0, ())


def test_the_order_of_rows_changes_nothing(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [alike(f"s{number}", number % 7, number) for number in range(12)]
    one = clues(tmp_path, compiled, limits, rows)
    other = clues(tmp_path, compiled, limits, rows[::-1])
    assert one.hits.equals(other.hits)
    assert one.facts.equals(other.facts)
