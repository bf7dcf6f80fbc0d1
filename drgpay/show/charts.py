"""The charts of a report as inline SVG: readable in print and without colour, the same bytes for
the same figures. Numbers are floats here: they place marks and are read from labels made elsewhere.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drgpay.base.visible import visible

if TYPE_CHECKING:
    import altair as alt

_WIDTH = 800
# Dark enough for white paper, and apart from each other in grey.
_DARK, _LIGHT, _LIGHT_EDGE, _LINE = "#1f4e79", "#f2b98f", "#9c4a12", "#333333"
_TEXT = 12
_NAMED_DOTS = 4
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
    """A measure at every point of a path, in their order; `shape` is how d3 writes it."""

    title: str
    values: Sequence[float | None]
    shape: str


def value_chart(pools: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Point values over months, one strip a pool; bars are named by month."""
    import altair as alt

    strips = [_strip(name, months) for name, months in pools]
    return svg(alt.vconcat(*strips, spacing=18))


def _strip(title: str, months: Sequence[Bar]) -> "alt.LayerChart | alt.FacetChart":
    import altair as alt

    low, high = min(month.value for month in months), max(month.value for month in months)
    # A value that hardly moves must not look as if it jumped.
    room = max(high - low, 0.02 * high)
    values = [month.value for month in months]
    around = zip([values[0], *values], values, [*values[1:], values[-1]], strict=False)
    # A label stands off the line: above it, and below where the line dips.
    below = [before + after > 2 * value for before, value, after in around]
    base = alt.Chart(_rows(months)).encode(
        x=alt.X("name:O", title=None, sort=None, axis=alt.Axis(labelAngle=0, ticks=False)),
        y=alt.Y(
            "value:Q",
            title=None,
            axis=_value_axis(tickCount=4, format=".6~g"),
            scale=alt.Scale(domain=[low - room / 2, high + room / 2], nice=False, zero=False),
        ),
    )
    labels = [
        base.transform_filter(alt.FieldOneOfPredicate(field="place", oneOf=places))
        .mark_text(dy=offset, fontSize=11, color="black")
        .encode(text="label:N")
        for places, offset in (
            ([place for place, dips in enumerate(below) if not dips], -12),
            ([place for place, dips in enumerate(below) if dips], 13),
        )
    ]
    return alt.layer(
        base.mark_line(color=_DARK, strokeWidth=2),
        base.mark_point(color=_DARK, filled=True, size=45, opacity=1),
        *labels,
    ).properties(width=_WIDTH - 60, height=125, title=title)


def bar_panels(panels: Sequence[tuple[str, Sequence[Bar]]], name_width: int = 190) -> str:
    """Bars of the same names side by side, one panel a measure; negative ones are light, edged."""
    import altair as alt

    width = (_WIDTH - name_width - 20 * (len(panels) - 1)) // len(panels)
    charts = [
        _panel(title, bars, width, name_width if first else 0)
        for first, (title, bars) in zip([True] + [False] * len(panels), panels, strict=False)
    ]
    return svg(alt.hconcat(*charts, spacing=20))


