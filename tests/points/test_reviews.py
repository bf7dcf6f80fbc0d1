"""Special reviews: what they earn and how many there may be."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.points.reviews import discharges, quota_of, quotas
from drgpay.policy.points import Reviews
from tests.points.standard_stay import (
    CORE,
    STAY,
    catalogue,
    earned,
    filings,
    final,
    reasons,
    rows,
    with_,
    yuan,
)
from tests.spread import drawn

HIGH: dict[str, Any] = {"total_fen": 10_000_000}  # 5 times the mean; high from 2 times
EVERY = with_(reviews={**CORE.points.reviews.model_dump(), "quota_share": 1})


def reviewed(review: dict[str, Any], points: Any = EVERY, **stay: Any) -> tuple[str, list[Any]]:
    result = earned(stay, {}, points=points, filings=filings(reviews=[{"case_id": "0", **review}]))
    return final(result)[0], rows(result)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"drg": "G9", "total_fen": 3_000_000}, 180, 290),  # (30,000 - 1,000) / 10,000 x 100
        ({"status": "ambiguous", "drg": "XQY", "total_fen": 3_000_000}, 180, 290),
        ({"drg": "G2", "total_fen": 3_000_000}, 200, 290),
        (HIGH, 220, 810),  # 220 + 200 x ((100,000 - 1,000) / 20,000 - 2)
    ],
)
def test_an_approved_case(change: dict[str, Any], before: int, after: int) -> None:
    of = catalogue({}, {"drg": "G2", "stable": False})
    review = filings(
        reviews=[{"case_id": "0", "unreasonable_fen": yuan("1000.00"), "reason": "重症"}]
    )
    result = earned(change, {}, points=EVERY, of=of, filings=review)
    assert result.cases["points_before"][0] == before * 10_000
    assert final(result)[0] == f"{after}.0000"
    row = result.adjustments.row(0, named=True)
    assert (row["kind"], row["points"], row["evidence"]) == (
        "review",
        (after - before) * 10_000,
        "重症",
    )
    assert "(total_cost - 1000.00)" in reasons(result.adjustments)[0]


def test_a_high_case_below_the_cap_without_its_unreasonable_cost() -> None:
    earned_points, _ = reviewed({"unreasonable_fen": yuan("70000.00")}, **HIGH)
    assert earned_points == "220.0000"


def test_other_high_formulas_are_reviewed_at_cost() -> None:
    excess = EVERY.model_copy(update={"high_formula": "excess"})
    assert reviewed({"unreasonable_fen": yuan("1000.00")}, excess, **HIGH) == (
        "990.0000",
        [("0", "review", "case", "170.0000")],
    )


def test_fixed_points_hold_whatever_the_formula() -> None:
    assert reviewed({"fixed_points": 333_3333}, **HIGH) == (
        "333.3333",
        [("0", "review", "case", "113.3333")],
    )


@pytest.mark.parametrize(
    ("review", "stay", "words"),
    [
        ({"approved": False}, HIGH, "rejected"),
        ({"approved": True}, {}, "not applicable: the class normal"),
        ({"approved": False}, {}, "not applicable: the class normal"),
    ],
)
def test_reviews_without_effect_leave_a_row(
    review: dict[str, Any], stay: dict[str, Any], words: str
) -> None:
    result = earned(stay, points=EVERY, filings=filings(reviews=[{"case_id": "0", **review}]))
    assert final(result) == ["220.0000"]
    assert rows(result) == [("0", "review", "case", "0.0000")]
    assert reasons(result.adjustments)[0].startswith(words)


def quota(over: str, scope: str = "hospital", share: str = "0.5", **more: str) -> Any:
    """Half of the grouped discharges may be reviewed."""
    rule = {"over_quota": over, "quota_scope": scope, "quota_share": share, **more}
    return with_(reviews={**CORE.points.reviews.model_dump(), **rule})


def filed(case_id: str, day: int, **more: Any) -> dict[str, Any]:
    return {"case_id": case_id, "filed_at": date(2026, 11, day), **more}


THREE = [{**HIGH}, {**HIGH}, {**HIGH}]  # quota 2 of 3


def test_over_quota_is_reported_and_honoured() -> None:
    reviews = filings(reviews=[filed("0", 2), filed("1", 1), filed("2", 2)])
    result = earned(*THREE, points=quota("report"), filings=reviews)
    assert final(result) == ["820.0000"] * 3
    assert rows(result) == [
        ("0", "review", "case", "600.0000"),
        ("1", "review", "case", "600.0000"),
        ("2", "review", "case", "600.0000"),
        ("2", "review_over_quota", "case", "0.0000"),
    ]
    assert reasons(result.adjustments)[3] == (
        "review 3 of the hospital, the quota is 2: reported, paid all the same"
    )


def test_over_quota_is_refused_in_order_of_filing_then_of_case_id() -> None:
    reviews = filings(reviews=[filed("0", 3), filed("1", 2), filed("2", 2)])
    result = earned(*THREE, points=quota("refuse"), filings=reviews)
    assert final(result) == ["220.0000", "820.0000", "820.0000"]
    assert rows(result)[0] == ("0", "review_over_quota", "case", "0.0000")


def test_rejected_and_not_applicable_reviews_use_no_quota() -> None:
    reviews = filings(
        reviews=[filed("0", 1, approved=False), filed("1", 2), filed("2", 3), filed("3", 1)]
    )
    result = earned(*THREE, {}, points=quota("refuse"), filings=reviews)
    assert final(result) == ["220.0000", "820.0000", "820.0000", "220.0000"]


def test_the_quota_of_a_hospital_or_of_the_region() -> None:
    """Half of 1 and 2 and 2: 1 each; of the region 3, divided as 0.6, 1.2 and 1.2: 1, 1 and 1."""
    stays = [{**HIGH, "hospital_id": hospital} for hospital in ("H1", "H2", "H2", "H3", "H3")]
    reviews = filings(reviews=[filed(str(n), n + 1) for n in range(5)])
    for scope in ("hospital", "region"):
        result = earned(*stays, points=quota("refuse", scope), filings=reviews)
        assert [points != "200.0000" for points in final(result)] == [
            True,
            True,
            False,
            True,
            False,
        ]
    over = result.adjustments.filter(pl.col("kind") == "review_over_quota")
    assert (
        reasons(over)
        == ["review 2 of the hospital, its part of the region's quota is 1: refused"] * 2
    )


def test_the_part_of_the_region_goes_by_largest_remainder_then_by_hospital() -> None:
    def parts(counts: dict[str, int], share: str, **rule: str) -> dict[str, int]:
        cases = pl.DataFrame(
            {"hospital_id": [name for name, count in counts.items() for _ in range(count)]}
        ).with_columns(status=pl.lit("grouped"), payment_unit=pl.lit("drg"))
        return quotas(discharges(cases), quota("refuse", "region", share, **rule).reviews)

    assert parts({"B": 5, "A": 5}, "0.1") == {"A": 1, "B": 0}
    assert parts({"B": 5, "A": 5}, "0.11") == {"A": 1, "B": 1}  # 1.1, rounded up
    assert parts({"B": 5, "A": 5}, "0.19", quota_rounding="down") == {"A": 1, "B": 0}
    assert parts({"A": 1, "B": 6, "C": 3}, "0.4") == {"A": 1, "B": 2, "C": 1}  # 0.4, 2.4, 1.2


def test_stays_without_a_group_count_where_the_policy_says_drg() -> None:
    stays: list[dict[str, Any]] = [
        {"status": "ungrouped", "drg": "0000"},
        {"payment_unit": "fee"},
        {"payment_unit": "bed_day", "bed_day_class": "long"},
    ]
    cases = pl.DataFrame([{**STAY, **stay} for stay in stays], infer_schema_length=None)
    assert quotas(discharges(cases), quota("refuse", share="1").reviews) == {}
    assert quotas(discharges(cases), quota("refuse", share="1", quota_of="drg").reviews) == {
        "H1": 1
    }


def test_only_grouped_discharges_make_a_quota() -> None:
    stays = [{"status": "ungrouped", "drg": "0000"}, {"status": "ungrouped", "drg": "0000"}]
    result = earned(*stays, points=quota("refuse"), filings=filings(reviews=[filed("0", 1)]))
    assert rows(result) == [("0", "review_over_quota", "case", "0.0000")]


def test_an_unreasonable_cost_above_the_total_is_refused() -> None:
    review = filings(reviews=[{"case_id": "0", "unreasonable_fen": 10_000_001}])
    with pytest.raises(DrgpayError, match="unreasonable_cost of the case 0 is above"):
        earned(HIGH, points=EVERY, filings=review)


@drawn(60)
@given(
    hospitals=st.lists(st.sampled_from("ABC"), min_size=1, max_size=12),
    days=st.lists(st.integers(1, 5), min_size=12, max_size=12),
    approved=st.lists(st.booleans(), min_size=12, max_size=12),
    share=st.sampled_from(["0", "0.001", "0.3", "0.5", "1"]),
    scope=st.sampled_from(["hospital", "region"]),
)
def test_a_refusing_quota_is_never_exceeded_and_always_used(
    hospitals: list[str], days: list[int], approved: list[bool], share: str, scope: str
) -> None:
    stays = [{**HIGH, "hospital_id": hospital} for hospital in hospitals]
    reviews = filings(
        reviews=[filed(str(n), days[n], approved=approved[n]) for n in range(len(stays))]
    )
    result = earned(*stays, points=quota("refuse", scope, share), filings=reviews)
    cases = result.cases.join(reviews.reviews, on="case_id").with_columns(
        honoured=pl.col("points") > pl.col("points_before")
    )
    allowed_of = quotas(discharges(result.cases), quota("refuse", scope, share).reviews)
    if scope == "region":
        assert sum(allowed_of.values()) == ceil(cases.height * Fraction(share))
    for of_place in cases.partition_by("hospital_id"):
        allowed = allowed_of[of_place["hospital_id"][0]]
        if scope == "hospital":
            assert allowed == ceil(of_place.height * Fraction(share))
        wanted = of_place["approved"].sum()
        assert of_place["honoured"].sum() == min(allowed, wanted)
        order = of_place.filter("approved").sort("filed_at", "case_id")["honoured"].to_list()
        assert order == sorted(order, reverse=True)


@pytest.mark.parametrize(("share", "quota"), [("0.001", 2), ("0.002", 3), ("0", 0), ("1", 1234)])
def test_c11_the_review_quota_rounds_up(share: str, quota: int) -> None:
    rule = Reviews.model_validate({**CORE.points.reviews.model_dump(), "quota_share": share})
    assert quota_of(1234, rule) == quota
    down = rule.model_copy(update={"quota_rounding": "down"})
    assert quota_of(1234, down) == quota - (0 < Decimal(share) < 1)
