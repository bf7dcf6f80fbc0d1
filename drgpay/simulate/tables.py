"""The tables of a simulation for people and for machines: decimals, named, small cells merged."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import polars as pl

from drgpay.base.exact import (
    FEN_PLACES,
    MONEY,
    POINT_PLACES,
    POINT_SCALE,
    as_decimal,
    divide_half_up,
    wide,
)
from drgpay.base.language import Language
from drgpay.show.small_cells import SMALLEST_CELL, gathered
from drgpay.show.tables import ReportTable
from drgpay.simulate.compare import MINUS, change_ratio
from drgpay.simulate.decomposition import YEAR_EFFECTS
from drgpay.simulate.guards import Noticed, few_words
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.sweep import Swept
from drgpay.simulate.target import Found
from drgpay.simulate.visits import VisitComparison
from drgpay.simulate.wording import measure_text, word

_EFFECT_NAMES = {
    "base_points": "base_points_effect",
    "coefficient": "coefficient_effect",
    "case_class": "case_class_effect",
    "budget": "budget_effect",
}
_NAMES = {
    "total_fen": "total_cost",
    "fund_fen": "fund_cost",
    "standard_fen": "standard_amount",
}


def decimals(frame: pl.DataFrame) -> pl.DataFrame:
    """Scaled integers as decimals, by their names: *_fen as money, points, *_ratio as *_rate."""
    columns = []
    for name, dtype in frame.schema.items():
        if not dtype.is_integer():
            columns.append(pl.col(name))
        elif "_fen" in name:
            said = name
            for scaled, full in _NAMES.items():
                if name.startswith(scaled):
                    said = name.replace(scaled, full)
            columns.append(as_decimal(name, FEN_PLACES).alias(said.replace("_fen", "")))
        elif name.startswith("points") or name in ("case_mix", "explained"):
            columns.append(as_decimal(name, POINT_PLACES).alias(name))
        elif name.endswith("_ratio"):
            columns.append(as_decimal(name, POINT_PLACES).alias(name.replace("_ratio", "_rate")))
        else:
            columns.append(pl.col(name))
    return frame.select(columns)


def machine_tables(found: Simulation) -> dict[str, pl.DataFrame]:
    """The Parquet files of a simulation, by name; nothing is merged in them."""
    comparison = found.comparison
    tables = {
        name: decimals(getattr(comparison, name))
        for name in ("hospitals", "levels", "counties", "groups", "classes", "accounts", "values")
    }
    tables["effects"] = decimals(_effects_named(found.effects))
    tables["waterfall"] = decimals(found.waterfall)
    if found.schemes:
        tables["migration"] = decimals(found.schemes.migration)
        tables["quality"] = decimals(found.schemes.quality)
    if found.visits:
        tables["visit_hospitals"] = decimals(found.visits.hospitals).rename(_VISITS)
        tables["visit_values"] = decimals(found.visits.values)
        if found.visits.contractors is not None:
            tables["visit_contractors"] = decimals(found.visits.contractors)
    if found.swept:
        tables["sweep"] = decimals(found.swept.points)
        tables["sweep_values"] = decimals(found.swept.values)
        tables["sweep_hospitals"] = decimals(found.swept.hospitals)
    if found.found:
        tables["target"] = tried(found.found)
    tables["stops"] = stops_frame(found.noticed, None)
    return tables


def shown_tables(found: Simulation, language: Language) -> list[ReportTable]:
    """The tables of the workbook, the console and the page, in their order."""
    comparison = found.comparison
    tables = [
        *([stops_table(found.noticed, language)] if found.noticed else []),
        _pools_table("t_values", comparison.values),
        *([target_table(found.found)] if found.found else []),
        *_sweep_tables(found),
        hospitals_table(found, language),
        ReportTable("t_bins", decimals(comparison.bins), worded=frozenset({"bin"})),
        effects_table(found, language),
    ]
    if len(found.scenarios) > 1:
        tables.append(waterfall_table(found))
    tables += [
        merged_table("t_levels", comparison.levels, comparison.amount, language),
        merged_table("t_counties", comparison.counties, comparison.amount, language),
        merged_table("t_accounts", comparison.accounts, comparison.amount, language),
        merged_table("t_classes", comparison.classes, comparison.amount, language),
        merged_table("t_groups", by_change(comparison.groups), comparison.amount, language),
    ]
    if found.schemes:
        tables += [
            migration_table(found.schemes.migration, language),
            quality_table(found.schemes.quality),
        ]
    return [*tables, *(_visit_tables(found.visits, language) if found.visits else [])]


def _pools_table(key: str, values: pl.DataFrame) -> ReportTable:
    """Values of pools: their fund amount is what the budget pays, that of hospitals is of all lines."""
    sides = {f"fund_amount_{side}": f"fund_in_budget_{side}" for side in ("before", "after")}
    frame = decimals(values).rename(sides, strict=False)
    return ReportTable(key, frame, worded=frozenset({"pool"}), note="in_budget_note")


_NARROW = {
    "t_values": (
        *("pool", "point_value_before", "point_value_after", "fund_in_budget_before"),
        *("fund_in_budget_after", "remainder_after"),
    ),
    "t_hospitals": (
        *("name", "level", "case_mix", "fund_amount_before", "fund_amount_after"),
        *("change", "change_rate", "bin"),
    ),
}
_NARROW_OF_YEAR = {
    "t_values": (
        *("pool", "point_value_before", "point_value_after", "budget_final_before"),
        *("budget_final_after", "payable_before", "payable_after", "clearing_after"),
    ),
    "t_hospitals": (
        *("name", "level", "case_mix", "final_amount_before", "final_amount_after"),
        *("change", "change_rate", "bin"),
    ),
}
_WIDE = (
    *("total_cost_before", "total_cost_after", "standard_amount_before", "standard_amount_after"),
)
_LEFT_OUT = {
    "t_effects": (
        *("fund_amount_before", "fund_amount_after", "final_amount_before", "final_amount_after"),
    ),
    "t_sweep": ("fund_amount", "final_amount", "gained"),
    "t_visit_values": (
        *("points_before", "points_after", "budget_before", "budget_after", "remainder_before"),
    ),
}


def narrow(table: ReportTable) -> ReportTable:
    """Fewer columns, for a screen and a page; the workbook and the files have them all."""
    left_out = _LEFT_OUT.get(table.key, _WIDE)
    every = [one for one in table.frame.columns if one not in left_out]
    of_year = {"payable_after", "final_amount_after"} & set(table.frame.columns)
    columns = (_NARROW_OF_YEAR if of_year else _NARROW).get(table.key, every)
    return replace(table, frame=table.frame.select(columns))


def by_change(frame: pl.DataFrame) -> pl.DataFrame:
    """The largest changes first, whichever way."""
    return frame.sort(pl.col("change_fen").abs(), frame.columns[0], descending=[True, False])


def hospitals_table(found: Simulation, language: Language) -> ReportTable:
    """Hospitals by rank; one with fewer than 5 cases is merged with others."""
    frame, amount = found.comparison.hospitals, found.comparison.amount
    shown = frame.drop("hospital_id", "rank", "case_mix", "bin", "change_ratio")
    merged = small_merged(shown.select("name", pl.exclude("name")), amount, language)
    back = merged.join(
        frame.select("name", "case_mix", "bin").unique("name"),
        on="name",
        how="left",
        maintain_order="left",
    ).sort("change_fen", "name", descending=[True, False])
    amounts = dict.fromkeys(["cases", "points", "fund_amount_fen", amount])
    table = back.select(
        *("name", "level", "county", "case_mix", "bin"),
        *(f"{amount}_{side}" for amount in amounts for side in ("before", "after")),
        *("change_fen", "change_ratio"),
    )
    note = "year_note" if found.base.year else "hospitals_note"
    return totalled("t_hospitals", decimals(table), note, frozenset({"bin"}))


def effects_table(found: Simulation, language: Language) -> ReportTable:
    """Each hospital's change taken apart."""
    names = found.comparison.hospitals.select("hospital_id", "name", "rank")
    small = _small_hospitals(found)
    frame = (
        _effects_named(found.effects)
        .join(names, on="hospital_id", how="left")
        .sort("rank", nulls_last=True)
        .with_columns(
            name=pl.when(pl.col("hospital_id").is_in(small))
            .then(pl.lit(word("others", language)))
            .otherwise(pl.coalesce("name", "hospital_id"))
        )
        .drop("hospital_id", "rank")
        .group_by("name", maintain_order=True)
        .sum()
    )
    used = [
        name
        for name in (_EFFECT_NAMES.get(effect, effect) for effect in YEAR_EFFECTS)
        if f"{name}_fen" in frame.columns and (frame[f"{name}_fen"] != 0).any()
    ]
    shown = frame.select(
        "name",
        pl.col("before_fen").alias(f"{found.comparison.amount}_before"),
        *(f"{name}_fen" for name in used),
        (pl.col("after_fen") - pl.col("before_fen")).alias("change_fen"),
        pl.col("after_fen").alias(f"{found.comparison.amount}_after"),
    )
    return totalled("t_effects", decimals(shown), "effects_note")


