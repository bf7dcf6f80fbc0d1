"""Readmission: which stays are followed by a return, and what it takes from them."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from tests.points.standard_stay import CORE, earned, filings, final, with_

PATIENT = {"person_id": "P"}


def back(admitted: int, left: int = 30, **change: Any) -> dict[str, Any]:
    """A stay of the same person in October; the first ended on the 9th."""
    dates = {"admission_date": date(2026, 10, admitted), "discharge_date": date(2026, 10, left)}
    return {**PATIENT, **dates, **change}


def rule(**change: Any) -> Any:
    return with_(readmission={**CORE.points.readmission.model_dump(), **change})


@pytest.mark.parametrize("days", [0, 14, 15])
def test_the_last_day_counts(days: int) -> None:
    assert final(earned(PATIENT, back(9 + days)))[0] == "110.0000"


@pytest.mark.parametrize(
    "again",
    [
        back(25),  # 16 days
        back(8),  # before the discharge
        back(20, person_id="P2"),
        back(20, drg="G2"),
        back(20, hospital_id="H2"),
        back(20, payment_unit="fee"),
        back(20, status="ungrouped"),
    ],
)
def test_not_a_readmission(again: dict[str, Any]) -> None:
    assert final(earned(PATIENT, again))[0] == "220.0000"


def test_scope_exemption_days_and_factor() -> None:
    elsewhere = back(20, hospital_id="H2")
    assert final(earned(PATIENT, elsewhere, points=rule(scope="region")))[0] == "110.0000"
    assert final(earned(PATIENT, back(20), points=rule(exempt_groups=["G1"])))[0] == "220.0000"
    assert final(earned(PATIENT, back(20), points=rule(days=10)))[0] == "220.0000"
    assert final(earned(PATIENT, back(19), points=rule(days=10)))[0] == "110.0000"
    assert final(earned(PATIENT, back(19), points=rule(factor="0.3333")))[0] == "73.3260"


def test_persons_that_are_not_known_never_come_back() -> None:
    unknown = {"person_id": None}
    assert final(earned(unknown, {**back(20), **unknown})) == ["220.0000", "220.0000"]


def test_the_previous_stay_is_the_persons_last_whatever_its_group() -> None:
    """Somebody discharged from another group meanwhile has not come back from the first one."""
    between = back(11, 12, drg="G2")
    assert final(earned(PATIENT, between, back(20)))[0] == "220.0000"
    # A stay that ends after the return began is not before it, one paid by the day does not count.
    for other in (back(11, 21, drg="G2"), back(11, 12, drg="G2", payment_unit="fee")):
        assert final(earned(PATIENT, other, back(20)))[0] == "110.0000"


def test_the_previous_stay_may_have_been_elsewhere() -> None:
    """With scope hospital the stay elsewhere is the previous one, and it is no return to it."""
    elsewhere = back(11, 12, hospital_id="H2")
    assert final(earned(PATIENT, elsewhere, back(20))) == ["220.0000", "200.0000", "220.0000"]
    region = final(earned(PATIENT, elsewhere, back(20), points=rule(scope="region")))
    assert region == ["110.0000", "100.0000", "220.0000"]


def test_of_stays_discharged_on_one_day_the_later_admitted_is_the_previous() -> None:
    shorter = {**PATIENT, "admission_date": date(2026, 10, 3)}
    assert final(earned(PATIENT, shorter, back(20)))[:2] == ["220.0000", "110.0000"]
    same = final(earned({**PATIENT, "case_id": "b"}, {**PATIENT, "case_id": "a"}, back(20)))
    assert same[1:] == ["220.0000", "110.0000"]  # 2, a, b: the larger case_id


def test_groups_that_the_scheme_lists_are_exempt_beside_those_of_the_policy() -> None:
    assert final(earned(PATIENT, back(20), exempt=["G1"]))[0] == "220.0000"
    assert final(earned(PATIENT, back(20), exempt=["G2"]))[0] == "110.0000"


def test_a_split_stay_is_no_return_but_may_be_the_previous_one() -> None:
    chain = [PATIENT, back(10, 12), back(14, 15)]
    split = filings(deductions=[{"case_id": "1", "kind": "split_stay"}])
    result = earned(*chain, filings=split)
    assert final(result) == ["220.0000", "0.0000", "220.0000"]
    followed = result.adjustments.filter(pl.col("kind") == "readmission")
    assert followed.select("case_id", "evidence").rows() == [("1", "2")]
    other = filings(deductions=[{"case_id": "1", "kind": "hanging_bed"}])
    assert final(earned(*chain, filings=other)) == ["110.0000", "0.0000", "220.0000"]
