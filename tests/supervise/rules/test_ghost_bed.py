"""More patients than beds (S10)."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.ghost_bed import find
from tests.supervise.material import material_of, stay


def beds(*rows: tuple[str, str, str | None, int]) -> dict[str, pl.DataFrame]:
    days = [
        (one, date.fromisoformat(first), date.fromisoformat(last) if last else None, number)
        for one, first, last, number in rows
    ]
    schema = {"hospital_id": pl.String, "from": pl.Date, "to": pl.Date, "beds": pl.Int64}
    return {"beds": pl.DataFrame(days, schema=schema, orient="row").with_row_index("row", 2)}


def patients(spans: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [stay(f"p{number:04}", *span, person=number) for number, span in enumerate(spans)]


def found(tmp_path: Path, compiled: CompiledScheme, limits: Any, rows: Any, tables: Any) -> Any:
    return find(material_of(tmp_path / "m", compiled, rows, tables=tables), limits("ghost_bed"))


def test_s10_patient_days_of_a_month(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> None:
    """20 beds, 30 days, 648 patient-days: 108%. (March; nobody is there on its last day.)"""
    spans = [("2026-03-01", "2026-03-31")] * 21 + [("2026-03-01", "2026-03-19")]
    tables = beds(("H1", "2026-01-01", None, 20))
    hits = found(tmp_path, compiled, limits, patients(spans), tables).hits
    period = hits.filter(pl.col("part") == "period").row(0, named=True)
    assert '"patients":648,"beds":600' in period["numbers"]
    assert '"percent":108.0' in period["numbers"]
    assert period["case_ids"] == []


def test_runs_of_days_are_one_clue_each(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    spans = [
        *[("2026-03-03", "2026-03-06")] * 3,
        *[("2026-03-10", "2026-03-11")] * 3,
        ("2026-03-01", "2026-03-20"),
    ]
    tables = beds(("H1", "2026-01-01", "2026-03-09", 3), ("H1", "2026-03-10", None, 2))
    one = found(tmp_path / "a", compiled, limits, patients(spans), tables)
    days = one.hits.filter(pl.col("part") == "day")
    assert days.select("first", "last").rows() == [
        (date(2026, 3, 3), date(2026, 3, 5)),
        (date(2026, 3, 10), date(2026, 3, 10)),
    ]
    assert '"days":3,"most":4,"beds":3' in days["numbers"][0]
    other = found(tmp_path / "b", compiled, limits, patients(spans)[::-1], tables)
    assert one.hits.equals(other.hits)


def test_as_many_as_beds_and_same_day_stays_are_no_clue(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    spans = [("2026-03-03", "2026-03-06")] * 2 + [("2026-03-04", "2026-03-04")] * 5
    tables = beds(("H1", "2026-01-01", None, 2))
    assert found(tmp_path, compiled, limits, patients(spans), tables).hits.is_empty()


def test_days_before_the_months_looked_at_are_not_judged_again(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    spans = [("2026-02-20", "2026-03-01")] * 3
    tables = beds(("H1", "2026-01-01", None, 2))
    assert found(tmp_path, compiled, limits, patients(spans), tables).hits.is_empty()


def test_days_without_beds_are_counted(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    tables = beds(("H1", "2026-03-04", None, 2), ("H2", "2026-03-01", None, 2))
    made = found(tmp_path, compiled, limits, patients([("2026-03-02", "2026-03-06")]), tables)
    assert (made.checked, made.not_judged) == (1, {"no_beds": 2})


@pytest.mark.parametrize(
    "rows",
    [
        [("H1", "2026-01-01", None, 2), ("H1", "2026-03-01", None, 3)],
        [("H1", "2026-01-01", "2026-03-01", 2), ("H1", "2026-03-01", None, 3)],
        [("H1", "2026-03-01", "2026-02-01", 2)],
    ],
)
def test_beds_that_contradict_themselves_are_refused(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, rows: Any
) -> None:
    with pytest.raises(DrgpayError, match="H1"):
        found(tmp_path, compiled, limits, patients([("2026-03-02", "2026-03-06")]), beds(*rows))


def test_every_day_again_by_counting(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> None:
    starts = [date(2026, 3, 1) + timedelta(days=number * 7 % 25) for number in range(40)]
    spans = [(str(one), str(one + timedelta(days=number % 6))) for number, one in enumerate(starts)]
    tables = beds(("H1", "2026-01-01", None, 4))
    hits = found(tmp_path, compiled, limits, patients(spans), tables).hits
    over = set()
    for day in (date(2026, 3, 1) + timedelta(days=number) for number in range(31)):
        there = sum(first <= str(day) < last for first, last in spans)
        if there > 4:
            over.add(day)
    told = hits.filter(pl.col("part") == "day")
    said = {
        first + timedelta(days=number)
        for first, last in told.select("first", "last").iter_rows()
        for number in range((last - first).days + 1)
    }
    assert said == over
    assert over
