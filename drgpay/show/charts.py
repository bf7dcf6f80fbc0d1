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
from typing import TYPE_CHECKING, Any, Literal

from drgpay.base.visible import visible
from drgpay.show.chart_axes import SIDES, TEXT, Ticks, lanes, lines_of, pixels, placed_labels, ticks

if TYPE_CHECKING:
    import altair as alt

_Align = Literal["left", "right", "center"]

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
_ALIGNED: tuple[_Align, ...] = ("left", "right", "center", "center")
_ASIDE: tuple[tuple[str, _Align, int], ...] = (("!", "left", 4), ("", "right", -4))
_VEGA_LITE = "6.4"
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
    import altair as alt

    strips = [_strip(name, months, levels.get(name)) for name, months in pools]
    return svg(alt.vconcat(*strips, spacing=18))


def _strip(
    title: str, months: Sequence[Bar], level: Bar | None
) -> "alt.LayerChart | alt.FacetChart":
    import altair as alt

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
    names = alt.Axis(
        labelAngle=0,
        ticks=False,
        values=[place for place in places if place % every == 0],
        labelExpr=_by_place([[month.name] for month in months]),
    )
    base = alt.Chart(_rows(months)).encode(
        x=alt.X(
            "place:O", title=None, scale=alt.Scale(domain=places, padding=room_aside), axis=names
        ),
        y=alt.Y(
            "value:Q",
            title=None,
            axis=_value_axis(marks),
            scale=alt.Scale(domain=marks.domain, nice=False, zero=False),
        ),
    )
    labels = [
        base.transform_filter(alt.FieldOneOfPredicate(field="place", oneOf=found))
        .mark_text(dy=offset, fontSize=_LABEL, color=_INK)
        .encode(text="label:N")
        for found, offset in zip(_labelled(values, every), (-12, 13), strict=True)
    ]
    across = alt.Chart(_rows([level] if level else [])).encode(y=base.encoding.y)
    named = f"{title} · {level.label}" if level else title
    return alt.layer(
        *([across.mark_rule(color=_INK, strokeDash=[4, 3])] if level else []),
        base.mark_line(color=_SOFT, strokeWidth=2),
        base.mark_point(color=_INK, filled=True, size=40, opacity=1),
        *labels,
    ).properties(width=_WIDTH - 60, height=125, title=named)


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
    import altair as alt

    names = _names([bar.name for bar in panels[0][1]])
    width = (_WIDTH - names.width - 20 * (len(panels) - 1)) // len(panels)
    charts = [
        _panel(title, bars, width, names, first=not place)
        for place, (title, bars) in enumerate(panels)
    ]
    return svg(alt.hconcat(*charts, spacing=20))


@dataclass(frozen=True)
class _Names:
    """The names of rows: whole, those that are long in several lines."""

    lines: Sequence[Sequence[str]]
    width: int

    @property
    def height(self) -> int:
        """Of a row."""
        return max(_ROW, 4 + _LINE * max((len(each) for each in self.lines), default=1))

    def axis(self) -> "alt.Axis":
        """Room for them beside the rows, which are told apart by place: hospitals may share a name."""
        import altair as alt

        width = self.width
        return alt.Axis(labels=False, ticks=False, domain=False, minExtent=width, maxExtent=width)

    def layers(self) -> "list[alt.Chart]":
        """The names, each in the middle of its row."""
        import altair as alt

        counts = sorted({len(each) for each in self.lines})
        return [
            alt.Chart(
                _data(
                    [
                        {"place": place, "lines": [visible(line) for line in each]}
                        for place, each in enumerate(self.lines)
                        if len(each) == count
                    ]
                )
            )
            .mark_text(
                align="right",
                dy=-_LINE * (count - 1) / 2,
                lineHeight=_LINE,
                fontSize=TEXT,
                color=_SOFT,
            )
            .encode(x=alt.value(-8), y="place:O", text="lines:N")
            for count in counts
        ]


def _names(names: Sequence[str]) -> _Names:
    lines = [lines_of(visible(name), _MOST_NAME) for name in names]
    longest = max((pixels(line) for each in lines for line in each), default=0)
    return _Names(lines, min(longest, _MOST_NAME + 2 * TEXT) + 10)


def _by_place(lines: Sequence[Sequence[str]]) -> str:
    """A label of an axis by its place, as an expression; visible, since an expression is no text."""
    shown = [[visible(line) for line in each] for each in lines]
    return f"{json.dumps([each[0] if len(each) == 1 else each for each in shown])}[datum.value]"


