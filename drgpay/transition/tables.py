"""The tables of a transition for people and for machines: decimals, named, small cells merged."""

from decimal import Decimal

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.results.columns import columns_of_table, written
from drgpay.show.small_cells import SMALLEST_CELL, gathered
from drgpay.show.tables import ReportTable
from drgpay.tables.declared import transition_tables
from drgpay.transition.comparison import with_change
from drgpay.transition.history import SIDES
from drgpay.transition.outcome import Transition

word = Wording("transition").word
said = Wording("transition").said

_MAIN = 3
"""Pairs of groups that stand beside a hospital."""
_WORDED = {"case_class": "class_", "account": ""}
"""Columns whose values have words: what their keys begin with."""


def machine_tables(found: Transition) -> dict[str, pl.DataFrame]:
    """The Parquet files of a transition, by name; nothing is merged in them."""
    comparison, gate = found.comparison, found.gate
    frames = {
        **{
            name: getattr(comparison, name)
            for name in (
                *("factors", "quality", "hospitals", "levels", "accounts", "classes"),
                *("migration", "groups", "reasons"),
            )
        },
        "gate": gate.lines,
        "gate_hospitals": gate.hospitals,
        "gate_notes": gate.notes,
        "explanations": found.explanations,
        "shadow_months": found.shadow,
    }
    return {name: _written(name, frame) for name, frame in frames.items()}


