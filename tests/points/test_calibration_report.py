"""The calibration report: its counts add up, its R² and limits are those of plain fractions."""

from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import polars as pl

from drgpay.grouper.scheme import load_scheme
from drgpay.points.calibrate import calibrate
from drgpay.points.calibration_report import CalibrationReport, calibration_report
from drgpay.points.catalogue import Catalogue
from drgpay.policy.load import load_policy
from tests.points.calibration_stays import costs, stays

any_scheme = cache(lambda: load_scheme("chs-drg-2.0"))
RULES = load_policy("zhejiang-2019-core").policy.calibration.model_dump() | {
    "trim": {"method": "ratio", "low": Decimal("0.3"), "high": Decimal(3)}
}
B1, B2, B3 = "BB11", "BB13", "BB15"
FRAME = stays(
    *costs(B1, 100_000, 100_000, 100_000, 100_000, 120_000, 900_000),  # 900,000 is trimmed
    *costs(B2, 40_000, 50_000, 60_000, 10_000, 50_000, 50_000, hospital_id="H2", level="3A"),
    *costs(B3, 70_000),
    {"status": "ambiguous", "drg": "BQY"},
    {"status": "ungrouped", "drg": "0000", "total_fen": 30_000},
    {"complete": False},
    {"payment_unit": "fee"},
    {"payment_unit": "bed_day", "bed_day_class": "long_stay", "length_of_stay": 90},
    {"length_of_stay": 61},
    {"total_fen": 100},
)
READ = FRAME.height + 3


def both(frame: pl.DataFrame = FRAME, **change: Any) -> tuple[Catalogue, CalibrationReport]:
    policy = load_policy("zhejiang-2019-core").policy
    rules = type(policy.calibration).model_validate(RULES | change)
    policy = policy.model_copy(update={"calibration": rules})
    catalogue = calibrate(frame, READ, any_scheme(), policy, "c", "history")
    return catalogue, calibration_report(frame, catalogue, any_scheme(), rules)


def r2(groups: list[list[int]]) -> Decimal:
    every = [cost for costs in groups for cost in costs]
    mean = Fraction(sum(every), len(every))
    within = sum(
        (cost - Fraction(sum(costs), len(costs))) ** 2 for costs in groups for cost in costs
    )
    share = 1 - Fraction(within) / sum((cost - mean) ** 2 for cost in every)
    return round(Decimal(share.numerator) / share.denominator, 4)


def test_steps_add_up() -> None:
    catalogue, report = both()
    steps = {step: (n, cost) for step, n, cost in report.steps.iter_rows()}
    assert steps["read"] == (READ, None)
    assert steps["left_invalid"] == (3, None)
    left = ["fee", "bed_day", "not_grouped", "incomplete", "long", "cheap"]
    assert [steps[f"left_{name}"][0] for name in left] == [1, 1, 2, 1, 1, 1]
    assert steps["eligible"][0] == 13 == catalogue.info.stays_eligible
    assert steps["trimmed_low"] == (1, Decimal("100.00"))
    assert steps["trimmed_high"] == (1, Decimal("9000.00"))
    assert steps["kept"][0] == catalogue.info.all_cases == 11
    assert steps["kept"][1] == Decimal(catalogue.info.all_total_fen).scaleb(-2)
    gone = sum(n for step, (n, _) in steps.items() if step.startswith(("left", "trimmed")))
    assert gone + steps["kept"][0] == READ


def test_coverage_is_of_stays_paid_by_group() -> None:
    _, report = both()
    assert report.coverage.select("status", "stays").rows() == [
        ("grouped", 16),
        ("ambiguous", 1),
        ("ungrouped", 1),
    ]
    assert report.coverage["stays_share"].to_list() == [
        Decimal("0.8889"),
        Decimal("0.0556"),
        Decimal("0.0556"),
    ]


