"""The tables of shadow months for people and for machines: decimals, named, small cells merged."""

from collections.abc import Callable

import polars as pl

from drgpay.base.exact import POINT_SCALE, divide_half_up, wide
from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.show.small_cells import SMALLEST_CELL
from drgpay.show.tables import ReportTable
from drgpay.simulate.compare import change_ratio
from drgpay.simulate.tables import (
    by_change,
    decimals,
    merged_table,
    migration_table,
    small_merged,
    stops_frame,
    stops_table,
    totalled,
)
from drgpay.transition.shadow import AMOUNT, SIDES, Shadow, ShadowMonth

word = Wording("shadow").word
said = Wording("shadow").said


def machine_tables(found: Shadow) -> dict[str, pl.DataFrame]:
    """The Parquet files of shadow months, by name; nothing is merged in them."""
    return {
        "shadow_months": decimals(_months(found)),
        "month_values": decimals(_values(found)),
        "hospitals": decimals(found.hospitals.select(_hospital_columns(found.hospitals))),
        "month_hospitals": decimals(_by_month(found, lambda month: _hospitals(month))),
        "levels": decimals(found.levels),
        "month_levels": decimals(_by_month(found, lambda month: month.comparison.levels)),
        "accounts": decimals(found.accounts),
        "groups": decimals(found.groups),
        "migration": decimals(found.migration),
        "month_quality": decimals(_quality(found)),
        "month_stops": _by_month(found, lambda month: stops_frame(month.noticed, None)),
    }


def shown_tables(found: Shadow, language: Language) -> list[ReportTable]:
    """The tables of the workbook, the console and the page, in their order."""
    tables = [
        _months_table(found),
        _values_table(found),
        quality_table(found, language),
        hospitals_table(found, language),
    ]
    if len(found.months) > 1:
        tables.append(changes_table(found, language))
    tables += [
        merged_table("t_levels", found.levels, AMOUNT, language),
        merged_table("t_accounts", found.accounts, AMOUNT, language),
        migration_table(found.migration, language),
        merged_table("t_groups", by_change(found.groups), AMOUNT, language),
    ]
    for month in found.months:
        if month.noticed:
            stops = stops_table(month.noticed, language)
            named = stops.frame.select(pl.lit(month.period).alias("period"), pl.all())
            tables.append(ReportTable("t_stops", named, note=stops.note))
    return tables


