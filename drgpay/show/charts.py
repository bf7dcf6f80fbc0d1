"""The charts of a report as inline SVG: readable in print and without colour, the same bytes for
the same figures. Numbers are floats here: they place marks and are read from labels made elsewhere.

More is blue and filled, less orange and hollow, with its sign in the label; a name is never cut, and
the labels of an axis differ (drgpay.show.chart_axes).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from drgpay.base.visible import visible
from drgpay.show.chart_axes import SIDES, TEXT, Ticks, lanes, lines_of, pixels, placed_labels, ticks

Spec = dict[str, Any]
"""A specification of Vega-Lite, or a part of one."""

_TYPES = {"Q": "quantitative", "O": "ordinal", "N": "nominal"}
_WIDTH = 800
_INK, _SOFT, _RULE, _GRID = "#16202a", "#4a5763", "#8a949d", "#e6eaed"
_MORE, _LESS, _HOLLOW = "#1f6fb5", "#b8500f", "#fbe9dc"
_QUIET = "#9fb6c8"
_LABEL = 11
_ROW, _LINE = 22, 14  # a row, and a line of its name
_MOST_NAME = 320
_NAMED_DOTS = 8
_MONTHS_LABELLED = 14
# Of labels on the sides of a dot, and on those of a line: to the left, if the datum says so.
_ALIGNED = ("left", "right", "center", "center")
_ASIDE = (("!", "left", 4), ("", "right", -4))
_VEGA_LITE = "6.4"
_SCHEMA = f"https://vega.github.io/schema/vega-lite/v{_VEGA_LITE}.json"
# Attributes that a page of ours does not need.
_UNUSED = re.compile(r'\s(xmlns|xmlns:xlink|font-family|pointer-events|class|version)="[^"]*"')


@dataclass(frozen=True)
class Bar:
    """A bar: its name, how far it reaches, and the label at its end."""

    name: str
    value: float
    label: str


@dataclass(frozen=True)
class Dot:
    """A dot: its name, how far to the right it is, and how far up, a part of one."""

    name: str
    across: float
    up: float


@dataclass(frozen=True)
class Curve:
    """A measure at every point of a path, in their order; `percent`: it is a part of one."""

    title: str
    values: Sequence[float | None]
    percent: bool = False


def value_chart(
    pools: Sequence[tuple[str, Sequence[Bar]]], levels: Mapping[str, Bar] = MappingProxyType({})
) -> str:
    """Point values over months, one strip a pool; bars are named by month.

    levels: by the name of a pool what its months are compared with: a dashed line across
    them, and its label behind the name.
    """
    strips = [_strip(name, months, levels.get(name)) for name, months in pools]
    return svg({"vconcat": strips, "spacing": 18})


def _strip(title: str, months: Sequence[Bar], level: Bar | None) -> Spec:
    values = [month.value for month in months]
    reached = [*values, level.value] if level else values
    low, high = min(reached), max(reached)
    # A value that hardly moves must not look as if it jumped.
    room = max(high - low, 0.02 * abs(high))
    marks = ticks(low - room / 2, high + room / 2, 4)
    every = -(-len(months) // _MONTHS_LABELLED)
    places = list(range(len(months)))
    # The outer labels keep clear of the axis.
    room_aside = max(0.5, 35 * len(months) / (_WIDTH - 130))
    names = {
        "labelAngle": 0,
        "ticks": False,
        "values": [place for place in places if place % every == 0],
        "labelExpr": _by_place([[month.name] for month in months]),
    }
    at = {
        "x": _of(
            "place:O", title=None, scale={"domain": places, "padding": room_aside}, axis=names
        ),
        "y": _of("value:Q", title=None, axis=_value_axis(marks), scale=_exactly(marks.domain)),
    }
    rows = _rows(months)
    labels = [
        _mark("text", rows, at | {"text": _of("label:N")}, where, dy=offset, **_WRITTEN)
        for found, offset in zip(_labelled(values, every), (-12, 13), strict=True)
        for where in [{"field": "place", "oneOf": found}]
    ]
    final = _rows([level] if level else [])
    across = [_mark("rule", final, {"y": at["y"]}, color=_INK, strokeDash=[4, 3])] if level else []
    layers = [
        *across,
        _mark("line", rows, at, color=_SOFT, strokeWidth=2),
        _mark("point", rows, at, color=_INK, filled=True, size=40, opacity=1),
        *labels,
    ]
    named = f"{title} · {level.label}" if level else title
    return {"layer": layers, "width": _WIDTH - 60, "height": 125, "title": named}


def _labelled(values: Sequence[float], every: int) -> tuple[list[int], list[int]]:
    """The places of the labels above the line, and of those below it, where the line dips.

    Of many months only the first, the last, the highest and the lowest have one.
    """
    places = list(range(len(values)))
    if every > 1:
        chosen = {0, len(values) - 1, values.index(max(values)), values.index(min(values))}
        places = [
            place
            for place in sorted(chosen)
            if not any(0 < abs(place - other) < every and other < place for other in chosen)
        ]
    around = list(zip([values[0], *values], values, [*values[1:], values[-1]], strict=False))
    dips = [before + after > 2 * value for before, value, after in around]
    return [one for one in places if not dips[one]], [one for one in places if dips[one]]


def bar_panels(panels: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Bars of the same names side by side, one panel a measure; negative ones are hollow."""
    names = _names([bar.name for bar in panels[0][1]])
    width = (_WIDTH - names.width - 20 * (len(panels) - 1)) // len(panels)
    charts = [
        _panel(title, bars, width, names, first=not place)
        for place, (title, bars) in enumerate(panels)
    ]
    return svg({"hconcat": charts, "spacing": 20})


