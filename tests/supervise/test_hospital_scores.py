"""Hospitals beside their peers, and what their clues would recover of what they are paid."""

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.shipped import shipped_folder
from drgpay.grouper.compiled import CompiledScheme
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.supervise.hospital_scores import (
    expected_of_paid,
    hospital_scores,
    shares_judged,
    values_judged,
)
from drgpay.supervise.material import Material
from drgpay.supervise.measures import SHARES, VALUES, chapter_of, measured
from drgpay.supervise.rulebook import Rulebook
from tests.supervise.material import material_of, stay


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(shipped_folder("policies") / "illustrative.toml").policy


def in_hospital(hospital: str, count: int, **said: Any) -> list[dict[str, Any]]:
    """Stays of as many persons in a hospital."""
    return [
        stay(
            f"{hospital}-{said.get('drg', '')}{said.get('severity', '')}{number:03}",
            "2026-03-01",
            "2026-03-06",
            hospital_id=hospital,
            person=int(hospital[1:]) * 10_000 + number + len(str(said)) * 1000,
            **said,
        )
        for number in range(count)
    ]


def region() -> list[dict[str, Any]]:
    """Seven hospitals of 60 stays with a tenth or so of MCC, the last with half of them; one of 29 without."""
    rows = []
    for number, severe in enumerate((5, 6, 7, 5, 6, 7, 30), start=1):
        rows += in_hospital(f"H{number}", severe, severity="MCC")
        rows += in_hospital(f"H{number}", 60 - severe, severity="none", total_fen=900_000)
    return [*rows, *in_hospital("H8", 29, severity="none")]


@pytest.fixture
def scored(tmp_path: Path, compiled: CompiledScheme, policy: Policy, rulebook: Rulebook) -> Any:
    def of(rows: list[dict[str, Any]]) -> pl.DataFrame:
        material = material_of(tmp_path / "m", compiled, rows, policy=policy)
        return hospital_scores(material, NO_RISKS, rulebook.comparison, rulebook.scores)

    return of


NO_RISKS = pl.DataFrame(
    schema={"case_id": pl.String, "hospital_id": pl.String, "expected_fen": pl.Int64}
)


def row_of(scores: pl.DataFrame, hospital: str, measure: str) -> dict[str, Any]:
    mine = (pl.col("hospital_id") == hospital) & (pl.col("measure") == measure)
    (row,) = scores.filter(mine).to_dicts()
    return row


def test_every_hospital_has_every_measure_and_the_one_that_stands_out_is_flagged(
    scored: Any,
) -> None:
    scores = scored(region())
    assert scores.height == 8 * (len(SHARES) + len(VALUES) + 1)
    high = row_of(scores, "H7", "mcc_share")
    assert (high["n"], high["x"], high["flag"]) == (60, 0.5, "high")
    assert high["theta"] == pytest.approx(36 / (360 + 29))
    assert row_of(scores, "H1", "mcc_share")["flag"] is None
    assert row_of(scores, "H8", "mcc_share")["flag"] == "not_judged"


def test_a_column_that_nobody_gave_is_not_judged(scored: Any) -> None:
    row = row_of(scored(region()), "H1", "self_pay_share")
    assert (row["n"], row["x"], row["flag"]) == (0, None, "not_judged")


def test_shuffled_stays_give_the_same_table(scored: Any) -> None:
    rows = region()
    first = scored(rows)
    random.Random(3).shuffle(rows)
    assert scored(rows).equals(first)


def material(
    tmp_path: Path, compiled: CompiledScheme, policy: Policy, rows: list[dict[str, Any]]
) -> Material:
    return material_of(tmp_path / "m", compiled, rows, policy=policy)


def test_what_each_measure_counts(
    tmp_path: Path, compiled: CompiledScheme, policy: Policy, rulebook: Rulebook
) -> None:
    rows = [
        stay("a", "2026-03-01", "2026-03-04", discharge_type=2.0, exam_fen=500_000),
        stay("b", "2026-03-19", "2026-03-23", severity="CC", case_class="high"),
        stay("c", "2026-03-01", "2026-03-09", person=2, status="ungrouped", base_points=None),
        stay("d", "2026-03-25", "2026-03-26", person=2, case_class="low", base_points=3_000_000),
        stay("e", "2026-03-01", "2026-03-09", person=3, payment_unit="bed_day"),
    ]
    found = measured(material(tmp_path, compiled, policy, rows), rulebook.scores)
    told = {row["measure"]: (row["n"], row["x"]) for row in found.iter_rows(named=True)}
    assert told["cmi"] == (3, pytest.approx((100 + 100 + 300) / 3 / 100))
    assert told["cc_share"] == (3, pytest.approx(1 / 3))
    assert told["mcc_share"] == (3, 0)
    assert told["readmission"] == (3, pytest.approx(1 / 3))
    assert told["short_stays"] == (4, 0.5)
    assert told["transfers_out"] == (4, 0.25)
    assert told["high_class"] == (3, pytest.approx(1 / 3))
    assert told["low_class"] == (3, pytest.approx(1 / 3))
    assert told["ungrouped"] == (4, 0.25)
    assert told["exam_share"] == (4, 0.125)
    assert told["self_pay_share"] == (0, None)
    assert told["chapter_concentration"] == (4, 1)
    assert told["code_concentration"] == (4, 1)


