"""Hospitals with few severe patients, and patients who are sent on."""

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.found import Found
from drgpay.supervise.rules.refuse import find
from tests.supervise.material import material_of, stay


@pytest.fixture
def refuse(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> Any:
    def found(rows: list[dict[str, Any]], **given: Any) -> Found:
        return find(material_of(tmp_path / "m", compiled, rows, **given), limits("refuse"))

    return found


def region(severe: tuple[int, ...], n: int = 100) -> list[dict[str, Any]]:
    """Hospitals of n stays, so many of them severe."""
    return [
        stay(
            f"H{hospital}-{number:03}",
            "2026-03-01",
            "2026-03-06",
            hospital_id=f"H{hospital}",
            person=hospital * 1000 + number,
            severity="MCC" if number < count else "none",
        )
        for hospital, count in enumerate(severe)
        for number in range(n)
    ]


def test_a_hospital_below_the_funnel_is_a_clue_without_stays(refuse: Any) -> None:
    found = refuse(region((30, 31, 29, 30, 32, 28, 5)))
    (hit,) = found.hits.to_dicts()
    assert (hit["part"], hit["hospital_id"], hit["case_ids"]) == ("severe", "H6", [])
    assert (hit["file"], hit["reason_code"]) == ("none", "refuse_severe")
    assert found.stakes.is_empty()
    facts = dict(found.facts.select("fact", "value").iter_rows())
    assert facts["funnel_theta"] == "0.3"
    plain, phi = (0.05 - 0.3) / (0.21 / 100) ** 0.5, float(facts["funnel_phi"])
    assert phi > 1
    assert float(facts["funnel_z"]) == pytest.approx(plain / phi**0.5, abs=2e-4)


def test_a_hospital_above_the_funnel_is_none(refuse: Any) -> None:
    assert refuse(region((30, 31, 29, 30, 32, 28, 60))).hits.is_empty()


@pytest.mark.parametrize(("severe", "hits"), [(17, 0), (16, 1)])
def test_the_limit_of_the_funnel_at_both_sides(refuse: Any, severe: int, hits: int) -> None:
    """(.17 - .30) / .045826 is -2.84, (.16 - .30) / .045826 is -3.06."""
    assert refuse(region((30, 30, 30, 30, 30, 30, severe))).hits.height == hits


def test_few_stays_are_not_judged(refuse: Any) -> None:
    found = refuse(region((15, 15, 15, 15, 15, 15, 0), n=29))
    assert found.hits.is_empty()
    assert found.not_judged == {"few_stays": 7}
    assert refuse(region((15, 15, 15, 15, 15, 15, 0), n=30)).hits["hospital_id"].to_list() == ["H6"]


def sent(**second: Any) -> list[dict[str, Any]]:
    """A stay that is sent on after two days, and what follows."""
    first = {"points": 1_000_000, "discharge_type": 2.0, **second.pop("first", {})}
    following = {"hospital_id": "H2", "points": 1_500_000, **second}
    admitted = following.pop("admitted", "2026-03-04")
    return [
        stay("a", "2026-03-01", "2026-03-03", **first),
        stay("b", admitted, "2026-03-09", **following),
    ]


def test_a_patient_who_is_sent_on_is_a_clue_that_only_ranks(refuse: Any) -> None:
    found = refuse(sent())
    (hit,) = found.hits.to_dicts()
    assert (hit["part"], hit["case_ids"], hit["hospital_id"]) == ("transfer", ["a", "b"], "H1")
    assert hit["file"] == "none"
    assert found.stakes.select("case_id", "points").rows() == [("a", 0)]


@pytest.mark.parametrize(
    ("changed", "hits"),
    [
        ({"points": 1_499_999}, 0),
        ({"admitted": "2026-03-05"}, 0),
        ({"admitted": "2026-03-03"}, 1),
        ({"hospital_id": "H1"}, 0),
        ({"person": 2}, 0),
        ({"first": {"length_of_stay": 3}}, 0),
        ({"first": {"discharge_type": 1.0}}, 0),
        ({"first": {"discharge_type": 3.0}}, 1),
        ({"first": {"points": 500_000, "points_before_return": 1_000_000}}, 1),
        ({"first": {"points": 500_000, "points_before_return": 1_000_001}}, 0),
        ({"first": {"points": 0}}, 0),
    ],
)
def test_the_limits_of_a_transfer_at_both_sides(
    refuse: Any, changed: dict[str, Any], hits: int
) -> None:
    assert refuse(sent(**changed)).hits.height == hits


def test_shuffled_stays_give_the_same(refuse: Any) -> None:
    rows = region((30, 31, 29, 30, 32, 28, 5)) + sent(person=99_999, first={"person": 99_999})
    first = refuse(rows)
    random.Random(2).shuffle(rows)
    again = refuse(rows)
    assert first.hits.height == 2
    assert again.hits.equals(first.hits)
    assert again.facts.equals(first.facts)
    assert again.stakes.equals(first.stakes)


def test_no_stays_of_groups_are_no_clue(refuse: Any) -> None:
    found = refuse([stay("a", "2026-03-01", "2026-03-03", status="ungrouped", drg=None)])
    assert isinstance(found.hits, pl.DataFrame)
    assert (found.hits.height, found.checked) == (0, 0)