@dataclass(frozen=True)
class _Names:
    """The names of rows: whole, those that are long in several lines."""

    lines: Sequence[Sequence[str]]
    width: int

    @property
    def height(self) -> int:
        """Of a row."""
        return max(_ROW, 4 + _LINE * max((len(each) for each in self.lines), default=1))

    def axis(self) -> Spec:
        """Room for them beside the rows, which are told apart by place: hospitals may share a name."""
        extent = {"minExtent": self.width, "maxExtent": self.width}
        return {"labels": False, "ticks": False, "domain": False, **extent}

    def layers(self) -> list[Spec]:
        """The names, each in the middle of its row."""
        look: Spec = {"align": "right", "lineHeight": _LINE, "fontSize": TEXT, "color": _SOFT}
        at = {"x": {"value": -8}, "y": _of("place:O"), "text": _of("lines:N")}
        rows = [
            {"place": place, "lines": [visible(line) for line in each]}
            for place, each in enumerate(self.lines)
        ]
        return [
            _mark(
                "text",
                [row for row, each in zip(rows, self.lines, strict=True) if len(each) == count],
                at,
                dy=-_LINE * (count - 1) / 2,
                **look,
            )
            for count in sorted({len(each) for each in self.lines})
        ]


def _names(names: Sequence[str]) -> _Names:
    lines = [lines_of(visible(name), _MOST_NAME) for name in names]
    longest = max((pixels(line) for each in lines for line in each), default=0)
    return _Names(lines, min(longest, _MOST_NAME + 2 * TEXT) + 10)


def _by_place(lines: Sequence[Sequence[str]]) -> str:
    """A label of an axis by its place, as an expression; visible, since an expression is no text."""
    shown = [[visible(line) for line in each] for each in lines]
    return f"{json.dumps([each[0] if len(each) == 1 else each for each in shown])}[datum.value]"


def _panel(title: str, bars: Sequence[Bar], width: int, names: _Names, first: bool) -> Spec:
    low = min(0.0, *(bar.value for bar in bars))
    high = max(0.0, *(bar.value for bar in bars))
    # Labels stand outside the bars' ends.
    room = {
        side: max(
            (pixels(bar.label, _LABEL) + 10 for bar in bars if (bar.value < 0) == side), default=4
        )
        for side in (True, False)
    }
    per_unit = (high - low or 1.0) / max(width - room[True] - room[False], 40)
    domain = [low - room[True] * per_unit, high + room[False] * per_unit]
    at = {
        "y": _of(
            "place:O",
            title=None,
            axis=names.axis() if first else None,
            scale={"domain": list(range(len(bars)))},
        ),
        "x": _of("value:Q", title=None, axis=None, scale={"domain": domain, "nice": False}),
    }
    rows, layers = _rows(bars), list[Spec]()
    for less, where in ((False, "datum.value >= 0"), (True, "datum.value < 0")):
        layers.append(_mark("bar", rows, at, where, **_filled(less), height=14))
        look = {"align": "right", "dx": -5} if less else {"align": "left", "dx": 5}
        layers.append(_mark("text", rows, at | {"text": _of("label:N")}, where, **look, **_WRITTEN))
    zero = _mark("rule", [{"value": 0}], {"x": _of("value:Q")}, color=_RULE)
    return {
        "layer": [*layers, zero, *(names.layers() if first else [])],
        "width": width,
        "height": names.height * len(bars),
        "title": {"text": title, "anchor": "start", "fontSize": TEXT},
    }


