"""A catalogue from weights or prices that a city publishes (docs/weights.md).

base points = weight x 100; the mean cost of a group is weight x the mean over all, which the table
does not know and the caller gives. Prices and weights by level become coefficients of the levels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, POINT_PLACES, POINT_SCALE, half_up, unscaled
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import Scheme
from drgpay.points.calibration_report import group_names
from drgpay.points.catalogue import (
    COEFFICIENT_SCHEMA,
    GROUP_SCHEMA,
    Catalogue,
    CatalogueInfo,
)
from drgpay.points.weight_columns import WeightColumns, weight_columns
from drgpay.points.weight_marks import STABLE
from drgpay.points.weight_rows import RowReader, TableMarks, WeightedGroup, WeightOptions
from drgpay.points.weight_table import WeightTable, read_weight_table

_ERRORS = Sentences("errors/points")

_NAMED_UNKNOWN = 5
_FIRST = 5


@dataclass(frozen=True)
class PublishedCatalogue:
    """The catalogue, and what of the table went into it and what did not.

    columns: COLUMN_SCHEMA, every column of the table. marks: MARK_SCHEMA. marked: mark, drg.
    rounded: ROUNDED_SCHEMA. rates: heading, rate. notes: line, drg, note. skipped: SKIPPED_SCHEMA,
    lines that are no group of the catalogue. without_weight: groups of the scheme (drg, name).
    ones: groups with a weight of exactly 1 that no mark calls a stand-in. gaps: coefficients that
    count as 1 because their cell is empty.
    """

    catalogue: Catalogue
    columns: pl.DataFrame
    marks: pl.DataFrame
    marked: pl.DataFrame
    rounded: pl.DataFrame
    rates: pl.DataFrame
    notes: pl.DataFrame
    skipped: pl.DataFrame
    without_weight: pl.DataFrame
    ones: int
    gaps: int


COLUMN_SCHEMA: dict[str, pl.DataType] = {
    "heading": pl.String(),
    "read_as": pl.String(),
    "filled_cells": pl.Int64(),
    "example": pl.String(),
}
MARK_SCHEMA: dict[str, pl.DataType] = {
    "heading": pl.String(),
    "mark": pl.String(),
    "meaning": pl.String(),
    "groups": pl.Int64(),
    "first_groups": pl.String(),
}
ROUNDED_SCHEMA: dict[str, pl.DataType] = {
    "what": pl.String(),
    "values": pl.Int64(),
    "rounded_values": pl.Int64(),
    "example": pl.String(),
}
SKIPPED_SCHEMA: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "drg": pl.String(),
    "reason": pl.String(),
    "text": pl.String(),
}


def published_catalogue(
    path: Path, scheme: Scheme, all_mean_yuan: Decimal, catalogue_id: str, options: WeightOptions
) -> PublishedCatalogue:
    """Make a catalogue from a table of groups with weights or prices, also by level or account.

    `all_mean_yuan` is the mean cost over all cases, in yuan. Raises DrgpayError for a column that
    is missing or neither read nor dropped though it may carry money, a cell that is no positive
    number, a group that is listed twice or that the scheme does not have.
    """
    table = read_weight_table(path, options.encoding, options.columns.get("drg"))
    _refuse_repeated(table)
    columns = weight_columns(table, options.columns, options.drop, options.base)
    all_mean_fen = Fraction(all_mean_yuan) * 100
    names = group_names(scheme)
    unknown = _unknown(table, columns, set(names["drg"]), scheme, options)
    reader = RowReader(table, columns, all_mean_fen, options)
    left_out = {
        line.number: (line.number, None, line.reason, line.text) for line in table.left_out
    } | {
        row.number: (row.number, reader.drg(row), unknown[row.number], reader.shown(row))
        for row in table.rows
        if row.number in unknown
    }
    rows = [row for row in table.rows if row.number not in left_out]
    marks = reader.marks(rows)
    groups = []
    for row in rows:
        group = reader.group(row, marks)
        if group.weight is None and not group.of_accounts:
            left_out[row.number] = (row.number, group.drg, "no_weight", reader.shown(row))
        else:
            groups.append(group)
    if not groups:
        raise DrgpayError(*_ERRORS("no_weight_at_all", path=path, scheme=scheme.info.id))
    catalogue = _catalogue(groups, scheme, all_mean_fen, catalogue_id, path.name)
    drgs = {row.number: reader.drg(row) for row in rows}
    return PublishedCatalogue(
        catalogue=catalogue,
        columns=_columns(table, columns),
        marks=_marks(marks, drgs),
        marked=_marked(marks, drgs),
        rounded=_rounded(groups, all_mean_fen),
        rates=reader.rates(),
        notes=reader.notes(rows),
        skipped=pl.DataFrame(
            [left_out[line] for line in sorted(left_out)], SKIPPED_SCHEMA, orient="row"
        ),
        without_weight=names.join(catalogue.groups, on="drg", how="anti", maintain_order="left"),
        ones=sum(group.weight == 1 and group.stability == STABLE for group in groups),
        gaps=sum(
            len(reader.levels) - len(group.coefficients)
            for group in groups
            if not marks.one_coefficient(group.line)
        ),
    )


def _refuse_repeated(table: WeightTable) -> None:
    first: dict[str, int] = {}
    for line, drg in table.cells(table.group_heading):
        if drg in first:
            place, before = table.at(line), table.numbered(first[drg])
            raise DrgpayError(*_ERRORS("group_twice", place=place, drg=drg, first=before))
        first[drg] = line


def _unknown(
    table: WeightTable,
    columns: WeightColumns,
    known: set[str],
    scheme: Scheme,
    options: WeightOptions,
) -> dict[int, str]:
    """The rows that the scheme has no group for, and why; they are refused or skipped.

    Ambiguous groups are paid by the policy and have no points in a catalogue.
    """
    ambiguous = {group.code for _, group in scheme.groups()} - known
    rows = [(line, drg) for line, drg in table.cells(columns.drg) if drg not in known]
    if rows and not options.skip_unknown:
        unknown = [drg for _, drg in rows if drg not in ambiguous]
        named = unknown or [drg for _, drg in rows]
        line = next(line for line, drg in rows if drg == named[0])
        groups, more = listed(named[:_NAMED_UNKNOWN]), len(named) - _NAMED_UNKNOWN
        if more > 0:
            groups = _ERRORS.words("unknown_groups.and_more", groups=groups, more=more)
        key = "unknown_groups" if unknown else "ambiguous_groups"
        place = table.at(line)
        raise DrgpayError(*_ERRORS(key, place=place, scheme=scheme.info.id, groups=groups))
    return {line: "ambiguous_group" if drg in ambiguous else "not_in_scheme" for line, drg in rows}


# The catalogue, and what is told of it.


def _catalogue(
    groups: list[WeightedGroup],
    scheme: Scheme,
    all_mean_fen: Fraction,
    catalogue_id: str,
    source: str,
) -> Catalogue:
    mean = all_mean_fen
    total = _mean_as_total(mean)
    info = CatalogueInfo(
        id=catalogue_id,
        kind="published",
        scheme=scheme.info.id,
        scheme_hash=scheme.content_hash,
        policy=None,
        source=source,
        stays_read=0,
        stays_eligible=0,
        stays_trimmed=0,
        all_total_fen=total["all_total_fen"],
        all_cases=total["all_cases"],
        all_mean_yuan=str(unscaled(half_up(mean), FEN_PLACES)),
    )
    rows = [
        {
            "drg": group.drg,
            "mean_fen": half_up(weight * mean),
            "stable": group.stability == STABLE,
            "stability": group.stability,
            "base_points": half_up(weight * 100 * POINT_SCALE),
            "account": account,
        }
        for group in groups
        for account, weight in group.weights
    ]
    coefficients = [
        {"drg": group.drg, "level": level, "coefficient": half_up(coefficient * POINT_SCALE)}
        for group in groups
        for level, coefficient in group.coefficients.items()
    ]
    return Catalogue(
        info,
        _frame(rows, GROUP_SCHEMA).sort("drg", "account", nulls_last=False),
        _frame(coefficients, COEFFICIENT_SCHEMA).sort("drg", "level"),
    )


def _mean_as_total(mean: Fraction) -> dict[str, int]:
    """all_total_fen and all_cases: cases are as many as make the total whole."""
    cases = 1
    while (mean * cases).denominator != 1:
        cases *= 10
    return {"all_total_fen": int(mean * cases), "all_cases": cases}


def _frame(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema)


def _columns(table: WeightTable, columns: WeightColumns) -> pl.DataFrame:
    rows = []
    for heading, name in columns.read_as.items():
        texts = [text for _, text in table.cells(heading) if text]
        rows.append((heading, name, len(texts), texts[0] if texts else ""))
    return pl.DataFrame(rows, COLUMN_SCHEMA, orient="row")


def _marks(marks: TableMarks, drgs: Mapping[int, str]) -> pl.DataFrame:
    rows = []
    for mark in marks.found:
        marked = [drgs[line] for line in sorted(mark.lines)]
        first = ", ".join(marked[:_FIRST]) + " …" * (len(marked) > _FIRST)
        rows.append((mark.heading, mark.word, mark.meaning, len(marked), first))
    return pl.DataFrame(rows, MARK_SCHEMA, orient="row")


def _marked(marks: TableMarks, drgs: Mapping[int, str]) -> pl.DataFrame:
    rows = [(mark.word, drgs[line]) for mark in marks.found for line in sorted(mark.lines)]
    return pl.DataFrame(rows, {"mark": pl.String, "drg": pl.String}, orient="row")


def _rounded(groups: list[WeightedGroup], all_mean_fen: Fraction) -> pl.DataFrame:
    """What was rounded, half-up and once: values, how many of them changed by it, the first."""
    weights = [(group.drg, weight) for group in groups for _, weight in group.weights]
    coefficients = [
        (group.drg, coefficient) for group in groups for coefficient in group.coefficients.values()
    ]
    exact = {
        "base_points": ([(drg, weight * 100) for drg, weight in weights], POINT_PLACES),
        "mean_cost": ([(drg, weight * all_mean_fen / 100) for drg, weight in weights], FEN_PLACES),
        "coefficient": (coefficients, POINT_PLACES),
    }
    rows = []
    for what, (values, places) in exact.items():
        changed = [(drg, one) for drg, one in values if (one * 10**places).denominator != 1]
        example = ""
        if changed:
            drg, one = changed[0]
            example = f"{drg}: {_said(one)} → {unscaled(half_up(one * 10**places), places)}"
        if values:
            rows.append((what, len(values), len(changed), example))
    return pl.DataFrame(rows, ROUNDED_SCHEMA, orient="row")


def _said(exact: Fraction, places: int = 10) -> str:
    """A number as it is, cut after some places."""
    whole = exact * 10**places
    text = f"{unscaled(int(whole), places):f}"
    return text.rstrip("0").rstrip(".") if whole.denominator == 1 else f"{text}…"
