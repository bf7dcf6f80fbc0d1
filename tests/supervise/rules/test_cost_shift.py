"""What belongs to a stay, charged to visits around it or to the patient."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.found import Found
from drgpay.supervise.rules.cost_shift import find
from tests.supervise.material import material_of, stay, visit

STAY = ("a", "2026-03-10", "2026-03-20")
TEST = ("L1", "lab", 5_000)


def around(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, day: str, *lines: Any, **said: Any
) -> Found:
    seen = [visit("v", day, *(lines or (TEST,)), **{"hospital_id": "H1", **said})]
    material = material_of(tmp_path, compiled, [stay(*STAY)], visits=seen)
    made: Found = find(material, limits("cost_shift"))
    return made


@pytest.mark.parametrize(
    ("day", "said", "hit"),
    [
        ("2026-03-03", {}, True),
        ("2026-03-02", {}, False),
        ("2026-03-15", {}, True),
        ("2026-03-19", {}, True),
        ("2026-03-20", {}, False),
        ("2026-03-09", {}, True),  # of another department than the one that admits
        ("2026-03-15", {"hospital_id": "H2"}, False),
        ("2026-03-15", {"person": 2}, False),
    ],
)
def test_visits_at_the_hospital_from_a_week_before_to_the_discharge(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, day: str, said: dict[str, Any], hit: bool
) -> None:
    made = around(tmp_path, compiled, limits, day, **said)
    assert made.stakes["fen"].to_list() == ([5_000] if hit else [])


@pytest.mark.parametrize(
    ("day", "counts"),
    [("2026-03-10", False), ("2026-03-09", False), ("2026-03-08", True), ("2026-03-11", True)],
)
def test_the_visit_that_led_to_the_admission_is_shown_and_not_counted(
    tmp_path: Path, compiled: CompiledScheme, limits: Any, day: str, counts: bool
) -> None:
    made = around(tmp_path, compiled, limits, day, department="1")
    assert made.hits.height == int(counts)
    assert made.guards["fact"].to_list() == ([] if counts else ["v"])


def test_only_tests_and_procedures_count(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    lines = (TEST, ("D1", "drug", 700), ("I1", "imaging", 300), ("P1", "procedure", 20))
    made = around(tmp_path, compiled, limits, "2026-03-15", *lines)
    assert made.stakes["fen"].to_list() == [5_320]


def test_a_visit_counts_for_the_nearest_stay(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    stays = [stay("a", "2026-03-01", "2026-03-06"), stay("b", "2026-03-08", "2026-03-20")]
    seen = [visit("v", "2026-03-05", TEST, hospital_id="H1")]
    material = material_of(tmp_path, compiled, stays, visits=seen)
    assert find(material, limits("cost_shift")).hits["case_ids"].to_list() == [["b"]]


def test_self_pay_far_above_the_group(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    usual = [
        stay(f"s{number:02}", "2026-03-01", "2026-03-08", self_pay_fen=90_000 + 1_000 * number)
        for number in range(21)
    ]
    dear = stay("z", "2026-03-01", "2026-03-08", self_pay_fen=900_000)
    more = [{**row, "case_id": f"t{number}"} for number, row in enumerate(usual[:8])]
    material = material_of(tmp_path / "m", compiled, [*usual, *more, dear])  # 30 in the group
    made = find(material, limits("cost_shift"))
    assert made.hits.select("part", pl.col("case_ids").list.first()).rows() == [("self_pay", "z")]
    shares = sorted(row["self_pay_fen"] / 1_000_000 for row in [*usual, *more, dear])
    median = ((shares[14] + 0.01) * (shares[15] + 0.01)) ** 0.5 - 0.01  # of the logarithms
    assert made.stakes["fen"].to_list() == [900_000 - round(median * 1_000_000)]
    few = find(material_of(tmp_path / "n", compiled, [*usual, dear]), limits("cost_shift"))
    assert few.hits.is_empty()
    assert few.not_judged == {"small_group": 22}


def test_without_visits_and_self_pay_it_is_not_run(
    tmp_path: Path, compiled: CompiledScheme, limits: Any
) -> None:
    assert find(material_of(tmp_path, compiled, [stay(*STAY)]), limits("cost_shift")).not_run
