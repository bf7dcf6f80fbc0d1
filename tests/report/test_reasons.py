"""Why points change: every code in both languages, and what the sentences of older programs become."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from drgpay.base.language import Language
from drgpay.base.words import own_words
from drgpay.policy.adjustment_rows import REASON_SCHEMA
from drgpay.report.reasons import reason_said, reasons_said
from drgpay.results.columns import columns_of
from drgpay.results.former_reasons import with_codes

HALF, TWICE = Decimal("0.5000"), Decimal("2.0000")
QUOTA = {"number": 3, "quota": 2}
COST = {"unreasonable_cost": Decimal("3.00")}
MINUS = {"factor": TWICE, "base": "base_points"}
EXCESS = "base_points * coefficient + base_points * max((total_cost - 3.00) / {} - high_ratio, 0)"
SAID: list[tuple[dict[str, Any], str, str]] = [
    (
        {"code": "readmission", "factor": HALF, "days": 15},
        "points * 0.5: the patient came back within 15 days",
        "点数 × 0.5：患者 15 日内再入院",
    ),
    (
        {"code": "volume_cap", "factor": HALF, "period": "2026-10", **QUOTA},
        "points * 0.5: case 3 of the hospital in 2026-10, the cap is 2",
        "点数 × 0.5：本机构 2026-10 第 3 例，上限 2 例",
    ),
    ({"code": "deduction", "factor": Decimal("0.0000")}, "points * 0", "点数 × 0"),
    (
        {"code": "review_fixed", "fixed_points": Decimal("12.5000")},
        "approved: 12.5000 points",
        "单议通过：核定 12.5000 点",
    ),
    (
        {"code": "review_at_cost", **COST},
        "approved: (total_cost - 3.00) / all_mean * 100",
        "单议通过：(医疗总费用 − 3.00) ÷ 总均次费用 × 100",
    ),
    (
        {"code": "review_excess", "base": "mean_cost", **COST},
        f"approved: {EXCESS.format('mean_cost')}",
        "单议通过：基准点数 × 系数 + 基准点数 × max((医疗总费用 − 3.00) ÷ 病组均次费用 − 高倍率界限, 0)",
    ),
    (
        {"code": "review_excess", "base": "ratio_mean", "age_divide": Decimal("1.1000"), **COST},
        f"approved: {EXCESS.format('ratio_mean').replace('base_points', '(base_points / 1.1)')}",
        "单议通过：(基准点数 ÷ 1.1) × 系数 + (基准点数 ÷ 1.1)"
        " × max((医疗总费用 − 3.00) ÷ 参照均次费用 − 高倍率界限, 0)",
    ),
    (
        {"code": "review_rejected"},
        "rejected: the points of its class",
        "单议未通过，按所属病例类型计点",
    ),
    (
        {"code": "review_not_applicable", "case_class": "normal"},
        "not applicable: the class normal is not reviewed",
        "不适用：“正常病例”不参加特病单议",
    ),
    (
        {"code": "review_over_quota", **QUOTA},
        "review 3 of the hospital, the quota is 2: refused",
        "本机构第 3 例单议，额度 2 例：不予支付",
    ),
    (
        {"code": "review_over_quota_paid", **QUOTA},
        "review 3 of the hospital, the quota is 2: reported, paid all the same",
        "本机构第 3 例单议，额度 2 例：予以提示，照常支付",
    ),
    (
        {"code": "review_over_share", **QUOTA},
        "review 3 of the hospital, its part of the region's quota is 2: refused",
        "本机构第 3 例单议，分得统筹区额度 2 例：不予支付",
    ),
    (
        {"code": "review_over_share_paid", **QUOTA},
        "review 3 of the hospital, its part of the region's quota is 2: reported, paid all the same",
        "本机构第 3 例单议，分得统筹区额度 2 例：予以提示，照常支付",
    ),
    (
        {"code": "new_technology_share", **MINUS, "factor": Decimal("0.3000"), "period": "2026"},
        "+ base_points * 0.3 in 2026",
        "2026 年：+ 基准点数 × 0.3",
    ),
    (
        {"code": "new_technology_no_share", "period": "2028"},
        "no share in 2028",
        "2028 年：无加点",
    ),
    (
        {"code": "new_technology_not_applicable", "drg": "G1", "case_class": "fee"},
        "not applicable: G1 of class fee has no share",
        "不适用：病组 G1（按项目付费）无加点",
    ),
    (
        {"code": "new_technology_not_applicable", "case_class": "ungrouped"},
        "not applicable: - of class ungrouped has no share",
        "不适用：病组 -（未入组）无加点",
    ),
    (
        {"code": "tcm", "factor": Decimal("0.0500"), "max_points": Decimal("20.0000")},
        "+ min(points * 0.05, 20)",
        "+ min(点数 × 0.05, 20)",
    ),
    ({"code": "hospital_minus", **MINUS}, "- 2 * base_points", "− 2 × 基准点数"),
    (
        {"code": "hospital_minus_serious", **MINUS, "age_times": Decimal("0.3333")},
        "- 2 * (base_points * 0.3333) (serious)",
        "− 2 × (基准点数 × 0.3333)（情节严重）",
    ),
    (
        {"code": "hospital_minus", "factor": TWICE, "base": "points_before"},
        "- 2 * points_before",
        "− 2 × 调整前点数",
    ),
    ({"code": "given_back"}, "given back", "返还"),
    ({"code": "put_right"}, "put right", "更正"),
]
TOGETHER: list[tuple[dict[str, Any], str, str]] = [
    (
        {"code": "deductions", "factor": Decimal("0.4500"), "number": 2},
        "points * 0.45: 2 deductions",
        "点数 × 0.45（2 项违规合并）",
    ),
    (
        {"code": "former_scheme", "fixed_points": Decimal("100.0000")},
        "discharged before the new scheme, paid by the one before in full: 100.0000",
        "新方案施行前出院，全额按原分组方案：100.0000",
    ),
    ({"code": "deductions", "number": 3}, "3 deductions", "3 项违规合并扣点"),
    (
        {
            "code": "phase_in",
            "factor": HALF,
            "base": "points * 1.020408",
            "fixed_points": Decimal("100.0000"),
        },
        "phase-in of the new scheme: points * 1.020408 * 0.5 + 100.0000 * (1 - 0.5)",
        "新旧分组方案过渡：点数 × 1.020408 × 0.5 + 100.0000 × (1 − 0.5)",
    ),
    (
        {"code": "neutral_factor", "base": "points * 1.020408"},
        "on the scale of the former points: points * 1.020408",
        "折算为原点数标准：点数 × 1.020408",
    ),
    (
        {"code": "former_points", "fixed_points": Decimal("100.0000")},
        "only the scheme before groups it, its points in full: 100.0000",
        "仅原分组方案能入组，全额按原点数：100.0000",
    ),
    ({"code": "of_a_later_version"}, "of_a_later_version", "of_a_later_version"),
]
COLUMNS = [column for column in columns_of("adjustments") if column.scaled in REASON_SCHEMA]


def row_of(numbers: dict[str, Any]) -> dict[str, Any]:
    return {**{column.name: None for column in COLUMNS}, **numbers}


@pytest.mark.parametrize(("numbers", "en", "zh"), [*SAID, *TOGETHER])
def test_a_code_and_its_numbers_in_words(numbers: dict[str, Any], en: str, zh: str) -> None:
    assert reason_said(row_of(numbers), "en") == en
    assert reason_said(row_of(numbers), "zh") == zh


@pytest.mark.parametrize("language", ["zh", "en"])
def test_rows_with_the_same_reason_have_the_same_sentence(language: Language) -> None:
    different = [row_of(numbers) for numbers, _, _ in [*SAID, *TOGETHER]]
    rows = [*different, *reversed(different), different[0]]
    made = reasons_said(pl.DataFrame(rows, infer_schema_length=None), language)
    assert made.to_list() == [reason_said(row, language) for row in rows]


def test_every_code_is_said() -> None:
    said = {numbers["code"] for numbers, _, _ in [*SAID, *TOGETHER]}
    assert own_words("reasons").keys() - {"deductions_alone"} <= said


@pytest.mark.parametrize(("numbers", "sentence", "_"), SAID)
def test_the_sentences_of_older_programs_become_codes(
    numbers: dict[str, Any], sentence: str, _: str
) -> None:
    """Whole and exactly, with the types of now."""
    old = pl.LazyFrame({"case_id": ["a"], "reason": [sentence]})
    (row,) = with_codes(old).collect().iter_rows(named=True)
    assert row == {"case_id": "a", **row_of(numbers)}


def test_deductions_that_older_programs_took_together() -> None:
    old = pl.LazyFrame({"reason": ["points * 0.5; points * 0.9"]})
    (row,) = with_codes(old).collect().iter_rows(named=True)
    assert row == row_of({"code": "deductions", "number": 2})


def test_adjustments_of_now_stay_as_they_are() -> None:
    now = pl.LazyFrame({"case_id": ["a"], "code": ["tcm"]})
    assert with_codes(now) is now
