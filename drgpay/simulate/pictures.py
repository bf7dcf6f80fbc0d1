"""The charts of a simulation, drawn as those of the other reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.base.language import Language
from drgpay.show import charts
from drgpay.show.charts import Bar
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.sweep import Swept
from drgpay.simulate.wording import word

_SHOWN = 15  # winners, and as many losers; pairs of groups
_WAN = Decimal(10_000)


def ranked_bars(hospitals: pl.DataFrame, language: Language) -> str:
    """Hospitals' changes from the largest gain to the largest loss: yuan and per cent.

    hospitals: the rows of the table of hospitals, sorted by change.
    """
    rows = list(hospitals.iter_rows(named=True))
    if len(rows) > 2 * _SHOWN:
        rows = [*rows[:_SHOWN], *rows[-_SHOWN:]]
    if not rows:
        return ""
    amounts = [
        Bar(row["name"], float(row["change"] / _WAN), _signed(row["change"] / _WAN, ".2f"))
        for row in rows
    ]
    rates = [
        Bar(row["name"], float(row["change_rate"] or 0), _percent(row["change_rate"]))
        for row in rows
    ]
    panels = [
        (word("change_wan", language), amounts),
        (word("change_rate", language), rates),
    ]
    return charts.bar_panels(panels)


def effect_bars(table: pl.DataFrame, language: Language) -> str:
    """What each effect moves between hospitals: the gains, and the losses."""
    names = [name for name in table.columns if name not in _NO_EFFECT]
    if not names:
        return ""

    def bars(gains: bool) -> list[Bar]:
        found = []
        for name in names:
            values = [value for value in table[name] if (value > 0) == gains]
            total = sum(values, Decimal(0)) / _WAN
            said = word(name, language).split("（")[0].split(" (")[0]
            found.append(Bar(said, float(total), _signed(total, ".2f")))
        return found

    panels = [
        (word("gained_wan", language), bars(gains=True)),
        (word("lost_wan", language), bars(gains=False)),
    ]
    return charts.bar_panels(panels)


_NO_EFFECT = (
    *("name", "change", "fund_amount_before", "fund_amount_after"),
    *("final_amount_before", "final_amount_after"),
)


def mix_scatter(hospitals: pl.DataFrame, language: Language) -> str:
    """Each hospital's change in per cent against its case mix index."""
    import altair as alt

    rows = [
        {"mix": float(row["case_mix"]), "rate": float(row["change_rate"]), "name": row["name"]}
        for row in hospitals.drop_nulls(["case_mix", "change_rate"]).iter_rows(named=True)
    ]
    if not rows:
        return ""
    ordered = sorted(rows, key=lambda row: abs(float(str(row["rate"]))), reverse=True)
    named = {row["name"] for row in ordered[:4]}
    rows = [{**row, "label": row["name"] if row["name"] in named else ""} for row in rows]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("mix:Q", title=word("case_mix", language), scale=alt.Scale(zero=False)),
        y=alt.Y(
            "rate:Q",
            title=word("change_rate", language),
            axis=alt.Axis(format=".1%", minExtent=50, maxExtent=50),
        ),
    )
    zero = alt.Chart(alt.InlineData(values=[{"rate": 0}])).mark_rule(color="#333333")
    chart = alt.layer(
        zero.encode(y="rate:Q"),
        base.mark_point(filled=True, size=60, color="#1f4e79", opacity=0.85),
        base.mark_text(dy=-10, fontSize=11, color="black").encode(text="label:N"),
    )
    return charts.svg(chart.properties(width=720, height=300))


@dataclass(frozen=True)
class Curve:
    """A measure at every point of a sweep, in the order of the points."""

    title: str
    values: Sequence[float | None]
    shape: str


