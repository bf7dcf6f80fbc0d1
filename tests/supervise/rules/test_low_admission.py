"""Short, cheap stays that may have needed no bed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.points.catalogue import read_catalogue
from drgpay.supervise.group_means import level_means
from drgpay.supervise.material import Material
from drgpay.supervise.rules.low_admission import find
from tests.supervise.material import material_of, stay

LIGHT: dict[str, Any] = {"length_of_stay": 3, "icu_days": 0, "discharge_type": 1.0, "level": "3A"}


@pytest.fixture(scope="module")
def group(file: Path) -> tuple[str, float]:
    """A group of the region's catalogue and its mean in fen at the level."""
    means = level_means(read_catalogue(file.parent / "catalogue"), 5)
    row = means.filter(pl.col("level") == "3A").sort("mean").row(-1, named=True)
    return row["drg"], row["mean"]


@pytest.fixture
def material(tmp_path: Path, compiled: CompiledScheme, file: Path) -> Any:
    catalogue = read_catalogue(file.parent / "catalogue")

    def make(*rows: dict[str, Any], tables: dict[str, pl.DataFrame] | None = None) -> Material:
        return material_of(tmp_path / "m", compiled, rows, catalogue=catalogue, tables=tables)

    return make


def one(group: tuple[str, float], case_id: str = "a", **said: Any) -> dict[str, Any]:
    drg, mean = group
    row = {**LIGHT, "drg": drg, "total_fen": int(mean * 0.5) - 1, **said}
    return stay(case_id, "2026-03-01", "2026-03-04", **row)


def test_all_that_is_asked_makes_a_hit(
    material: Any, limits: Any, group: tuple[str, float]
) -> None:
    found = find(material(one(group)), limits("low_admission"))
    assert found.hits["case_ids"].to_list() == [["a"]]
    assert found.stakes["points"].to_list() == [1_000_000]
    assert found.lacking == ("list:ambulatory",)


@pytest.mark.parametrize(
    "said",
    [
        {"length_of_stay": 4},
        {"procedures": ["02.3405"]},
        {"icu_days": 1},
        {"discharge_type": 2.0},
        {"payment_unit": "bed_day"},
        {"status": "ungrouped"},
    ],
)
def test_one_thing_less_makes_none(
    material: Any, limits: Any, group: tuple[str, float], said: dict[str, Any]
) -> None:
    assert find(material(one(group, **said)), limits("low_admission")).hits.is_empty()


def test_half_the_mean_is_not_below_it(
    material: Any, limits: Any, group: tuple[str, float]
) -> None:
    dear = one(group, total_fen=int(group[1] * 0.5) + 1)
    assert find(material(dear), limits("low_admission")).hits.is_empty()


def test_a_list_of_ambulatory_diagnoses_is_asked_by_prefix(
    material: Any, limits: Any, group: tuple[str, float]
) -> None:
    lists = pl.DataFrame({"list": ["ambulatory"], "code": ["J18"], "code2": [None]})
    rows = [one(group), one(group, "b", principal_diagnosis="I10.x00")]
    found = find(material(*rows, tables={"lists": lists}), limits("low_admission"))
    assert found.hits["case_ids"].to_list() == [["a"]]
    assert found.lacking == ()


def test_a_group_without_a_mean_is_not_judged(
    material: Any, limits: Any, group: tuple[str, float]
) -> None:
    found = find(material(one(group), one(group, "b", drg="XX99")), limits("low_admission"))
    assert (found.checked, found.not_judged) == (1, {"mean": 1})


def test_only_months_that_are_looked_at_are_judged(
    material: Any, limits: Any, group: tuple[str, float]
) -> None:
    now = material(one(group))
    past = replace(now, runs=tuple(replace(run, current=False) for run in now.runs))
    assert find(past, limits("low_admission")).checked == 0
