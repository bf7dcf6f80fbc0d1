"""The phase-in of a new scheme (docs/points.md): D6, who is grouped by what, and rounding once."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.points.cases import EarnedPoints, points_of_stays
from drgpay.points.catalogue import Catalogue
from drgpay.points.phase_in import needs_former, share_of
from drgpay.policy.points import PhaseIn, Points
from drgpay.records.filings import NO_FILINGS, Filings
from tests.points.standard_stay import catalogue, filings, final, reasons, stays, with_

K = "1.020408"
HALF = {"factors": {"employee": K}, "share_by_month": {"2026-10": "0.5"}}
NEW = catalogue({"drg": "N1", "base_points": 120_0000}, coefficients=[])
OLD = catalogue({"drg": "O1", "base_points": 100_0000}, coefficients=[])
IN_BOTH: dict[str, Any] = {"drg": "N1", "former_status": "grouped", "former_drg": "O1"}


def phased(
    *changes: dict[str, Any],
    rule: dict[str, Any] = HALF,
    new: Catalogue = NEW,
    old: Catalogue | None = OLD,
    filed: Filings = NO_FILINGS,
    **keys: Any,
) -> EarnedPoints:
    """Changed standard stays, in N1 of the new scheme and O1 of the one before."""
    given_stays = stays(*(IN_BOTH | change for change in changes or ({},)))
    points = with_(phase_in=rule, **keys)
    return points_of_stays(given_stays, new, points, filed, exempt=(), former=old)


def test_d6_half_of_each() -> None:
    earned = phased()
    assert final(earned) == ["111.2245"]
    assert reasons(earned.adjustments) == [
        "phase-in of the new scheme: points * 1.020408 * 0.5 + 100.0000 * (1 - 0.5)"
    ]
    assert earned.adjustments["evidence"].to_list() == ["O1"]
    assert earned.former.row(0, named=True) == {
        "case_id": "0",
        "former_status": "grouped",
        "former_drg": "O1",
        "former_class": "normal",
        "former_base_points": 100_0000,
        "former_coefficient": 1_0000,
        "former_formula": "base_points * coefficient",
        "former_points": 100_0000,
    }


def test_d6_without_a_phase_in_and_at_its_end() -> None:
    assert final(points_of_stays(stays({"drg": "N1"}), NEW, with_(), exempt=())) == ["120.0000"]
    ended = {"factors": {"employee": K}, "share_by_month": {"2026-09": "0.5", "2026-10": "1"}}
    whole = points_of_stays(
        stays({"drg": "N1"}), NEW, with_(phase_in=ended), exempt=()
    )  # nobody asks for former groups any more
    assert final(whole) == ["122.4490"]
    assert reasons(whole.adjustments) == ["on the scale of the former points: points * 1.020408"]
    assert whole.former.height == 0


def test_the_share_is_that_of_the_month_of_settlement() -> None:
    rule = {
        "factors": {"employee": K},
        "share_by_month": {"2026-10": "0", "2026-12": "0.25", "2027-02": "1"},
    }
    months = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 12, 1), date(2027, 3, 1)]
    earned = phased(*({"settlement_date": day} for day in months), rule=rule)
    assert final(earned) == ["100.0000", "100.0000", "105.6122", "122.4490"]
    parsed = PhaseIn.model_validate(rule)
    assert [share_of(parsed, month) for month in ("2026-10", "2027-01", "2028-01")] == [
        0,
        2_500,
        10_000,
    ]
    assert needs_former(parsed, ["2027-01"])
    assert not needs_former(parsed, ["2027-02", "2027-03"])
    with pytest.raises(DrgpayError, match="begins with 2026-10 and has no 2026-09"):
        share_of(parsed, "2026-09")
    with pytest.raises(DrgpayError, match="has no 2026-09"):
        phased({"settlement_date": date(2026, 9, 30)}, rule=rule)


def test_a_stay_over_the_change_has_the_scheme_of_its_discharge() -> None:
    """Settled in January, discharged in December and in January; alone where one scheme groups it."""
    rule = {
        "factors": {"employee": K},
        "share_by_month": {"2027-01": "1"},
        "by": "discharge_date",
    }
    paid, before, after = date(2027, 1, 20), date(2026, 12, 31), date(2027, 1, 1)
    earned = phased(
        {"settlement_date": paid, "discharge_date": before},
        {"settlement_date": paid, "discharge_date": after},
        {"settlement_date": paid, "discharge_date": before, "status": "ungrouped", "drg": "0000"},
        {
            "settlement_date": paid,
            "discharge_date": before,
            "former_status": "ungrouped",
            "former_drg": "0000",
        },
        {"settlement_date": date(2027, 12, 1), "discharge_date": before},
        rule=rule,
    )
    at_cost = earned.former["former_points"].to_list()[2]
    assert final(earned) == [
        *("100.0000", "122.4490", "100.0000", str(Decimal(at_cost).scaleb(-4)), "100.0000"),
    ]
    assert reasons(earned.adjustments)[0] == (
        "discharged before the new scheme, paid by the one before in full: 100.0000"
    )
    assert earned.adjustments["code"].to_list() == [
        *("former_scheme", "neutral_factor"),
        *["former_scheme"] * 3,
    ]
    assert earned.former["case_id"].to_list() == ["0", "2", "3", "4"]
    assert needs_former(PhaseIn.model_validate(rule), ["2027-12"])
    assert "by" not in PhaseIn.model_validate(HALF).model_dump()


def test_a_stay_that_one_scheme_alone_groups_gets_its_points_in_full() -> None:
    earned = phased(
        {"former_status": "ambiguous", "former_drg": "OQY"},
        {"former_status": "ungrouped", "former_drg": "0000"},
        {"former_drg": "unknown to the catalogue"},
        {"status": "ambiguous", "drg": "NQY"},
        {"status": "ungrouped", "drg": "0000"},
        {"status": "ungrouped", "drg": "0000", "former_status": "ungrouped", "former_drg": "0000"},
    )
    assert final(earned) == ["122.4490"] * 3 + ["100.0000", "100.0000", "120.0000"]
    assert reasons(earned.adjustments) == [
        *["on the scale of the former points: points * 1.020408"] * 3,
        *["only the scheme before groups it, its points in full: 100.0000"] * 2,
    ]


def test_what_no_group_decides_is_left_as_it_is() -> None:
    day = [{"bed_day_class": "rehab", "points_per_day": Decimal(7)}]
    earned = phased(
        {"payment_unit": "fee", "former_drg": None},
        {"payment_unit": "bed_day", "bed_day_class": "rehab", "former_drg": None},
        {"total_fen": 100_00},  # low, at cost under both
        bed_days=day,
        low_formula="at_cost",
    )
    assert final(earned) == ["0.0000", "56.0000", "1.0000"]
    assert earned.adjustments.height == 0


def test_points_at_cost_under_the_new_scheme_alone_need_no_factor() -> None:
    old = catalogue({"drg": "O1", "base_points": 100_0000, "mean_fen": 400_000}, coefficients=[])
    earned = phased({"total_fen": 600_000}, old=old, low_formula="at_cost")
    assert earned.cases["case_class"].to_list() == ["low"]
    assert earned.former["former_class"].to_list() == ["normal"]
    assert final(earned) == ["80.0000"]  # half of 60 at cost and half of 100
    assert reasons(earned.adjustments) == [
        "phase-in of the new scheme: points * 0.5 + 100.0000 * (1 - 0.5)"
    ]


def test_later_steps_go_on_from_the_exact_number() -> None:
    back = {
        "person_id": "P0",
        "admission_date": date(2026, 10, 12),
        "discharge_date": date(2026, 10, 20),
        "settlement_date": date(2026, 10, 20),
    }
    earned = phased({}, back)
    assert final(earned) == ["55.6122", "111.2245"]  # half of 111.22448, not of 111.2245


def test_base_points_of_later_steps_are_on_the_scale_of_the_former_points() -> None:
    kind = {"kind": "fraud", "case_factor": "0", "base_times": "5", "base_times_serious": "5"}
    earned = phased(
        filed=filings(deductions=[{"case_id": "0", "kind": "fraud", "reason": "r"}]),
        deductions=[kind],
    )
    minus = earned.adjustments.filter(pl.col("applies_to") == "hospital")
    assert minus["points"].to_list() == [-612_2448]
    assert reasons(minus) == ["- 5 * base_points * 1.020408"]


def test_reviews_at_cost_are_alike_under_both_schemes() -> None:
    reviewed = {"total_fen": 10_000_000}
    earned = phased(
        reviewed,
        reviewed | {"case_id": "1"},
        filed=filings(
            reviews=[
                {"case_id": "0", "reason": "r", "fixed_points": 500_0000},
                {"case_id": "1", "reason": "r", "approved": False},
            ]
        ),
        reviews=with_().reviews.model_dump() | {"quota_share": 1},
    )
    assert final(earned)[0] == "500.0000"
    assert earned.adjustments.filter(pl.col("case_id") == "0")["kind"].to_list() == ["review"]
    assert "phase_in" in earned.adjustments.filter(pl.col("case_id") == "1")["kind"].to_list()


def test_what_a_review_adds_to_base_points_is_on_the_former_scale() -> None:
    earned = phased(
        {"total_fen": 10_000_000},
        filed=filings(reviews=[{"case_id": "0", "reason": "r"}]),
        reviews=with_().reviews.model_dump() | {"quota_share": 1},
        high_formula="review_only",
    )
    cap = Fraction(earned.cases["high_ratio"][0], 10_000)
    reviewed = 120 + 120 * (Fraction(10_000_000, 2_000_000) - cap)
    assert final(earned) == [_rounded(reviewed * Fraction(K))]


def _rounded(points: Fraction) -> str:
    whole = (2 * points * 10_000 + 1) // 2
    return f"{Decimal(int(whole)).scaleb(-4)}"


def test_a_phase_in_without_former_groups_is_refused() -> None:
    with pytest.raises(DrgpayError, match="former_scheme and former_catalogue"):
        phased(old=None)
    alone = stays({"drg": "N1"})
    with pytest.raises(DrgpayError, match="no groups of it"):
        points_of_stays(alone, NEW, with_(phase_in=HALF), exempt=(), former=OLD)


def test_an_account_without_a_factor_is_refused() -> None:
    with pytest.raises(DrgpayError, match="no neutral factor of the account resident"):
        phased({"account": "resident"})


@given(
    share=st.integers(0, 9_999),
    k=st.integers(1, 9_999_999),
    base=st.integers(1, 99_999_999),
    former=st.integers(1, 99_999_999),
    coefficient=st.integers(1, 30_000),
    former_coefficient=st.integers(1, 30_000),
)
def test_points_are_the_exact_blend_rounded_once(
    share: int, k: int, base: int, former: int, coefficient: int, former_coefficient: int
) -> None:
    def of(drg: str, points: int, times: int) -> Catalogue:
        row = {"drg": drg, "level": "3A", "hospital_id": "H1", "coefficient": times}
        return catalogue({"drg": drg, "base_points": points}, coefficients=[row])

    rule = {
        "factors": {"employee": Decimal(k).scaleb(-6)},
        "share_by_month": {"2026-10": Decimal(share).scaleb(-4)},
    }
    earned = phased(
        rule=rule, new=of("N1", base, coefficient), old=of("O1", former, former_coefficient)
    )
    of_share = Fraction(share, 10_000)
    new_points = Fraction(base, 10_000) * Fraction(coefficient, 10_000)
    old_points = Fraction(former, 10_000) * Fraction(former_coefficient, 10_000)
    due = (1 - of_share) * old_points + of_share * Fraction(k, 1_000_000) * new_points
    assert final(earned) == [_rounded(due)]


def test_a_policy_without_a_phase_in_is_kept_as_before() -> None:
    assert "phase_in" not in with_().model_dump()
    assert Points.model_validate(with_(phase_in=HALF).model_dump()) == with_(phase_in=HALF)
