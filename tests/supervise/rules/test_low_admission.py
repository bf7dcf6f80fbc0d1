"""Short and cheap stays in which nothing was done."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.points.catalogue import COEFFICIENT_SCHEMA, GROUP_SCHEMA, Catalogue, CatalogueInfo
from drgpay.supervise.rules.low_admission import find
from tests.supervise.material import material_of, stay

_INFO = CatalogueInfo(
    id="c",
    scheme="chs-drg-2.0",
    scheme_hash="",
    policy=None,
    source="",
    stays_read=0,
    stays_eligible=0,
    stays_trimmed=0,
    all_total_fen=1,
    all_cases=1,
    all_mean_yuan="1",
    levels=("2A", "3A"),
)


def catalogue(mean_fen: int = 1_000_000) -> Catalogue:
    """One group of a mean of 10,000 yuan, at level 3A of 6,000 by ten cases, at 2A 1.2 times it."""
    groups = pl.DataFrame([{"drg": "ES35", "mean_fen": mean_fen}], schema=GROUP_SCHEMA)
    coefficients = pl.DataFrame(
        [
            {"drg": "ES35", "level": "3A", "level_cases": 10, "level_total_fen": 6_000_000},
            {"drg": "ES35", "level": "2A", "level_cases": 4, "level_total_fen": 4},
            {"level": "2A", "coefficient": 12_000},
        ],
        schema=COEFFICIENT_SCHEMA,
    )
    return Catalogue(_INFO, groups, coefficients)


LOW = {"total_fen": 299_999, "icu_days": 0}


def found(tmp_path: Path, compiled: CompiledScheme, limits: Any, said: Any, **more: Any) -> Any:
    rows = [stay("a", "2026-03-01", "2026-03-04", **{**LOW, **said})]
    material = material_of(tmp_path / "m", compiled, rows, catalogue=catalogue(), **more)
    return find(material, limits("low_admission"))


@pytest.mark.parametrize(
    ("said", "hits"),
    [
        ({}, 1),
        ({"total_fen": 300_000}, 0),  # half of the level's mean is not below it
        ({"length_of_stay": 4}, 0),
        ({"discharge_type": 2.0}, 0),
        ({"procedures": ["51.2300"]}, 0),
        ({"icu_days": 1}, 0),
        ({"icu_days": None}, 1),
        ({"payment_unit": "bed_day"}, 0),
        ({"level": "2A", "total_fen": 599_999}, 1),  # too few cases: the group's mean x 1.2
        ({"level": "2A", "total_fen": 600_000}, 0),
    ],
)
def test_each_limit_at_both_sides(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, said: dict[str, Any], hits: int
) -> None:
    result = found(tmp_path, compiled, limits, said)
    assert result.hits.height == hits
    assert result.stakes["points"].sum() == hits * 1_000_000


def test_a_list_of_what_is_treated_without_a_stay_narrows_it(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    def listed(code: str) -> dict[str, pl.DataFrame]:
        row = {"list": ["ambulatory"], "code": [code], "code2": [None]}
        return {"lists": pl.DataFrame(row, schema_overrides={"code2": pl.String})}

    near = found(tmp_path, compiled, limits, {}, tables=listed("J18"))
    assert (near.hits.height, near.lacking) == (1, ())
    assert found(tmp_path, compiled, limits, {}, tables=listed("I10")).hits.is_empty()


def test_what_cannot_be_asked_is_named(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    assert found(tmp_path, compiled, limits, {"icu_days": None}).lacking == (
        "ambulatory",
        "icu_days",
    )
    unknown = found(tmp_path, compiled, limits, {"drg": "ES31"})
    assert (unknown.checked, unknown.not_judged) == (0, {"mean": 1})
