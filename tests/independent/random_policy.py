"""Policies that between them use every rule: each key takes each of its values about equally often."""

import os
import random
from decimal import Decimal
from typing import Any

from drgpay.policy.model import Policy

from .policies import changed

POLICIES = 15
"""How many policies make a cycle; every value of every key below is in some of them."""
REGIONS = int(os.environ.get("DRGPAY_RANDOM_REGIONS", "40"))
"""How many regions are compared; a slow run sets more. Each cycle mixes the values anew."""

NEIGHBOUR = {
    "level_order": ["0", "1", "2A", "3A"],
    "from_higher": "0.90",
    "from_lower": "1.10",
}


def coefficient_rules(
    per: str, hospital: str, level: str, least: int, **more: Any
) -> dict[str, Any]:
    """[calibration.coefficients] with defaults."""
    rules: dict[str, Any] = {"minimum": "0", "maximum": "10"}
    rules |= {"missing_part": "one", "groups_without": []}
    parts = {"per": per, "hospital_weight": hospital, "level_weight": level, "min_cases": least}
    rules |= parts | more
    if rules["missing_part"] == "neighbour":
        rules["neighbour"] = NEIGHBOUR
    return rules


_SUSPECT = ("split_stay", "check_up_stay")
DEDUCTIONS = [
    *(
        {"kind": kind, "case_factor": 0, "base_times": 0, "base_times_serious": 1}
        for kind in _SUSPECT
    ),
    {"kind": "up_coding", "case_factor": 0, "base_times": 2, "base_times_serious": 2},
    {"kind": "fraud", "case_factor": "0.3333", "base_times": 5, "base_times_serious": "5.0001"},
]
BED_DAY_CLASSES = ("psychiatry", "rehabilitation", "long_stay")