def _by_month(found: Shadow, table: Callable[[ShadowMonth], pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(
        table(month).select(pl.lit(month.period).alias("period"), pl.all())
        for month in found.months
    )


def _months(found: Shadow) -> pl.DataFrame:
    """What each month comes to: cases, fund amount, hospitals that gain and lose, findings."""
    rows = []
    for month in found.months:
        hospitals, change = month.comparison.hospitals, pl.col("change_fen")
        sums = hospitals.select(
            pl.col("cases_before").sum(),
            pl.col(f"{AMOUNT}_before", f"{AMOUNT}_after", "change_fen").sum(),
            winners=(change > 0).sum().cast(pl.Int64),
            losers=(change < 0).sum().cast(pl.Int64),
            beyond_5=pl.col("bin").is_in(["below_5", "above_5"]).sum().cast(pl.Int64),
        )
        rows.append(
            sums.select(
                pl.lit(month.period).alias("period"),
                pl.lit(month.run.run_id).alias("run"),
                pl.all(),
                pl.lit(month.stops, pl.Int64).alias("stops"),
            )
        )
    return pl.concat(rows)


def _months_table(found: Shadow) -> ReportTable:
    """The months with their sums; the same hospitals are counted in each, so these are not added up."""
    frame = decimals(_months(found))
    summed = ("cases_before", "fund_amount_before", "fund_amount_after", "change", "stops")
    return ReportTable("t_months", frame, total={name: frame[name].sum() for name in summed})


def _values(found: Shadow) -> pl.DataFrame:
    """The pools of each month; the places of values are those of the month with most of them."""
    return pl.concat(
        [
            month.values.select(pl.lit(month.period).alias("period"), pl.all())
            for month in found.months
        ],
        how="vertical_relaxed",
    )


def _values_table(found: Shadow) -> ReportTable:
    frame = decimals(_values(found)).drop("budget_before", "budget_after")
    sides = {f"fund_amount_{side}": f"fund_in_budget_{side}" for side in SIDES}
    if not found.factors:
        frame = frame.drop("points_on_paid_scale", "value_on_paid_scale")
    note = "k_note" if found.factors else "no_k_note"
    return ReportTable("t_values", frame.rename(sides), worded=frozenset({"pool"}), note=note)


def _hospital_columns(frame: pl.DataFrame) -> list[str]:
    first = ["hospital_id", "name", "level", "county", "bin"]
    return [*first, *(name for name in frame.columns if name not in first)]


def _hospitals(month: ShadowMonth) -> pl.DataFrame:
    frame = month.comparison.hospitals.drop("rank", "case_mix")
    return frame.select(_hospital_columns(frame)).sort("hospital_id")


def _quality(found: Shadow) -> pl.DataFrame:
    """Each month and all of them (period null), a row a side."""
    whole = found.quality.select(pl.lit(None, pl.String).alias("period"), pl.all())
    rows = pl.concat([_by_month(found, lambda month: month.schemes.quality), whole])
    return rows.with_columns(
        divide_half_up(wide(name) * wide(POINT_SCALE), wide("cases"))
        .cast(pl.Int64)
        .alias(f"{name}_ratio")
        for name in ("grouped", "ambiguous")
    )


def quality_table(found: Shadow, language: Language) -> ReportTable:
    """Coverage, ambiguous rate and R2 of each month and of all."""
    rows = decimals(_quality(found)).drop("scheme")
    named = rows.with_columns(pl.col("period").fill_null(word("all_months", language)))
    return ReportTable("t_quality", named, worded=frozenset({"side"}), note="quality_note")


def hospitals_table(found: Shadow, language: Language) -> ReportTable:
    """Hospitals over all months, who gains most first; one of fewer than 5 cases is merged."""
    frame = found.hospitals
    shown = frame.drop("hospital_id", "bin", "change_ratio", "level", "county")
    merged = small_merged(shown, AMOUNT, language)
    back = merged.join(
        frame.select("name", "level", "bin").unique("name"),
        on="name",
        how="left",
        maintain_order="left",
    ).sort("change_fen", "name", descending=[True, False])
    table = back.select(
        *("name", "level", "bin"),
        *(f"{of}_{side}" for of in ("cases", "points", AMOUNT) for side in SIDES),
        *("change_fen", "change_ratio"),
    )
    return totalled("t_hospitals", decimals(table), "hospitals_note", frozenset({"bin"}))


def changes_table(found: Shadow, language: Language) -> ReportTable:
    """The change of each hospital, a column a month.

    A hospital of 1 to 4 cases in any month is merged with the others of that kind.
    """
    rows = _by_month(found, lambda month: month.comparison.hospitals)
    few = pl.any_horizontal(
        pl.col(f"cases_{side}").is_between(1, SMALLEST_CELL - 1) for side in SIDES
    )
    small = rows.filter(few)["hospital_id"].unique()
    others = word("others", language)
    named = rows.with_columns(
        name=pl.when(pl.col("hospital_id").is_in(small.implode()))
        .then(pl.lit(others))
        .otherwise("name")
    )
    periods = [month.period for month in found.months]
    wide_rows = (
        named.group_by("name", "period")
        .agg(pl.col("change_fen", f"{AMOUNT}_before").sum())
        .pivot("period", index="name", values="change_fen", aggregate_function="sum")
        .select("name", *(pl.col(period).fill_null(0).alias(f"{period}_fen") for period in periods))
    )
    before = named.group_by("name").agg(pl.col("change_fen", f"{AMOUNT}_before").sum())
    table = (
        wide_rows.join(before, on="name")
        .with_columns(change_ratio=change_ratio("change_fen", f"{AMOUNT}_before"))
        .drop(f"{AMOUNT}_before")
        .sort("change_fen", "name", descending=[True, False])
    )
    frame = decimals(table)
    total = {name: frame[name].sum() for name in [*periods, "change"]}
    return ReportTable("t_changes", frame, total=total, note="small_note")