def waterfall_table(found: Simulation) -> ReportTable:
    """What each scenario adds over all hospitals."""
    change = pl.col("change_fen")
    frame = (
        found.waterfall.group_by("step", "scenario")
        .agg(
            gained_fen=change.filter(change > 0).sum(),
            lost_fen=change.filter(change < 0).sum(),
            change_fen=change.sum(),
            winners=(change > 0).sum().cast(pl.Int64),
            losers=(change < 0).sum().cast(pl.Int64),
            smallest_ratio=pl.col("change_ratio").min(),
            largest_ratio=pl.col("change_ratio").max(),
        )
        .sort("step")
    )
    return ReportTable("t_waterfall", decimals(frame))


def migration_table(migration: pl.DataFrame, language: Language) -> ReportTable:
    """From group, to group; pairs of fewer than 5 cases are merged, stays that stayed left out."""
    moved = migration.filter(pl.col("from_drg") != pl.col("to_drg"))
    frame = gathered(moved).drop("members") if moved.height else moved
    frame = frame.with_columns(pl.col("from_drg").fill_null(word("others", language)))
    return ReportTable("t_migration", decimals(frame), note="small_note")


def quality_table(quality: pl.DataFrame) -> ReportTable:
    """Coverage and explained variance of each side."""
    rate = {
        f"{name}_ratio": divide_half_up(wide(name) * wide(POINT_SCALE), wide("cases")).cast(
            pl.Int64
        )
        for name in ("grouped", "ambiguous")
    }
    frame = decimals(quality.with_columns(**rate))
    return ReportTable("t_quality", frame, worded=frozenset({"side"}), note="quality_note")


