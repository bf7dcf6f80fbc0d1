"""Each indicator, by hand."""

from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from drgpay.evaluation.material import Material
from drgpay.evaluation.shipped import INDICATORS
from tests.evaluation.stays import material


def value(name: str, found: Material, hospital: str = "H1") -> Fraction | None:
    """The value of a hospital; None where it has none."""
    sums = INDICATORS[name].sums(found)
    if sums is None:
        return None
    mine = sums.filter(sums["hospital_id"] == hospital)
    return INDICATORS[name].value(int(mine["numerator"].sum()), int(mine["denominator"].sum()))


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        ("drg_count", [{"drg": "a"}, {"drg": "a"}, {"drg": "b"}, {"status": "ungrouped"}], 2),
        ("cmi", [{"base_points": 1_500_000}, {"base_points": 500_000}, {"base_points": None}], 1),
        ("severe_share", [{"base_points": 2_000_000}, {"base_points": 1_999_999}], "1/2"),
        ("burden", [{"total_fen": 100, "patient_fen": 30}, {"payment_unit": "bed_day"}], "3/10"),
        ("drug_share", [{"drug_fen": 250_000}, {"drug_fen": None}], "1/4"),
        (
            "grouped_rate",
            [
                {},
                {"status": "ungrouped"},
                {"status": "x", "length_of_stay": 61},
                {"status": "x", "total_fen": 499},
            ],
            "1/2",
        ),
        ("high_share", [{"case_class": "high"}, {}, {}, {}], "1/4"),
        ("low_share", [{"case_class": "low"}, {}], "1/2"),
        ("ungrouped_share", [{"case_class": "ungrouped"}, {}], "1/2"),
        ("transfer_out", [{"discharge_type": 2.0}, {}, {"discharge_type": None}], "1/2"),
        ("visit_ratio", [{"person": 1}, {"person": 1}, {"person": 2}], "3/2"),
        ("cost_per_head", [{"person": 1}, {"person": 1}, {"person": 2}], 15_000),
        ("deduct_rate", [{"points": 750_000, "deducted": 250_000, "deductible": 1_000_000}], "1/4"),
    ],
)
def test_an_indicator(name: str, rows: list[dict[str, Any]], expected: object) -> None:
    assert value(name, material(rows)) == Fraction(str(expected))


def _stay(case: str, admitted: date, discharged: date, **said: Any) -> dict[str, Any]:
    return {
        "case_id": case,
        "person": 7,
        "admission_date": admitted,
        "discharge_date": discharged,
        **said,
    }


@pytest.mark.parametrize(
    ("second", "returns"),
    [
        ({}, 1),
        ({"adrg": "BB1"}, 0),
        ({"exempt": True}, 0),
        ({"hospital_id": "H2"}, 1),
        ({"person": 8}, 0),
        ({"admission_date": date(2026, 3, 26), "discharge_date": date(2026, 3, 30)}, 0),
    ],
)
def test_a_return_within_15_days(second: dict[str, Any], returns: int) -> None:
    first = _stay("A", date(2026, 3, 1), date(2026, 3, 10))
    then = _stay("B", date(2026, 3, 25), date(2026, 3, 30)) | second
    sums = INDICATORS["readmit15"].sums(material([first, then]))
    assert sums is not None
    assert sums.filter(pl.col("hospital_id") == "H1")["numerator"].sum() == returns


def test_a_transfer_is_no_return() -> None:
    first = _stay("A", date(2026, 3, 1), date(2026, 3, 10), discharge_type=2.0)
    then = _stay("B", date(2026, 3, 11), date(2026, 3, 30), hospital_id="H2")
    assert value("readmit15", material([first, then])) == 0
    same = then | {"hospital_id": "H1"}
    assert value("readmit15", material([first, same])) == Fraction(1, 2)


def test_index_stays_reach_back_and_end_before_the_year_does() -> None:
    december = _stay("P", date(2025, 12, 20), date(2025, 12, 28))
    january = _stay("A", date(2026, 1, 5), date(2026, 1, 9))
    late = {
        "case_id": "Z",
        "discharge_date": date(2026, 12, 17),
        "admission_date": date(2026, 12, 10),
    }
    found = material([january, late], before=[december])
    assert value("readmit15", found) == Fraction(1, 2)


