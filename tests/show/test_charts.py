"""Drawn charts: names and labels as they stand in the SVG, and where bars begin and end."""

import re
from decimal import Decimal

from drgpay.show import charts
from drgpay.show.charts import Bar, Curve, Dot

LONG = "柳溪市安和街道社区卫生服务中心（原安和镇中心卫生院、安和街道第二门诊部）"


def _texts(svg: str) -> list[str]:
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", svg)


def _bars(svg: str) -> list[tuple[float, float]]:
    """From where to where horizontal bars reach, in their order on the page, from above."""
    found = re.findall(r'<path d="M([\d.-]+),([\d.-]+)h([\d.-]+)v([\d.-]+)h[^"]*Z', svg)
    bars = sorted({(float(y), float(x), float(wide)) for x, y, wide, _ in found})
    return [(x, x + wide) for _, x, wide in bars]


def test_names_are_whole_however_long() -> None:
    bars = [Bar(LONG, 3.0, "+3.00"), Bar("市第一医院", -1.0, "−1.00")]
    for drawn in (
        charts.bar_panels([("a", bars), ("b", bars)]),
        charts.waterfall(bars, Bar("变化额", 2.0, "+2.00"), "x"),
        charts.curve_strips([Curve("y", [1.0, 2.0])], [LONG, "b"], None),
        charts.curve_strips([Curve("y", [1.0, 2.0])], ["1", "2"], [LONG, "b"]),
    ):
        assert LONG in "".join(_texts(drawn))
        assert "…" not in drawn


def test_a_waterfall_floats_from_where_the_last_step_ended() -> None:
    steps = [Bar("a", 8.0, "+8"), Bar("b", -5.0, "−5"), Bar("c", 2.0, "+2")]
    drawn = charts.waterfall(steps, Bar("all", 5.0, "+5"), "x")
    first, fall, rise, total = _bars(drawn)
    zero = first[0]
    unit = (first[1] - zero) / 8
    assert [round((end - zero) / unit, 3) for end in (*fall, *rise, *total)] == [3, 8, 3, 5, 0, 5]


def test_rises_and_falls_differ_without_colour() -> None:
    drawn = charts.waterfall(
        [Bar("a", 2.0, "+2"), Bar("b", -1.0, "−1")], Bar("all", 1.0, "+1"), "x"
    )
    fills = re.findall(r'h[^"]*Z" fill="(#\w+)"', drawn)
    brightness = [sum(bytes.fromhex(fill[1:])) for fill in fills]
    assert max(brightness) - min(brightness) > 300
    assert {"+2", "−1", "+1"} <= set(_texts(drawn))


def test_a_count_axis_has_no_label_twice() -> None:
    for tallest in (1, 2, 3, 7):
        bars = [(number / 10, number / 10 + 0.1, tallest) for number in range(40)]
        drawn = charts.ratio_chart(bars, [(0.4, "low")], [0, 2, 4], "datum.value", "x", "y")
        numbers = [text for text in _texts(drawn) if text.isdigit()]
        assert len(numbers) - 3 == len(set(numbers[3:])), numbers  # the first three are of x


def test_labels_of_bounds_stay_within_the_chart() -> None:
    bars = [(number / 10, number / 10 + 0.1, 5) for number in range(40)]
    drawn = charts.ratio_chart(bars, [(3.9, LONG)], [0, 2, 4], "datum.value", "x", "y")
    (width,) = re.findall(r'viewBox="0 0 (\d+)', drawn)
    assert int(width) <= 820


def test_values_that_hardly_move_have_ticks_that_differ() -> None:
    months = [
        Bar(f"2026-{month:02}", 3.1306 + month / 10_000, f"{Decimal(31306 + month).scaleb(-4)}")
        for month in range(1, 13)
    ]
    texts = _texts(charts.value_chart([("pool", months)]))
    ticks = [text for text in texts if re.fullmatch(r"\d\.\d\d", text)]
    assert len(set(ticks)) == len(ticks) >= 3
    assert {month.label for month in months} <= set(texts)


def test_what_months_are_compared_with_is_drawn_and_named() -> None:
    months = [Bar(f"2026-{month:02}", 100.0 + month, f"{month}x") for month in range(1, 13)]
    far = Bar("2026", 140.0, "final 140.0000")
    alone, compared = (
        charts.value_chart([("pool", months)], {name: far}) for name in ("x", "pool")
    )
    assert "pool · final 140.0000" in _texts(compared) and "stroke-dasharray" in compared
    assert "pool" in _texts(alone) and "stroke-dasharray" not in alone
    assert "140" in _texts(compared) and "140" not in _texts(alone)


def test_of_many_months_labels_are_few_enough() -> None:
    months = [Bar(f"{2020 + n // 12}-{n % 12 + 1:02}", 100.0 + n % 7, f"{n}x") for n in range(60)]
    texts = _texts(charts.value_chart([("pool", months)]))
    assert len([text for text in texts if re.fullmatch(r"\d{4}-\d\d", text)]) <= 15
    assert {"0x", "59x"} <= set(texts)


def test_dots_of_one_place_do_not_write_over_each_other() -> None:
    dots = [Dot(f"医院{number}", 1.0 + number / 10_000, 0.05) for number in range(9)]
    texts = _texts(charts.dot_chart([*dots, Dot("别处", 2.0, -0.1)], "x", "y"))
    assert "别处" in texts
    assert len([text for text in texts if text.startswith("医院")]) <= 2