def _sweep_tables(found: Simulation) -> list[ReportTable]:
    if found.swept is None:
        return []
    return [
        ReportTable("t_sweep", _sweep_shown(found.swept)),
        ReportTable("t_sweep_values", decimals(found.swept.values), worded=frozenset({"pool"})),
    ]


def _sweep_shown(swept: Swept) -> pl.DataFrame:
    """The points of a sweep; how many findings each has only where any has one."""
    frame = decimals(swept.points)
    return frame if frame["stops"].sum() else frame.drop("stops")


_WORDED = {"case_class": "class_", "account": ""}
"""Columns whose values have words: what their keys begin with."""


def merged_table(key: str, frame: pl.DataFrame, amount: str, language: Language) -> ReportTable:
    """Changes by a key; rows of fewer than 5 cases are merged."""
    name = frame.columns[0]
    prefix = _WORDED.get(name)
    said = {MINUS: word("minus", language)}
    if prefix is not None:
        said = {one: word(f"{prefix}{one}", language) for one in frame[name].drop_nulls()} | said
    named = frame.with_columns(pl.col(name).replace(said).fill_null(word("none_known", language)))
    merged = small_merged(named.drop("change_ratio"), amount, language)
    return totalled(key, decimals(merged), "small_note")


def small_merged(frame: pl.DataFrame, amount: str, language: Language) -> pl.DataFrame:
    """Rows with 1 to 4 cases on either side are merged; change_ratio is made anew."""
    sides = [pl.col(f"cases_{side}") for side in ("before", "after")]
    small = pl.any_horizontal(side.is_between(1, SMALLEST_CELL - 1) for side in sides)
    counted = frame.with_columns(cases=pl.max_horizontal(sides))
    # A row without cases (what is taken from hospitals) tells nothing of a case.
    empty = pl.all_horizontal(side == 0 for side in sides)
    without = counted.filter(empty).drop("cases")
    name = frame.columns[0]
    rows = gathered(counted.filter(~empty), ~small).drop("members", "cases")
    rows = rows.with_columns(pl.col(name).fill_null(word("others", language)))
    return pl.concat([rows, without], how="vertical_relaxed").with_columns(
        change_ratio=change_ratio("change_fen", f"{amount}_before")
    )


def _small_hospitals(found: Simulation) -> list[str]:
    """The hospitals that the table merges."""
    frame = found.comparison.hospitals
    shown = frame.with_columns(cases=pl.max_horizontal("cases_before", "cases_after"))
    small = pl.any_horizontal(
        pl.col(f"cases_{side}").is_between(1, SMALLEST_CELL - 1) for side in ("before", "after")
    )
    sides = ["cases_before", "cases_after"]
    last = gathered(shown.select("hospital_id", "cases", *sides), ~small)
    members = last.filter(pl.col("members").is_not_null())["members"].to_list()
    return list(members[0]) if members else []