def _filled(less: bool) -> dict[str, Any]:
    """More is filled, less hollow: they differ in grey too."""
    return {
        "color": _HOLLOW if less else _MORE,
        "stroke": _LESS if less else _MORE,
        "strokeWidth": 1,
    }


def waterfall(steps: Sequence[Bar], total: Bar, title: str) -> str:
    """How steps add up: each floats from where the last one ended, the first and the total from zero."""
    ends = list(accumulate((step.value for step in steps), initial=0.0))
    rows: list[dict[str, Any]] = [
        {"place": place, "from": before, "to": after, "label": step.label, "kind": "step"}
        for place, (step, before, after) in enumerate(zip(steps, ends, ends[1:], strict=False))
    ]
    last: dict[str, Any] = {
        "place": len(rows),
        "from": 0.0,
        "to": total.value,
        "label": total.label,
        "kind": "total",
    }
    for row in (*rows, last):
        row["edge"] = max(row["from"], row["to"])
    names = _names([step.name for step in (*steps, total)])
    width = _WIDTH - names.width
    marks = ticks(min(ends), max(ends), 6)
    room = max(pixels(row["label"], _LABEL) for row in (*rows, last)) + 12
    low, high = marks.domain
    scale = {"domain": [low, high + (high - low) * room / (width - room)], "nice": False}
    y = _of("place:O", title=None, axis=names.axis(), scale={"domain": list(range(len(rows) + 1))})
    axis = {"values": list(marks.values), "format": marks.shape, "ticks": False, "domain": False}
    reach = {"x": _of("from:Q", title=title, scale=scale, axis=axis), "x2": {"field": "to"}, "y": y}
    bars = [
        _mark(
            "bar",
            [*rows, last],
            reach,
            f"datum.kind == 'step' && datum.to {sign} datum.from",
            height=14,
            **_filled(less),
        )
        for less, sign in ((False, ">="), (True, "<"))
    ]
    whole = _mark("bar", [*rows, last], reach, "datum.kind == 'total'", height=14, color=_SOFT)
    # From the end of a step down to the beginning of the next.
    joints = [{"at": row["to"], "place": row["place"], "next": row["place"] + 1} for row in rows]
    at = _of("at:Q", scale=scale)
    down = {"x": at, "y": _of("place:O"), "y2": {"field": "next"}}
    joint = _mark("rule", joints, down, color=_RULE, strokeDash=[2, 2])
    ends_at = {"x": _of("edge:Q", scale=scale), "y": y, "text": _of("label:N")}
    labels = _mark("text", [*rows, last], ends_at, align="left", dx=6, **_WRITTEN)
    zero = _mark("rule", [{"at": 0}], {"x": at}, color=_RULE)
    layers = [zero, joint, *bars, whole, labels, *names.layers()]
    height = (names.height + 4) * (len(rows) + 1)
    return svg({"layer": layers, "width": width, "height": height})


def ratio_chart(
    bars: Sequence[tuple[float, float, int]],
    bounds: Sequence[tuple[float, str]],
    x_ticks: Sequence[float],
    tick_label: str,
    x_title: str,
    y_title: str,
) -> str:
    """A histogram: bars from, to and cases; bounds as dashed lines with their words on top.

    tick_label is a Vega expression of datum.value.
    """
    width, height = _WIDTH - 70, 260
    end = max(end for _, end, _ in bars)
    marks = ticks(0, max((cases for _, _, cases in bars), default=1) or 1, whole=True)
    tallest = marks.domain[1]
    spans = [_beside(at / end * width, pixels(text) + 12, width) for at, text in bounds]
    lane = lanes(spans)
    top = {place: tallest * (1.06 + 0.08 * (max(lane) - lane[place])) for place in range(len(lane))}
    x_scale = {"domain": [0, end], "nice": False}
    y_scale = {"domain": [0, max([tallest * 1.02, *top.values()])], "nice": False}
    rows = [{"from": start, "to": end, "foot": 0, "cases": cases} for start, end, cases in bars]
    axis = {"values": list(x_ticks), "labelExpr": tick_label, "labelFlush": False, "grid": False}
    reach = {
        "x": _of("from:Q", scale=x_scale, title=x_title, axis=axis),
        "x2": {"field": "to"},
        "y": _of("cases:Q", scale=y_scale, title=y_title, axis=_value_axis(marks)),
        "y2": {"field": "foot"},
    }
    histogram = _mark("bar", rows, reach, color=_QUIET, stroke="white", strokeWidth=0.5)
    shown = [
        {"at": at, "text": text, "foot": 0, "top": top[place], "left": span[0] < at / end * width}
        for (place, (at, text)), span in zip(enumerate(bounds), spans, strict=True)
    ]
    x, up = _of("at:Q", scale=x_scale), {"y": _of("foot:Q", scale=y_scale), "y2": {"field": "top"}}
    lines = _mark("rule", shown, {"x": x, **up}, color=_INK, strokeDash=[5, 3], strokeWidth=1.2)
    on_top = {"x": x, "y": _of("top:Q", scale=y_scale), "text": _of("text:N")}
    named = {"dy": 4, "fontSize": TEXT, "color": _INK}
    labels = [
        _mark("text", shown, on_top, f"{sign}datum.left", align=align, dx=dx, **named)
        for sign, align, dx in _ASIDE
    ]
    return svg({"layer": [histogram, lines, *labels], "width": width, "height": height})


