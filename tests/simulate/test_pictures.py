"""The charts of a simulation: what adds up, in a unit that shows it."""

import re
from decimal import Decimal

import polars as pl

from drgpay.simulate import pictures

AMOUNT = pl.Decimal(18, 2)


def _texts(svg: str) -> list[str]:
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", svg)


def _effects() -> pl.DataFrame:
    rows = {
        "case_class_effect": ["-1000000.00", "450531.14"],
        "budget_effect": ["200000.00", "106200.00"],
        "change": ["-800000.00", "556731.14"],
        "fund_amount_before": ["1.00", "1.00"],
    }
    amounts = {name: [Decimal(value) for value in values] for name, values in rows.items()}
    return pl.DataFrame({"name": ["甲", "乙"], **amounts}).cast(dict.fromkeys(rows, AMOUNT))


def test_effects_add_up_to_the_change() -> None:
    texts = _texts(pictures.effect_waterfall(_effects(), "zh"))
    assert {"−54.95", "+30.62", "−24.33", "变化额（万元）"} <= set(texts)
    assert {"病例类型效应", "预算效应", "变化额"} <= set(texts)


def test_scenarios_add_up_in_their_order() -> None:
    names = ["先改界限再把预算提高百分之五并且重新测算点数目录与等级系数以及全部加成", "b"]
    amounts = [Decimal("12.50"), Decimal("-2.25")]
    steps = pl.DataFrame({"scenario": names, "change": amounts}).cast({"change": AMOUNT})
    texts = _texts(pictures.scenario_waterfall(steps, "zh"))
    assert names[0] in "".join(texts)
    assert [text for text in texts if text[0] in "+−" and "." in text] == [
        *("+12.50", "−2.25", "+10.25"),
    ]
    assert "变化额（元）" in texts


def test_nothing_is_drawn_where_nothing_changes() -> None:
    steps = pl.DataFrame({"scenario": ["a"], "change": [Decimal("0.00")]}).cast({"change": AMOUNT})
    assert not pictures.scenario_waterfall(steps, "en")
