"""The neutral factor of an account (11-release, E; D6)."""

from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.points.neutral_factor import neutral_factor, neutral_factors, times_factors

POINT = 10_000


def sums(*rows: tuple[str, str, str, int, int]) -> pl.DataFrame:
    """account, class_old, class_new, points_old, points_new (in points)."""
    columns = ["account", "class_old", "class_new", "points_old", "points_new"]
    frame = pl.DataFrame(rows, columns, orient="row")
    scaled = frame.with_columns(pl.col("points_old", "points_new") * POINT)
    return scaled.with_columns(cases=pl.lit(1, pl.Int64))


def test_d6() -> None:
    """D6: 1,000,000 old and 980,000 new points: k = 1.020408."""
    assert neutral_factor(1_000_000 * POINT, 980_000 * POINT) == 1_020_408
    factors = neutral_factors(
        sums(
            ("employee", "normal", "high", 600_000, 500_000),
            ("employee", "low", "normal", 400_000, 480_000),
        )
    )
    assert factors.row(0) == ("employee", 2, 1_000_000 * POINT, 980_000 * POINT, 1_020_408)


def test_a_half_of_the_last_place_goes_up() -> None:
    assert neutral_factor(2_000_001, 2_000_000) == 1_000_001  # 1.0000005
    assert neutral_factor(20_000_009, 20_000_000) == 1_000_000  # 1.00000045


@pytest.mark.parametrize("other", ["fee", "bed_day", "ambiguous", "ungrouped"])
@pytest.mark.parametrize("side", ["old", "new"])
def test_what_one_side_does_not_pay_by_a_group_counts_for_nothing(side: str, other: str) -> None:
    classes = (other, "normal") if side == "old" else ("normal", other)
    rows: list[Any] = [("a", "normal", "few_cases", 100, 80), ("a", *classes, 5_000, 1)]
    assert neutral_factors(sums(*rows))["k"].to_list() == [1_250_000]


def test_each_account_has_its_own() -> None:
    factors = neutral_factors(sums(("b", "high", "low", 1, 2), ("a", "normal", "normal", 3, 2)))
    assert dict(factors.select("account", "k").iter_rows()) == {"a": 1_500_000, "b": 500_000}
    assert factors["account"].to_list() == ["a", "b"]


@pytest.mark.parametrize("row", [("a", "fee", "fee", 0, 0), ("a", "normal", "normal", 0, 5)])
def test_an_account_without_common_points_is_one_sentence(row: Any) -> None:
    with pytest.raises(DrgpayError, match="no stay of the account a has points of a group"):
        neutral_factors(sums(row))


def test_points_that_no_scheme_changes_are_not_times_k() -> None:
    factors = neutral_factors(sums(("a", "normal", "normal", 3, 2)))
    rows = pl.DataFrame({"account": ["a"], "grouped": [10 * POINT], "alike": [7 * POINT]})
    after = rows.select(times_factors(rows, factors, "grouped", "alike"))
    assert after.item() == (15 + 7) * POINT * 1_000_000
    with pytest.raises(DrgpayError, match="account b"):
        times_factors(rows.with_columns(account=pl.lit("b")), factors, "grouped", "alike")
