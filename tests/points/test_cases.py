"""What holds for the points of any frame of stays."""

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.points.cases import EarnedPoints, points_of_stays
from drgpay.records.filings import Filings
from tests.points.standard_stay import CORE, catalogue, earned, filings, stays, with_
from tests.spread import drawn

OF = catalogue(
    {},
    {"drg": "G2", "base_points": 133_3333, "mean_fen": 1_333_333},
    {"drg": "G3", "stable": False, "base_points": None},
    bed_days=[{"bed_day_class": "long", "level": None, "cases": 1, "days": 7, "total_fen": 99_999}],
)
EVERYTHING: dict[str, Any] = {
    "high_formula": "cost_less_cap",
    "few_cases_rule": "at_cost",
    "few_cases_ratio": "0.7777",
    "bed_days": [{"bed_day_class": "long", "calibrated": True}],
    "volume_caps": [{"groups": ["G1", "G2"], "cases_a_month": 2, "factor": "0.3333"}],
    "readmission": {"days": 20, "factor": "0.3333", "scope": "region", "exempt_groups": []},
    "new_technologies": [
        {"technology": "t", "groups": ["G1"], "share_by_year": {"2026": "0.1"}, "filed": True},
        {"technology": "u", "groups": ["G2"], "share_by_year": {"2026": "0.3"}, "filed": False},
    ],
    "tcm": {"groups": ["G1", "G3"], "uplift": "0.0777", "max_points": 9},
    "reviews": {
        "classes": ["ungrouped", "ambiguous", "few_cases", "high"],
        "quota_share": "0.2",
        "quota_scope": "region",
        "over_quota": "refuse",
    },
    "deductions": [
        {"kind": "late", "case_factor": "0.7777", "base_times": "0.3333", "base_times_serious": 2},
        {"kind": "fraud", "case_factor": 0, "base_times": 5, "base_times_serious": 5},
    ],
}
POINTS = with_(**EVERYTHING)


@st.composite
def a_stay(draw: st.DrawFn) -> dict[str, Any]:
    drg = draw(st.sampled_from(["G1", "G1", "G2", "G3", "G9"]))
    admitted = date(2026, 10, draw(st.integers(1, 28)))
    left = admitted + timedelta(draw(st.integers(0, 9)))
    return {
        "drg": drg,
        "status": draw(st.sampled_from(["grouped"] * 5 + ["ambiguous", "ungrouped"])),
        "payment_unit": draw(st.sampled_from(["drg"] * 5 + ["bed_day", "fee"])),
        "bed_day_class": "long",
        "complete": draw(st.sampled_from([True, True, False])),
        "hospital_id": draw(st.sampled_from(["H1", "H2"])),
        "person_id": draw(st.sampled_from(["P", "Q", None])),
        "admission_date": admitted,
        "discharge_date": left,
        "settlement_date": left,
        "total_fen": draw(st.integers(1, 9_999_999)),
        "length_of_stay": draw(st.integers(1, 60)),
    }


@st.composite
def periods(draw: st.DrawFn) -> tuple[pl.DataFrame, Filings]:
    frame = stays(*draw(st.lists(a_stay(), min_size=1, max_size=12)))
    ids = st.lists(st.sampled_from(frame["case_id"].to_list()), unique=True)
    costs = dict(frame.select("case_id", "total_fen").iter_rows())
    return frame, filings(
        reviews=[
            {
                "case_id": case_id,
                "filed_at": date(2026, 11, draw(st.integers(1, 3))),
                "approved": draw(st.booleans()),
                "unreasonable_fen": draw(st.integers(0, costs[case_id])),
                "fixed_points": draw(st.none() | st.integers(0, 10**7)),
            }
            for case_id in draw(ids)
        ],
        deductions=[
            {"case_id": case_id, "kind": kind, "serious": draw(st.booleans())}
            for kind in ("late", "fraud")
            for case_id in draw(ids)
        ],
        technologies=[{"case_id": case_id, "technology": "t"} for case_id in draw(ids)],
    )


def of_period(frame: pl.DataFrame, found: Filings) -> EarnedPoints:
    return points_of_stays(frame, OF, POINTS, found, exempt=())


