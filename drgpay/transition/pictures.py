"""The charts of a transition, drawn as those of the other reports."""

from decimal import Decimal

import polars as pl

from drgpay.base.language import Language
from drgpay.show import charts
from drgpay.show.charts import Bar, Dot
from drgpay.transition.tables import word

_SHOWN = 15  # gains, and as many losses; pairs of groups


def hospital_bars(hospitals: pl.DataFrame, language: Language) -> str:
    """Hospitals' changes from the largest gain to the largest loss: per cent and points.

    hospitals: the rows of the table of hospitals.
    """
    rows = list(hospitals.drop_nulls("change_rate").iter_rows(named=True))
    if len(rows) > 2 * _SHOWN:
        rows = [*rows[:_SHOWN], *rows[-_SHOWN:]]
    if not rows:
        return ""
    rates = [
        Bar(row["name"], float(row["change_rate"]), _percent(row["change_rate"])) for row in rows
    ]
    amounts = [Bar(row["name"], float(row["change"]), _points(row["change"])) for row in rows]
    return charts.bar_panels(
        [(word("change_rate", language), rates), (word("change", language), amounts)]
    )


def mix_dots(hospitals: pl.DataFrame, language: Language) -> str:
    """Each hospital's change in per cent against its case mix under the old scheme."""
    dots = [
        Dot(row["name"], float(row["case_mix_old"]), float(row["change_rate"]))
        for row in hospitals.drop_nulls(["case_mix_old", "change_rate"]).iter_rows(named=True)
    ]
    if not dots:
        return ""
    return charts.dot_chart(dots, word("case_mix_old", language), word("change_rate", language))


def migration_bars(moves: pl.DataFrame, language: Language) -> str:
    """The commonest moves between groups. moves: the rows of the table of migration."""
    rows = list(moves.filter(pl.col("to_drg") != "").head(_SHOWN).iter_rows(named=True))
    if not rows:
        return ""
    bars = [
        Bar(f"{row['from_drg']} → {row['to_drg']}", float(row["cases"]), f"{row['cases']:,}")
        for row in rows
    ]
    return charts.bar_panels([(word("cases_moved", language), bars)])


def _percent(value: Decimal) -> str:
    return f"{value:+.2%}".replace("-", "−")


def _points(value: Decimal) -> str:
    return f"{value:+,.0f}".replace("-", "−")