def _beside(at: float, wide: int, width: int) -> tuple[float, float]:
    """From where to where a label reaches that stands to the right of its line, or else to the left."""
    return (at, at + wide) if at + wide <= width else (at - wide, at)


def dot_chart(dots: Sequence[Dot], x_title: str, y_title: str) -> str:
    """Dots over a line at nothing; those that are furthest from it bear their names, where there is room."""
    width, height = 720, 300
    x_marks = ticks(min(dot.across for dot in dots), max(dot.across for dot in dots), 6)
    lowest, highest = min(0.0, *(dot.up for dot in dots)), max(0.0, *(dot.up for dot in dots))
    y_marks = ticks(lowest, highest, percent=True)
    x_domain, y_domain = _wider(x_marks), _wider(y_marks)
    points = [
        (
            _part(dot.across, x_domain) * width,
            (1 - _part(dot.up, y_domain)) * height,
        )
        for dot in dots
    ]
    furthest = sorted(range(len(dots)), key=lambda place: abs(dots[place].up), reverse=True)
    texts = [(place, visible(dots[place].name)) for place in furthest[:_NAMED_DOTS]]
    side = {one.place: one.side for one in placed_labels(points, texts, width, height)}
    rows = [
        {"across": dot.across, "up": dot.up, "name": dot.name, "side": side.get(place, "")}
        for place, dot in enumerate(dots)
    ]
    axis = {
        "values": list(x_marks.values),
        "format": x_marks.shape,
        "grid": False,
        "labelFlush": False,
    }
    y_scale = {"domain": y_domain, "nice": False}
    at = {
        "x": _of("across:Q", title=x_title, scale=_exactly(x_domain), axis=axis),
        "y": _of("up:Q", title=y_title, scale=y_scale, axis=_value_axis(y_marks)),
    }
    labels = [
        _mark("text", rows, at | {"text": _of("name:N")}, where, align=align, dx=dx, dy=dy, **look)
        for (side, (dx, dy)), align in zip(SIDES.items(), _ALIGNED, strict=True)
        for where in [{"field": "side", "equal": side}]
        for look in [{"fontSize": TEXT, "color": _INK}]
    ]
    zero = _mark("rule", [{"up": 0}], {"y": _of("up:Q")}, color=_RULE)
    points_at = _mark("point", rows, at, filled=True, size=60, color=_SOFT, opacity=0.9)
    return svg({"layer": [zero, points_at, *labels], "width": width, "height": height})


def _wider(marks: Ticks) -> list[float]:
    """An axis on which no point stands at the edge."""
    low, high = marks.domain
    aside = 0.04 * (high - low)
    return [low - aside, high + aside]


def _part(value: float, domain: Sequence[float]) -> float:
    """Where a value stands on an axis, from 0 to 1."""
    low, high = domain
    return (value - low) / (high - low)


def curve_strips(
    curves: Sequence[Curve], places: Sequence[str], series: Sequence[str] | None
) -> str:
    """One strip a measure over the same places: to scale if all are numbers, else in their order.

    series: which line each point belongs to; None if there is one.
    """
    width = 560 if series else 700
    to_scale = all(_is_number(place) for place in places)
    x = _path_to_scale(places) if to_scale else _path_in_order(places, width)
    strips = []
    for curve in curves:
        data = [
            {"x": float(place) if to_scale else place, "y": value, "series": line}
            for place, line, value in zip(
                places, series or [""] * len(places), curve.values, strict=True
            )
            if value is not None
        ]
        known = [value for value in curve.values if value is not None] or [0.0]
        marks = ticks(min(known), max(known), 4, percent=curve.percent)
        axis = _value_axis(marks, minExtent=60, maxExtent=60)
        at = {"x": x, "y": _of("y:Q", title=None, scale=_exactly(marks.domain), axis=axis)}
        line, point = dict[str, Any](), dict[str, Any]()
        if series:
            legend = {"title": None, "orient": "right", "labelLimit": 0}
            at["color"] = _of("series:N", sort=None, legend=legend)
            at["strokeDash"] = _of("series:N", sort=None, legend=None)
        else:
            line, point = {"color": _SOFT}, {"color": _INK, "opacity": 1}
        layers = [
            _mark("line", data, at, strokeWidth=2, **line),
            _mark("point", data, at, filled=True, size=30, **point),
        ]
        strips.append({"layer": layers, "width": width, "height": 110, "title": curve.title})
    return svg({"vconcat": strips, "spacing": 14})


