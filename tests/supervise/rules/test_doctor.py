"""Doctors whose stays are clues more often than those of the others of their hospital."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.found import Found, hits_of
from drgpay.supervise.rules.doctor import COUNTED, RULE, find
from tests.supervise.material import material_of, stay


def stays_of(hits: tuple[int, ...], n: int = 60) -> list[dict[str, Any]]:
    """Doctors of one hospital with n stays each; of so many the case_id begins with x."""
    return [
        stay(
            f"{'x' if number < count else 'y'}{doctor}-{number:03}",
            "2026-03-01",
            "2026-03-06",
            person=doctor * 1000 + number,
            doctor=doctor + 1,
        )
        for doctor, count in enumerate(hits)
        for number in range(n)
    ]


def clues_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A clue for each stay that begins with x."""
    ids = sorted(row["case_id"] for row in rows if row["case_id"].startswith("x"))
    return hits_of(
        pl.DataFrame({"case_id": ids}, schema={"case_id": pl.String}).select(
            case_ids=pl.concat_list("case_id"),
            keys=pl.concat_list("case_id"),
            hospital_id=pl.lit("H1"),
            first=pl.lit(None, pl.Date),
            last=pl.lit(None, pl.Date),
            reason_code=pl.lit("clone"),
        )
    )


@pytest.fixture
def doctor(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> Any:
    def found(rows: list[dict[str, Any]], rules: tuple[str, ...] = COUNTED) -> Found:
        material = material_of(tmp_path / "m", compiled, rows)
        hits = clues_of(rows)
        earlier = {name: hits if name == "clone" else hits.clear() for name in rules}
        return find(replace(material, earlier=earlier), limits("doctor"))

    return found


def test_the_doctor_beyond_the_others_is_a_clue_and_has_no_name(doctor: Any) -> None:
    found = doctor(stays_of((6, 5, 7, 6, 30)))
    (hit,) = found.hits.to_dicts()
    assert len(hit["case_ids"]) == 30
    assert {one[:2] for one in hit["case_ids"]} == {"x4"}
    hospital, number = hit["keys"]
    assert (hospital, len(number), hit["file"]) == ("H1", 12, "none")
    assert number != "5"
    facts = {(row["fact"], row["key"]): row["value"] for row in found.facts.to_dicts()}
    assert facts["funnel_hits", "H1"] == "30"
    assert facts["funnel_theta", "H1"] == "0.1"
    assert facts["clues_of", "clone"] == "30"
    assert found.stakes["points"].sum() == 0


@pytest.mark.parametrize(("mine", "hits"), [(11, 0), (12, 0), (13, 1)])
def test_the_limit_of_the_funnel_at_both_sides(doctor: Any, mine: int, hits: int) -> None:
    """Of 60 and a theta of .1: 12 are z 2.58, 13 are z 3.01."""
    assert doctor(stays_of((6, 6, 6, 6, mine))).hits.height == hits


def test_few_stays_are_not_judged(doctor: Any) -> None:
    found = doctor(stays_of((3, 3, 3, 20), n=29))
    assert found.hits.is_empty()
    assert found.not_judged == {"few_stays": 4}
    assert doctor(stays_of((3, 3, 3, 20), n=30)).hits.height == 1


def test_doctors_of_another_hospital_are_no_peers(doctor: Any) -> None:
    rows = stays_of((6, 5, 7, 6, 30))
    for row in rows:
        row["hospital_id"] = "H2" if row["doctor"] == 5 else "H1"
    found = doctor(rows)
    assert found.hits.is_empty()
    assert found.not_judged == {"no_spread": 1}


def test_without_doctors_or_the_rules_before_it_is_not_run(doctor: Any) -> None:
    rows = stays_of((6, 5, 7, 6, 30))
    assert doctor(rows, ()).not_run == "rule:low_admission;rule:up_coding;rule:clone"
    assert doctor(rows, ("clone",)).lacking == ("rule:low_admission", "rule:up_coding")
    for row in rows:
        row["doctor"] = None
    assert doctor(rows).not_run == "table:stays_ext"


def test_shuffled_stays_give_the_same(doctor: Any) -> None:
    rows = stays_of((6, 5, 7, 6, 30))
    first = doctor(rows)
    random.Random(2).shuffle(rows)
    again = doctor(rows)
    assert again.hits.equals(first.hits)
    order = ["fact", "key"]
    assert again.facts.sort(order).equals(first.facts.sort(order))


def test_it_comes_after_the_rules_that_it_looks_at() -> None:
    assert RULE.after == COUNTED