def _written(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return written(frame, columns_of_table(transition_tables()[name]))


def shown_tables(found: Transition, language: Language) -> list[ReportTable]:
    """The tables of the workbook, the console and the page, in their order."""
    tables = [
        gate_table(found, language),
        factors_table(found, language),
        ReportTable(
            "t_quality",
            machine_tables(found)["quality"],
            worded=frozenset({"side", "year"}),
            note="quality_note",
        ),
        hospitals_table(found, language),
    ]
    if found.gate.hospitals.height:
        tables += [beyond_table(found, language), reasons_table(found, language)]
    tables += [_changes(key, found, language) for key in ("levels", "accounts", "classes")]
    tables += [migration_table(found, language), without_cases_table(found)]
    if found.shadow.height:
        shadow = machine_tables(found)["shadow_months"].drop("run")
        rates = frozenset({"fund_change_rate"})
        tables.append(ReportTable("t_shadow", shadow, note="shadow_note", signed=rates))
    if found.gate.notes.height:
        tables.append(_notes_table(found, language))
    if found.explanations.height:
        tables.append(
            ReportTable("t_explanations", machine_tables(found)["explanations"], prefixes=_KINDS)
        )
    return tables


_KINDS = {"kind": "kind"}
_LEVELS = {"level": "level"}


def gate_table(found: Transition, language: Language) -> ReportTable:
    """Each line of the gate with its limit and what was found, in words."""
    rows = [
        (
            word(f"line_{row['line']}", language),
            said(f"limit_{row['line']}", language, limit=plain(row["limit"])),
            said(
                f"found_{row['line']}",
                language,
                found=plain(abs(row["found"])),
                **_sign(row["found"], language),
            ),
            row["beyond"] if row["line"] != "coverage" else None,
            row["cleared"] if row["line"] != "coverage" else None,
            word("passed_yes" if row["passed"] else "passed_no", language),
            word("verified_yes" if row["verified"] else "verified_no", language),
        )
        for row in machine_tables(found)["gate"].iter_rows(named=True)
    ]
    schema = {
        "line": pl.String,
        "limit": pl.String,
        "found": pl.String,
        "beyond": pl.Int64,
        "cleared": pl.Int64,
        "passed": pl.String,
        "verified": pl.String,
    }
    return ReportTable("t_gate", pl.DataFrame(rows, schema, orient="row"), note="gate_note")


def plain(value: Decimal) -> str:
    """A decimal without zeros behind the point."""
    return f"{value.normalize():f}" if value else "0"


def _sign(value: Decimal, language: Language) -> dict[str, str]:
    return {"moved": word("falls" if value > 0 else "rises", language)}


def factors_table(found: Transition, language: Language) -> ReportTable:
    """The neutral factors."""
    frame = _named(machine_tables(found)["factors"], language)
    return ReportTable("t_factors", frame, note="factors_note")


def hospitals_table(found: Transition, language: Language) -> ReportTable:
    """Hospitals from the largest gain to the largest loss; those under 5 cases are merged."""
    frame = found.comparison.hospitals
    few = frame.filter(pl.col("cases") < SMALLEST_CELL)["name"].to_list()
    table = _written("hospitals", frame).with_columns(
        pl.coalesce("name", "hospital_id").alias("name")
    )
    total = _total(found)
    if few:
        table = _merged(found, language)
    shown = table.select(
        *("name", "level", "cases", "case_mix_old", "case_mix_new", "points_old"),
        *("points_neutral", "change", "change_rate"),
    )
    return ReportTable(
        "t_hospitals",
        shown,
        total,
        note="hospitals_note",
        signed=frozenset({"change_rate"}),
        prefixes=_LEVELS,
    )


def _merged(found: Transition, language: Language) -> pl.DataFrame:
    """Hospitals with those of few cases in one last row, which has no level and no case mix."""
    frame = found.comparison.hospitals
    names = frame.with_columns(pl.coalesce("name", "hospital_id").alias("name"))
    sums = names.select(
        "name", "level", "cases", "total_fen", "points_old", "points_new", "after_exact"
    )
    rows = with_change(
        gathered(sums).with_columns(pl.col("name").fill_null(word("others", language)))
    )
    mixes = names.select("name", "case_mix_old", "case_mix_new").unique("name", maintain_order=True)
    named = rows.join(mixes, on="name", how="left", maintain_order="left").with_columns(
        hospital_id=pl.lit(None, pl.String)
    )
    return _written("hospitals", named)


def _total(found: Transition) -> dict[str, object]:
    """Sums over all hospitals, as the tables of levels and accounts have them too."""
    sums = found.comparison.hospitals.select(
        pl.col("cases", "total_fen", "points_old", "points_new", "after_exact").sum()
    )
    frame = with_change(sums)
    row = frame.select(
        "cases", "total_fen", "points_old", "points_new", "points_neutral", "change", "change_rate"
    ).with_columns(
        hospital_id=pl.lit(None, pl.String),
        name=pl.lit(None, pl.String),
        level=pl.lit(None, pl.String),
        case_mix_old=pl.lit(None, pl.Int64),
        case_mix_new=pl.lit(None, pl.Int64),
    )
    return _written("hospitals", row).row(0, named=True)


def beyond_table(found: Transition, language: Language) -> ReportTable:
    """The hospitals beyond the limit, and what is said of them."""
    frame = machine_tables(found)["gate_hospitals"]
    yes, no = (word(key, language) for key in ("explained_yes", "explained_no"))
    main = _main_groups(found)
    shown = frame.select(
        pl.coalesce("name", "hospital_id").alias("name"),
        "change_rate",
        "rest_rate",
        pl.col("hospital_id")
        .replace_strict(main, default="", return_dtype=pl.String)
        .alias("main_groups"),
        pl.when("is_explained").then(pl.lit(yes)).otherwise(pl.lit(no)).alias("is_explained"),
        "reason",
        "by",
    )
    return ReportTable(
        "t_beyond",
        shown,
        note="beyond_note",
        signed=frozenset({"change_rate", "rest_rate"}),
    )


def _main_groups(found: Transition) -> dict[str, str]:
    """The pairs of groups that move each hospital most, with their part of its change, as text."""
    texts: dict[str, list[str]] = {}
    rows = machine_tables(found)["reasons"].drop_nulls("place")
    for hospital, place, old, new, rate in rows.select(
        "hospital_id", "place", "from_drg", "to_drg", "change_rate"
    ).iter_rows():
        if place <= _MAIN and rate is not None:
            pair = old if old == new else f"{old}→{new}"
            texts.setdefault(hospital, []).append(f"{pair} {rate:+.2%}")
    return {hospital: "; ".join(found) for hospital, found in texts.items()}


def reasons_table(found: Transition, language: Language) -> ReportTable:
    """Of each hospital beyond the limit the pairs of groups that move it most."""
    beyond = found.gate.hospitals.select("hospital_id", order=pl.int_range(pl.len()))
    names = found.comparison.hospitals.select(
        "hospital_id", pl.coalesce("name", "hospital_id").alias("name")
    )
    frame = (
        machine_tables(found)["reasons"]
        .join(beyond, on="hospital_id")
        .join(names, on="hospital_id")
        .sort("order", "place", nulls_last=True)
        .select(
            "name",
            pl.col("from_drg").fill_null(word("other_groups", language)),
            pl.col("to_drg").fill_null(""),
            *("cases", "points_old", "points_neutral", "change", "change_rate"),
        )
    )
    return ReportTable(
        "t_reasons", frame, note="reasons_note", signed=frozenset({"change_rate"}), parted="name"
    )


def _changes(key: str, found: Transition, language: Language) -> ReportTable:
    """Levels, accounts or classes."""
    frame = _named(machine_tables(found)[key], language).drop("total_cost", strict=False)
    total = _total(found)
    total |= {f"cases_{side}": total["cases"] for side in SIDES}
    return ReportTable(
        f"t_{key}",
        frame,
        {name: value for name, value in total.items() if name in frame.columns},
        signed=frozenset({"change_rate"}),
        note="classes_note" if key == "classes" else "",
        prefixes=_LEVELS,
    )


def _named(frame: pl.DataFrame, language: Language) -> pl.DataFrame:
    """The first column in words, where its values have some."""
    name = frame.columns[0]
    prefix = _WORDED.get(name)
    if prefix is None:
        return frame
    names = {one: word(f"{prefix}{one}", language) for one in frame[name].drop_nulls()}
    return frame.with_columns(pl.col(name).replace(names))


def migration_table(found: Transition, language: Language) -> ReportTable:
    """From group, to group, most cases first; pairs under 5 cases are merged."""
    frame = found.comparison.migration
    moved = frame.filter(pl.col("from_drg") != pl.col("to_drg"))
    shares = moved.select("from_drg", "to_drg", "from_share")
    sums = moved.drop("from_share")
    rows = gathered(sums).drop("members") if moved.height else sums
    table = rows.join(shares, on=["from_drg", "to_drg"], how="left", maintain_order="left")
    shown = _written("migration", table).with_columns(
        pl.col("from_drg").fill_null(word("others", language)), pl.col("to_drg").fill_null("")
    )
    return ReportTable("t_migration", shown.drop("points_new"), note="small_note")


def without_cases_table(found: Transition) -> ReportTable:
    """The groups of either scheme that the history has no case of."""
    frame = machine_tables(found)["groups"].filter(pl.col("cases") == 0)
    shown = frame.select("side", "drg", "group_name")
    return ReportTable("t_without_cases", shown, worded=frozenset({"side"}), note="without_note")


def _notes_table(found: Transition, language: Language) -> ReportTable:
    yes, no = (word(key, language) for key in ("explained_yes", "explained_no"))
    frame = machine_tables(found)["gate_notes"].with_columns(
        pl.when("is_explained").then(pl.lit(yes)).otherwise(pl.lit(no)).alias("is_explained")
    )
    return ReportTable("t_notes", frame, note="notes_note")
