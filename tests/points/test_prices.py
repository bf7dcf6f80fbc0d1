"""What a stay takes from the catalogue: coefficient and reference mean."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.exact import half_up
from tests.points.standard_stay import OWN_COEFFICIENT, catalogue, earned, one, with_
from tests.spread import drawn


def coefficient(row: dict[str, Any], **change: Any) -> dict[str, Any]:
    return {"drg": "G1", "level": "3A", **row, **change}


LEVEL_ROWS = [
    OWN_COEFFICIENT,
    coefficient({"coefficient": 1_0500}),
    coefficient({"coefficient": None, "level": "2A"}),
    {"level": "2A", "coefficient": 9000},
    {"level": "3A", "coefficient": 8000},
    {"level": "1", "coefficient": 7000},
]


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({}, "220.0000"),
        ({"hospital_id": "H9"}, "210.0000"),
        ({"hospital_id": "H9", "level": "2A"}, "180.0000"),  # the row of the group has none
        ({"hospital_id": "H9", "level": "1"}, "140.0000"),  # for every group
        ({"hospital_id": "H9", "level": "0"}, "200.0000"),
    ],
)
def test_own_then_level_then_every_group_then_one(change: dict[str, Any], points: str) -> None:
    assert one(of=catalogue(coefficients=LEVEL_ROWS), **change) == ("normal", points)


@pytest.mark.parametrize(
    ("level", "points"), [("3A", "210.0000"), ("1", "140.0000"), ("0", "200.0000")]
)
def test_groups_paid_at_the_coefficient_of_one_level(level: str, points: str) -> None:
    rule = with_(base_level={"groups": ["G1"], "level": level})
    assert one(rule, catalogue(coefficients=LEVEL_ROWS)) == ("normal", points)
    other = with_(base_level={"groups": ["G2"], "level": level})
    assert one(other, catalogue(coefficients=LEVEL_ROWS)) == ("normal", "220.0000")


def means(own: tuple[int, int] | None, level: tuple[int, int] | None) -> list[dict[str, Any]]:
    """Rows with total and cases of the hospital and of its level."""
    found = []
    if own:
        found.append({**OWN_COEFFICIENT, "hospital_total_fen": own[0], "hospital_cases": own[1]})
    if level:
        found.append(
            coefficient(
                {"coefficient": 1_0000, "level_total_fen": level[0], "level_cases": level[1]}
            )
        )
    return found


@pytest.mark.parametrize(
    ("own", "level", "mean"),
    [
        ((6_000_000, 5), (10_000_000, 10), 1_140_000),  # C10
        (None, (10_000_000, 10), 1_000_000),
        ((6_000_000, 5), None, 1_440_000),  # 12,000 x 0.7 + the region's 20,000 x 0.3
        (None, None, 2_000_000),
    ],
)
def test_missing_means_follow_the_level_and_the_region(
    own: tuple[int, int] | None, level: tuple[int, int] | None, mean: int
) -> None:
    rule = with_(reference_mean="own_and_level", own_mean_weight="0.7")
    result = earned(points=rule, of=catalogue(coefficients=means(own, level)))
    assert result.cases["reference_mean_fen"].to_list() == [mean]


def test_the_mean_of_the_level_holds_for_every_hospital() -> None:
    of = catalogue(coefficients=means((6_000_000, 5), (10_000_000, 10)))
    result = earned(
        {}, {"hospital_id": "H9"}, {"level": "1"}, points=with_(reference_mean="level"), of=of
    )
    assert result.cases["reference_mean_fen"].to_list() == [1_000_000, 1_000_000, 2_000_000]


totals = st.tuples(st.integers(1, 10**12), st.integers(1, 10**6))


@drawn(60)
@given(
    own=totals,
    level=totals,
    weight=st.integers(0, 10_000),
    low=st.integers(0, 10_000),
    high=st.integers(1, 50_000),
    inclusive=st.booleans(),
    off=st.integers(-1, 1),
)
def test_bounds_are_those_of_exact_fractions(
    own: tuple[int, int],
    level: tuple[int, int],
    weight: int,
    low: int,
    high: int,
    inclusive: bool,
    off: int,
) -> None:
    share = Fraction(weight, 10_000)
    reference = Fraction(*own) * share + Fraction(*level) * (1 - share)
    rule = with_(
        reference_mean="own_and_level",
        own_mean_weight=f"{weight / 10_000:.4f}",
        bounds="inclusive" if inclusive else "strict",
        low_ratio=f"{low / 10_000:.4f}",
        high_bands=[{"ratio": f"{high / 10_000:.4f}"}],
    )
    lower, upper = reference * low / 10_000, reference * high / 10_000
    for bound in (lower, upper):
        cost = max(int(bound) + off, 0)
        is_low = cost <= lower if inclusive else cost < lower
        is_high = cost >= upper if inclusive else cost > upper
        expected = "low" if is_low else "high" if is_high else "normal"
        result = earned(
            {"total_fen": cost}, points=rule, of=catalogue(coefficients=means(own, level))
        ).cases
        assert result["case_class"][0] == expected
        assert result["reference_mean_fen"][0] == half_up(reference)


def test_the_row_of_the_account_goes_first() -> None:
    of = catalogue(
        {},
        {"account": "employee", "base_points": 300_0000, "mean_fen": 3_000_000},
        {"drg": "G2", "account": "resident"},
    )
    assert one(of=of) == ("normal", "330.0000")
    assert one(of=of, account="resident") == ("normal", "220.0000")
    assert one(of=of, drg="G2", account="resident") == ("normal", "200.0000")
    assert one(of=of, drg="G2")[0] == "ungrouped"
    row = earned({}, of=of).cases.row(0, named=True)
    assert (row["base_points"], row["mean_fen"]) == (300_0000, 3_000_000)


def test_groups_without_a_coefficient() -> None:
    rule = with_(no_coefficient_groups=["G1"])
    assert one(rule) == ("normal", "200.0000")
    at_level = with_(no_coefficient_groups=["G1"], base_level={"groups": ["G1"], "level": "2A"})
    assert one(at_level, catalogue(coefficients=LEVEL_ROWS)) == ("normal", "200.0000")
    assert one(with_(no_coefficient_groups=["G2"])) == ("normal", "220.0000")