def test_the_dead_exempt_and_bed_day_stays_are_no_index_stays() -> None:
    rows: list[dict[str, Any]] = [
        {"discharge_type": 5.0},
        {"exempt": True},
        {"payment_unit": "bed_day"},
        {"adrg": "00"},
        {},
    ]
    sums = INDICATORS["readmit30"].sums(material(rows))
    assert sums is not None
    assert sums["n"].sum() == 1


def test_growth_plain_and_at_the_same_mix() -> None:
    before: list[dict[str, Any]] = [{"drg": "a", "total_fen": 100}] * 2 + [
        {"drg": "b", "total_fen": 300}
    ] * 2
    rows: list[dict[str, Any]] = (
        [{"drg": "a", "total_fen": 110}] + [{"drg": "b", "total_fen": 330}] * 3 + [{"drg": "c"}]
    )
    found = material(rows, before=before)
    assert value("cost_growth_mix", found) == Fraction(1, 10)
    assert value("cost_growth", material(rows[:4], before=before)) == Fraction(275, 200) - 1
    assert value("cost_growth", material(rows)) is None


def test_mortality_is_of_low_risk_groups_alone() -> None:
    rows: list[dict[str, Any]] = [
        {"drg": "a", "discharge_type": 5.0},
        {"drg": "a"},
        {"drg": "b", "discharge_type": 5.0},
    ]
    found = material(rows, risk={"a": "low", "b": "high"})
    assert value("low_risk_mortality", found) == Fraction(1, 2)
    assert value("low_risk_mortality", material(rows)) is None


def test_lists_that_are_not_in_the_log_are_late_where_the_hospital_has_rows() -> None:
    rows: list[dict[str, Any]] = [
        {"case_id": "A"},
        {"case_id": "B"},
        {"case_id": "C"},
        {"case_id": "D", "hospital_id": "H2"},
    ]
    log = pl.DataFrame(
        {
            "case_id": ["A", "B"],
            "uploaded_at": [date(2026, 3, 16), date(2026, 3, 17)],
            "returned": [False, True],
        }
    )
    found = material(rows, tables={"upload_log": log})
    assert value("list_on_time", found) == Fraction(1, 3)
    assert value("list_on_time", found, "H2") is None
    assert value("list_return", found) == Fraction(1, 2)


def test_self_pay_and_primary_groups_need_their_tables() -> None:
    rows: list[dict[str, Any]] = [{"case_id": "A", "drg": "a"}, {"case_id": "B", "drg": "b"}]
    none = material(rows)
    assert value("self_pay_share", none) is None
    assert value("primary_share", none) is None
    tables = {
        "stays_ext": pl.DataFrame({"case_id": ["A"], "self_pay_cost": [250_000]}),
        "primary_groups": pl.DataFrame({"drg": ["b"]}),
    }
    found = material(rows, tables=tables)
    assert value("self_pay_share", found) == Fraction(1, 4)
    assert value("primary_share", found) == Fraction(1, 2)


def test_a_clue_on_a_case_with_a_deduction_does_not_count_again() -> None:
    rows: list[dict[str, Any]] = [
        {"case_id": "A", "deducted": 5},
        {"case_id": "B"},
        {"case_id": "C"},
        {"case_id": "D"},
    ]
    clues = pl.DataFrame({"hospital_id": ["H1", "H1"], "case_ids": [["A", "B"], ["C"]]})
    assert value("clue_confirmed", material(rows, clues=clues)) == 250
    assert value("clue_confirmed", material(rows)) is None


def test_sums_over_blocks_are_those_of_the_stays() -> None:
    rows = [{"hospital_id": f"H{number % 3}"} for number in range(500)]
    for name in ("cmi", "burden", "cost_index", "grouped_rate"):
        sums = INDICATORS[name].sums(material(rows))
        assert sums is not None
        assert sums["n"].sum() == 500
        assert sums["block"].n_unique() > 100
        assert sums["block"].is_between(0, 199).all()