def _panel(
    title: str, bars: Sequence[Bar], width: int, name_width: int
) -> "alt.LayerChart | alt.FacetChart":
    import altair as alt

    low = min(0.0, *(bar.value for bar in bars))
    high = max(0.0, *(bar.value for bar in bars))
    # Labels stand outside the bars' ends: about 6.5 pixels a character.
    room = {
        side: max((7 * len(bar.label) + 8 for bar in bars if (bar.value < 0) == side), default=4)
        for side in (True, False)
    }
    per_unit = (high - low or 1.0) / max(width - room[True] - room[False], 40)
    domain = [low - room[True] * per_unit, high + room[False] * per_unit]
    names = (
        alt.Axis(
            # Bars stand by their place: two hospitals may share a name.
            labelExpr=f"{json.dumps([_fitted(visible(bar.name), name_width - 8) for bar in bars])}[datum.value]",
            labelLimit=0,
            labelFontSize=_TEXT,
            ticks=False,
            domain=False,
            minExtent=name_width,
            maxExtent=name_width,
        )
        if name_width
        else None
    )
    base = alt.Chart(_rows(bars)).encode(
        y=alt.Y(
            "place:O",
            title=None,
            axis=names,
            scale=alt.Scale(domain=list(range(len(bars)))),
        ),
        x=alt.X("value:Q", title=None, axis=None, scale=alt.Scale(domain=domain, nice=False)),
    )
    layers: list[Any] = []
    for negative, fill, edge in ((False, _DARK, _DARK), (True, _LIGHT, _LIGHT_EDGE)):
        side = base.transform_filter("datum.value < 0" if negative else "datum.value >= 0")
        layers.append(side.mark_bar(color=fill, stroke=edge, strokeWidth=1, height={"band": 0.7}))
        layers.append(
            side.mark_text(
                align="right" if negative else "left",
                dx=-4 if negative else 4,
                fontSize=11,
                color="black",
            ).encode(text="label:N")
        )
    zero = alt.Chart(_data([{"value": 0}])).mark_rule(color=_LINE).encode(x="value:Q")
    return alt.layer(*layers, zero).properties(
        width=width, height=22 * len(bars), title=alt.Title(title, anchor="start", fontSize=_TEXT)
    )


def ratio_chart(
    bars: Sequence[tuple[float, float, int]],
    bounds: Sequence[tuple[float, str]],
    ticks: Sequence[float],
    tick_label: str,
    x_title: str,
    y_title: str,
) -> str:
    """A histogram: bars from, to and cases; bounds as dashed lines with their words on top.

    tick_label is a Vega expression of datum.value.
    """
    import altair as alt

    tallest = max((cases for _, _, cases in bars), default=1)
    x_scale = alt.Scale(domain=[0, max(end for _, end, _ in bars)], nice=False)
    lanes = 3
    y_scale = alt.Scale(domain=[0, tallest * (1.08 + 0.09 * min(lanes, len(bounds)))], nice=False)
    rows = [{"from": start, "to": end, "foot": 0, "cases": cases} for start, end, cases in bars]
    histogram = (
        alt.Chart(_data(rows))
        .mark_bar(color="#7f9db9", stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X(
                "from:Q",
                scale=x_scale,
                title=x_title,
                axis=alt.Axis(
                    values=list(ticks), labelExpr=tick_label, labelFlush=False, grid=False
                ),
            ),
            x2="to:Q",
            y2="foot:Q",
            y=alt.Y(
                "cases:Q", scale=y_scale, title=y_title, axis=_value_axis(tickCount=5, format=",d")
            ),
        )
    )
    marks = [
        {
            "at": at,
            "text": text,
            "foot": 0,
            "top": tallest * (1.08 + 0.09 * (lanes - 1 - place % lanes)),
        }
        for place, (at, text) in enumerate(bounds)
    ]
    bound = alt.Chart(_data(marks)).encode(x=alt.X("at:Q", scale=x_scale))
    lines = bound.mark_rule(color="black", strokeDash=[5, 3], strokeWidth=1.2).encode(
        y=alt.Y("foot:Q", scale=y_scale), y2="top:Q"
    )
    labels = bound.mark_text(align="left", dx=4, dy=4, fontSize=_TEXT, color="black").encode(
        y=alt.Y("top:Q", scale=y_scale), text="text:N"
    )
    return svg(alt.layer(histogram, lines, labels).properties(width=_WIDTH - 70, height=260))


