"""The charts of a simulation, drawn as those of the other reports."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from drgpay.base.language import Language
from drgpay.show import charts
from drgpay.show.charts import Bar, Curve, Dot
from drgpay.show.money_scale import MoneyScale, money_scale
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.sweep import Swept
from drgpay.simulate.wording import word

_SHOWN = 15  # winners, and as many losers; pairs of groups


def ranked_bars(hospitals: pl.DataFrame, language: Language) -> str:
    """Hospitals' changes from the largest gain to the largest loss: yuan and per cent.

    hospitals: the rows of the table of hospitals, sorted by change.
    """
    rows = list(hospitals.iter_rows(named=True))
    if len(rows) > 2 * _SHOWN:
        rows = [*rows[:_SHOWN], *rows[-_SHOWN:]]
    if not rows:
        return ""
    scale = money_scale((row["change"] for row in rows), language)
    amounts = [_amount_bar(row["name"], row["change"], scale) for row in rows]
    rates = [
        Bar(row["name"], float(row["change_rate"] or 0), _percent(row["change_rate"]))
        for row in rows
    ]
    panels = [
        (_in_unit("change", scale, language), amounts),
        (word("change_rate", language), rates),
    ]
    return charts.bar_panels(panels)


def effect_bars(table: pl.DataFrame, language: Language) -> str:
    """What each effect moves between hospitals: the gains, and the losses."""
    names = [name for name in table.columns if name not in _NO_EFFECT]
    if not names:
        return ""

    moved = {
        gains: [
            sum((value for value in table[name] if (value > 0) == gains), Decimal(0))
            for name in names
        ]
        for gains in (True, False)
    }
    scale = money_scale((*moved[True], *moved[False]), language)
    panels = [
        (
            _in_unit(key, scale, language),
            [
                _amount_bar(_short(name, language), amount, scale)
                for name, amount in zip(names, moved[gains], strict=True)
            ],
        )
        for key, gains in (("gained", True), ("lost", False))
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
    gained = [None if one is None else Decimal(one) / 100 for one in swept.points["gained_fen"]]
    scale = money_scale((one for one in gained if one is not None), language)
    moved = [None if one is None else scale.number(one) for one in gained]
    return [*curves, Curve(_in_unit("gained", scale, language), moved)]


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
    scale = money_scale((total, *(amount for _, amount in steps)), language)
    bars = [_amount_bar(name, amount, scale) for name, amount in steps]
    change = _amount_bar(_short("change", language), total, scale)
    return charts.waterfall(bars, change, _in_unit("change", scale, language))


def _amount_bar(name: str, yuan: Decimal, scale: MoneyScale) -> Bar:
    return Bar(name, scale.number(yuan), scale.text(yuan, signed=True))


def _in_unit(key: str, scale: MoneyScale, language: Language) -> str:
    """A heading with another unit than its own."""
    unit = word(scale.unit, language)
    return word("in_unit", language, said=_short(key, language), unit=unit)


def _short(key: str, language: Language) -> str:
    """A heading without its unit."""
    return word(key, language).split("（")[0].split(" (")[0]


def _percent(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:+.2%}".replace("-", "−")
