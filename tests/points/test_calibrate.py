"""Calibration as a whole: C1, stable groups, medians, the bed-day table, order of rows."""

from decimal import Decimal
from fractions import Fraction
from functools import cache
from statistics import median
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import half_up
from drgpay.grouper.scheme import Scheme, load_scheme
from drgpay.points.calibrate import base_points, calibrate
from drgpay.points.catalogue import Catalogue
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from tests.points.calibration_stays import costs, stays
from tests.spread import drawn

CORE = load_policy("zhejiang-2019-core").policy
any_scheme = cache(lambda: load_scheme("chs-drg-2.0"))
DRGS = ("BB11", "BB13", "BB15")


def policy(**change: Any) -> Policy:
    no_trim = {"trim": {"method": "none"}}
    rules = CORE.calibration.model_dump() | no_trim | change
    return CORE.model_copy(update={"calibration": type(CORE.calibration).model_validate(rules)})


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return any_scheme()


def made(frame: pl.DataFrame, scheme: Scheme, **change: Any) -> Catalogue:
    return calibrate(frame, frame.height, scheme, policy(**change), "c", "history")


def groups(catalogue: Catalogue, *columns: str) -> list[tuple[Any, ...]]:
    return catalogue.groups.select(columns).rows()


def test_c1_group_mean_20_000_all_mean_10_000(scheme: Scheme) -> None:
    assert base_points(2_000_000, Fraction(1_000_000)) == 200_0000
    dear = costs("BB11", *[2_000_000] * 5)
    cheap = costs("BB13", *[500_000] * 10)
    found = made(stays(*dear, *cheap), scheme)
    assert found.all_mean_fen == 1_000_000
    assert groups(found, "drg", "base_points") == [("BB11", 200_0000), ("BB13", 50_0000)]


UNSTABLE = costs("BB11", 100, 101, 900_000) + costs("BB13", *[400_000] * 5)


@pytest.mark.parametrize(
    ("rule", "behind"), [("mean", half_up(Fraction(900_201, 3))), ("median", 101), ("none", None)]
)
def test_base_points_of_unstable_groups(rule: str, behind: int | None, scheme: Scheme) -> None:
    found = made(stays(*UNSTABLE), scheme, unstable_base_points=rule, min_cost_yuan=Decimal(1))
    expected = None if behind is None else base_points(behind, found.all_mean_fen)
    row = found.groups.row(0, named=True)
    assert (row["stable"], row["median_fen"], row["base_points"]) == (False, 101, expected)
    stable = found.groups.row(1, named=True)
    assert stable["base_points"] == base_points(400_000, found.all_mean_fen)


def test_half_a_fen_of_a_median_is_rounded_up(scheme: Scheme) -> None:
    found = made(stays(*costs("BB11", 1000, 1001)), scheme)
    assert groups(found, "median_fen") == [(1001,)]


def test_what_counts(scheme: Scheme) -> None:
    frame = stays(
        {},
        {"total_fen": 500},
        {"total_fen": 499},
        {"length_of_stay": 60},
        {"length_of_stay": 61},
        {"complete": False},
        {"payment_unit": "fee"},
        {"status": "ambiguous", "drg": "BQY"},
    )
    assert made(frame, scheme).info.stays_eligible == 3


def test_no_stay_and_no_stable_group(scheme: Scheme) -> None:
    with pytest.raises(DrgpayError, match="none of 1 stays can be calibrated"):
        made(stays({"complete": False}), scheme)
    with pytest.raises(DrgpayError, match="no group is stable"):
        made(stays({}), scheme, mean_over="stable")


def test_the_mean_over_stable_groups(scheme: Scheme) -> None:
    found = made(stays(*UNSTABLE), scheme, mean_over="stable", min_cost_yuan=Decimal(1))
    assert (found.info.all_total_fen, found.info.all_cases) == (2_000_000, 5)


BED_DAY: dict[str, Any] = {"payment_unit": "bed_day", "drg": "0000", "status": "ungrouped"}


def test_bed_days_by_class_and_level(scheme: Scheme) -> None:
    def bed(name: str | None, level: str, days: int, fen: int) -> dict[str, Any]:
        return BED_DAY | {
            "bed_day_class": name,
            "level": level,
            "length_of_stay": days,
            "total_fen": fen,
        }

    frame = stays(
        *costs("BB11", *[1_000_000] * 5),
        bed("psychiatry", "2A", 100, 300_000),  # long stays are what it is for
        bed("psychiatry", "2A", 50, 300_000),
        bed("psychiatry", "3A", 10, 90_000),
        bed("long_stay", "1", 7, 70_000),
        bed("psychiatry", "2A", 0, 90_000),  # no day
        bed("psychiatry", "2A", 9, 499),  # below the smallest cost
        bed(None, "2A", 9, 90_000),
    )
    assert made(frame, scheme).bed_days.rows() == [
        ("long_stay", None, 1, 7, 70_000),
        ("long_stay", "1", 1, 7, 70_000),
        ("psychiatry", None, 3, 160, 690_000),
        ("psychiatry", "2A", 2, 150, 600_000),
        ("psychiatry", "3A", 1, 10, 90_000),
    ]


@st.composite
def any_stays(draw: st.DrawFn) -> pl.DataFrame:
    row = st.fixed_dictionaries(
        {
            "drg": st.sampled_from(DRGS),
            "hospital_id": st.sampled_from(["H1", "H2"]),
            "total_fen": st.one_of(st.integers(500, 3_000), st.integers(500, 10**8)),
            "complete": st.sampled_from([True, True, False]),
        }
    )
    drawn = draw(st.lists(row, min_size=1, max_size=40))
    drawn[0]["complete"] = True
    return stays(
        *(change | {"level": "2A" if change["hospital_id"] == "H1" else "1"} for change in drawn)
    )


TRIMS: list[dict[str, Any]] = [
    {"method": "none"},
    {"method": "iqr", "factor": Decimal("1.5")},
    {"method": "ratio", "low": Decimal("0.2"), "high": Decimal("3")},
    {"method": "percentile", "low": Decimal("0.1"), "high": Decimal("1")},
    {"method": "log_sd", "deviations": Decimal("1.5")},
]


@drawn(60)
@given(frame=any_stays(), trim=st.sampled_from(TRIMS), seed=st.integers(0, 99))
def test_the_order_of_stays_is_no_matter(
    frame: pl.DataFrame, trim: dict[str, Any], seed: int
) -> None:
    whole = any_scheme()
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    try:
        first = made(frame, whole, trim=trim)
    except DrgpayError:
        return  # everything was trimmed
    second = made(shuffled, whole, trim=trim)
    assert first.info == second.info
    assert first.groups.equals(second.groups)
    assert first.coefficients.equals(second.coefficients)
    kept = first.groups.filter(pl.col("kept") == pl.col("cases"))
    for drg, middle in kept.select("drg", "median_fen").iter_rows():
        eligible = frame.filter((pl.col("drg") == drg) & pl.col("complete"))["total_fen"]
        assert middle == half_up(Fraction(median(map(Fraction, eligible))))
