"""The tables of a simulation for people and for machines: decimals, named, small cells merged."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import polars as pl

from drgpay.exact import (
    FEN_PLACES,
    POINT_PLACES,
    POINT_SCALE,
    as_decimal,
    divide_half_up,
    wide,
)
from drgpay.language import Language
from drgpay.report.html.small_cells import SMALLEST_CELL, gathered
from drgpay.report.tables import ReportTable
from drgpay.simulate.compare import MINUS, change_ratio
from drgpay.simulate.decomposition import EFFECTS
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.target import Found
from drgpay.simulate.wording import word

_EFFECT_NAMES = {
    "base_points": "base_points_effect",
    "coefficient": "coefficient_effect",
    "case_class": "case_class_effect",
    "budget": "budget_effect",
}
_MEASURE_COLUMNS = [
    f"{name}_{side}"
    for name in ("cases", "points", "total_fen", "standard_fen", "fund_amount_fen")
    for side in ("before", "after")
]


def decimals(frame: pl.DataFrame) -> pl.DataFrame:
    """Scaled integers as decimals, by their names: *_fen as money, points, *_ratio as *_rate."""
    columns = []
    for name, dtype in frame.schema.items():
        if not dtype.is_integer():
            columns.append(pl.col(name))
        elif "_fen" in name:
            said = name.replace("total_fen", "total_cost").replace(
                "standard_fen", "standard_amount"
            )
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
    if found.swept:
        tables["sweep"] = decimals(found.swept.points)
        tables["sweep_values"] = decimals(found.swept.values)
        tables["sweep_hospitals"] = decimals(found.swept.hospitals)
    if found.found:
        tables["target"] = _tried(found.found)
    return tables


def shown_tables(found: Simulation, language: Language) -> list[ReportTable]:
    """The tables of the workbook, the console and the page, in their order."""
    comparison = found.comparison
    tables = [
        ReportTable("t_values", decimals(comparison.values), worded=frozenset({"pool"})),
        *([_target_table(found.found)] if found.found else []),
        *_sweep_tables(found),
        hospitals_table(found, language),
        ReportTable("t_bins", decimals(comparison.bins), worded=frozenset({"bin"})),
        effects_table(found, language),
    ]
    if len(found.scenarios) > 1:
        tables.append(waterfall_table(found))
    for key, name in (("t_levels", "level"), ("t_counties", "county"), ("t_accounts", "account")):
        frame = getattr(comparison, _FRAMES[name])
        tables.append(_merged(key, frame, name, language))
    tables += [
        _merged("t_classes", comparison.classes, "case_class", language),
        _merged("t_groups", by_change(comparison.groups), "drg", language),
    ]
    if found.schemes:
        tables += [migration_table(found, language), _quality_table(found)]
    return tables


_FRAMES = {"level": "levels", "county": "counties", "account": "accounts"}


_NARROW = {
    "t_values": (
        *("pool", "point_value_before", "point_value_after", "fund_amount_before"),
        *("fund_amount_after", "remainder_after"),
    ),
    "t_hospitals": (
        *("name", "level", "case_mix", "fund_amount_before", "fund_amount_after"),
        *("change", "change_rate", "bin"),
    ),
}
_WIDE = (
    *("total_cost_before", "total_cost_after", "standard_amount_before", "standard_amount_after"),
)
_LEFT_OUT = {
    "t_effects": ("fund_amount_before", "fund_amount_after"),
    "t_sweep": ("fund_amount", "gained"),
}


def narrow(table: ReportTable) -> ReportTable:
    """Fewer columns, for a screen and a page; the workbook and the files have them all."""
    left_out = _LEFT_OUT.get(table.key, _WIDE)
    columns = _NARROW.get(table.key, [one for one in table.frame.columns if one not in left_out])
    return replace(table, frame=table.frame.select(columns))


def by_change(frame: pl.DataFrame) -> pl.DataFrame:
    """The largest changes first, whichever way."""
    return frame.sort(pl.col("change_fen").abs(), frame.columns[0], descending=[True, False])


def hospitals_table(found: Simulation, language: Language) -> ReportTable:
    """Hospitals by rank; one with fewer than 5 cases is merged with others."""
    frame = found.comparison.hospitals
    shown = frame.drop("hospital_id", "rank", "case_mix", "bin", "change_ratio")
    merged = _small_merged(shown.select("name", pl.exclude("name")), language)
    back = merged.join(
        frame.select("name", "case_mix", "bin").unique("name"),
        on="name",
        how="left",
        maintain_order="left",
    ).sort("change_fen", "name", descending=[True, False])
    table = back.select(
        "name",
        "level",
        "county",
        "case_mix",
        "bin",
        *("cases_before", "cases_after", "points_before", "points_after"),
        *("fund_amount_fen_before", "fund_amount_fen_after", "change_fen", "change_ratio"),
    )
    shown_frame = decimals(table)
    return ReportTable(
        "t_hospitals",
        shown_frame,
        total=_total(shown_frame),
        worded=frozenset({"bin"}),
        note="hospitals_note",
    )


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
        for name in (_EFFECT_NAMES.get(effect, effect) for effect in EFFECTS)
        if (frame[f"{name}_fen"] != 0).any()
    ]
    shown = frame.select(
        "name",
        pl.col("before_fen").alias("fund_amount_fen_before"),
        *(f"{name}_fen" for name in used),
        change_fen=pl.col("after_fen") - pl.col("before_fen"),
        fund_amount_fen_after=pl.col("after_fen"),
    )
    made = decimals(shown)
    return ReportTable("t_effects", made, total=_total(made), note="effects_note")


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


def migration_table(found: Simulation, language: Language) -> ReportTable:
    """From group, to group; pairs of fewer than 5 cases are merged, stays that stayed left out."""
    assert found.schemes is not None
    moved = found.schemes.migration.filter(pl.col("from_drg") != pl.col("to_drg"))
    frame = gathered(moved).drop("members") if moved.height else moved
    frame = frame.with_columns(pl.col("from_drg").fill_null(word("others", language)))
    return ReportTable("t_migration", decimals(frame), note="small_note")


def _quality_table(found: Simulation) -> ReportTable:
    assert found.schemes is not None
    rate = {
        f"{name}_ratio": divide_half_up(wide(name) * wide(POINT_SCALE), wide("cases")).cast(
            pl.Int64
        )
        for name in ("grouped", "ambiguous")
    }
    frame = decimals(found.schemes.quality.with_columns(**rate))
    return ReportTable("t_quality", frame, worded=frozenset({"side"}))


def _sweep_tables(found: Simulation) -> list[ReportTable]:
    if found.swept is None:
        return []
    return [
        ReportTable("t_sweep", decimals(found.swept.points)),
        ReportTable("t_sweep_values", decimals(found.swept.values), worded=frozenset({"pool"})),
    ]


def _merged(key: str, frame: pl.DataFrame, name: str, language: Language) -> ReportTable:
    named = frame.with_columns(
        pl.when(pl.col(name) == MINUS)
        .then(pl.lit(word("minus", language)))
        .otherwise(pl.col(name).fill_null(word("none_known", language)))
        .alias(name)
    )
    if name == "case_class":
        said = {
            value: word(f"class_{value}", language)
            for value in frame[name].drop_nulls().unique()
            if value != MINUS
        }
        named = named.with_columns(pl.col(name).replace(said))
    if name == "account":
        named = named.with_columns(
            pl.col(name).replace({one: word(one, language) for one in frame[name].drop_nulls()})
        )
    merged = _small_merged(named.drop("change_ratio"), language)
    made = decimals(merged)
    return ReportTable(key, made, total=_total(made), note="small_note")


def _small_merged(frame: pl.DataFrame, language: Language) -> pl.DataFrame:
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
        change_ratio=change_ratio("change_fen", "fund_amount_fen_before")
    )


def _small_hospitals(found: Simulation) -> list[str]:
    """The hospitals that the table merges."""
    frame = found.comparison.hospitals
    shown = frame.with_columns(cases=pl.max_horizontal("cases_before", "cases_after"))
    small = pl.any_horizontal(
        pl.col(f"cases_{side}").is_between(1, SMALLEST_CELL - 1) for side in ("before", "after")
    )
    last = gathered(shown.select("hospital_id", "cases", *_MEASURE_COLUMNS), ~small)
    members = last.filter(pl.col("members").is_not_null())["members"].to_list()
    return list(members[0]) if members else []


def _effects_named(effects: pl.DataFrame) -> pl.DataFrame:
    return effects.rename({f"{old}_fen": f"{new}_fen" for old, new in _EFFECT_NAMES.items()})


def _total(frame: pl.DataFrame) -> dict[str, object]:
    """Sums of amounts and counts; the rate of the whole."""
    total: dict[str, object] = {
        name: frame[name].sum()
        for name, dtype in frame.schema.items()
        if dtype.is_numeric() and not name.endswith("_rate") and name != "case_mix"
    }
    if "change_rate" in frame.columns and frame.height:
        before = Decimal(str(total["fund_amount_before"]))
        change = Decimal(str(total["change"]))
        rate = (change / abs(before)).quantize(Decimal("0.0001")) if before else None
        total["change_rate"] = rate
    return total


def _tried(found: Found) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "path": [found.target.path] * len(found.tried),
            "value": [str(one.value) for one in found.tried],
            "measure": [measure_text(found, one.measure) for one in found.tried],
            "reached": [one.ok for one in found.tried],
        },
        schema={"path": pl.String, "value": pl.String, "measure": pl.String, "reached": pl.Boolean},
    )


def _target_table(found: Found) -> ReportTable:
    return ReportTable("t_target", _tried(found).drop("reached"))


def measure_text(found: Found, measure: Fraction) -> str:
    """A measure as people read it."""
    value = measure
    if found.target.measure == "change_share":
        return f"{float(value):+.4%}"
    places = 2 if found.target.measure == "fund_amount" else 8
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)):.{places}f}"


def target_sentence(found: Found, language: Language) -> str:
    """The answer in words."""
    target = found.target
    what = {
        "change_share": target.hospital,
        "fund_amount": f"{target.hospital} {word('fund_amount', language)}",
        "point_value": f"{target.pool} {word('point_value', language)}",
    }[target.measure]
    if target.within is not None:
        goal = word("goal_within", language, what=what, share=f"{target.within:.2%}")
    else:
        key, amount = (
            ("goal_at_least", target.at_least)
            if target.at_least is not None
            else ("goal_at_most", target.at_most)
        )
        goal = word(key, language, what=what, amount=amount)
    if found.value is None or found.measure is None:
        said = word(
            "target_no", language, path=target.path, low=target.from_, high=target.to, goal=goal
        )
    else:
        said = word(
            "target_yes",
            language,
            path=target.path,
            value=found.value,
            goal=goal,
            measure=measure_text(found, found.measure),
            now=found.now,
        )
    return said if found.steady else said + word("not_steady", language)