def test_explained_variance_before_and_after() -> None:
    _, report = both()
    before = [
        [100_000, 100_000, 100_000, 100_000, 120_000, 900_000],
        [40_000, 50_000, 60_000, 10_000, 50_000, 50_000],
        [70_000],
    ]
    after = [before[0][:-1], [40_000, 50_000, 60_000, 50_000, 50_000], [70_000]]
    assert report.explained.rows() == [
        ("trim_before", 13, 3, r2(before)),
        ("trim_after", 11, 3, r2(after)),
    ]


def test_what_was_trimmed_by_group() -> None:
    _, report = both()
    columns = ("drg", "cases", "low_limit", "high_limit", "trimmed_low", "trimmed_high", "kept")
    rows = report.groups.select(columns).rows()
    # means of 236,666.67 and 43,333.33 fen x 0.3 and x 3, inwards to whole fen
    assert rows == [
        (B1, 6, Decimal("710.00"), Decimal("7100.00"), 0, 1, 5),
        (B2, 6, Decimal("130.00"), Decimal("1300.00"), 1, 0, 5),
        (B3, 1, Decimal("210.00"), Decimal("2100.00"), 0, 0, 1),
    ]
    sums = report.groups.select(pl.col("trimmed_low", "trimmed_high", "kept").sum()).row(0)
    assert sum(sums) == report.groups["cases"].sum()


def test_unstable_groups_say_why() -> None:
    wild = costs(B1, 100_000, 100_000, 100_000, 100_000, 9_000_000)
    _, report = both(stays(*wild, *costs(B2, 100_000, 110_000)), trim={"method": "none"})
    assert report.unstable.select("drg", "unstable_reason").rows() == [
        (B1, "too_high_cv"),
        (B2, "too_few_cases"),
    ]
    flags = report.groups.select("drg", "few_cases", "high_cv", "low_limit").rows()
    assert flags == [(B1, False, True, None), (B2, True, False, None)]
    marked = {row["measure"]: row for row in report.marked.iter_rows(named=True)}
    assert [marked[name]["groups"] for name in ("unstable", "high_cv", "few_cases")] == [2, 1, 1]
    assert marked["high_cv"]["cases_share"] == Decimal("0.7143")


def test_emptied_groups_and_groups_without_cases() -> None:
    wide = {"method": "percentile", "low": Decimal("0.1"), "high": Decimal("0.9")}
    frame = stays(*costs(B1, *range(1000, 1100)), *costs(B2, 1000, 2000))
    catalogue, report = both(frame, trim=wide)
    assert B2 not in catalogue.groups["drg"]
    row = report.groups.filter(pl.col("drg") == B2).row(0, named=True)
    assert (row["kept"], row["trimmed_low"], row["trimmed_high"]) == (0, 1, 1)
    assert (row["base_points"], row["stable"], row["unstable_reason"]) == (None, None, None)
    marked = dict(report.marked.select("measure", "groups").iter_rows())
    assert marked["emptied"] == 1
    assert marked["no_cases"] == report.missing.height
    assert not {B1, B2} & set(report.missing["drg"])


def test_coefficients_at_bounds_and_from_neighbours() -> None:
    near = RULES["coefficients"] | {
        "missing_part": "neighbour",
        "neighbour": {"level_order": ("1", "2A"), "from_higher": "0.9", "from_lower": "1.1"},
        "minimum": Decimal("0.95"),
        "min_cases": 2,
    }
    catalogue, report = both(coefficients=near, trim={"method": "none"})
    assert report.neighbours.rows() == [
        (B1, "1", "2A", Decimal("0.9000"), Decimal("0.9500")),
    ]
    assert report.clamped.rows() == [(B1, "1", None, Decimal("0.9500"))]
    counts = dict(report.coefficients.iter_rows())
    assert counts["clamped_rows"] == counts["neighbour_rows"] == 1
    assert counts["hospital_rows"] + counts["level_rows"] == catalogue.coefficients.height


def test_the_order_of_stays_is_no_matter() -> None:
    _, first = both()
    _, second = both(FRAME.reverse())
    for name in CalibrationReport.__dataclass_fields__:
        assert getattr(first, name).equals(getattr(second, name)), name