CHOICES: dict[str, list[Any]] = {
    "calibration.trim": [
        {"method": "none"},
        {"method": "iqr", "factor": "1.5"},
        {"method": "iqr", "factor": "0.2503"},
        {"method": "ratio", "low": "0.3333", "high": "3"},
        {"method": "percentile", "low": "0.05", "high": "0.9501"},
        {"method": "log_sd", "deviations": "2"},
        {"method": "log_sd", "deviations": "0.9"},
    ],
    "calibration.max_los_days": [60, 20],
    "calibration.min_cost_yuan": ["5", "150.01"],
    "calibration.mean_over": ["all", "stable"],
    "calibration.unstable_base_points": ["mean", "median", "none"],
    "calibration.stable_min_cases": [5, 4],
    "calibration.stable_max_cv": ["1", "0.6"],
    "calibration.coefficients": [
        coefficient_rules("group", "0.5", "0.5", 5),
        coefficient_rules("group", "0.3", "0.7", 4, missing_part="neighbour"),
        coefficient_rules("group", "1", "0", 3, minimum="0.9", maximum="1.1"),
        coefficient_rules("level", "0", "1", 3, missing_part="neighbour", groups_without=["BB11"]),
        coefficient_rules("level", "0", "1", 30, groups_without=["CC11"]),
        coefficient_rules("group", "0", "1", 6, missing_part="neighbour", groups_without=["AA11"]),
        coefficient_rules("group", "0.6667", "0.3333", 1, missing_part="neighbour", minimum="0.7"),
    ],
    "points.incomplete_if": [None, "LYFS = 4 or ZYTS < 1", "not LYFS != 2 and ZYTS >= 3"],
    "points.outside_drg_if": [None, "ZYTS <= 0 or (ZYTS >= 11 and LYFS = 1)", "LYFS = 9"],
    "points.age_factors": [
        [],
        [
            {"groups": ["AA11", "BB11", "NN11"], "rule": "NL < 6 or XSRTL <= 28", "divide": "1.1"},
            {"rule": "NL >= 80", "times": "1.2345"},
            {"groups": ["CC11"], "rule": "1", "times": "0.9"},
        ],
        [{"rule": "XSRTL < 20", "times": "1.5"}, {"rule": "NL < 14", "divide": "0.8333"}],
    ],
    "points.no_coefficient_groups": [[], ["AA11", "VV11"]],
    "points.high_floor": ["normal", "none"],
    "points.reference_mean": ["region", "level", "own_and_level"],
    "points.bounds": ["strict", "inclusive"],
    "points.bounds_mean": ["reference", "level"],
    "points.low_ratio": ["0.4", "0.6"],
    "points.low_formula": ["as_incomplete", "at_cost"],
    "points.always_low_groups": [[], ["CC11"], ["UU11", "NN11"]],
    "points.incomplete_formula": ["with_coefficient", "without_coefficient"],
    "points.high_bands": [
        [
            {"base_points_from": 200, "ratio": "1.5"},
            {"base_points_from": 100, "ratio": 2},
            {"ratio": 3},
        ],
        [{"levels": ["3A"], "ratio": "2.5"}, {"accounts": ["employee"], "ratio": 2}],
        [{"ratio": 2}],
    ],
    "points.high_formula": [
        "review_only",
        "excess",
        "cost_less_cap",
        "cost_less_cap_coef",
        "at_cost",
    ],
    "points.ambiguous_ratio": ["0.6", "1"],
    "points.ungrouped_rule": ["at_cost", "fixed_points"],
    "points.ungrouped_points": ["40", "33.3333"],
    "points.few_cases_rule": ["base", "at_cost"],
    "points.few_cases_ratio": ["0.8", "1"],
    "points.bed_days": [
        [{"bed_day_class": name, "calibrated": True} for name in BED_DAY_CLASSES],
        [
            {"bed_day_class": "psychiatry", "levels": ["3A"], "yuan_per_day": "333.33"},
            {"bed_day_class": "psychiatry", "calibrated": True},
            {"bed_day_class": "rehabilitation", "points_per_day": "2.36182972"},
            {"bed_day_class": "long_stay", "yuan_per_day": "420"},
        ],
        [{"bed_day_class": name, "points_per_day": "3.2"} for name in BED_DAY_CLASSES],
    ],
    "points.base_level": [None, {"groups": ["AA11", "CC11"], "level": "2A"}],
    "points.volume_caps": [
        [],
        [
            {"groups": ["AA11"], "cases_a_month": 3, "factor": "0.5"},
            {"groups": ["BB11", "TT11", "XX11"], "cases_a_month": 2, "factor": "0.8333"},
        ],
    ],
    "points.readmission.days": [15, 10, 0],
    "points.readmission.factor": ["0.5", "0.3333"],
    "points.readmission.scope": ["hospital", "region"],
    "points.readmission.exempt_groups": [[], ["BB11"]],
    "points.reviews.classes": [["ungrouped", "ambiguous", "few_cases", "high"], ["high"]],
    "points.reviews.quota_share": ["0.05", "0.0213", "1"],
    "points.reviews.quota_of": ["grouped", "drg"],
    "points.reviews.quota_rounding": ["up", "down"],
    "points.reviews.quota_scope": ["hospital", "region"],
    "points.reviews.over_quota": ["report", "refuse"],
    "points.deductions": [DEDUCTIONS],
    "points.new_technologies": [
        [
            {"technology": "robot", "groups": ["NN11"], "share_by_year": {"2026": "0.3333"}},
            {"technology": "laser", "groups": ["BB11", "NN11"], "share_by_year": {"2027": 1}},
        ],
        [
            {"technology": "robot", "groups": ["NN11", "XX11"], "share_by_year": {"2026": "0.2"}},
            {"technology": "laser", "groups": ["NN11"], "share_by_year": {"2026": "0.0101"}},
        ],
    ],
    "points.tcm": [
        None,
        {"groups": ["TT11"], "uplift": "0.0501", "max_points": "4"},
        {"groups": ["TT11", "BB11"], "uplift": "0.1", "max_points": "1000"},
    ],
    "settlement.method": ["residual", "residual", "fund_only", "cost", "rate"],
    "settlement.deducted_points": ["fund", "fund", "pool"],
    "settlement.value_places": [4, 4, 2, 6],
    "settlement.prepay_ratio": ["0.85", "0.97", "1"],
    "settlement.out_of_area": ["same_price", "pooled", "excluded"],
    "settlement.distribute_remainder": ["none", "all"],
    "settlement.merged_accounts": [[], [["employee", "resident"]]],
    "settlement.may_exceed_budget": [True],
    "budget.less_item_by_item": [False, True],
    "budget.reserve_ratio": ["0.0021", "0.05", "0.0133"],
    "budget.months": [
        {"rule": "equal"},
        {"rule": "weights", "weights": ["1.05", "0.85", "1", "1.3333", *["1"] * 8]},
        {"rule": "cost", "cost_yuan": ["100.01", "77", "33.33", *["80"] * 9]},
    ],
    "budget.month_yuan": [{}, {}, {"2026-02": {"resident": "123456.78"}}],
    "clearing.band_rule": ["marginal", "whole"],
    "clearing.surplus_retained": [
        [{"share": "0.85"}],
        [{"up_to": "0.03", "share": 1}, {"up_to": "0.1", "share": "0.3333"}, {"share": 0}],
    ],
    "clearing.overrun_shared": [
        [{"up_to": "0.05", "share": "0.6"}, {"up_to": "0.1", "share": "0.5"}, {"share": 0}],
        [{"up_to": "0.1", "share": "0.3333"}, {"share": "0.7001"}],
    ],
    "clearing.overrun_beyond_reserve": [False, True],
    "clearing.assessment": [
        None,
        {
            "maximum_score": 100,
            "bands": [{"score_from": 90, "factor": 1}, {"score_from": 0, "factor": "0.9333"}],
            "withheld": "fund",
        },
        {
            "maximum_score": 100,
            "bands": [
                {"score_from": "90.5", "factor": "1.05"},
                {"score_from": 60, "factor": "0.98"},
                {"score_from": 0, "factor": "0.9"},
            ],
            "withheld": "redistribute",
        },
    ],
}
RATES = [
    {"account": account, "level": level, "yuan": yuan}
    for account, yuan_3a in (("employee", "9986.9352"), ("resident", "8488.8949"))
    for level, yuan in (
        ("3A", Decimal(yuan_3a)),
        ("2A", Decimal("8765.43")),
        ("1", Decimal("7000")),
        ("0", Decimal("6543.2")),
    )
]
FILED = {"robot": True, "laser": False}
BUDGET_OF_COST = ["0.85", "0.98", "1.04", "1.3"]
"""How the annual budget lies to what item-by-item payment costs."""