def dot_chart(dots: Sequence[Dot], x_title: str, y_title: str) -> str:
    """Dots over a line at nothing; those that are furthest from it bear their names."""
    import altair as alt

    furthest = sorted(dots, key=lambda dot: abs(dot.up), reverse=True)[:_NAMED_DOTS]
    named = {dot.name for dot in furthest}
    rows = [
        {
            "mix": dot.across,
            "rate": dot.up,
            "name": dot.name,
            "label": dot.name if dot.name in named else "",
        }
        for dot in dots
    ]
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("mix:Q", title=x_title, scale=alt.Scale(zero=False)),
        y=alt.Y("rate:Q", title=y_title, axis=alt.Axis(format=".1%", minExtent=50, maxExtent=50)),
    )
    zero = alt.Chart(_data([{"rate": 0}])).mark_rule(color=_LINE)
    chart = alt.layer(
        zero.encode(y="rate:Q"),
        base.mark_point(filled=True, size=60, color=_DARK, opacity=0.85),
        base.mark_text(dy=-10, fontSize=11, color="black").encode(text="label:N"),
    )
    return svg(chart.properties(width=720, height=300))


def curve_strips(
    curves: Sequence[Curve], places: Sequence[str], series: Sequence[str] | None
) -> str:
    """One strip a measure over the same places: to scale if all are numbers, else in their order.

    series: which line each point belongs to; None if there is one.
    """
    import altair as alt

    to_scale = all(_is_number(place) for place in places)
    x: Any = (
        alt.X("x:Q", title=None, scale=alt.Scale(zero=False))
        if to_scale
        else alt.X("x:N", title=None, sort=None, axis=alt.Axis(labelAngle=0))
    )
    strips = []
    for curve in curves:
        data = [
            {"x": float(place) if to_scale else place, "y": value, "series": line}
            for place, line, value in zip(
                places, series or [""] * len(places), curve.values, strict=True
            )
            if value is not None
        ]
        base = alt.Chart(_data(data)).encode(
            x=x,
            y=alt.Y(
                "y:Q",
                title=None,
                scale=alt.Scale(zero=False),
                axis=alt.Axis(format=curve.shape, tickCount=4, minExtent=60, maxExtent=60),
            ),
        )
        if series:
            legend = alt.Legend(title=None, orient="right", labelLimit=220)
            base = base.encode(
                color=alt.Color("series:N", sort=None, legend=legend),
                strokeDash=alt.StrokeDash("series:N", sort=None, legend=None),
            )
            lines = alt.layer(base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=30))
        else:
            lines = alt.layer(
                base.mark_line(color=_DARK, strokeWidth=2),
                base.mark_point(color=_DARK, filled=True, size=30, opacity=1),
            )
        width = 560 if series else 700
        strips.append(lines.properties(width=width, height=110, title=curve.title))
    return svg(alt.vconcat(*strips, spacing=14))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fitted(name: str, width: int) -> str:
    """A name cut to some pixels. Vega would measure it, and fonts differ between machines."""
    wide = [2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in name]
    room = int(width / (_TEXT * 0.52))  # columns; a Chinese character takes two
    if sum(wide) <= room:
        return name
    kept = 0
    while sum(wide[: kept + 1]) <= room - 2:
        kept += 1
    return f"{name[:kept]}…"


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


def _value_axis(**settings: Any) -> Any:
    """A vertical axis whose width does not hang on the fonts of this machine."""
    import altair as alt

    return alt.Axis(domain=False, ticks=False, minExtent=50, maxExtent=50, **settings)


def svg(chart: Any) -> str:
    """Vega's SVG as part of a page: the page's fonts, no links, nothing that a reader hears twice."""
    import vl_convert

    spec = chart.configure(
        font="sans-serif",
        aria=False,
        background="white",
        view={"stroke": None},
        axis={
            "labelFontSize": 11,
            "titleFontSize": _TEXT,
            "titleFontWeight": "normal",
            "labelColor": "black",
            "titleColor": "black",
            "gridColor": "#d9d9d9",
        },
        title={"fontSize": 13, "anchor": "start", "color": "black"},
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