def _panel(
    title: str, bars: Sequence[Bar], width: int, names: _Names, first: bool
) -> "alt.LayerChart | alt.FacetChart":
    import altair as alt

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
    base = alt.Chart(_rows(bars)).encode(
        y=alt.Y(
            "place:O",
            title=None,
            axis=names.axis() if first else None,
            scale=alt.Scale(domain=list(range(len(bars)))),
        ),
        x=alt.X("value:Q", title=None, axis=None, scale=alt.Scale(domain=domain, nice=False)),
    )
    layers: list[Any] = []
    for less in (False, True):
        side = base.transform_filter("datum.value < 0" if less else "datum.value >= 0")
        layers.append(side.mark_bar(**_filled(less), height=14))
        layers.append(
            side.mark_text(
                align="right" if less else "left", dx=-5 if less else 5, fontSize=_LABEL, color=_INK
            ).encode(text="label:N")
        )
    zero = alt.Chart(_data([{"value": 0}])).mark_rule(color=_RULE).encode(x="value:Q")
    return alt.layer(*layers, zero, *(names.layers() if first else [])).properties(
        width=width,
        height=names.height * len(bars),
        title=alt.Title(title, anchor="start", fontSize=TEXT),
    )


def _filled(less: bool) -> dict[str, Any]:
    """More is filled, less hollow: they differ in grey too."""
    return {
        "color": _HOLLOW if less else _MORE,
        "stroke": _LESS if less else _MORE,
        "strokeWidth": 1,
    }


def waterfall(steps: Sequence[Bar], total: Bar, title: str) -> str:
    """How steps add up: each floats from where the last one ended, the first and the total from zero."""
    import altair as alt

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
    scale = alt.Scale(domain=[low, high + (high - low) * room / (width - room)], nice=False)
    y = alt.Y(
        "place:O",
        title=None,
        axis=names.axis(),
        scale=alt.Scale(domain=list(range(len(rows) + 1))),
    )
    axis = alt.Axis(values=list(marks.values), format=marks.shape, ticks=False, domain=False)
    x = alt.X("from:Q", title=title, scale=scale, axis=axis)
    base = alt.Chart(_data([*rows, last])).encode(y=y)
    bars = [
        base.transform_filter(f"datum.kind == 'step' && datum.to {sign} datum.from")
        .mark_bar(height=14, **_filled(less))
        .encode(x=x, x2="to:Q")
        for less, sign in ((False, ">="), (True, "<"))
    ]
    whole = base.transform_filter("datum.kind == 'total'").mark_bar(height=14, color=_SOFT)
    # From the end of a step down to the beginning of the next.
    joints = [{"at": row["to"], "place": row["place"], "next": row["place"] + 1} for row in rows]
    joint = (
        alt.Chart(_data(joints))
        .mark_rule(color=_RULE, strokeDash=[2, 2])
        .encode(x=alt.X("at:Q", scale=scale), y=alt.Y("place:O"), y2="next:O")
    )
    labels = base.mark_text(align="left", dx=6, fontSize=_LABEL, color=_INK).encode(
        x=alt.X("edge:Q", scale=scale), text="label:N"
    )
    zero = alt.Chart(_data([{"at": 0}])).mark_rule(color=_RULE).encode(x=alt.X("at:Q", scale=scale))
    chart = alt.layer(zero, joint, *bars, whole.encode(x=x, x2="to:Q"), labels, *names.layers())
    return svg(chart.properties(width=width, height=(names.height + 4) * (len(rows) + 1)))


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
    import altair as alt

    width, height = _WIDTH - 70, 260
    end = max(end for _, end, _ in bars)
    marks = ticks(0, max((cases for _, _, cases in bars), default=1) or 1, whole=True)
    tallest = marks.domain[1]
    spans = [_beside(at / end * width, pixels(text) + 12, width) for at, text in bounds]
    lane = lanes(spans)
    top = {place: tallest * (1.06 + 0.08 * (max(lane) - lane[place])) for place in range(len(lane))}
    x_scale = alt.Scale(domain=[0, end], nice=False)
    y_scale = alt.Scale(domain=[0, max([tallest * 1.02, *top.values()])], nice=False)
    rows = [{"from": start, "to": end, "foot": 0, "cases": cases} for start, end, cases in bars]
    axis = alt.Axis(values=list(x_ticks), labelExpr=tick_label, labelFlush=False, grid=False)
    histogram = (
        alt.Chart(_data(rows))
        .mark_bar(color=_QUIET, stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X("from:Q", scale=x_scale, title=x_title, axis=axis),
            x2="to:Q",
            y2="foot:Q",
            y=alt.Y("cases:Q", scale=y_scale, title=y_title, axis=_value_axis(marks)),
        )
    )
    shown = [
        {"at": at, "text": text, "foot": 0, "top": top[place], "left": span[0] < at / end * width}
        for (place, (at, text)), span in zip(enumerate(bounds), spans, strict=True)
    ]
    bound = alt.Chart(_data(shown)).encode(x=alt.X("at:Q", scale=x_scale))
    lines = bound.mark_rule(color=_INK, strokeDash=[5, 3], strokeWidth=1.2).encode(
        y=alt.Y("foot:Q", scale=y_scale), y2="top:Q"
    )
    labels = [
        bound.transform_filter(f"{sign}datum.left")
        .mark_text(align=align, dx=dx, dy=4, fontSize=TEXT, color=_INK)
        .encode(y=alt.Y("top:Q", scale=y_scale), text="text:N")
        for sign, align, dx in _ASIDE
    ]
    return svg(alt.layer(histogram, lines, *labels).properties(width=width, height=height))


