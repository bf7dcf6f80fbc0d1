"""Stays that share a day (S3)."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.overlap import RULE, find
from drgpay.supervise.tables_given import refuse_deaths_twice
from tests.supervise.material import material_of, stay

X = ("x", "2026-03-01", "2026-03-10")


@pytest.mark.parametrize(
    ("second", "days"),
    [
        (("2026-03-10", "2026-03-15"), None),  # S3
        (("2026-03-09", "2026-03-15"), 1),  # S3
        (("2026-03-05", "2026-03-05"), 1),
        (("2026-03-01", "2026-03-01"), None),
        (("2026-03-10", "2026-03-10"), None),
        (("2026-03-01", "2026-03-10"), 9),
    ],
)
def test_s3_days_that_two_stays_share(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, second: tuple[str, str], days: int | None
) -> None:
    rows = [stay(*X), stay("y", *second, hospital_id="H2")]
    found = find(material_of(tmp_path / "m", compiled, rows), limits("overlap"))
    if days is None:
        assert found.hits.is_empty()
    else:
        assert found.hits["numbers"].to_list() == [f'{{"days":{days}}}']
        assert sorted(found.hits["case_ids"][0].to_list()) == ["x", "y"]
        assert found.stakes["points"].sum() == 1_000_000


def test_two_same_day_stays_do_not_overlap(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [stay("x", "2026-03-01", "2026-03-01"), stay("y", "2026-03-01", "2026-03-01")]
    assert find(material_of(tmp_path / "m", compiled, rows), limits("overlap")).hits.is_empty()


def test_a_long_stay_is_compared_with_all_that_begin_in_it(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    rows = [
        stay("x", "2026-03-01", "2026-03-30"),
        stay("y", "2026-03-03", "2026-03-05"),
        stay("z", "2026-03-10", "2026-03-12"),
    ]
    found = find(material_of(tmp_path / "m", compiled, rows), limits("overlap"))
    assert found.hits["case_ids"].to_list() == [["x", "y"], ["x", "z"]]


def deaths(*rows: tuple[int, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [(person, date.fromisoformat(day)) for person, day in rows],
        schema={"person": pl.Int32, "death_date": pl.Date},
        orient="row",
    )


@pytest.mark.parametrize(
    ("dates", "died", "days"),
    [
        (("2026-03-01", "2026-03-10"), "2026-03-10", None),  # died on the day of discharge
        (("2026-03-01", "2026-03-10"), "2026-03-09", None),  # the last day of the stay is the 9th
        (("2026-03-01", "2026-03-10"), "2026-03-08", 1),
        (("2026-03-05", "2026-03-05"), "2026-03-05", None),
        (("2026-03-05", "2026-03-05"), "2026-03-04", 1),
    ],
)
def test_days_of_a_stay_after_a_death(
    tmp_path: Path,
    compiled: CompiledScheme,
    limits: Any,
    dates: tuple[str, str],
    died: str,
    days: int | None,
) -> None:
    tables = {"deaths": deaths((1, died), (2, "2020-01-01"))}
    rows = [stay("x", *dates), stay("y", *dates, person=3)]
    found = find(material_of(tmp_path / "m", compiled, rows, tables=tables), limits("overlap"))
    if days is None:
        assert found.hits.is_empty()
    else:
        assert found.hits.select("part", "numbers").rows() == [("death", f'{{"days":{days}}}')]
        assert found.stakes["points"].to_list() == [1_000_000]


@pytest.mark.parametrize(
    ("day", "amount", "hits"),
    [("2026-03-09", 500, 0), ("2026-03-10", 500, 1), ("2026-03-10", -5, 0)],
)
@pytest.mark.parametrize("name", ["stay_days", "stay_items"])
def test_a_charge_after_a_death(
    tmp_path: Path,
    compiled: CompiledScheme,
    limits: Any,
    name: str,
    day: str,
    amount: int,
    hits: int,
) -> None:
    column = {"stay_days": "total_amount", "stay_items": "amount"}[name]
    charges = pl.DataFrame({"case_id": ["x"], "date": [date.fromisoformat(day)], column: [amount]})
    tables = {"deaths": deaths((1, "2026-03-09")), name: charges}
    rows = [stay("x", "2026-03-01", "2026-03-10")]
    found = find(material_of(tmp_path / "m", compiled, rows, tables=tables), limits("overlap"))
    assert found.hits.height == hits


def test_both_parts_and_any_order_of_rows(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    tables = {"deaths": deaths((1, "2026-03-02"))}
    rows = [stay(*X), stay("y", "2026-03-09", "2026-03-15"), stay("z", "2026-03-20", "2026-03-25")]
    one, other = (
        find(
            material_of(tmp_path / str(step), compiled, rows[::step], tables=tables),
            limits("overlap"),
        )
        for step in (1, -1)
    )
    assert one.hits["part"].to_list() == ["stay", "death", "death", "death"]
    assert one.hits["case_ids"].to_list() == [["x", "y"], ["x"], ["y"], ["z"]]
    assert one.hits.equals(other.hits)
    assert one.facts.equals(other.facts)
    assert RULE.parts == (("death", "deaths"),)


def test_two_dates_of_death_are_refused_by_row_without_naming_the_person() -> None:
    rows = deaths((1, "2026-03-02"), (2, "2026-03-02"), (1, "2026-03-02"), (1, "2026-03-04"))
    table = rows.select(
        pl.Series("row", [2, 3, 4, 5]),
        person_id=pl.format("P-{}", "person"),
        death_date="death_date",
    )
    refuse_deaths_twice(table.head(3), Path("deaths.csv"))
    with pytest.raises(DrgpayError) as raised:
        refuse_deaths_twice(table, Path("deaths.csv"))
    assert "rows 2 and 5" in str(raised.value.problem)
    assert "P-1" not in str(raised.value)
