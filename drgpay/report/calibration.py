"""The calibration report for people and for files: a terminal, a workbook, Parquet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Group, RenderableType

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.grouper.scheme import Scheme
from drgpay.points.calibration_report import CalibrationReport
from drgpay.points.catalogue import Catalogue
from drgpay.points.published_weights import PublishedCatalogue
from drgpay.policy.calibration import Calibration
from drgpay.records.writing import write_frame
from drgpay.report.quality_tables import speaker
from drgpay.show.tables import ReportTable, Say
from drgpay.show.tables_console import console_tables
from drgpay.show.tables_xlsx import write_tables
from drgpay.show.terminal import Text

WORKBOOK = "calibration.xlsx"
_ROWS_SHOWN = 15
_LINES_SHOWN = 8


@dataclass(frozen=True)
class ReportedTables:
    """What is shown, put on sheets and written as Parquet (by file name).

    of_visits: whether the words are those of APGs.
    """

    title: str
    facts: Mapping[str, str]
    shown: Sequence[ReportTable]
    sheets: Sequence[ReportTable]
    files: Mapping[str, pl.DataFrame]
    of_visits: bool = False


def calibration_tables(
    report: CalibrationReport, catalogue: Catalogue, scheme: Scheme, rules: Calibration
) -> ReportedTables:
    """The tables of `drgpay calibrate`.

    Visits have neither bed-days nor coefficients of hospitals.
    """
    of_visits = catalogue.info.kind == "apg"
    level = frozenset({"level"})
    note = "steps_note" if of_visits else ""
    steps = ReportTable("steps", report.steps, worded=frozenset({"step"}), note=note)
    coverage = ReportTable(
        "coverage", report.coverage, _sums(report.coverage), frozenset({"status"})
    )
    explained = ReportTable(
        "explained", report.explained, worded=frozenset({"trim"}), note="r2_note"
    )
    marked = ReportTable("marked", report.marked, worded=frozenset({"measure"}))
    unstable = ReportTable(
        "unstable",
        report.unstable.rename({"kept": "kept_cases"}),
        worded=frozenset({"unstable_reason"}),
    )
    coefficients, at_bounds = report.coefficients, report.clamped
    if of_visits:
        coefficients = coefficients.filter(pl.col("measure") != "hospital_rows")
        at_bounds = at_bounds.drop("hospital_id")
    made = ReportTable("coefficients", coefficients, worded=frozenset({"measure"}))
    clamped = ReportTable("clamped", at_bounds, worded=level)
    neighbours = ReportTable("neighbours", report.neighbours, worded=level | {"level_part_from"})
    groups = ReportTable("groups_table", _groups_said(report.groups), worded=frozenset(_WORDED))
    missing = ReportTable("missing", report.missing)
    by_level = report.bed_days.with_columns(pl.col("level").fill_null("all_levels"))
    bed_days = ReportTable("bed_days", by_level, worded=level | {"bed_day_class"})
    stand_ins = ReportTable("stand_ins", report.stand_ins.rename({"kept": "kept_cases"}))
    priced = [stand_ins] if report.stand_ins.height else []
    lists = [table for table in (*priced, clamped, neighbours, bed_days) if table.frame.height]
    return ReportedTables(
        title="calibration_title",
        facts=_facts(catalogue, scheme) | {"trim_rule": _said_trim(rules)},
        shown=[steps, coverage, explained, marked, unstable, made, *lists],
        sheets=[
            *(steps, coverage, explained, marked, groups, unstable, *priced, made),
            *(clamped, neighbours, missing),
            *([] if of_visits else [bed_days]),
        ],
        files={
            "steps": report.steps,
            "coverage": report.coverage,
            "explained": report.explained,
            "groups": report.groups,
            "groups_unstable": report.unstable,
            "groups_marked": report.marked,
            "coefficients_clamped": at_bounds,
            "coefficients_from_neighbours": report.neighbours,
            "groups_without_cases": report.missing,
            **({"stand_ins": report.stand_ins} if priced else {}),
        },
        of_visits=of_visits,
    )


def published_tables(published: PublishedCatalogue, scheme: Scheme) -> ReportedTables:
    """The tables of `drgpay catalogue import`."""
    catalogue = published.catalogue
    counts = {
        "weighted_groups": catalogue.groups["drg"].n_unique(),
        "stand_in_groups": catalogue.groups.filter(~pl.col("stable"))["drg"].n_unique(),
        "account_rows": catalogue.groups["account"].count(),
        "coefficient_rows": catalogue.coefficients.height,
        "coefficient_gaps": published.gaps,
        "weights_of_one": published.ones,
        "unweighted_groups": published.without_weight.height,
        "skipped_rows": published.skipped.height,
    }
    frame = pl.DataFrame(
        list(counts.items()), schema={"measure": pl.String, "rows": pl.Int64}, orient="row"
    )
    columns = ReportTable("columns_read", published.columns, prefixes={"read_as": "read_as"})
    imported = ReportTable("imported", frame, worded=frozenset({"measure"}))
    rates = ReportTable("rates", published.rates, note="rates_note")
    marks = ReportTable("marks", published.marks, worded=frozenset({"meaning"}), note="marks_note")
    rounded = ReportTable("rounded", published.rounded, worded=frozenset({"what"}))
    without = ReportTable("without_weight", published.without_weight)
    reasons = ReportTable(
        "skipped_by_reason", _by_reason(published.skipped), worded=frozenset({"reason"})
    )
    skipped = ReportTable("skipped", published.skipped, worded=frozenset({"reason"}))
    notes = ReportTable("notes", published.notes)
    shown = [columns, imported, rates, marks, rounded, notes, reasons, without]
    sheets = [columns, imported, rates, marks, rounded, notes, skipped, without]
    return ReportedTables(
        title="published_title",
        facts=_facts(catalogue, scheme),
        shown=[table for table in shown if table.frame.height],
        sheets=[table for table in sheets if table.frame.height],
        files={
            "columns_of_the_table": published.columns,
            "rates": published.rates,
            "marks": published.marks,
            "marked_groups": published.marked,
            "rounded": published.rounded,
            "notes": published.notes,
            "groups_without_weight": published.without_weight,
            "skipped_rows": published.skipped,
        },
    )


def _by_reason(skipped: pl.DataFrame) -> pl.DataFrame:
    """reason, rows, and the first of their lines; in the order of the first."""
    line = pl.col("line").cast(pl.String)
    more = pl.when(pl.len() > _LINES_SHOWN).then(pl.lit(" …")).otherwise(pl.lit(""))
    return skipped.group_by("reason", maintain_order=True).agg(
        rows=pl.len().cast(pl.Int64), first_lines=line.head(_LINES_SHOWN).str.join(", ") + more
    )


def write_report(tables: ReportedTables, folder: Path, language: Language) -> None:
    """Write the Parquet files and calibration.xlsx; equal tables give equal bytes."""
    for name, frame in tables.files.items():
        write_frame(frame, folder / f"{name}.parquet")
    say = _speaker(language, tables.of_visits)
    path = folder / WORKBOOK
    write_tables(path, tables.title, tables.facts, tables.sheets, language, say)


def console_report(tables: ReportedTables, language: Language) -> RenderableType:
    """The facts and the tables for a terminal."""
    say = _speaker(language, tables.of_visits)
    colon = "：" if language == "zh" else ": "
    facts = [Text(f"{say(key)}{colon}{value}") for key, value in tables.facts.items()]
    return Group(*facts, console_tables(tables.shown, say, _ROWS_SHOWN))


def _facts(catalogue: Catalogue, scheme: Scheme) -> dict[str, str]:
    info = catalogue.info
    facts = {"catalogue": info.id, "scheme": f"{scheme.info.name} ({scheme.info.id})"}
    if info.policy:
        facts["policy"] = info.policy
    facts["weights" if info.kind == "published" else "source"] = info.source
    return facts | {"all_mean": f"{Decimal(info.all_mean_yuan):,}"}


def _said_trim(rules: Calibration) -> str:
    """The method and its keys as the policy has them: 'ratio, low = 0.2, high = 5'."""
    given: dict[str, Any] = rules.trim.model_dump()
    method = given.pop("method")
    return ", ".join([method, *(f"{key} = {value}" for key, value in given.items())])


_FLAGS = ("few_cases", "high_cv")
_WORDED = (*_FLAGS, "unstable_reason")


def _groups_said(groups: pl.DataFrame) -> pl.DataFrame:
    """Flags as words that stand only where the flag does; counts under names of their own."""
    return (
        groups.drop("stable")
        .rename(
            {
                "kept": "kept_cases",
                "trimmed_low": "trimmed_low_cases",
                "trimmed_high": "trimmed_high_cases",
            }
        )
        .with_columns(pl.when(flag).then(pl.lit(flag)).alias(flag) for flag in _FLAGS)
    )


def _sums(frame: pl.DataFrame) -> dict[str, Any]:
    """The whole of counts and costs; rounded shares need not add up to 1, theirs is 1."""
    return {
        name: Decimal(1) if name.endswith("_share") else frame[name].sum()
        for name, dtype in frame.schema.items()
        if dtype.is_numeric()
    }


def _speaker(language: Language, of_visits: bool) -> Say:
    """The words of the report; what it shares with other reports is called as there."""
    words, shared = Wording("calibration_visits" if of_visits else "calibration"), speaker(language)
    return lambda key: words.said(key, language) if key in words else shared(key)