def sweep_curves(swept: Swept, language: Language) -> str:
    """One strip a measure over the first swept parameter; a line for each value of the others."""
    import altair as alt

    first, *others = swept.paths
    names = [str(name) for name in swept.points[first]]
    series = [
        ", ".join(f"{path.split('.')[-1]} {row[path]}" for path in others)
        for row in swept.points.iter_rows(named=True)
    ]
    numeric = all(_is_number(name) for name in names)
    strips = []
    for curve in _curves(swept, language):
        data = [
            {"x": float(name) if numeric else name, "y": value, "series": line}
            for name, line, value in zip(names, series, curve.values, strict=True)
            if value is not None
        ]
        x: Any = (
            alt.X("x:Q", title=None, scale=alt.Scale(zero=False))
            if numeric
            else alt.X("x:N", title=None, sort=None, axis=alt.Axis(labelAngle=0))
        )
        base = alt.Chart(alt.InlineData(values=data)).encode(
            x=x,
            y=alt.Y(
                "y:Q",
                title=None,
                scale=alt.Scale(zero=False),
                axis=alt.Axis(format=curve.shape, tickCount=4, minExtent=60, maxExtent=60),
            ),
        )
        if others:
            legend = alt.Legend(title=None, orient="right", labelLimit=220)
            base = base.encode(
                color=alt.Color("series:N", sort=None, legend=legend),
                strokeDash=alt.StrokeDash("series:N", sort=None, legend=None),
            )
            lines = alt.layer(base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=30))
        else:
            lines = alt.layer(
                base.mark_line(color="#1f4e79", strokeWidth=2),
                base.mark_point(color="#1f4e79", filled=True, size=30, opacity=1),
            )
        width = 560 if others else 700
        strips.append(lines.properties(width=width, height=110, title=curve.title))
    return charts.svg(alt.vconcat(*strips, spacing=14))


def _curves(swept: Swept, language: Language) -> list[Curve]:
    curves = []
    numbers = swept.points.select("number")
    for pool in swept.values["pool"].unique().sort():
        rows = numbers.join(
            swept.values.filter(pl.col("pool") == pool),
            on="number",
            how="left",
            maintain_order="left",
        )
        values = [None if one is None else float(one) for one in rows["point_value"]]
        title = f"{word('point_value', language)} · {word(str(pool), language)}"
        curves.append(Curve(title, values, ".6~g"))
    for column, shape, scale in (
        ("smallest_ratio", ".1%", 1e4),
        ("largest_ratio", ".1%", 1e4),
        ("gained_fen", ".4~s", 1e2),
    ):
        key = {"gained_fen": "gained"}.get(column, column.replace("_ratio", "_rate"))
        found = [None if one is None else one / scale for one in swept.points[column]]
        curves.append(Curve(word(key, language), found, shape))
    return curves


def migration_bars(table: pl.DataFrame, language: Language) -> str:
    """The commonest moves between groups."""
    rows = table.drop_nulls("to_drg").sort("cases", descending=True).head(_SHOWN)
    if not rows.height:
        return ""
    bars = [
        Bar(f"{row['from_drg']} → {row['to_drg']}", float(row["cases"]), f"{row['cases']:,}")
        for row in rows.iter_rows(named=True)
    ]
    return charts.bar_panels([(word("cases_moved", language), bars)])


def in_short(found: Simulation, language: Language) -> list[tuple[str, str, str]]:
    """The figures that are looked for first: heading, number, unit."""
    bins = {row["bin"]: row for row in found.comparison.bins.iter_rows(named=True)}
    change = found.comparison.hospitals["change_fen"]
    moved = Decimal(int(change.filter(change > 0).sum())) / 1_000_000
    winners = bins["above_01"]["hospitals"] + bins["above_5"]["hospitals"]
    losers = bins["below_01"]["hospitals"] + bins["below_5"]["hospitals"]
    amount = found.comparison.amount
    after = Decimal(int(found.comparison.hospitals[f"{amount}_after"].sum())) / 1_000_000
    values = [
        (
            f"{word('point_value', language)} · {word(row['pool'], language)}",
            f"{row['point_value_after']}",
            f"{word('base', language)} {row['point_value_before']}",
        )
        for row in found.comparison.values.iter_rows(named=True)
    ]
    return [
        *values,
        (word("k_final" if found.base.year else "k_fund", language), f"{after:,.2f}", ""),
        (word("k_gained", language), str(winners), ""),
        (word("k_lost", language), str(losers), ""),
        (word("k_moved", language), f"{moved:,.2f}", ""),
    ]


def _signed(value: Decimal, shape: str) -> str:
    return f"{value:+,{shape}}".replace("-", "−")


def _percent(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:+.2%}".replace("-", "−")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