@drawn(60)
@given(periods())
def test_points_are_those_before_and_the_adjustments_of_the_case(
    period: tuple[pl.DataFrame, Filings],
) -> None:
    result = of_period(*period)
    of_cases = result.adjustments.filter(pl.col("applies_to") == "case")
    added = dict(of_cases.group_by("case_id").agg(pl.col("points").sum()).iter_rows())
    for row in result.cases.iter_rows(named=True):
        assert row["points"] == row["points_before"] + added.get(row["case_id"], 0)
        assert row["points"] >= 0


@drawn(40)
@given(periods(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    period: tuple[pl.DataFrame, Filings], random: Random
) -> None:
    def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
        places = list(range(frame.height))
        random.shuffle(places)
        return frame[places]

    frame, found = period
    other = Filings(
        shuffled(found.reviews),
        shuffled(found.deductions),
        shuffled(found.technologies),
        found.payments,
    )
    result, again = of_period(frame, found), of_period(shuffled(frame), other)
    assert result.cases.equals(again.cases)
    assert result.adjustments.equals(again.adjustments)


@drawn(40)
@given(periods())
def test_minus_rows_are_multiples_of_base_points(period: tuple[pl.DataFrame, Filings]) -> None:
    frame, found = period
    result = of_period(frame, found)
    bases = {
        row["case_id"]: row["points_before"] if row["base_points"] is None else row["base_points"]
        for row in result.cases.iter_rows(named=True)
    }
    due = 0
    for row in found.deductions.iter_rows(named=True):
        times = {"fraud": 50_000, "late": 20_000 if row["serious"] else 3333}[row["kind"]]
        due += (2 * bases[row["case_id"]] * times + 10_000) // 20_000
    minus = result.adjustments.filter(pl.col("applies_to") == "hospital")
    assert minus["points"].sum() == -due
    assert (minus["points"] <= 0).all()


@drawn(40)
@given(periods())
def test_the_cases_of_a_run_earn_the_same_again(period: tuple[pl.DataFrame, Filings]) -> None:
    """A year is computed from the cases of its months; only persons must be added again."""
    frame, found = period
    first = of_period(frame, found)
    persons = frame.select("case_id", "person_id")
    again = of_period(first.cases.join(persons, on="case_id"), found)
    assert again.cases.equals(first.cases.select(again.cases.columns))
    assert again.adjustments.equals(first.adjustments)


def test_columns() -> None:
    assert set(earned().cases.columns) == {
        *("case_id", "hospital_id", "level", "account", "out_of_area", "status", "drg"),
        *("admission_date", "discharge_date", "settlement_date", "length_of_stay"),
        *("payment_unit", "bed_day_class", "complete", "total_fen"),
        *("base_points", "coefficient", "mean_fen", "reference_mean_fen", "cost_ratio"),
        *("high_ratio", "case_class", "formula", "points_before", "points"),
        *("age", "age_days", "age_times", "age_divide", "stability", "bounds_mean_fen"),
    }


def test_without_filings_only_the_rows_concerned_change() -> None:
    result = earned({}, {}, points=CORE.points)
    assert not result.adjustments.height
    assert result.cases["points"].equals(result.cases["points_before"], check_names=False)


@pytest.mark.parametrize("kind", ["reviews", "deductions", "technologies"])
def test_a_filing_of_an_unknown_case_is_refused(kind: str) -> None:
    rows = {
        "reviews": {"case_id": "99"},
        "deductions": {"case_id": "99", "kind": "fraud"},
        "technologies": {"case_id": "99", "technology": "t"},
    }
    found = filings(**{kind: [rows[kind]]})
    path = Path(f"{kind}.csv")
    named = Filings(
        found.reviews, found.deductions, found.technologies, found.payments, path, path, path
    )
    with pytest.raises(DrgpayError, match=rf"{kind}\.csv: the case 99 is not among"):
        points_of_stays(stays({}), OF, POINTS, named, exempt=())


def test_classes_without_a_group_have_no_group_columns() -> None:
    row = earned({"payment_unit": "fee"}).cases.row(0, named=True)
    names = ("base_points", "coefficient", "mean_fen", "reference_mean_fen", "high_ratio")
    assert [row[name] for name in names] == [None] * 5