def _beside(at: float, wide: int, width: int) -> tuple[float, float]:
    """From where to where a label reaches that stands to the right of its line, or else to the left."""
    return (at, at + wide) if at + wide <= width else (at - wide, at)


def dot_chart(dots: Sequence[Dot], x_title: str, y_title: str) -> str:
    """Dots over a line at nothing; those that are furthest from it bear their names, where there is room."""
    import altair as alt

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
    base = alt.Chart(_data(rows)).encode(
        x=alt.X(
            "across:Q",
            title=x_title,
            scale=alt.Scale(domain=x_domain, nice=False, zero=False),
            axis=alt.Axis(
                values=list(x_marks.values), format=x_marks.shape, grid=False, labelFlush=False
            ),
        ),
        y=alt.Y(
            "up:Q",
            title=y_title,
            scale=alt.Scale(domain=y_domain, nice=False),
            axis=_value_axis(y_marks),
        ),
    )
    labels = [
        base.transform_filter(alt.FieldEqualPredicate(field="side", equal=side))
        .mark_text(align=align, dx=dx, dy=dy, fontSize=TEXT, color=_INK)
        .encode(text="name:N")
        for (side, (dx, dy)), align in zip(SIDES.items(), _ALIGNED, strict=True)
    ]
    zero = alt.Chart(_data([{"up": 0}])).mark_rule(color=_RULE).encode(y="up:Q")
    chart = alt.layer(
        zero, base.mark_point(filled=True, size=60, color=_SOFT, opacity=0.9), *labels
    )
    return svg(chart.properties(width=width, height=height))


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
    import altair as alt

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
        base = alt.Chart(_data(data)).encode(
            x=x,
            y=alt.Y(
                "y:Q",
                title=None,
                scale=alt.Scale(domain=marks.domain, nice=False, zero=False),
                axis=_value_axis(marks, minExtent=60, maxExtent=60),
            ),
        )
        if series:
            legend = alt.Legend(title=None, orient="right", labelLimit=0)
            base = base.encode(
                color=alt.Color("series:N", sort=None, legend=legend),
                strokeDash=alt.StrokeDash("series:N", sort=None, legend=None),
            )
            lines = alt.layer(base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=30))
        else:
            lines = alt.layer(
                base.mark_line(color=_SOFT, strokeWidth=2),
                base.mark_point(color=_INK, filled=True, size=30, opacity=1),
            )
        strips.append(lines.properties(width=width, height=110, title=curve.title))
    return svg(alt.vconcat(*strips, spacing=14))


def _path_to_scale(places: Sequence[str]) -> "alt.X":
    import altair as alt

    numbers = sorted({float(place) for place in places})
    marks = ticks(numbers[0], numbers[-1], 8)
    axis = alt.Axis(values=list(marks.values), format=marks.shape, grid=False, labelFlush=False)
    scale = alt.Scale(domain=_wider(marks), nice=False, zero=False)
    return alt.X("x:Q", title=None, scale=scale, axis=axis)


def _path_in_order(places: Sequence[str], width: int) -> "alt.X":
    """Names below their points, in as many lines as they need."""
    import altair as alt

    names = list(dict.fromkeys(places))
    lines = {name: lines_of(visible(name), width // len(names) - 8, _LABEL) for name in names}
    shown = json.dumps({visible(name): each for name, each in lines.items()})
    axis = alt.Axis(labelAngle=0, labelLimit=0, labelExpr=f"{shown}[datum.value]")
    return alt.X("x:N", title=None, sort=None, axis=axis)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rows(bars: Sequence[Bar]) -> "alt.InlineData":
    return _data(
        [
            {"place": place, "name": bar.name, "value": bar.value, "label": bar.label}
            for place, bar in enumerate(bars)
        ]
    )


def _data(rows: list[dict[str, Any]]) -> "alt.InlineData":
    import altair as alt

    return alt.InlineData(values=rows)


def _value_axis(marks: Ticks, **extent: Any) -> Any:
    """A vertical axis whose width does not hang on the fonts of this machine."""
    import altair as alt

    return alt.Axis(
        domain=False,
        ticks=False,
        values=list(marks.values),
        format=marks.shape,
        **{"minExtent": 50, "maxExtent": 50, **extent},
    )


def svg(chart: Any) -> str:
    """Vega's SVG as part of a page: the page's fonts, no links, nothing that a reader hears twice."""
    import vl_convert

    spec = chart.configure(
        font="sans-serif",
        aria=False,
        background="white",
        view={"stroke": None},
        axis={
            "labelFontSize": _LABEL,
            "titleFontSize": TEXT,
            "titleFontWeight": "normal",
            "labelColor": _SOFT,
            "titleColor": _SOFT,
            "gridColor": _GRID,
            "domainColor": _RULE,
            "tickColor": _RULE,
        },
        title={"fontSize": 13, "anchor": "start", "color": _INK},
    ).to_dict()
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
