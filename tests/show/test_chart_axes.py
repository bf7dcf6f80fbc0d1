"""Axes whose labels differ, names that are whole, labels that touch nothing."""

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.show.chart_axes import (
    SIDES,
    Ticks,
    lanes,
    lines_of,
    pixels,
    placed_labels,
    ticks,
)


def _written(marks: Ticks) -> list[str]:
    """As d3 writes them, but for its minus."""
    return [format(value, marks.shape) for value in marks.values]


@given(
    low=st.floats(-1e9, 1e9),
    span=st.floats(1e-6, 1e9),
    most=st.integers(2, 8),
    percent=st.booleans(),
)
def test_ticks_differ_and_enclose_what_is_drawn(
    low: float, span: float, most: int, percent: bool
) -> None:
    high = low + max(span, abs(low) * 1e-7)
    marks = ticks(low, high, most, percent=percent)
    written = _written(marks)
    assert len(set(written)) == len(written) >= 2
    step = marks.values[1] - marks.values[0]
    assert marks.domain[0] <= low + step * 1e-6
    assert marks.domain[1] >= high - step * 1e-6
    assert len(marks.values) <= most + 2


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        (0, 176, ["0", "50", "100", "150", "200"]),
        (0.3, 0.6, ["0.3", "0.4", "0.5", "0.6"]),
        (99.94, 99.9403, ["99.9400", "99.9401", "99.9402", "99.9403"]),
        (-69.2, 20.6, ["-80", "-60", "-40", "-20", "0", "20", "40"]),
        (5, 5, ["5.00", "5.02"]),
        (0, 0, ["0.0", "0.2"]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, written: list[str]) -> None:
    assert [text.replace("-0.0", "0.0") for text in _written(ticks(low, high))] == written


def test_counts_have_whole_ticks() -> None:
    for highest in range(1, 50):
        written = _written(ticks(0, highest, whole=True))
        assert all("." not in text for text in written)
        assert len(set(written)) == len(written)


def test_small_shares_have_as_many_places_as_they_need() -> None:
    assert _written(ticks(-0.00042, 0.0003, percent=True)) == [
        *("-0.06%", "-0.04%", "-0.02%", "0.00%", "0.02%", "0.04%"),
    ]


NAMES = st.text(alphabet="市第一人民医院（分院），中心 ABC-12", min_size=1, max_size=60).map(
    lambda text: " ".join(text.split()) or "院"
)


@given(name=NAMES, width=st.integers(60, 320))
def test_a_name_in_lines_is_whole(name: str, width: int) -> None:
    lines = lines_of(name, width)
    assert "".join("".join(lines).split()) == "".join(name.split())
    assert all(lines)
    if pixels(name) <= width:
        assert lines == [name]


def test_lines_keep_to_the_width_where_words_allow() -> None:
    name = "柳溪市安和街道社区卫生服务中心（原安和镇中心卫生院、安和街道第二门诊部）"
    for width in (120, 200, 320):
        assert max(map(pixels, lines_of(name, width))) <= width + 12
    assert not any(line[0] in "，、）" for line in lines_of(name, 130))


def test_spans_of_a_lane_do_not_touch() -> None:
    spans = [(0.0, 50.0), (10.0, 90.0), (55.0, 70.0), (60.0, 120.0), (95.0, 99.0)]
    found = lanes(spans)
    assert found == [0, 1, 0, 2, 0]


POINTS = st.lists(st.tuples(st.integers(0, 720), st.integers(0, 300)), min_size=1, max_size=25)


@given(points=POINTS)
def test_placed_labels_touch_no_point_and_no_other_label(points: list[tuple[int, int]]) -> None:
    texts = [(place, f"第{place}医院") for place in range(min(8, len(points)))]
    boxes = []
    for placed in placed_labels(points, texts, 720, 300):
        x, y = points[placed.place]
        across, down = SIDES[placed.side]
        wide = pixels(f"第{placed.place}医院")
        part = {"left": 1.0, "right": 0.0}.get(placed.side, 0.5)
        left = x + across - part * wide
        boxes.append((left, y + down - 6, left + wide, y + down + 6))
        for place, point in enumerate(points):
            if place != placed.place:
                assert not (left < point[0] < left + wide and abs(point[1] - y - down) < 6)
    for one, other in combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart
    assert all(box[0] >= 0 and box[2] <= 720 for box in boxes)


def test_a_label_with_room_is_placed() -> None:
    (placed,) = placed_labels([(100.0, 100.0)], [(0, "市第一医院")], 720, 300)
    assert placed.side == "right"
    assert math.isclose(pixels("市"), 12)
