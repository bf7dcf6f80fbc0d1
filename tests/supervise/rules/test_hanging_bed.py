"""Stays on many days of which nothing was done."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.found import hits_of
from drgpay.supervise.rules.hanging_bed import find
from tests.supervise.material import material_of, stay

_SCHEMA = {"case_id": pl.String, "date": pl.Date, "therapy_amount": pl.Int64}


def therapy(amounts: Sequence[int], case: str = "a") -> pl.DataFrame:
    """stay_days from 2026-03-01 on."""
    days = [date(2026, 3, 1) + timedelta(days=number) for number in range(len(amounts))]
    rows = [(case, day, amount) for day, amount in zip(days, amounts, strict=True)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def visited(*cases: str) -> pl.DataFrame:
    """Hits of a rule that found these stays."""
    rows = pl.DataFrame({"case_ids": [[case] for case in cases]}).with_columns(
        keys="case_ids",
        hospital_id=pl.lit("H1"),
        first=pl.lit(None),
        last=pl.lit(None),
        reason_code=pl.lit(""),
    )
    return hits_of(rows)


def clues(
    tmp_path: Path,
    compiled: CompiledScheme,
    limits: Any,
    days: pl.DataFrame | None,
    *,
    lists: pl.DataFrame | None = None,
    earlier: pl.DataFrame | None = None,
    **said: Any,
) -> Any:
    rows = [stay("a", "2026-03-01", said.pop("until", "2026-03-06"), **said)]
    given = {"stay_days": days, "lists": lists}
    tables = {name: table for name, table in given.items() if table is not None}
    material = material_of(tmp_path / "m", compiled, rows, tables=tables)
    if earlier is not None:
        material = replace(material, earlier={"visit_inside": earlier})
    return find(material, limits("hanging_bed"))


@pytest.mark.parametrize(
    ("amounts", "said", "hits"),
    [
        ([0, 0, 0, 100, 100, 100], {}, 1),  # the day of discharge may have charges
        ([0, 0, 100, 100, 100], {}, 0),
        ([0, 0, 0, 100], {"until": "2026-03-05"}, 0),  # four days
        ([100, 100, 100, 100, 100, 100, 0, 0, 0, 0, 0, 0], {}, 0),  # charged after it
    ],
)
def test_each_limit_at_both_sides(
    tmp_path: Path,
    compiled: CompiledScheme,
    limits: Any,
    amounts: list[int],
    said: dict[str, Any],
    hits: int,
) -> None:
    found = clues(tmp_path, compiled, limits, therapy(amounts), **said)
    assert found.hits.height == hits
    assert found.stakes["points"].sum() == hits * 1_000_000


def test_rows_of_a_day_are_one_day(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> None:
    rows = therapy([0, 0, 100, 100, 100])
    more = pl.concat([rows, rows.head(2), rows.head(2)])
    assert clues(tmp_path, compiled, limits, more).hits.is_empty()
    refunded = pl.concat([rows, therapy([0, 0, -100, 0, 0])])
    assert clues(tmp_path, compiled, limits, refunded).hits.height == 1


def test_a_stay_without_days_is_not_judged_and_counted(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    found = clues(tmp_path, compiled, limits, therapy([0], "other"))
    assert (found.hits.height, found.not_judged) == (0, {"no_days": 1})


def test_long_stays_of_the_list_are_left_out(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    assert clues(tmp_path, compiled, limits, therapy([0] * 5)).lacking == (
        "bedday_ok",
        "visit_inside",
    )
    listed = pl.DataFrame(
        {"list": ["bedday_ok"], "code": ["J18"], "code2": [None]},
        schema_overrides={"code2": pl.String},
    )
    found = clues(tmp_path, compiled, limits, therapy([0] * 5), lists=listed)
    assert (found.checked, found.lacking) == (0, ("visit_inside",))


def test_a_visit_elsewhere_inside_is_the_other_way(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    found = clues(tmp_path, compiled, limits, None, earlier=visited("a"))
    assert found.hits["reason_code"].to_list() == ["hanging_bed_visit"]
    both = clues(tmp_path, compiled, limits, therapy([0] * 5), earlier=visited("a"))
    assert both.hits["reason_code"].to_list() == ["hanging_bed"]
    short = clues(tmp_path, compiled, limits, None, earlier=visited("a"), until="2026-03-05")
    assert short.hits.is_empty()


def test_without_days_and_visits_it_is_not_run(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    assert clues(tmp_path, compiled, limits, None).not_run == "table:stay_days"


def test_the_order_of_rows_changes_nothing(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    names = [f"s{number}" for number in range(9)]
    rows = [stay(name, "2026-03-01", "2026-03-08") for name in names]
    days = pl.concat(
        therapy([0] * number + [5] * (9 - number), f"s{number}") for number in range(9)
    )
    results = [
        find(
            material_of(tmp_path / str(step), compiled, rows[::step], tables={"stay_days": table}),
            limits("hanging_bed"),
        )
        for step, table in ((1, days), (-1, days.reverse()))
    ]
    assert results[0].hits.height > 0
    assert results[0].hits.equals(results[1].hits)
    assert results[0].facts.equals(results[1].facts)
