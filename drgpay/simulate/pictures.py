"""The charts of a simulation, drawn as those of the other reports."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from drgpay.base.language import Language
from drgpay.show import charts
from drgpay.show.charts import Bar, Curve, Dot
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
            found.append(Bar(_short(name, language), float(total), _signed(total, ".2f")))
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
    dots = [
        Dot(row["name"], float(row["case_mix"]), float(row["change_rate"]))
        for row in hospitals.drop_nulls(["case_mix", "change_rate"]).iter_rows(named=True)
    ]
    if not dots:
        return ""
    return charts.dot_chart(dots, word("case_mix", language), word("change_rate", language))


def sweep_curves(swept: Swept, language: Language) -> str:
    """One strip a measure over the first swept parameter; a line for each value of the others."""
    first, *others = swept.paths
    names = [str(name) for name in swept.points[first]]
    series = [
        ", ".join(f"{path.split('.')[-1]} {row[path]}" for path in others)
        for row in swept.points.iter_rows(named=True)
    ]
    return charts.curve_strips(_curves(swept, language), names, series if others else None)


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
        curves.append(Curve(title, values))
    for column in ("smallest_ratio", "largest_ratio"):
        found = [None if one is None else one / 1e4 for one in swept.points[column]]
        curves.append(Curve(word(column.replace("_ratio", "_rate"), language), found, percent=True))
    gained = [None if one is None else one / 100 for one in swept.points["gained_fen"]]
    return [*curves, _in_large_units("gained", gained, language)]


_UNITS: dict[Language, tuple[tuple[str, float], ...]] = {
    "zh": (("unit_yi", 1e8), ("unit_wan", 1e4), ("unit_yuan", 1.0)),
    "en": (("unit_million", 1e6), ("unit_thousand", 1e3), ("unit_yuan", 1.0)),
}


def _in_large_units(key: str, yuan: Sequence[float | None], language: Language) -> Curve:
    """Amounts in the largest unit of which the largest of them has one."""
    largest = max((abs(one) for one in yuan if one is not None), default=0.0)
    units = _UNITS[language]
    unit, size = next((one for one in units if largest >= one[1]), units[-1])
    title = word("in_unit", language, said=_short(key, language), unit=word(unit, language))
    return Curve(title, [None if one is None else one / size for one in yuan])


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


def effect_waterfall(table: pl.DataFrame, language: Language) -> str:
    """How the effects add up to the change of all hospitals."""
    names = [name for name in table.columns if name not in _NO_EFFECT]
    steps = [(_short(name, language), sum(table[name], Decimal(0))) for name in names]
    return _waterfall(steps, language)


def scenario_waterfall(table: pl.DataFrame, language: Language) -> str:
    """How the scenarios, in their order, add up to the change of all hospitals.

    table: scenario and change, a row a step.
    """
    return _waterfall(list(table.select("scenario", "change").iter_rows()), language)


def _waterfall(steps: Sequence[tuple[str, Decimal]], language: Language) -> str:
    if not any(amount for _, amount in steps):
        return ""
    total = sum((amount for _, amount in steps), Decimal(0))
    bars = [_change_bar(name, amount) for name, amount in steps]
    change = _change_bar(_short("change", language), total)
    return charts.waterfall(bars, change, word("change_wan", language))


def _change_bar(name: str, yuan: Decimal) -> Bar:
    return Bar(name, float(yuan / _WAN), _signed(yuan / _WAN, ".2f"))


def _short(key: str, language: Language) -> str:
    """A heading without its unit."""
    return word(key, language).split("（")[0].split(" (")[0]


def _signed(value: Decimal, shape: str) -> str:
    return f"{value:+,{shape}}".replace("-", "−")


def _percent(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:+.2%}".replace("-", "−")