@pytest.mark.parametrize(("admitted", "returns"), [("2026-03-19", 1), ("2026-03-20", 0)])
def test_a_return_is_counted_up_to_its_days(
    tmp_path: Path,
    compiled: CompiledScheme,
    policy: Policy,
    rulebook: Rulebook,
    admitted: str,
    returns: int,
) -> None:
    before = [stay("a", "2026-02-25", "2026-03-04")]
    rows = [stay("b", admitted, "2026-03-28")]
    given = material_of(tmp_path / "m", compiled, rows, before=before, policy=policy)
    found = measured(given, rulebook.scores).filter(pl.col("measure") == "readmission")
    assert found.select("n", "hits").rows() == [(1, returns)]


def test_concentrations_take_the_most_frequent(
    tmp_path: Path, compiled: CompiledScheme, policy: Policy, rulebook: Rulebook
) -> None:
    codes = [f"J{number:02}.900" for number in range(10)] * 2 + ["K80.100", "K81.000", "D50.000"]
    rows = [
        stay(f"c{number:02}", "2026-03-01", "2026-03-04", person=number, principal_diagnosis=code)
        for number, code in enumerate(codes)
    ]
    found = measured(material(tmp_path, compiled, policy, rows), rulebook.scores)
    told = {row["measure"]: row["x"] for row in found.iter_rows(named=True)}
    assert told["code_concentration"] == pytest.approx(20 / 23)
    assert told["chapter_concentration"] == pytest.approx(20 / 23)


def test_chapters_part_codes_of_one_letter(rulebook: Rulebook) -> None:
    codes = pl.DataFrame(
        {"code": ["D48.900", "D50.000", "H59.9", "H60.000", "T98.300", "M80003/6"]}
    )
    chapters = codes.select(chapter_of(pl.col("code"), rulebook.scores.chapters))
    assert chapters.to_series().to_list() == ["C00", "D50", "H00", "H60", "S00", "M00"]


def test_values_are_judged_by_robust_z_s6(rulebook: Rulebook) -> None:
    shares = (0.10, 0.12, 0.11, 0.13, 0.30)
    ids = [f"H{number}" for number in range(5)]
    rows = pl.DataFrame({"hospital_id": ids, "measure": "exam_share", "n": 100, "x": shares})
    peers = {one: [other for other in ids if other != one] for one in ids}
    last = values_judged(rows, peers, rulebook.comparison, rulebook.scores.robust_z).row(
        4, named=True
    )
    assert f"{last['z']:.4f}" == "12.1408"
    assert (last["theta"], last["flag"]) == (0.12, "high")
    same = rows.with_columns(x=pl.lit(0.1))
    judged = values_judged(same, peers, rulebook.comparison, rulebook.scores.robust_z)
    assert set(judged["flag"]) == {"not_judged"}


def test_a_low_share_is_flagged_low(rulebook: Rulebook) -> None:
    ids = [f"H{number}" for number in range(7)]
    rows = pl.DataFrame(
        {
            "hospital_id": ids,
            "measure": "mcc_share",
            "n": 200,
            "hits": [40, 42, 38, 41, 39, 40, 4],
            "x": 0.0,
        }
    )
    peers = {one: [other for other in ids if other != one] for one in ids}
    flags = shares_judged(rows, peers, rulebook.comparison)["flag"].to_list()
    assert flags == [None] * 6 + ["low"]


def test_the_score_is_what_clues_would_recover_of_what_is_paid(
    tmp_path: Path, compiled: CompiledScheme, policy: Policy
) -> None:
    before = [stay("z", "2026-02-01", "2026-02-04", person=9)]
    rows = [
        stay("a", "2026-03-01", "2026-03-04"),
        stay("b", "2026-03-01", "2026-03-04", person=2, points=3_000_000),
        stay("c", "2026-03-01", "2026-03-04", person=3, hospital_id="H2", points=0),
    ]
    risks = pl.DataFrame(
        {"case_id": ["a", "z"], "hospital_id": ["H1", "H1"], "expected_fen": [50_000, 77_000]}
    )
    given = material_of(tmp_path / "m", compiled, rows, before=before, policy=policy)
    found = expected_of_paid(given, risks).sort("hospital_id")
    assert found.select("hospital_id", "n", "x").rows() == [("H1", 2, 2.5), ("H2", 1, None)]