def choices(number: int) -> dict[str, Any]:
    """Key -> value of one policy."""
    chosen = {key: _choice(key, values, number) for key, values in CHOICES.items()}
    chosen["points.new_technologies"] = [
        row | {"filed": FILED[row["technology"]]} for row in chosen["points.new_technologies"]
    ]
    chosen["points.deductions"] = [dict(row) for row in chosen["points.deductions"]]
    if chosen["calibration.unstable_base_points"] == "none":
        chosen["points.few_cases_rule"] = "at_cost"
    if chosen["settlement.method"] == "rate":
        chosen |= {"settlement.rates": RATES, "settlement.distribute_remainder": "none"}
        chosen["settlement.value_places"] = 6
    mixes = chosen["points.reference_mean"] == "own_and_level"
    chosen["points.own_mean_weight"] = "0.7" if mixes else None
    level = chosen["points.bounds_mean"] == "level" and chosen["points.reference_mean"] != "level"
    chosen["points.ratio_mean"] = "reference" if level else None
    return chosen


def random_policy(base: Policy, number: int, more: dict[str, Any]) -> Policy:
    """The policy of a number; `more` is what depends on the region."""
    return changed(base, choices(number) | more)


def budget_of_cost(number: int) -> str:
    """The budget of a policy's region as a share of its item-by-item cost."""
    return str(_choice("budget", BUDGET_OF_COST, number))


def _choice(key: str, values: list[Any], number: int) -> Any:
    """Every value once before one comes again, in an order of the key's and the cycle's own."""
    rounds = -(-POLICIES // len(values))
    cycle, place = divmod(number, POLICIES)
    own = f"{key}{cycle}" if cycle else key
    order = [value for turn in range(rounds) for value in _shuffled(values, f"{own}{turn}")]
    return order[place]


def _shuffled(values: list[Any], key: str) -> list[Any]:
    return random.Random(key).sample(values, len(values))