def _path_to_scale(places: Sequence[str]) -> Spec:
    numbers = sorted({float(place) for place in places})
    marks = ticks(numbers[0], numbers[-1], 8)
    look = {"values": list(marks.values), "format": marks.shape, "grid": False}
    axis = {**look, "labelFlush": False}
    return _of("x:Q", title=None, scale=_exactly(_wider(marks)), axis=axis)


def _path_in_order(places: Sequence[str], width: int) -> Spec:
    """Names below their points, in as many lines as they need."""
    names = list(dict.fromkeys(places))
    lines = {name: lines_of(visible(name), width // len(names) - 8, _LABEL) for name in names}
    shown = json.dumps({visible(name): each for name, each in lines.items()})
    axis = {"labelAngle": 0, "labelLimit": 0, "labelExpr": f"{shown}[datum.value]"}
    return _of("x:N", title=None, sort=None, axis=axis)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rows(bars: Sequence[Bar]) -> list[dict[str, Any]]:
    return [
        {"place": place, "name": bar.name, "value": bar.value, "label": bar.label}
        for place, bar in enumerate(bars)
    ]


_WRITTEN: Spec = {"fontSize": _LABEL, "color": _INK}


def _mark(
    kind: str,
    rows: list[dict[str, Any]],
    at: Spec,
    where: str | Mapping[str, Any] | None = None,
    **look: Any,
) -> Spec:
    """Marks of one kind, one a row, or one a row for which `where` holds."""
    kept = {} if where is None else {"transform": [{"filter": where}]}
    return {"data": {"values": rows}, **kept, "mark": {"type": kind, **look}, "encoding": at}


def _of(field: str, **how: Any) -> Spec:
    """How a field is shown; behind its name what it is: "value:Q"."""
    name, _, kind = field.partition(":")
    return {"field": name, "type": _TYPES[kind], **how}


def _exactly(domain: Sequence[float]) -> Spec:
    """A scale of just these ends."""
    return {"domain": list(domain), "nice": False, "zero": False}


def _value_axis(marks: Ticks, **extent: int) -> Spec:
    """A vertical axis whose width does not hang on the fonts of this machine."""
    values = {"values": list(marks.values), "format": marks.shape}
    return {"domain": False, "ticks": False, **values, "minExtent": 50, "maxExtent": 50, **extent}


def svg(chart: Spec) -> str:
    """Vega's SVG as part of a page: the page's fonts, no links, nothing that a reader hears twice."""
    import vl_convert

    config = {
        "font": "sans-serif",
        "aria": False,
        "background": "white",
        "view": {"continuousWidth": 300, "continuousHeight": 300, "stroke": None},
        "axis": {
            "labelFontSize": _LABEL,
            "titleFontSize": TEXT,
            "titleFontWeight": "normal",
            "labelColor": _SOFT,
            "titleColor": _SOFT,
            "gridColor": _GRID,
            "domainColor": _RULE,
            "tickColor": _RULE,
        },
        "title": {"fontSize": 13, "anchor": "start", "color": _INK},
    }
    spec = {"$schema": _SCHEMA, "config": config, **chart}
    drawn = str(vl_convert.vegalite_to_svg(_as_data(spec), vl_version=_VEGA_LITE))
    # Within tags alone: a text may look like an attribute, but has no angle brackets any more.
    drawn = re.sub(r"<[^<>]*>", lambda tag: _UNUSED.sub("", tag[0]), drawn)
    # Empty paths that only listen to a mouse.
    return re.sub(r'<path[^>]*d=""[^>]*/>', "", drawn)


def _as_data(spec: Any) -> Any:
    """The specification with every text in it visible."""
    match spec:
        case str():
            return visible(spec)
        case dict():
            return {key: _as_data(value) for key, value in spec.items()}
        case list() | tuple():
            return [_as_data(value) for value in spec]
    return spec
