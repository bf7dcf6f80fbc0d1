"""More patients than beds (S10), and tables of beds that contradict themselves."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rulebook import Rulebook
from drgpay.supervise.rules.ghost_bed import RULE, find
from drgpay.supervise.tables_given import refuse_beds_twice
from tests.supervise.material import material_of, stay

_SCHEMA = {
    "row": pl.Int64,
    "hospital_id": pl.String,
    "from": pl.Date,
    "to": pl.Date,
    "beds": pl.Int64,
}


def beds(*spans: tuple[str, str, str | None, int]) -> pl.DataFrame:
    rows = [
        (
            row,
            hospital,
            date.fromisoformat(first),
            date.fromisoformat(last) if last else None,
            count,
        )
        for row, (hospital, first, last, count) in enumerate(spans, start=2)
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def patients(count: int, first: str, last: str, name: str = "s") -> list[dict[str, Any]]:
    return [stay(f"{name}{number:03}", first, last, person=number) for number in range(count)]


def clues(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, rows: Any, table: Any, **more: Any
) -> Any:
    material = material_of(tmp_path / "m", compiled, rows, tables={"beds": table}, **more)
    return find(material, limits("ghost_bed"))


def runs(found: Any, part: str = "day") -> list[tuple[str, str]]:
    mine = found.hits.filter(pl.col("part") == part)
    return [(str(first), str(last)) for first, last in mine.select("first", "last").iter_rows()]


def test_s10(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> None:
    # 21 patients of 30 days and one of 18: 648 patient-days in 20 beds of a month of 30 days
    rows = [
        *patients(21, "2026-04-01", "2026-05-01"),
        *patients(1, "2026-04-01", "2026-04-19", "t"),
    ]
    found = clues(tmp_path, compiled, limits, rows, beds(("H1", "2026-01-01", None, 20)))
    assert runs(found, "period") == [("2026-04-01", "2026-04-30")]
    said = json.loads(found.hits.filter(pl.col("part") == "period")["numbers"][0])
    assert said == {"month": "2026-04", "patient_days": 648, "bed_days": 600, "percent": 108.0}
    assert runs(found) == [("2026-04-01", "2026-04-30")]
    assert found.hits["case_ids"].list.len().sum() == 0
    assert found.stakes.is_empty()


def test_as_many_patients_as_beds_are_none_too_many(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = patients(20, "2026-04-01", "2026-05-01")
    table = beds(("H1", "2026-01-01", None, 20))
    assert clues(tmp_path, compiled, limits, rows, table).hits.is_empty()
    more = [*rows, stay("x", "2026-04-10", "2026-04-11", person=99)]
    found = clues(tmp_path, compiled, limits, more, table)
    assert runs(found) == [("2026-04-10", "2026-04-10")]
    assert runs(found, "period") == [("2026-04-01", "2026-04-30")]  # 601 in 600


def test_a_stay_that_ends_on_its_day_needs_no_bed(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = patients(3, "2026-04-10", "2026-04-10")
    table = beds(("H1", "2026-01-01", None, 1))
    assert clues(tmp_path, compiled, limits, rows, table).hits.is_empty()


def test_a_run_goes_over_months_and_ends_where_beds_were_added(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = patients(3, "2026-03-25", "2026-04-10")
    table = beds(("H1", "2026-01-01", "2026-04-04", 2), ("H1", "2026-04-05", None, 3))
    found = clues(tmp_path, compiled, limits, rows, table)
    assert runs(found) == [("2026-03-25", "2026-04-04")]
    assert runs(found, "period") == []


def test_days_and_hospitals_without_beds_are_not_judged(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [
        *patients(3, "2026-04-01", "2026-04-10"),
        stay("other", "2026-04-01", "2026-04-10", hospital_id="H2", person=7),
    ]
    found = clues(tmp_path, compiled, limits, rows, beds(("H1", "2026-04-03", "2026-04-05", 2)))
    assert runs(found) == [("2026-04-03", "2026-04-05")]
    assert runs(found, "period") == [("2026-04-03", "2026-04-05")]
    assert (found.checked, found.not_judged) == (2, {"no_beds": 1})


def test_what_only_stays_looked_back_on_fill_was_a_clue_before(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    table = beds(("H1", "2026-01-01", None, 2))
    before = patients(3, "2026-01-01", "2026-01-10")
    now = [stay("now", "2026-03-01", "2026-03-05", person=50)]
    assert clues(tmp_path, compiled, limits, now, table, before=before).hits.is_empty()
    long = [stay("now", "2026-01-04", "2026-03-05", person=50)]
    found = clues(tmp_path, compiled, limits, long, table, before=before)
    assert runs(found) == [("2026-01-01", "2026-01-09")]


def test_the_order_of_rows_changes_nothing(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [
        *patients(3, "2026-04-01", "2026-04-10"),
        *patients(4, "2026-04-12", "2026-04-14", "t"),
        *patients(4, "2026-04-13", "2026-04-15", "u"),
    ]
    table = beds(("H1", "2026-01-01", "2026-04-13", 2), ("H1", "2026-04-14", None, 1))
    one = clues(tmp_path, compiled, limits, rows, table)
    other = clues(tmp_path, compiled, limits, rows[::-1], table.reverse())
    assert one.hits.equals(other.hits)
    assert one.facts.equals(other.facts)


def test_it_needs_beds(rulebook: Rulebook) -> None:
    assert RULE.needs == ("beds",)
    assert rulebook.ruling("ghost_bed").rule is RULE


@pytest.mark.parametrize(
    ("spans", "problem"),
    [
        (
            (("H1", "2026-01-01", "2026-03-31", 20), ("H1", "2026-03-31", None, 25)),
            "rows 2 and 3",
        ),
        ((("H1", "2026-05-01", None, 20), ("H1", "2026-01-01", None, 25)), "rows 2 and 3"),
        ((("H1", "2026-01-01", "2025-12-31", 20),), "row 2"),
        ((("H1", "2026-01-01", "2026-03-30", 20), ("H1", "2026-03-31", None, 25)), None),
        ((("H1", "2026-01-01", None, 20), ("H2", "2026-01-01", None, 25)), None),
    ],
)
def test_beds_that_contradict_themselves_are_refused_by_row(
    spans: Any, problem: str | None
) -> None:
    if problem is None:
        refuse_beds_twice(beds(*spans), Path("beds.csv"))
    else:
        with pytest.raises(DrgpayError) as raised:
            refuse_beds_twice(beds(*spans), Path("beds.csv"))
        assert problem in str(raised.value.problem)
