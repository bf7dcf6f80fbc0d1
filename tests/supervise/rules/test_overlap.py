"""Stays that share a day (S3)."""

from pathlib import Path
from typing import Any

import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.rules.overlap import find
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