def _effects_named(effects: pl.DataFrame) -> pl.DataFrame:
    return effects.rename({f"{old}_fen": f"{new}_fen" for old, new in _EFFECT_NAMES.items()})


def totalled(
    key: str, frame: pl.DataFrame, note: str = "", worded: frozenset[str] = frozenset()
) -> ReportTable:
    """A table with sums of amounts and counts, and the rate of the whole, below it."""
    total: dict[str, object] = {
        name: frame[name].sum()
        for name, dtype in frame.schema.items()
        if dtype.is_numeric() and not name.endswith("_rate") and name != "case_mix"
    }
    if "change_rate" in frame.columns and frame.height:
        amount = "final_amount" if "final_amount_before" in frame.columns else "fund_amount"
        before = Decimal(str(total[f"{amount}_before"]))
        change = Decimal(str(total["change"]))
        rate = (change / abs(before)).quantize(Decimal("0.0001")) if before else None
        total["change_rate"] = rate
    return ReportTable(key, frame, total=total, worded=worded, note=note)


_VISITS = {"cases_before": "visits_before", "cases_after": "visits_after"}


def _visit_tables(visits: VisitComparison, language: Language) -> list[ReportTable]:
    """The visits: point values, hospitals, contractors."""
    names = visits.hospitals.drop("hospital_id", "bin", "change_ratio")
    hospitals = decimals(
        small_merged(names, "fund_amount_fen", language).sort(
            "change_fen", "name", descending=[True, False]
        )
    ).rename(_VISITS)
    tables = [
        _pools_table("t_visit_values", visits.values),
        totalled("t_visit_hospitals", hospitals, "small_note"),
    ]
    if visits.contractors is not None:
        accounts = decimals(visits.contractors)
        tables.append(totalled("t_visit_contractors", accounts, worded=frozenset({"account"})))
    return tables


def conflicts_table(found: Simulation) -> ReportTable:
    """What several files set differently; the later one holds."""
    names = ("key", "first", "first_value", "then", "then_value")
    rows = {name: [getattr(one, name) for one in found.conflicts] for name in names}
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
    return ReportTable("t_conflicts", frame)


_STOP_SCHEMA: dict[str, pl.DataType] = {
    "stop": pl.String(),
    "about": pl.String(),
    "concerned": MONEY,
    "finding": pl.String(),
    "accepted_by": pl.String(),
}


def stops_frame(noticed: Iterable[Noticed], shared_in: Language | None) -> pl.DataFrame:
    """What a run would stop at; shared_in: for pages and workbooks, which tell nothing of few stays."""
    language = shared_in or "zh"
    rows = []
    for one in noticed:
        masked = one.small and shared_in is not None
        said = few_words() if masked else one.stop.said
        yuan = None if masked else one.stop.yuan
        rows.append(
            (one.stop.code, one.stop.subject, yuan, said.said_in(language), one.accepted_by)
        )
    return pl.DataFrame(rows, schema=_STOP_SCHEMA, orient="row")


def stops_table(noticed: Iterable[Noticed], language: Language) -> ReportTable:
    """What a run under the scenario would stop at until somebody accepts it."""
    by = pl.col("accepted_by")
    accepted = pl.format(word("accepted_in_base", language, by="{}"), by)
    frame = stops_frame(noticed, language).with_columns(
        accepted_by=pl.when(by.is_null())
        .then(pl.lit(word("not_accepted", language)))
        .otherwise(accepted)
    )
    return ReportTable("t_stops", frame, note="stops_note")


def tried(found: Found) -> pl.DataFrame:
    """path, value, measure, reached of each value that was tried."""
    return pl.DataFrame(
        {
            "path": [found.target.path] * len(found.tried),
            "value": [str(one.value) for one in found.tried],
            "measure": [measure_text(found, one.measure) for one in found.tried],
            "reached": [one.ok for one in found.tried],
        },
        schema={"path": pl.String, "value": pl.String, "measure": pl.String, "reached": pl.Boolean},
    )


def target_table(found: Found) -> ReportTable:
    """The values that were tried, and whether each reaches the goal."""
    frame = tried(found).rename({"value": "tried_value"})
    return ReportTable("t_target", frame, worded=frozenset({"reached"}))
